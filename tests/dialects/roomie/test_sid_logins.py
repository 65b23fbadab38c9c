"""Logging in by sid (contract of Roomie, §6): begun by a program, completed in a browser, told to whoever waits."""

import base64
import json
import re
from datetime import timedelta
from ipaddress import ip_network
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.test import Client

from accounts.models import AccessKey, LoginSession, User
from accounts.services.people import change_user, set_password
from accounts.services.sid_logins import forget_logins
from accounts.services.sso_whitelist import add_to_whitelist
from auditlog.models import LogEntry
from kernel import clock
from tests.dialects.roomie.scenes import MOUNTS, Roomie, logged_in, refused
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.usefixtures("house", "no_public_url")
ORIGIN = "http://testserver"
SHIB = {"EPPN": "fiona@uni.example", "CN": "fiona", "GIVENNAME": "Fiona", "SN": "Gül", "DEPARTMENT": "Physics"}
ADMITTED = SHIB | {"UCLINTRANETGROUPS": "all;engscifac-ug"}


@pytest.fixture
def no_public_url(settings):
    settings.CSPACE_PUBLIC_URL = ""


@pytest.fixture
def begun(no_public_url):
    answer = Roomie().get("user.login.getToken/")
    assert answer.status_code == 200
    return answer.json()


def status(sid):
    return Roomie().post("user.login.status/", f"sid={sid}").json()


def call_back(sid, client=None, *, secret="s3cret of the proxy", **attributes):
    headers = {"X-Sso-Proxy-Secret": secret} | attributes if attributes else {}
    return (client or Client()).get(f"/api/v1/user.login.callback?sid={sid}", headers=headers)


@pytest.fixture
def proxy(settings):
    settings.SSO_PROXY_SECRET = "s3cret of the proxy"


def log_in_on_page(login_url, name="student", password=PASSWORD, client=None):
    """As a browser: the form, with what stands in it, and where it leads."""
    client = client or Client(enforce_csrf_checks=True)
    parts = urlsplit(login_url)
    page = client.get(f"{parts.path}?{parts.query}")
    assert page.status_code == 200, page.content
    token = re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', page.content)[1].decode()
    form = {"csrfmiddlewaretoken": token, "username": name, "password": password}
    return client.post(f"{parts.path}?{parts.query}", form)


def complete(begun, name="student"):
    answer = log_in_on_page(begun["loginUrl"], name)
    assert answer.status_code == 302
    return Client().get(answer["Location"].removeprefix(ORIGIN))


def texts(poll):
    return json.loads(base64.b64decode(poll.json()["text"]))


# --- the sid and its addresses ---------------------------------------------------------------------


@pytest.mark.parametrize("mount", MOUNTS)
def test_a_login_begins_with_its_addresses(mount):
    begun = Roomie(mount=mount).get("user.login.getToken").json()
    assert sorted(begun) == ["callbackUrl", "loginUrl", "sid", "stream_sub_lp_url", "stream_sub_url"]
    assert re.fullmatch("shib[a-z]{60}", begun["sid"])
    assert begun["callbackUrl"] == f"{ORIGIN}/api/v1/user.login.callback?sid={begun['sid'][4:]}"
    target = parse_qs(urlsplit(begun["loginUrl"]).query, strict_parsing=True)["target"]
    assert (begun["loginUrl"].split("?")[0], target) == (f"{ORIGIN}/Shibboleth.sso/Login", [begun["callbackUrl"]])
    assert "/" not in begun["loginUrl"].split("target=")[1]
    assert begun["stream_sub_url"] == f"{ORIGIN}/api/v1/push.subscribe/{begun['sid']}"
    assert begun["stream_sub_lp_url"] == f"{ORIGIN}/api/v1/push.subscribe_longpoll/{begun['sid']}"


def test_addresses_are_those_of_the_public_url(settings):
    settings.CSPACE_PUBLIC_URL = "https://rooms.example.edu"
    begun = Roomie().get("user.login.getToken/").json()
    assert all(begun[name].startswith("https://rooms.example.edu/") for name in begun if name != "sid")
    assert complete(begun | {"loginUrl": begun["loginUrl"]}, "student").status_code == 200


def test_of_a_sid_only_the_digest_is_kept(begun):
    (row,) = LoginSession.objects.all()
    assert len(row.digest) == 32
    assert begun["sid"][4:].encode() not in bytes(row.digest)


# --- the page of our own ---------------------------------------------------------------------------


def test_whoever_logs_in_on_the_page_is_told_to_the_program(begun, house):
    for sid in (begun["sid"], begun["sid"][4:]):
        assert status(sid) == {"success": "OK", "status": "NOT_LOGGED_IN"}
    page = complete(begun)
    assert (page.status_code, page["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert b"This window may be closed" in page.content
    first, again = status(begun["sid"]), status(begun["sid"][4:])
    assert first == again
    assert (first["success"], first["status"]) == ("OK", "LOGGED_IN")
    assert sorted(first["user_data"]) == ["email", "groups", "quota_left", "societies", "token"]
    assert re.fullmatch("[0-9a-f]{40}", first["user_data"]["token"])
    told = Roomie(first["user_data"]["token"]).get("user.info/").json()
    assert told == {key: value for key, value in first["user_data"].items() if key != "token"}
    assert (told["email"], told["groups"]) == ("student@wil.com", ["Group_2"])
    (entry,) = LogEntry.objects.filter(action="access_key.issued", actor=house.student)
    assert first["user_data"]["token"] not in json.dumps(entry.details)


def test_the_page_takes_an_address_for_a_name(begun):
    assert log_in_on_page(begun["loginUrl"], "WIL@wil.com").status_code == 302


@pytest.mark.parametrize(
    ("name", "password"), [("a\x00b", "wrong"), ("student", "wrong"), ("nobody", PASSWORD), ("", ""), ("x" * 999, "y")]
)
def test_a_wrong_pair_is_asked_again(begun, name, password):
    answer = log_in_on_page(begun["loginUrl"], name, password)
    assert answer.status_code == 401
    assert b"Wrong username or password" in answer.content
    assert password.encode() not in answer.content or not password or password == "y"
    assert status(begun["sid"])["status"] == "NOT_LOGGED_IN"


def test_tries_are_counted_with_those_of_the_other_logins(begun, settings):
    settings.CSPACE_THROTTLE = True
    for _ in range(5):
        log_in_on_page(begun["loginUrl"], "student", "wrong")
    answer = log_in_on_page(begun["loginUrl"], "student")
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0


def test_a_form_of_another_page_is_refused(begun):
    parts = urlsplit(begun["loginUrl"])
    client = Client(enforce_csrf_checks=True)
    answer = client.post(f"{parts.path}?{parts.query}", {"username": "student", "password": PASSWORD})
    assert answer.status_code == 403
    assert status(begun["sid"])["status"] == "NOT_LOGGED_IN"


@pytest.mark.parametrize(
    "target",
    [
        "",
        "https://evil.example/api/v1/user.login.callback?sid={letters}",
        "//evil.example/api/v1/user.login.callback?sid={letters}",
        "/api/v1/user.login.callback?sid={letters}",
        "http://testserver/api/v1/rooms.list/?sid={letters}",
        "http://testserver@evil.example/api/v1/user.login.callback?sid={letters}",
        "http://testserver:80@evil.example/api/v1/user.login.callback?sid={letters}",
        "http://testserver/api/v1/user.login.callback?sid=short",
        "http://testserver/api/v1/user.login.callback",
        "http://[/api/v1/user.login.callback?sid={letters}",
        "javascript:alert(1)//{letters}",
        "\x00",
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_no_other_target_is_led_to(begun, target, method):
    client = Client(raise_request_exception=False)
    path = "/Shibboleth.sso/Login"
    query = {"target": target.format(letters=begun["sid"][4:])}
    if method == "get":
        answer = client.get(path, query)
    else:
        answer = client.post(path, {"username": "student", "password": PASSWORD}, query_params=query)
    assert answer.status_code == 400
    assert answer["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("path", ["/api/v1/user.login.callback", "/user.login.callback/"])
def test_the_callback_is_at_both_mounts(begun, path):
    answer = log_in_on_page(begun["loginUrl"])
    query = urlsplit(answer["Location"]).query
    assert Client().get(f"{path}?{query}").status_code == 200
    assert status(begun["sid"])["status"] == "LOGGED_IN"


def test_a_ticket_is_good_for_its_login_and_for_a_minute(begun):
    other = Roomie().get("user.login.getToken/").json()
    location = log_in_on_page(begun["loginUrl"])["Location"].removeprefix(ORIGIN)
    assert Client().get(location.replace(begun["sid"][4:], other["sid"][4:])).status_code == 400
    assert Client().get(location + "x").status_code == 400
    assert Client().get(location + "x" * 5000).status_code == 400
    with time_machine.travel(clock.now() + timedelta(seconds=60), tick=False):
        assert Client().get(location).status_code == 400
    assert {status(each["sid"])["status"] for each in (begun, other)} == {"NOT_LOGGED_IN"}
    assert Client().get(location).status_code == 200


def test_whoever_is_deactivated_between_page_and_callback_is_not_logged_in(begun, house):
    location = log_in_on_page(begun["loginUrl"])["Location"].removeprefix(ORIGIN)
    change_user(user_id=house.student.pk, by=house.keeper, now=clock.now(), is_active=False)
    assert Client().get(location).status_code == 400
    assert status(begun["sid"])["status"] == "NOT_LOGGED_IN"


def test_a_login_completes_once(begun, house):
    assert complete(begun).status_code == 200
    key = status(begun["sid"])["user_data"]["token"]
    assert complete(begun, "wil").status_code == 400
    assert status(begun["sid"])["user_data"]["token"] == key
    assert not AccessKey.objects.filter(user=house.wil).exists()


def test_a_head_completes_nothing_and_begins_nothing(begun):
    location = log_in_on_page(begun["loginUrl"])["Location"].removeprefix(ORIGIN)
    for path in (location, "/api/v1/user.login.getToken/"):
        answer = Client().head(path)
        assert (answer.status_code, answer["Allow"]) == (405, "GET")
    assert status(begun["sid"])["status"] == "NOT_LOGGED_IN"
    assert LoginSession.objects.count() == 1


# --- behind a Shibboleth proxy ---------------------------------------------------------------------


def test_attributes_are_believed_of_the_proxy_alone(begun, settings):
    for secret, addresses, shown in [
        ("", [], ""),
        ("", [], "s3cret of the proxy"),
        ("s3cret of the proxy", [], "wrong"),
        ("s3cret of the proxy", [], ""),
        ("", ["10.0.0.0/8"], ""),
        ("s3cret of the proxy", ["10.0.0.0/8"], "s3cret of the proxy"),
    ]:
        settings.SSO_PROXY_SECRET = secret
        settings.SSO_PROXY_ADDRESSES = [ip_network(each) for each in addresses]
        answer = call_back(begun["sid"][4:], secret=shown, **ADMITTED, **{"X-Forwarded-For": "10.0.0.1"})
        assert (answer.status_code, answer["Content-Type"]) == (400, "text/html; charset=utf-8")
    assert not User.objects.filter(username="fiona").exists()
    assert status(begun["sid"])["status"] == "NOT_LOGGED_IN"


def test_the_proxy_may_be_known_by_its_address(begun, settings):
    settings.SSO_PROXY_ADDRESSES = [ip_network("127.0.0.1")]
    assert call_back(begun["sid"], **ADMITTED).status_code == 200


def test_whoever_is_new_is_made(begun, proxy):
    answer = call_back(begun["sid"], **{**ADMITTED, "SN": "Gül".encode().decode("latin-1"), "Accept-Language": "zh-TW"})
    assert answer.status_code == 200
    fiona = User.objects.get(username="fiona")
    assert (fiona.email, fiona.display_name, fiona.department) == ("fiona@uni.example", "Fiona Gül", "Physics")
    assert (fiona.has_usable_password(), fiona.preferences.language) == (False, "zh-hant")
    assert status(begun["sid"])["user_data"]["email"] == "fiona@uni.example"
    assert LogEntry.objects.filter(action="user.created").count() == 1


def test_whoever_is_there_is_found_by_his_address(begun, proxy, house):
    answer = call_back(begun["sid"], **ADMITTED | {"EPPN": "WIL@WIL.COM", "CN": "somebody"})
    assert answer.status_code == 200
    assert status(begun["sid"])["user_data"]["societies"] == [["UCLU Technology Society", "SOTECHSOC"]]
    assert not User.objects.filter(username="somebody").exists()


def test_who_is_on_the_whitelist_needs_no_group(begun, proxy, house):
    add_to_whitelist(eppn="Fiona@Uni.Example", by=house.keeper, now=clock.now())
    assert call_back(begun["sid"], **SHIB).status_code == 200
    assert status(begun["sid"])["status"] == "LOGGED_IN"


@pytest.mark.parametrize(
    "attributes",
    [
        SHIB,
        SHIB | {"UCLINTRANETGROUPS": "engscifac-ugs;xengscifac-ug; "},
        ADMITTED | {"CN": "wil"},  # the name of somebody with another address
        ADMITTED | {"EPPN": "gone@wil.com"},
        ADMITTED | {"EPPN": "twin@wil.com"},
    ],
)
def test_whoever_may_not_come_in_is_told_and_so_is_the_program(begun, proxy, attributes):
    gone = make_user("gone", email="gone@wil.com")
    User.objects.filter(pk=gone.pk).update(is_active=False)
    make_user("twin1", email="twin@wil.com")
    make_user("twin2", email="Twin@wil.com")
    before = User.objects.count()
    answer = call_back(begun["sid"], **attributes)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert b"may not book" in answer.content
    assert status(begun["sid"]) == {"success": "OK", "status": "LOGIN_ERROR"}
    assert User.objects.count() == before
    told = texts(Roomie().get(f"push.subscribe_longpoll/{begun['sid']}"))
    assert sorted(told) == ["message", "result"]
    assert told["result"] == "failure"


@pytest.mark.parametrize(
    "attributes",
    [{"EPPN": ""}, {"EPPN": "no address"}, {"CN": ""}, {"CN": "a b"}, {"CN": "x" * 151}, {"CN": "\u00e9"}],
)
def test_whoever_cannot_be_told_from_others_changes_nothing(begun, proxy, attributes):
    before = User.objects.count()
    assert call_back(begun["sid"], **ADMITTED | attributes).status_code == 400
    assert status(begun["sid"])["status"] == "NOT_LOGGED_IN"
    assert User.objects.count() == before


def test_behind_a_proxy_there_is_no_page_of_ours(begun, proxy):
    parts = urlsplit(begun["loginUrl"])
    assert Client().get(f"{parts.path}?{parts.query}").status_code == 404


def test_groups_of_the_provider_are_groups_of_ours(begun, proxy, settings, house):
    settings.SSO_GROUPS = {"ENGSCIFAC-UG": "UCLU Technology Society", "all": "No such group", "x": "cspace"}
    assert call_back(begun["sid"], **ADMITTED).status_code == 200
    assert status(begun["sid"])["user_data"]["groups"] == ["Group_2", "Group_3"]
    again = Roomie().get("user.login.getToken/").json()
    assert call_back(again["sid"], **ADMITTED).status_code == 200
    assert LogEntry.objects.filter(action="user_group.added", actor__username="fiona").count() == 1
    third = Roomie().get("user.login.getToken/").json()
    assert call_back(third["sid"], **ADMITTED | {"EPPN": "wil@wil.com"}).status_code == 200
    assert status(third["sid"])["user_data"]["groups"] == ["Group_2", "Group_3", "Group_4"]  # still a president


def test_the_system_group_is_nobodys_by_a_provider(begun, proxy, settings, house):
    settings.SSO_GROUPS = {"all": "cspace"}
    assert call_back(begun["sid"], **ADMITTED).status_code == 200
    assert status(begun["sid"])["user_data"]["groups"] == ["Group_2"]


@pytest.mark.parametrize("sid", ["unknown", "completed", "too old"])
def test_a_callback_that_is_refused_makes_nobody(begun, proxy, settings, house, sid):
    settings.SSO_GROUPS = {"all": "UCLU Technology Society"}
    letters, later = begun["sid"][4:], clock.now()
    if sid == "unknown":
        letters = "x" * 60
    elif sid == "completed":
        assert call_back(letters, **ADMITTED | {"EPPN": "student@wil.com"}).status_code == 200
    else:
        later += timedelta(minutes=10)
    logged = LogEntry.objects.count()
    with time_machine.travel(later, tick=False):
        assert call_back(letters, **ADMITTED).status_code == 400
    assert not User.objects.filter(username="fiona").exists()
    assert LogEntry.objects.count() == logged


@pytest.mark.parametrize("name", ["student@wil.com", "Student@WIL.com", "nobody@uni.example"])
def test_nobody_is_called_by_somebody_elses_address(begun, proxy, name):
    before = User.objects.count()
    assert b"may not book" in call_back(begun["sid"], **ADMITTED | {"EPPN": "evil@uni.example", "CN": name}).content
    assert status(begun["sid"])["status"] == "LOGIN_ERROR"
    assert User.objects.count() == before
    assert "token" in Roomie().post("user.login", username="student@wil.com", password=PASSWORD).json()


def test_somebody_may_be_called_by_his_own_address(begun, proxy):
    assert call_back(begun["sid"], **ADMITTED | {"CN": "Fiona@uni.example"}).status_code == 200
    assert User.objects.filter(username="Fiona@uni.example").exists()


def test_a_secret_in_other_letters(begun, settings):
    settings.SSO_PROXY_SECRET = "geheimnis-ü"
    shown = "geheimnis-ü".encode().decode("latin-1")
    assert call_back(begun["sid"], secret=shown, **ADMITTED).status_code == 200


# --- how long it lasts -----------------------------------------------------------------------------


@pytest.mark.parametrize("sid", ["", "shib", "x" * 64, "shib" + "a" * 60, "SHIB" + "A" * 60, "é" * 60])
def test_an_unknown_sid(sid):
    refused(Roomie().post("user.login.status/", f"sid={sid}"), "UNKNOWN_SID" if sid else "MISSING_PARAMETER")
    if sid:
        assert call_back(sid).status_code == 400
        refused(Roomie().get(f"push.subscribe_longpoll/{sid}"), "NOT_FOUND", 404)
        refused(Roomie().get(f"push.subscribe/{sid}"), "NOT_FOUND", 404)


def test_a_login_waits_for_ten_minutes_and_is_known_for_ten_more(begun):
    location = log_in_on_page(begun["loginUrl"])["Location"].removeprefix(ORIGIN)
    began = clock.now()
    with time_machine.travel(began + timedelta(minutes=10), tick=False):
        assert status(begun["sid"]) == {"success": "OK", "status": "LOGIN_ERROR"}
        assert texts(Roomie().get(f"push.subscribe_longpoll/{begun['sid']}"))["result"] == "failure"
        assert log_in_on_page(begun["loginUrl"]).status_code == 302
        assert Client().get(location).status_code == 400
        assert forget_logins(now=clock.now()) == 0
    with time_machine.travel(began + timedelta(minutes=20), tick=False):
        refused(Roomie().post("user.login.status/", f"sid={begun['sid']}"), "UNKNOWN_SID")
        assert forget_logins(now=clock.now()) == 1
    assert not LoginSession.objects.exists()


def test_the_key_outlives_the_login(begun):
    complete(begun)
    token = status(begun["sid"])["user_data"]["token"]
    with time_machine.travel(clock.now() + timedelta(minutes=21), tick=False):
        forget_logins(now=clock.now())
        assert Roomie(token).get("user.info/").status_code == 200


def test_whoever_has_logged_out_is_not_told_any_more(begun, house):
    complete(begun)
    Roomie(status(begun["sid"])["user_data"]["token"]).get("user.logout/")
    assert status(begun["sid"]) == {"success": "OK", "status": "LOGIN_ERROR"}


def test_a_new_password_ends_the_key(begun, house):
    complete(begun)
    set_password(user_id=house.student.pk, by=house.keeper, now=clock.now(), password="another, longer one")
    assert status(begun["sid"])["status"] == "LOGIN_ERROR"


# --- what is there already is told at once ---------------------------------------------------------


def test_whoever_comes_late_is_told_all_the_same(begun):
    complete(begun)
    poll = Roomie().get(f"push.subscribe_longpoll/{begun['sid']}")
    assert (poll.status_code, poll["Content-Type"], poll["Etag"]) == (200, "application/json", "1")
    assert sorted(poll.json()) == ["channel", "id", "text"]
    assert (poll.json()["id"], poll.json()["channel"]) == (1, begun["sid"])
    told = texts(poll)
    assert told.pop("message")
    assert told.pop("result") == "success"
    assert told == status(begun["sid"])["user_data"]
    assert poll.json()["text"].isascii()


def test_a_script_is_told_the_headers_too(begun):
    complete(begun)
    poll = Roomie().get(f"push.subscribe_longpoll/{begun['sid'][4:]}", callback="jQuery_1.$cb")
    assert (poll.status_code, poll["Content-Type"]) == (200, "text/javascript")
    assert poll["X-Content-Type-Options"] == "nosniff"
    words = re.fullmatch(r"jQuery_1\.\$cb\((\[.*\])\);", poll.content.decode())
    ((message),) = json.loads(words[1])
    assert sorted(message) == ["channel", "id", "tag", "text", "time"]
    assert (message["tag"], message["time"]) == ("1", poll["Last-Modified"])


@pytest.mark.parametrize("callback", ["alert(1)", "1a", "a b", "é", "a" * 129, "a;b", "<x>"])
def test_no_other_script_is_written(begun, callback):
    complete(begun)
    answer = Roomie().get(f"push.subscribe_longpoll/{begun['sid']}", callback=callback)
    refused(answer, "VALIDATION_ERROR", 400)


def test_a_stream_is_a_line_or_an_event(begun):
    complete(begun)
    plain = Roomie().get(f"stream.sub/{begun['sid']}/")
    assert plain["Content-Type"].startswith("text/plain")
    assert json.loads(base64.b64decode(plain.content.strip()))["result"] == "success"
    events = Client().get(f"/push.subscribe/{begun['sid']}", headers={"Accept": "text/event-stream"})
    assert events["Content-Type"].startswith("text/event-stream")
    told = json.loads(events.content.decode().split("data: ")[1])
    assert (told["id"], told["channel"]) == (1, begun["sid"])
    again = {"Accept": "text/event-stream", "Last-Event-ID": "1"}
    assert Client().get(f"/push.subscribe/{begun['sid']}", headers=again).status_code == 204


@pytest.mark.parametrize("path", ["push.subscribe", "push.subscribe_longpoll", "stream.sub", "stream.sub_lp"])
def test_where_no_streams_are_served_nobody_waits(begun, path):
    refused(Roomie().get(f"{path}/{begun['sid']}"), "SERVICE_UNAVAILABLE", 503)
    assert Client().head(f"/{path}/{begun['sid']}").status_code == 405
    assert Client().post(f"/{path}/{begun['sid']}").status_code == 405


def test_a_login_with_a_password_goes_on_beside_it(house):
    assert logged_in(house.student).get("user.info/").status_code == 200

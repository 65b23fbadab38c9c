"""Logging in, exchanging refresh tokens, logging out: contract §1 and the refresh design."""

import datetime as dt
import uuid

import pytest
import time_machine

from accounts.models import RefreshSession, User
from accounts.services.people import change_user, set_password
from accounts.services.tokens import issue_access
from auditlog.models import LogEntry
from kernel import clock
from notifications.models import Notification
from tests.factories import PASSWORD, cspace_group, join, make_user

NOON = dt.datetime(2026, 1, 20, 4, tzinfo=dt.UTC)


@pytest.fixture
def rotating(settings):
    settings.CSPACE_ROTATE_REFRESH = True


def log_in(api, username="member"):
    client = api()
    response = client.post("auth/token/", {"username": username, "password": PASSWORD})
    assert response.status_code == 200
    return client, response


def refresh_with(api, token):
    client = api()
    client.client.cookies["refresh_token"] = token
    return client.post("auth/token/refresh/")


def reason(response):
    assert (response.status_code, response.json()["code"]) == (401, "NOT_AUTHENTICATED")
    return response.json()["details"]["reason"]


def test_the_cookie_is_the_documented_one(api, member, settings):
    header = log_in(api)[1].cookies["refresh_token"].OutputString()
    for attribute in ("HttpOnly", "Path=/api/v1/auth/", "SameSite=Lax"):
        assert attribute in header
    assert "Secure" not in header
    settings.IS_PRODUCTION = True
    assert "Secure" in log_in(api)[1].cookies["refresh_token"].OutputString()


@pytest.mark.parametrize(("username", "password"), [("member", "x"), ("nobody", PASSWORD), ("gone", PASSWORD)])
def test_one_answer_for_every_wrong_login(api, member, username, password):
    make_user("gone", is_active=False)
    response = api().post("auth/token/", {"username": username, "password": password})
    assert reason(response) == "invalid_credentials"
    assert response.json()["error"] == "Authentication credentials were not provided"
    assert "refresh_token" not in response.cookies


def test_without_rotation_the_cookie_stays(api, member, settings):
    settings.CSPACE_ROTATE_REFRESH = False
    client, _ = log_in(api)
    for _ in range(2):
        response = client.post("auth/token/refresh/")
        assert response.status_code == 200
        assert "refresh_token" not in response.cookies


def test_rotation_gives_a_successor(api, member, rotating):
    client, first = log_in(api)
    second = client.post("auth/token/refresh/")
    third = client.post("auth/token/refresh/")
    tokens = [response.cookies["refresh_token"].value for response in (first, second, third)]
    assert len(set(tokens)) == 3
    assert RefreshSession.objects.values("family").distinct().count() == 1


def test_a_repeat_within_the_window_gets_the_same_successor(api, member, rotating):
    _, first = log_in(api)
    token = first.cookies["refresh_token"].value
    answers = [refresh_with(api, token).cookies["refresh_token"].value for _ in range(3)]
    assert len(set(answers)) == 1
    assert RefreshSession.objects.count() == 2


def test_reuse_after_the_successor_was_used_ends_the_family(api, member, rotating):
    _, first = log_in(api)
    bearer = {"Authorization": f"Bearer {first.json()['access']}"}
    token = first.cookies["refresh_token"].value
    child = refresh_with(api, token).cookies["refresh_token"].value
    grandchild = refresh_with(api, child).cookies["refresh_token"].value

    stolen = refresh_with(api, token)

    assert reason(stolen) == "session_revoked"
    assert stolen.cookies["refresh_token"].value == ""
    assert reason(refresh_with(api, grandchild)) == "session_revoked"
    assert reason(api().get("users/me/", **bearer)) == "session_revoked"
    assert list(LogEntry.objects.values_list("action", "target")) == [("auth.refresh_reuse", f"user:{member.pk}")]
    assert Notification.objects.filter(user=member).count() == 1


def test_reuse_after_the_window_ends_the_family(api, member, rotating):
    with time_machine.travel(NOON, tick=False):
        token = log_in(api)[1].cookies["refresh_token"].value
        child = refresh_with(api, token).cookies["refresh_token"].value
    with time_machine.travel(NOON + dt.timedelta(seconds=11), tick=False):
        assert reason(refresh_with(api, token)) == "session_revoked"
        assert reason(refresh_with(api, child)) == "session_revoked"


def test_a_refresh_token_expires(api, member, rotating):
    with time_machine.travel(NOON, tick=False):
        token = log_in(api)[1].cookies["refresh_token"].value
    with time_machine.travel(NOON + dt.timedelta(days=8), tick=False):
        assert reason(refresh_with(api, token)) == "token_expired"


def test_logout_ends_the_session_and_may_be_repeated(api, member):
    client, first = log_in(api)
    bearer = {"Authorization": f"Bearer {first.json()['access']}"}
    for _ in range(2):
        response = client.post("auth/logout/", **bearer)
        assert (response.status_code, response.content) == (205, b"")
    assert reason(api().get("users/me/", **bearer)) == "session_revoked"
    assert reason(refresh_with(api, first.cookies["refresh_token"].value)) == "session_revoked"
    assert reason(api().post("auth/logout/")) == "missing"


def test_an_expired_token_is_good_for_logout_only(api, member):
    with time_machine.travel(NOON, tick=False):
        first = log_in(api)[1]
    bearer = {"Authorization": f"Bearer {first.json()['access']}"}
    with time_machine.travel(NOON + dt.timedelta(hours=1), tick=False):
        assert reason(api().get("users/me/", **bearer)) == "token_expired"
        assert api().post("auth/logout/", **bearer).status_code == 205


def test_logout_ends_the_session_of_the_cookie_too(api, member):
    """Two logins in one browser: the page still has the first one's access token, the cookie is the second's."""
    client, first = log_in(api)
    second = client.post("auth/token/", {"username": "member", "password": PASSWORD})
    token = second.cookies["refresh_token"].value
    response = client.post("auth/logout/", Authorization=f"Bearer {first.json()['access']}")
    assert (response.status_code, response.content, response.cookies["refresh_token"].value) == (205, b"", "")
    assert reason(refresh_with(api, token)) == "session_revoked"
    assert reason(api().get("users/me/", Authorization=f"Bearer {second.json()['access']}")) == "session_revoked"


@pytest.mark.parametrize("cookie", ["", "garbage", "x; refresh_token=y"])
def test_logout_without_a_readable_cookie(api, member, cookie):
    access = log_in(api)[1].json()["access"]
    response = api().post("auth/logout/", Authorization=f"Bearer {access}", Cookie=f"refresh_token={cookie}")
    assert (response.status_code, response.content, response.cookies["refresh_token"].value) == (205, b"", "")
    assert RefreshSession.objects.filter(revoked_at=None).count() == 0


def test_deactivation_and_a_new_password_count_at_once(api, member, cspace_admin):
    for act in (
        lambda: set_password(user_id=member.pk, by=cspace_admin, now=clock.now(), password="new password 1"),
        lambda: change_user(user_id=member.pk, by=cspace_admin, now=clock.now(), is_active=False),
    ):
        member.refresh_from_db()
        bearer = {"Authorization": f"Bearer {issue_access(member, family=uuid.uuid4())}"}
        assert api().get("users/me/", **bearer).status_code == 200
        act()
        assert reason(api().get("users/me/", **bearer)) == "session_revoked"
    assert list(LogEntry.objects.order_by("id").values_list("action", flat=True)) == [
        "user.password_set",
        "user.changed",
    ]


def test_two_refresh_cookies_are_refused(api, member):
    response = api().post("auth/token/refresh/", Cookie="refresh_token=a; refresh_token=b")
    assert reason(response) == "token_invalid"
    assert response.cookies["refresh_token"].value == ""


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        # No browser says who it is: curl.
        ({}, 200),
        # An Origin decides alone.
        ({"Origin": "http://testserver"}, 200),
        ({"Origin": "https://testserver"}, 200),
        ({"Origin": "HTTP://TestServer"}, 200),
        ({"Origin": "https://rooms.example.edu"}, 200),
        ({"Origin": "https://rooms.example.edu", "Sec-Fetch-Site": "cross-site"}, 200),
        ({"Origin": "http://testserver", "Sec-Fetch-Site": "cross-site"}, 200),
        ({"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://rooms.example.edu"}, 403),
        ({"Origin": "https://rooms.example.edu.evil.example"}, 403),
        ({"Origin": "https://rooms.example.edu:8443"}, 403),
        ({"Origin": "http://testserver:8000"}, 403),
        ({"Origin": "http://testserver/"}, 403),
        ({"Origin": "http://user@testserver"}, 403),
        ({"Origin": "ftp://testserver"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({"Origin": "http://["}, 403),
        # Without one, Sec-Fetch-Site does; a sibling host is another origin.
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "something-new"}, 403),
    ],
)
@pytest.mark.parametrize("operation", ["token/", "token/refresh/", "logout/"])
def test_foreign_pages_cannot_use_the_cookie(api, member, settings, rotating, operation, headers, status):
    settings.CORS_ALLOWED_ORIGINS = ["https://rooms.example.edu"]
    client, first = log_in(api)
    bearer = {"Authorization": f"Bearer {first.json()['access']}"}
    body = {"username": "member", "password": PASSWORD} if operation == "token/" else None
    before = list(RefreshSession.objects.values_list("pk", "used_at", "revoked_at"))

    response = client.post(f"auth/{operation}", body, **bearer, **headers)

    assert response.status_code == (205 if (status, operation) == (200, "logout/") else status)
    if status == 403:
        assert response.json()["code"] == "PERMISSION_DENIED"
        assert "refresh_token" not in response.cookies
        assert list(RefreshSession.objects.values_list("pk", "used_at", "revoked_at")) == before


def test_a_page_without_tls_is_foreign_to_a_host_with_it(api, member):
    client, _ = log_in(api)
    for origin, status in (("http://testserver", 403), ("https://testserver", 200)):
        request = {"headers": {"Origin": origin}, "secure": True}
        assert client.client.post("/api/v1/auth/token/refresh/", **request).status_code == status


@pytest.mark.parametrize("proxies", [0, 1])
def test_logins_are_throttled_whatever_a_caller_says_of_himself(api, member, settings, proxies):
    settings.CSPACE_THROTTLE = True
    settings.CSPACE_TRUSTED_PROXIES = proxies
    statuses = []
    with time_machine.travel(NOON, tick=False):
        for number in range(25):
            body = {"username": f"name-{number}", "password": "x"}
            forwarded = f"10.0.0.{number}, 192.0.2.1" if proxies else f"10.0.0.{number}"
            statuses.append(api().post("auth/token/", body, **{"X-Forwarded-For": forwarded}).status_code)
    assert statuses == [401] * 20 + [429] * 5


def test_logins_are_throttled_per_name(api, member, settings):
    settings.CSPACE_THROTTLE = True
    with time_machine.travel(NOON, tick=False):
        statuses = [api().post("auth/token/", {"username": "member", "password": "x"}).status_code for _ in range(6)]
    assert statuses == [401] * 5 + [429]


def test_refreshes_are_throttled_per_family_not_per_token(api, member, rotating, settings):
    with time_machine.travel(NOON, tick=False):
        (client, _), (other, _) = log_in(api), log_in(api)
        settings.CSPACE_THROTTLE = True
        assert [client.post("auth/token/refresh/").status_code for _ in range(31)] == [200] * 30 + [429]
        assert RefreshSession.objects.count() == 32
        assert other.post("auth/token/refresh/").status_code == 200
    with time_machine.travel(NOON + dt.timedelta(minutes=1), tick=False):
        assert client.post("auth/token/refresh/").status_code == 200


def test_users(api, member, cspace, stranger):
    assert api(member).get("users/").status_code == 403
    assert [row["username"] for row in api(cspace).get("users/").json()["results"]] == sorted(
        User.objects.values_list("username", flat=True)
    )
    assert api(stranger).get("users/me/").json() == {
        "id": stranger.pk,
        "username": "stranger",
        "display_name": "stranger",
    }


@pytest.mark.parametrize("rotates", [True, False])
def test_a_refresh_for_a_deleted_user(api, member, settings, rotates):
    """The token itself is genuine and in time: what is gone is the session (simplejwt answers 500)."""
    settings.CSPACE_ROTATE_REFRESH = rotates
    client, first = log_in(api)
    member.user_groups.all().delete()
    member.delete()
    response = client.post("auth/token/refresh/")
    assert reason(response) == "session_revoked"
    assert (response.cookies["refresh_token"].value, response.cookies["refresh_token"]["max-age"]) == ("", 0)
    bearer = {"Authorization": f"Bearer {first.json()['access']}"}
    assert reason(api().get("users/me/", **bearer)) == "session_revoked"
    assert client.post("auth/logout/", **bearer).status_code == 205


def test_a_stranger_cannot_manage_people(member, cspace):
    from kernel.errors import PermissionDenied

    join(make_user("other"), cspace_group())
    for by in (member, cspace):
        with pytest.raises(PermissionDenied):
            change_user(user_id=member.pk, by=by, now=clock.now(), is_active=False)

"""Logging in, exchanging refresh tokens, logging out: contract §1 and the refresh design."""

import datetime as dt
import uuid

import jwt
import pytest
import time_machine
from django.conf import settings as configured

from accounts.models import RefreshSession, User
from accounts.services.people import change_user, set_password
from accounts.services.sessions import exchange
from accounts.tokens import issue_access, read_refresh
from auditlog.models import LogEntry
from cspace import clock
from cspace.errors import NotAuthenticated
from notifications.models import Notification
from tests.factories import PASSWORD, cspace_group, join, make_user
from tests.races.threads import at_once, raised

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


@pytest.mark.django_db(transaction=True)
def test_eight_exchanges_at_once_make_one_chain(api, rotating):
    cspace_group()
    user = make_user("racer")
    for _ in range(10):
        token = log_in(api, "racer")[1].cookies["refresh_token"].value
        jti = read_refresh(token)
        results = at_once(*[lambda: exchange(jti=jti, now=clock.now())] * 8)
        assert raised(results) == []
        assert len({result.refresh for result in results}) == 1
        family = RefreshSession.objects.get(pk=jti).family
        assert RefreshSession.objects.filter(family=family).count() == 2
    assert LogEntry.objects.count() == 0
    assert user.is_active


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


def payload(user, **changes):
    now = int(clock.now().timestamp())
    genuine = {
        "token_type": "access",
        "user_id": user.pk,
        "tv": 0,
        "family": str(uuid.uuid4()),
        "iat": now,
        "exp": now + 60,
        "jti": "x",
        "iss": "cspace",
        "aud": "cspace",
    }
    return {name: value for name, value in (genuine | changes).items() if value is not None}


@pytest.mark.parametrize(
    ("changes", "key", "algorithm"),
    [
        ({}, "another key of sufficient length for this 0123456789", "HS256"),
        ({}, None, "HS512"),
        ({}, "", "none"),
        ({"token_type": "refresh"}, None, "HS256"),
        ({"iss": "else"}, None, "HS256"),
        ({"aud": "else"}, None, "HS256"),
        ({"user_id": "abc"}, None, "HS256"),
        ({"user_id": {"a": 1}}, None, "HS256"),
        ({"user_id": True}, None, "HS256"),
        ({"user_id": 2**70}, None, "HS256"),
        ({"tv": None}, None, "HS256"),
        ({"family": 7}, None, "HS256"),
    ],
)
@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_forged_access_tokens(api, member, changes, key, algorithm):
    signing = configured.CSPACE_JWT_KEY if key is None else key
    token = jwt.encode(payload(member, **changes), signing, algorithm=algorithm)
    assert reason(api().get("users/me/", Authorization=f"Bearer {token}")) == "token_invalid"


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
        ({}, 200),
        ({"Origin": "http://testserver"}, 200),
        ({"Origin": "https://rooms.example.edu"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://["}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "http://testserver", "Sec-Fetch-Site": "cross-site"}, 200),
    ],
)
def test_foreign_pages_cannot_use_the_cookie(api, member, settings, headers, status):
    settings.CORS_ALLOWED_ORIGINS = ["https://rooms.example.edu"]
    client, _ = log_in(api)
    assert client.post("auth/token/refresh/", **headers).status_code == status


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


def test_an_unknown_session_is_refused(db):
    with pytest.raises(NotAuthenticated):
        exchange(jti=uuid.uuid4(), now=clock.now())


def test_a_stranger_cannot_manage_people(member, cspace):
    from cspace.errors import PermissionDenied

    join(make_user("other"), cspace_group())
    for by in (member, cspace):
        with pytest.raises(PermissionDenied):
            change_user(user_id=member.pk, by=by, now=clock.now(), is_active=False)

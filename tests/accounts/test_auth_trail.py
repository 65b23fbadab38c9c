"""Authentication leaves a trace: one line for each login, logout and refusal, and no secret in any line."""

import datetime as dt
import io
import json
import logging
import uuid

import pytest
import time_machine
from django.test import Client

from accounts.services.people import change_user, create_user, set_password
from accounts.services.tokens import issue_access
from kernel import clock
from kernel.auth_trail import AuthEvent, name_hash
from kernel.logs import JsonLines
from tests.factories import PASSWORD, cspace_group, join, make_user

pytestmark = pytest.mark.django_db(transaction=True)
NAME, DISPLAY_NAME, UNKNOWN = "lovelace.ada", "Ada Byron King", "hunter2-typed-as-a-name"
WRONG, NEW = "correct-horse-battery", "a-staple-of-horses-9"
REQUEST = "request-0123456789"
HEADERS = {"X-Request-ID": REQUEST}
LOGIN = "/admin/login/"


class Trail:
    """All that is logged, as the server writes it."""

    def __init__(self):
        self.stream = io.StringIO()

    def lines(self):
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]

    def events(self):
        """(event, what the line says beside it) of the authentication's own lines."""
        usual = {"asctime", "levelname", "name", "message", "address", "request_id"}
        return [
            (line["message"], {key: value for key, value in line.items() if key not in usual})
            for line in self.lines()
            if line["name"] == "cspace.auth"
        ]


@pytest.fixture
def trail(settings):
    trail = Trail()
    handler = logging.StreamHandler(trail.stream)
    handler.setFormatter(JsonLines())
    loggers = [logging.root, logging.getLogger("cspace.access")]
    before = [logger.level for logger in loggers]
    logging.root.addHandler(handler)
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    yield trail
    logging.root.removeHandler(handler)
    for logger, level in zip(loggers, before, strict=True):
        logger.setLevel(level)


@pytest.fixture
def ada():
    person = make_user(NAME, display_name=DISPLAY_NAME)
    join(person, cspace_group(), "admin")
    return person


def log_in(client, name=NAME, password=PASSWORD):
    return client.post("auth/token/", {"username": name, "password": password}, **HEADERS)


def enter(client, name=NAME, password=PASSWORD):
    return client.post(LOGIN, {"username": name, "password": password}, headers=HEADERS)


def refresh_with(api, token):
    client = api()
    client.client.cookies["refresh_token"] = token
    return client.post("auth/token/refresh/", **HEADERS)


def test_a_login_names_the_person_the_address_and_the_request(api, ada, trail):
    assert log_in(api()).status_code == 200

    (line,) = [line for line in trail.lines() if line["name"] == "cspace.auth"]
    assert line | {"asctime": ""} == {
        "asctime": "",
        "levelname": "INFO",
        "name": "cspace.auth",
        "message": "auth.login",
        "user_id": ada.pk,
        "name_hash": name_hash(NAME),
        "address": "127.0.0.1",
        "request_id": REQUEST,
    }


@pytest.mark.parametrize("way_in", ["api", "admin"])
def test_a_failed_login_has_the_hash_of_the_name_that_was_tried(way_in, api, ada, trail):
    client = api()
    attempt = (lambda *pair: log_in(client, *pair)) if way_in == "api" else (lambda *pair: enter(Client(), *pair))

    attempt(NAME, WRONG)
    attempt(NAME.upper(), WRONG)
    attempt(UNKNOWN, WRONG)

    events = trail.events()
    assert [event for event, _ in events] == ["auth.login_failed"] * 3
    assert [said["name_hash"] for _, said in events] == [name_hash(NAME), name_hash(NAME), name_hash(UNKNOWN)]
    assert name_hash(NAME) != name_hash(UNKNOWN)
    assert {line["levelname"] for line in trail.lines() if line["name"] == "cspace.auth"} == {"WARNING"}


def test_the_hash_of_a_name_depends_on_the_servers_own_key(settings):
    before = name_hash(NAME)
    settings.SECRET_KEY = "another-" * 8
    assert name_hash(NAME) != before


def test_the_log_knows_why_a_login_failed_and_the_answer_does_not(api, ada, trail):
    make_user("gone", is_active=False)

    answers = [log_in(api(), *pair).json() for pair in ((NAME, WRONG), (UNKNOWN, WRONG), ("gone", PASSWORD))]

    assert [said["reason"] for _, said in trail.events()] == ["wrong_password", "unknown_name", "deactivated"]
    assert answers[0] == answers[1] == answers[2]


@pytest.mark.parametrize("way_in", ["api", "admin"])
def test_a_throttled_login_is_told_from_a_failed_one(way_in, api, ada, trail, settings):
    settings.CSPACE_THROTTLE = True
    for _ in range(6):
        _ = log_in(api(), NAME, WRONG) if way_in == "api" else enter(Client(), NAME, WRONG)

    events = trail.events()
    assert [event for event, _ in events] == ["auth.login_failed"] * 5 + ["auth.login_throttled"]
    assert events[-1][1]["name_hash"] == name_hash(NAME)


def test_refreshes_leave_their_outcome(api, ada, trail, settings):
    settings.CSPACE_ROTATE_REFRESH = True
    with time_machine.travel(dt.datetime(2026, 1, 20, 4, tzinfo=dt.UTC), tick=False) as time:
        client = api()
        first = log_in(client).cookies["refresh_token"].value
        second = client.post("auth/token/refresh/").cookies["refresh_token"].value
        refresh_with(api, second)
        time.shift(60)
        refresh_with(api, first)  # used before: somebody has a copy
        refresh_with(api, second)
        refresh_with(api, "nonsense")
        api().post("auth/token/refresh/")

    assert trail.events()[1:] == [
        ("auth.refresh", {"user_id": ada.pk}),
        ("auth.refresh", {"user_id": ada.pk}),
        ("auth.refresh_reuse", {"user_id": ada.pk}),
        ("auth.refresh_refused", {"user_id": ada.pk, "reason": "reused"}),
        ("auth.refresh_refused", {"user_id": ada.pk, "reason": "session_revoked"}),
        ("auth.refresh_refused", {"reason": "token_invalid"}),
        ("auth.refresh_refused", {"reason": "missing"}),
    ]


def test_too_many_refreshes_leave_a_trace(api, ada, trail, settings):
    settings.CSPACE_THROTTLE, settings.CSPACE_THROTTLE_RATES = True, settings.CSPACE_THROTTLE_RATES | {"refresh": "1/h"}
    client = api()
    log_in(client)
    client.post("auth/token/refresh/")
    client.post("auth/token/refresh/")
    assert [event for event, _ in trail.events()] == ["auth.login", "auth.refresh", "auth.refresh_throttled"]


def test_a_logout_and_what_comes_after_it(api, ada, trail):
    client = api()
    access = log_in(client).json()["access"]
    bearer = {"Authorization": f"Bearer {access}"}
    client.post("auth/logout/", **bearer)
    client.get("users/me/", **bearer)
    client.post("auth/logout/", Authorization="Bearer nonsense")

    assert trail.events()[1:] == [
        ("auth.logout", {"user_id": ada.pk}),
        ("auth.denied", {"user_id": ada.pk, "reason": "logged_out"}),
        ("auth.logout_refused", {"reason": "token_invalid"}),
    ]


@pytest.mark.parametrize("path", ["/api/v1/users/me/", "/api/rooms"])
def test_a_token_that_is_refused_says_why(path, api, ada, cspace_admin, trail, settings):
    settings.OCCUPANCY_REQUIRE_LOGIN = True
    other = make_user("other")
    deactivated, ended = (f"Bearer {issue_access(person, family=uuid.uuid4())}" for person in (other, ada))
    change_user(user_id=other.pk, by=cspace_admin, now=clock.now(), is_active=False)
    set_password(user_id=ada.pk, by=ada, now=clock.now(), password=NEW)
    with time_machine.travel(clock.now() - dt.timedelta(days=1)):
        expired = f"Bearer {issue_access(ada, family=uuid.uuid4())}"
    before = len(trail.events())

    for header in (deactivated, ended, expired, "Bearer nonsense"):
        assert api().get(path, Authorization=header).status_code == 401

    assert trail.events()[before:] == [
        ("auth.denied", {"user_id": other.pk, "reason": "deactivated"}),
        ("auth.denied", {"user_id": ada.pk, "reason": "sessions_ended"}),
        ("auth.denied", {"reason": "token_expired"}),
        ("auth.denied", {"reason": "token_invalid"}),
    ]


def test_a_foreign_page_is_refused_with_a_trace(api, ada, trail):
    api().post("auth/token/", {"username": NAME, "password": PASSWORD}, Origin="https://evil.example")
    assert trail.events() == [("auth.origin_refused", {"origin": "https://evil.example"})]


def test_the_admins_doors_leave_the_same_trace(ada, trail):
    browser, outsider = Client(), make_user("outsider")
    enter(browser)
    browser.post("/admin/logout/")
    stranger = Client()
    stranger.force_login(outsider)
    stranger.get("/admin/", follow=True)

    assert trail.events() == [
        ("auth.login", {"user_id": ada.pk, "name_hash": name_hash(NAME), "via": "admin"}),
        ("auth.logout", {"user_id": ada.pk, "via": "admin"}),
        ("auth.denied", {"user_id": outsider.pk, "reason": "not_in_cspace", "via": "admin"}),
    ]


def test_what_is_done_to_people_is_a_line_once_it_is_committed(ada, trail):
    root = make_user("root", is_superuser=True)
    person = create_user(by=root, now=clock.now(), username="newcomer", password=PASSWORD)
    change_user(user_id=person.pk, by=root, now=clock.now(), is_superuser=True, display_name="Some Body")
    set_password(user_id=person.pk, by=root, now=clock.now(), password=NEW)
    change_user(user_id=person.pk, by=root, now=clock.now(), is_active=False)

    who = {"user_id": person.pk, "actor_id": root.pk}
    assert trail.events() == [
        ("user.created", who),
        ("user.changed", who | {"fields": ["display_name", "is_superuser"], "is_superuser": True}),
        ("auth.sessions_ended", {"user_id": person.pk}),
        ("user.password_set", who),
        ("auth.sessions_ended", {"user_id": person.pk}),
        ("user.changed", who | {"fields": ["is_active"], "is_active": False}),
    ]


def test_no_line_of_a_whole_run_has_a_secret_a_name_or_a_trace(api, ada, trail, settings):
    settings.CSPACE_THROTTLE = settings.CSPACE_ROTATE_REFRESH = settings.OCCUPANCY_REQUIRE_LOGIN = True
    secrets = {PASSWORD, WRONG, NEW, NAME, DISPLAY_NAME, UNKNOWN}

    def keep(response):
        secrets.update(morsel.value for morsel in response.cookies.values() if morsel.value)
        if response.get("Content-Type") == "application/json" and isinstance(response.json(), dict):
            secrets.update(filter(None, [response.json().get("access")]))
        return response

    client, browser = api(), Client()
    access = keep(log_in(client)).json()["access"]
    bearer = {"Authorization": f"Bearer {access}"}
    first = client.client.cookies["refresh_token"].value
    for _ in range(3):
        keep(client.post("auth/token/refresh/"))
    keep(refresh_with(api, first))
    for pair in ((NAME, WRONG), (UNKNOWN, WRONG), (WRONG, NAME), ("", ""), (NAME, PASSWORD * 400)):
        keep(log_in(api(), *pair))
    keep(client.get("users/me/", **bearer))
    keep(client.get("/api/rooms", **bearer))
    keep(client.get(f"users/me/?access={access}&password={PASSWORD}"))
    keep(client.post("auth/logout/", **bearer))
    keep(client.get("users/me/", **bearer))
    keep(enter(browser, NAME, WRONG))
    keep(enter(browser))
    change = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    assert keep(browser.post("/admin/password_change/", change)).status_code == 302
    ordinary = make_user("somebody.else")
    keep(browser.post(f"/admin/accounts/user/{ordinary.pk}/password/", {"password1": NEW, "password2": NEW}))
    new = {"username": "new.comer", "display_name": DISPLAY_NAME, "password1": WRONG, "password2": WRONG}
    assert keep(browser.post("/admin/accounts/user/add/", new)).status_code == 302
    keep(browser.post("/admin/logout/"))
    for _ in range(7):
        keep(log_in(api(), NAME, WRONG))

    text = trail.stream.getvalue()
    assert [secret for secret in secrets | {"somebody.else", "new.comer"} if secret in text] == []
    assert [line for line in trail.lines() if "exc_info" in line or "Traceback" in json.dumps(line)] == []
    elsewhere = {"auth.origin_refused", "auth.refresh_throttled", "auth.session_expired", "auth.logout_refused"}
    assert set(AuthEvent) - {event for event, _ in trail.events()} == elsewhere
    assert all(line["request_id"] and line["address"] for line in trail.lines() if line["name"] == "cspace.auth")

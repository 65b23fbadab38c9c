"""What holds for every call of the Roomie wire: origins, methods, slashes, logins, and calls that there are not."""

import json
import logging
from urllib.parse import urlencode

import pytest

from dialects.roomie import views
from dialects.roomie.urls import CALLS
from registrations.models import Registration
from tests.dialects.roomie.scenes import FORM, MOUNTS, Roomie, ahead, logged_in, refused

pytestmark = pytest.mark.django_db
METHODS = {name: "POST" if issubclass(view, views.Posts) else "GET" for name, view in CALLS.items()}
ACTING = {"user.login.getToken", "user.login.callback", "user.logout", "rooms.deleteBooking", "society.token"}
OPEN = {"user.login", "user.login.getToken", "user.login.status", "user.login.callback", "user.logout"}


@pytest.mark.parametrize("mount", MOUNTS)
@pytest.mark.parametrize("call", CALLS)
def test_whoever_shows_no_key_is_asked_for_one(call, mount):
    if call in OPEN:
        return
    for headers in ({}, {"Authorization": "Token"}, {"Authorization": "Basic eDp5"}):
        answer = Roomie(mount=mount).send(METHODS[call], call, **headers)
        refused(answer, "NOT_AUTHENTICATED", 401)
        assert answer["WWW-Authenticate"] == "Token"
    for token in ("0" * 40, "x", "é" * 40):
        refused(Roomie(mount=mount).send(METHODS[call], call, Authorization=f"token {token}"), "INVALID_TOKEN", 401)


@pytest.mark.parametrize("mount", MOUNTS)
@pytest.mark.parametrize("call", CALLS)
def test_other_methods(call, mount):
    wrong = {"GET", "POST", "PUT", "PATCH", "DELETE"} - {METHODS[call]}
    if METHODS[call] == "POST" or call in ACTING:
        wrong.add("HEAD")
    for method in wrong:
        answer = Roomie(mount=mount).send(method, call)
        assert answer.status_code == 405
        allowed = {METHODS[call]} | ({"HEAD"} if METHODS[call] == "GET" and call not in ACTING else set())
        assert set(answer["Allow"].split(", ")) == allowed
        assert answer["Access-Control-Allow-Origin"] == "*"
        if method != "HEAD":
            refused(answer, "METHOD_NOT_ALLOWED", 405)


def test_a_head_deletes_nothing(house):
    student = logged_in(house.student)
    fields = {"room_id": "RO-POO", "date": ahead(1), "start_time": "15:00", "end_time": "17:00"}
    booking = student.post("rooms.book", **fields).json()["booking_id"]
    assert student.send("HEAD", f"rooms.deleteBooking?booking_id={booking}").status_code == 405
    assert student.send("HEAD", "user.logout").status_code == 405
    assert student.send("HEAD", "rooms.list").status_code == 200
    assert Registration.objects.get().status == "approved"


@pytest.mark.parametrize("mount", MOUNTS)
@pytest.mark.parametrize("call", [*CALLS, "rooms.nothing"])
def test_a_preflight_needs_no_key(call, mount):
    answer = Roomie(mount=mount).send("OPTIONS", call, **{"Access-Control-Request-Headers": "authorization"})
    assert (answer.status_code, answer.content) == (204, b"")
    named = {name: value for name, value in answer.headers.items() if name.startswith("Access-Control-")}
    assert named == {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
        "Access-Control-Allow-Headers": "Authorization, Content-Type, If-None-Match, If-Modified-Since",
        "Access-Control-Expose-Headers": "Etag, Last-Modified",
        "Access-Control-Max-Age": "86400",
    }


def test_cspaces_own_paths_are_not_opened(api):
    answer = api()("OPTIONS", "auth/login/", Origin="https://elsewhere.example")
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("mount", MOUNTS)
@pytest.mark.parametrize("call", ["user.nothing", "rooms.list/more", "rooms.", "society.token//", "rooms.list%00"])
def test_calls_that_there_are_not(house, call, mount):
    refused(logged_in(house.student, mount).send("GET", call), "NOT_FOUND", 404)


@pytest.mark.parametrize("mount", MOUNTS)
def test_the_last_slash_is_optional(house, mount):
    student = logged_in(house.student, mount)
    for call in ("rooms.list", "user.info", "user.bookings"):
        assert student.get(call).status_code == 200
        assert student.get(call).content == student.get(f"{call}/").content
    for call in ("user.login", "user.login/"):
        refused(Roomie(mount=mount).post(call), "MISSING_PARAMETER")


def test_nothing_is_kept_in_a_cache_and_no_cookie_is_set(house):
    student = logged_in(house.student)
    for answer in (student.get("rooms.list"), student.get("rooms.bookings"), Roomie().get("user.info")):
        assert "no-store" in answer["Cache-Control"]
        assert not answer.cookies


def test_a_body_that_is_too_large(house):
    refused(Roomie().send("POST", "user.login", b"a=" + b"b" * 300_000, FORM), "PAYLOAD_TOO_LARGE", 413)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"&a=" * 1001, FORM),
        (b"--x\r\n", "multipart/form-data; boundary=x"),
        (b"a", "multipart/form-data"),
        (b"<a/>", "text/xml"),
        (b"", ""),
    ],
)
def test_a_body_that_is_no_form(house, body, content_type):
    answer = Roomie().send("POST", "user.login", body, content_type)
    assert answer.status_code == 200
    assert answer.json()["code"] in ("MISSING_PARAMETER", "INVALID_PARAMETER")


def test_too_many_tries(house, settings):
    settings.CSPACE_THROTTLE = True
    settings.CSPACE_THROTTLE_RATES = settings.CSPACE_THROTTLE_RATES | {"login_name": "2/min"}
    for _ in range(2):
        refused(Roomie().post("user.login", username="wil", password="wrong"), "BAD_CREDENTIALS", 401)
    for name in ("wil", "wil@wil.com"):
        answer = Roomie().post("user.login", username=name, password="wrong")
        refused(answer, "RATE_LIMITED", 429)
        assert int(answer["Retry-After"]) > 0


def test_a_fault_of_ours_shows_nothing_of_it(house, monkeypatch, caplog):
    student = logged_in(house.student)
    monkeypatch.setattr(views.OpenRoomsView, "answer_to", lambda *_: 1 / 0)
    with caplog.at_level(logging.CRITICAL, logger="cspace.errors"):
        refused(student.get("rooms.list"), "INTERNAL_ERROR", 500)


ODD = [
    "\ud800",
    "\x00",
    "9" * 400,
    "²",
    "٣" * 8,
    "-1",
    "00000000",
    "99999999",
    "99:99",
    "\u202e",
    "x" * 5000,
    "%",
    "'",
    "  ",
]
FIELDS = [
    *("username", "password", "room_id", "date", "start_time", "end_time", "notes", "society", "event_name"),
    *("society_booking", "booking_id", "society_id", "sid"),
]


@pytest.mark.parametrize(
    "odd", [*ODD, 10**30, -0.0, True, None, [], {}, [1], {"a": 1}], ids=lambda odd: ascii(odd)[:20]
)
def test_nothing_that_is_sent_is_a_fault_of_ours(house, odd):
    wil = logged_in(house.wil)
    usual = {
        "room_id": "RO-POO",
        "date": ahead(1),
        "start_time": "15:00",
        "end_time": "15:01",
        "society_id": "SOTECHSOC",
        "username": "wil",
        "password": "wrong",
        "sid": "x",
    }
    for call in CALLS:
        for field in FIELDS:
            fields = usual | {field: odd}
            if METHODS[call] == "POST":
                body = json.dumps(fields).encode()
                answer = wil.send("POST", call, body, "application/json")
            elif call != "user.logout" and isinstance(odd, str):
                text = urlencode(fields, errors="surrogatepass")
                answer = wil.send("GET", f"{call}?{text}")
            else:
                continue
            expected = {400} if call == "user.login.callback" else {200, 401}
            assert answer.status_code in expected, (call, field, answer.content)

"""What holds for every call of the wire: origins, methods, slashes, and calls that there are not."""

import logging

import pytest

from dialects.registry import dialect_at
from dialects.room_booking import views
from dialects.room_booking.dialect import DIALECT
from tests.dialects.room_booking.scenes import Script, refused

pytestmark = pytest.mark.django_db
METHODS = {
    "/api/test-kalender/events": "POST",
    "/api/test-kalender/event/": "POST",
    "/api/test-kalender/events/x": "DELETE",
    "/api/test-kalender/event/x/": "DELETE",
    "/api/clear-bookings": "DELETE",
    "/api/clear-bookings/": "DELETE",
}


@pytest.mark.parametrize("path", METHODS)
def test_other_methods(script, path):
    for method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"} - {METHODS[path]}:
        answer = script.send(method, path)
        assert (answer.status_code, answer["Allow"]) == (405, METHODS[path])
        if method != "HEAD":
            refused(answer, 405, "Method Not Allowed")


@pytest.mark.parametrize("path", [*METHODS, "/api/test-kalender/nothing", "/api/openapi.json"])
def test_a_preflight_needs_no_key(path):
    answer = Script().send("OPTIONS", path, **{"Access-Control-Request-Headers": "authorization"})
    assert (answer.status_code, answer.content) == (204, b"")
    cors = {name: value for name, value in answer.headers.items() if name.startswith("Access-Control-")}
    assert cors == {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Methods": "GET, POST, DELETE, OPTIONS",
        "Access-Control-Allow-Headers": "Authorization, Content-Type",
        "Access-Control-Expose-Headers": "Location, Retry-After, X-Event-State",
        "Access-Control-Max-Age": "86400",
    }


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/api/test-kalender/nothing",
            "/api/test-kalender/eventsx/",
            "/api/test-kalender/Events",
            "/api/nowhere/feed.ics",
        ),
        *("/api/clear-bookings/x", "/api/openapi.json/x", "/api/v2/users/", "/api/test-kalender/events%00"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_calls_that_there_are_not(path, method):
    refused(Script().send(method, path), 404, "Not Found")


@pytest.mark.parametrize(
    "path",
    [
        *("/api/v1/events", "/api/v1/events/x/", "/api/schema/events", "/api/docs/event/", "/api/admin/events"),
        *(
            "/api/docs",
            "/api/schema",
            "/api/",
            "/api",
            "/api/nope",
            "/api/nope/",
            "/api//events",
            "/apix/a/events",
            "/a/events",
        ),
    ],
)
def test_paths_that_are_not_its_own(path):
    assert dialect_at(path) is None


@pytest.mark.parametrize("word", ["docs", "v1", "schema", "admin"])
@pytest.mark.parametrize("rest", ["event", "events/", "event/x", "events/x/"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_below_a_word_that_no_calendar_has_nothing_of_it_answers(script, method, word, rest):
    for caller in (script, Script()):
        answer = caller.send(method, f"/api/{word}/{rest}")
        assert (answer.status_code, "WWW-Authenticate" in answer.headers) == (404, False)


@pytest.mark.parametrize(
    "path", ["/api/rooms/events", "/api/courses/event", "/api/studyplans/events/x", "/api/v1/rooms.list"]
)
def test_paths_of_other_dialects(path):
    dialect = dialect_at(path)
    assert dialect is not None
    assert dialect is not DIALECT


@pytest.mark.parametrize("slug", ["v1x", "room", "rooms2", "doc", "openapi", "clear-bookings2", "api", "events", "ä b"])
def test_slugs_that_are_free(slug):
    assert dialect_at(f"/api/{slug}/events") is DIALECT
    assert dialect_at(f"/api/{slug}/x") is DIALECT


def test_nothing_is_kept_in_a_cache_and_no_cookie_is_set(script):
    for answer in (script.create(), script.clear(), script.delete("x"), Script().clear()):
        assert "no-store" in answer["Cache-Control"]
        assert not answer.cookies
        assert "sessionid" not in answer.cookies


def test_a_host_that_is_not_ours(script):
    refused(script.send("DELETE", "/api/clear-bookings", Host="evil.example"), 400, "Bad Request")


def test_a_fault_of_ours_shows_nothing_of_it(script, monkeypatch, caplog):
    monkeypatch.setattr(views, "clear_bookings", lambda *_, **__: 1 / 0)
    with caplog.at_level(logging.CRITICAL, logger="cspace.errors"):
        refused(script.clear(), 500, "Internal Server Error")

"""A dialect is what it declares: its paths, envelope, origins and slashes hold once it stands in the registry."""

import importlib
import logging
import re
from urllib.parse import unquote

import pytest
from django.http import HttpResponse
from django.urls import clear_url_caches

import cspace.urls
from cspace.middleware import PathMiddleware
from dialects import registry
from dialects.registry import DIALECTS, dialect_at, no_such_call
from tests.dialects.made_up import EVENTS, OWN, PLAIN, ROOMS
from tests.factories import make_classroom
from tests.routes import routes

FEST, ELSEWHERE, OURS = "https://fest.example.edu", "https://other.example.edu", "https://rooms.example.edu"
PAGE_POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; script-src 'self' "


def start_anew():
    """The routes are read once, when a server starts."""
    importlib.reload(cspace.urls)
    clear_url_caches()


@pytest.fixture
def registered(monkeypatch):
    """Nothing else is done for the two."""
    with monkeypatch.context() as patch:
        patch.setattr(registry, "DIALECTS", (*DIALECTS, EVENTS, ROOMS))
        start_anew()
        yield
    start_anew()


def cors(response):
    return {name: value for name, value in response.headers.items() if name.startswith("Access-Control-")}


def answered(response, status, body):
    assert (response.status_code, response.json()) == (status, body)
    assert response["Content-Type"] == "application/json"


# --- Its paths and slashes -------------------------------------------------------------------------------


def test_a_dialect_at_the_root_answers(api, registered):
    answered(api().get("/events/concert/"), 200, {"event": "concert"})
    answered(api().get("/seats.book/A/"), 200, {"room": "A"})


@pytest.mark.parametrize("path", ["/events", "/events/concert"])
def test_where_the_last_slash_is_optional_each_path_answers_without_it(api, registered, path):
    assert api().get(path).status_code == 200
    assert api().get(path).content == api().get(f"{path}/").content


def test_where_it_is_not_only_the_route_answers(api, registered):
    answered(api().get("/seats.book/A"), 404, {"detail": "Endpoint not found"})


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/events/a%2Fb", 404, {"sorry": "Endpoint not found", "why": "NOT_FOUND"}),
        ("/events%2Fconcert", 404, {"sorry": "Endpoint not found", "why": "NOT_FOUND"}),
        ("/seats.book/a%2Fb/", 200, {"room": "a/b"}),
        ("/seats.book/%00/", 404, {"detail": "Endpoint not found"}),
    ],
)
def test_a_slash_in_a_name(api, registered, path, status, body):
    answered(api().client.get(unquote(path), REQUEST_URI=path), status, body)


# --- Its envelope ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/events/a/b/c", "/events//", "/events/crash/x/"])
def test_an_unknown_call(api, registered, path):
    answered(api().get(path), 404, {"sorry": "Endpoint not found", "why": "NOT_FOUND"})


def test_a_method_that_a_call_does_not_have(api, registered):
    response = api().post("/events", {})
    answered(response, 405, {"sorry": "Method Not Allowed", "why": "METHOD_NOT_ALLOWED"})
    assert response["Allow"] == "GET"


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_a_host_that_is_not_ours(api, registered, method):
    response = api()(method, "/events/a/b/c", Host="evil.example", Origin=FEST)
    answered(response, 400, {"sorry": "Bad Request", "why": "VALIDATION_ERROR"})
    assert cors(response)["Access-Control-Allow-Origin"] == FEST


def test_a_crash(api, registered, caplog):
    with caplog.at_level(logging.CRITICAL, logger="cspace.errors"):
        response = api().get("/events/crash")
    answered(response, 500, {"sorry": "Something went wrong on our side", "why": "INTERNAL_ERROR"})


def test_a_login_that_is_needed_is_asked_for_in_its_own_way(api, registered):
    response = api().get("/events/mine")
    sentence = "Authentication credentials were not provided"
    answered(response, 401, {"sorry": sentence, "why": "NOT_AUTHENTICATED"})
    assert response["WWW-Authenticate"] == "Token"


def test_a_dialect_has_its_own_statuses(api, registered):
    response = api().post("/seats.book/A/", {})
    answered(response, 422, {"detail": "Method Not Allowed"})
    assert response["Allow"] == "GET"


def test_what_a_dialect_has_worded_itself_stays(api, registered):
    answered(api().get("/events/taken"), 422, {"errors": {"name": "taken"}})
    answered(api().get("/events/alike"), 422, {"error": "taken", "code": "mine"})


@pytest.mark.parametrize("name", OWN)
def test_what_a_dialect_answers_itself_stays_whatever_its_status_and_type(api, registered, name):
    own = OWN[name]()
    response = api().get(f"/events/own/{name}", Origin=FEST)
    assert (response.status_code, response.getvalue()) == (own.status_code, own.getvalue())
    for header in ("Content-Type", "WWW-Authenticate", "Allow"):
        assert response.headers.get(header) == own.headers.get(header)
    assert response["Access-Control-Allow-Origin"] == FEST


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/events/classy", PLAIN),
        ("/events/only-read", PLAIN),
        ("/events/restful", "application/vnd.us+json"),
    ],
)
def test_a_view_of_any_kind_answers_itself(api, registered, path, content_type):
    response = api().get(path)
    assert (response.status_code, response["Content-Type"]) == (409, content_type)
    assert response.content in {b"text", b'{"taken":true}'}


@pytest.mark.parametrize("path", ["/events/classy", "/events/only-read", "/events/restful"])
def test_a_method_that_a_view_of_any_kind_does_not_have(api, registered, path):
    response = api()("DELETE", path)
    assert (response.status_code, response.json()["why"]) == (405, "METHOD_NOT_ALLOWED")
    assert response["Content-Type"] == "application/json"
    assert response["Allow"].startswith("GET")


@pytest.mark.parametrize(
    ("name", "status", "sentence", "code"),
    [
        ("missing", 404, "Endpoint not found", "NOT_FOUND"),
        ("suspicious", 400, "Validation failed", "VALIDATION_ERROR"),
        ("template", 500, "Something went wrong on our side", "INTERNAL_ERROR"),
        ("nothing", 500, "Internal Server Error", "INTERNAL_ERROR"),
    ],
)
def test_a_view_that_ends_without_an_answer_has_none_of_its_own(api, registered, caplog, name, status, sentence, code):
    with caplog.at_level(logging.CRITICAL):
        response = api().get(f"/events/broken/{name}")
    answered(response, status, {"sorry": sentence, "why": code})


@pytest.mark.parametrize("content_type", ["application/json", "text/html"])
def test_an_answer_that_a_middleware_makes_is_none_of_the_view(api, registered, monkeypatch, content_type):
    """Before the view as well as after it, whatever it looks like."""

    def refuse_after(self, request):
        self.get_response(request)
        return HttpResponse("{}", status=409, content_type=content_type)

    monkeypatch.setattr(PathMiddleware, "__call__", refuse_after)
    answered(api().get("/events/own/text/"), 409, {"sorry": "Conflict", "why": "INVALID_STATE"})


@pytest.mark.parametrize("path", ["/events/sign-in", "/events/sign-in/"])
def test_a_page_of_a_dialect_is_a_page(api, registered, path):
    response = api().get(path)
    assert (response.status_code, response.content) == (400, b"<p>Who are you?</p>")
    assert response["Content-Security-Policy"].startswith(PAGE_POLICY)
    assert api().get("/events")["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"


# --- Its origins -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/events", "/events/", "/events/a/b/c", "/events/a%2Fb"])
def test_a_preflight(api, registered, path):
    response = api()("OPTIONS", path, Origin=FEST, **{"Access-Control-Request-Method": "GET"})
    assert (response.status_code, response.content) == (204, b"")
    assert cors(response) == {
        "Access-Control-Allow-Origin": FEST,
        "Access-Control-Allow-Methods": "GET, OPTIONS",
        "Access-Control-Allow-Headers": "Authorization",
        "Access-Control-Expose-Headers": "ETag",
        "Access-Control-Max-Age": "86400",
    }


@pytest.mark.parametrize("path", ["/events", "/events/taken", "/events/a/b/c", "/events/a%2Fb"])
def test_only_its_own_origins_may_read_it(api, registered, settings, path):
    settings.CORS_ALLOWED_ORIGINS = [OURS]
    exposed = {"Access-Control-Expose-Headers": "ETag"}
    assert cors(api().get(path, Origin=FEST)) == exposed | {"Access-Control-Allow-Origin": FEST}
    for origin in (ELSEWHERE, OURS):
        response = api().get(path, Origin=origin)
        assert (cors(response), response["Vary"]) == (exposed, "Origin")


def test_a_dialect_that_says_nothing_of_origins_has_those_of_the_api(api, registered, settings):
    settings.CORS_ALLOWED_ORIGINS = [OURS]
    response = api().get("/seats.book/A/", Origin=OURS)
    assert response["Access-Control-Allow-Origin"] == OURS
    assert response["Access-Control-Allow-Credentials"] == "true"
    assert cors(api().get("/seats.book/A/", Origin=FEST)) == {}


# --- What is not its own ---------------------------------------------------------------------------------

BESIDE = ("/api/v1/classrooms/", "/api/v1/nope", "/api/v1/events", "/api/events/", "/api/rooms/A", "/api/rooms/A/b/c")
AT_THE_ROOT = ("/eventsx", "/Events", "/seatsxbook/", "/seats.bookings/", "/x/events")


def read(api, member, settings):
    """Status, body and headers of what other paths answer to several origins."""
    settings.CORS_ALLOWED_ORIGINS = [OURS]
    return [
        (response.status_code, response.content, dict(response.headers) | {"X-Request-ID": ""})
        for path in (*BESIDE, *AT_THE_ROOT)
        for origin in (FEST, OURS)
        for response in (api(member).get(path, Origin=origin), api()("OPTIONS", path, Origin=origin))
    ]


def test_all_other_paths_answer_as_before(api, member, settings, request):
    make_classroom("A")
    before = read(api, member, settings)
    request.getfixturevalue("registered")
    assert read(api, member, settings) == before


@pytest.mark.parametrize("path", ["/events", "/events/", "/seats.book/A/"])
def test_without_it_its_paths_are_unknown(api, path):
    answered(api().get(path, Origin=FEST), 404, {"error": "Endpoint not found", "code": "NOT_FOUND"})
    assert cors(api().get(path, Origin=FEST)) == {}


def test_every_route_lies_on_the_paths_of_whom_it_belongs_to():
    """A call of a dialect elsewhere would answer in the words of `/api/v1`; one of ours among a dialect's in those."""
    owners = {
        route: (dialect_at("/" + re.sub(r"<\w+:\w+>", "x", route)), view.__module__.rpartition(".")[0])
        for route, view in routes()
        if not route.startswith("^") and view is not no_such_call
    }
    dialects = {dialect.urls.rpartition(".")[0]: dialect for dialect in DIALECTS}
    assert {route: owner for route, (owner, package) in owners.items() if owner is not dialects.get(package)} == {}
    assert {owner for owner, _ in owners.values()} == {None, *DIALECTS}

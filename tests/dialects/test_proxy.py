"""The production proxy answers by itself while the app is away: on a dialect's paths as the dialect would.

What it has to say is asked of `DialectMiddleware`, whose part it plays then.
"""

import http.client
import json
import re
import socket
import threading
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import pytest
from django.core.management import call_command
from django.http import HttpRequest

from dialects import registry
from dialects.dialect import ANY_ORIGIN, Cors, below
from dialects.middleware import DialectMiddleware
from dialects.proxy import with_dialects
from dialects.registry import DIALECTS, dialect_at
from kernel.api.errors import BareRefusal, Refusal, envelope
from tests.deploy.proxies import CONFIGURATION, proxying
from tests.dialects.made_up import EVENTS, ROOMS
from tests.routes import routes

NOT_FOUND = Refusal(404, envelope("Endpoint not found", "NOT_FOUND"))
TOO_LARGE = Refusal(413, envelope("The request body is too large", "PAYLOAD_TOO_LARGE"))
UNAVAILABLE = Refusal(503, envelope("The service is busy, please try again", "SERVICE_UNAVAILABLE"))
MOST_BYTES = 2 * 1024 * 1024
MOST_OF_FILES = 11 * 1024 * 1024
OF_FILES = re.compile("/api/v1/calendars/[^/]+/import/?")
"""There a file may be sent, which is larger than all else."""
HEADERS = (
    "Content-Type",
    "Retry-After",
    "Vary",
    "Access-Control-Allow-Origin",
    "Access-Control-Expose-Headers",
)
FEST, ELSEWHERE = "https://fest.example.edu", "https://other.example.edu"
ORIGINS = (None, FEST, ELSEWHERE, f"{FEST}.evil.example", "https://festXexample.edu")
ROUTES = sorted({"/" + re.sub(r"<\w+:\w+>", "x", route) for route, _ in routes() if not route.startswith("^")})
URIS = [
    *["/api/roomsx", "/api/room", "/api/v1/rooms", "/x/api/rooms", "/api/Rooms", "/api/rooms.json", "/", "/api//rooms"],
    *[
        "/api/rooms/../v1/x",
        "/x?next=/api/rooms/",
        "/x?a=%2F",
        "/api/rooms?a=%2f",
        "/api/rooms/A%20B?x",
        "/%2Fapi/rooms",
    ],
    *["/x%2Fy", "/api/v1/rooms%2f1", "/api/rooms%2FA", "/api/rooms/A%2fB/", "/api%2Frooms/A", "/api/rooms.x%2f"],
    *[
        "/rooms.list",
        "/api/v1/user.login/?a=%2F",
        "/api%2Fv1%2Fsociety.token",
        "/user.x%2fy",
        "/usersx",
        "/api/v1/users/me",
    ],
    *["/api/a", "/api/a/", "/api/a//", "/api/a//x", "/api/a/x", "/api/a/?x", "/api/a?x=/events", "/api/a%3Fb/events"],
    *["/api/a%2Fevents", "/api%2Fa%2Fevents/b%2fc", "/api/a/events/b%2Fc?x=%2F", "/api/%C3%A4/x", "/api/a%0Ab/x"],
    *["/api/v1%2Fx", "/api/v1/a%2Fb", "/api/v1x/a", "/api/docs/x", "/api/admin%2fx", "/api/schema?x=/a/b", "/api/docs"],
    *[
        "/api/clear-bookings?test=on",
        "/api/clear-bookings%2F",
        "/api/clear-bookingsx",
        "/api/openapi.json",
        "/api/openapixjson/a",
    ],
]

OPEN = replace(
    EVENTS,
    name="open",
    paths=below("api/rooms.free", "open"),
    envelope=lambda refusal: (refusal.status, {"no": f'It\'s \\ for 5 $: {refusal.error} – "{refusal.code}"'}),
    cors=lambda: Cors(origins=[ANY_ORIGIN], methods=["GET"], headers=[]),
)
ODD = replace(
    OPEN,
    name="odd",
    paths=below("odd"),
    envelope=lambda refusal: ({404: 400, 413: 422, 503: 500}[refusal.status], {"odd": refusal.code}),
    cors=None,
)
ALL = (*DIALECTS, EVENTS, ROOMS, OPEN, ODD)
OF_MADE_UP = [
    *["/events", "/events/", "/events/a?b", "/events/a%2Fb", "/events%2fa", "/eventsx", "/Events", "/x/events"],
    *["/seats.book/A", "/seats.book/a%2Fb", "/seats.book%2Fa", "/seatsxbook/a%2Fb", "/seats.book?a=%2F", "/seats.book"],
    *["/open", "/open/%2F", "/api/rooms.free/x", "/api/rooms.free%2fx", "/odd/a", "/odd%2Fa", "/oddly"],
]


# --- What the proxy should say, and what it says -----------------------------------------------------------


def refusal_for(uri, size):
    """What happens to a request while the app is away."""
    path, _, _ = uri.partition("?")
    dialect = dialect_at(unquote(path))
    if "%2f" in path.lower() and not (dialect and dialect.slashes.is_encoded_in_names):
        return NOT_FOUND
    return TOO_LARGE if size > most_bytes(uri) else UNAVAILABLE


def most_bytes(uri):
    return MOST_OF_FILES if OF_FILES.fullmatch(uri.partition("?")[0]) else MOST_BYTES


def expected_answer(uri, size, origin):
    """(status, headers, body) as the app would refuse it, were it there."""
    refusal = refusal_for(uri, size)
    request = HttpRequest()
    request.method, request.path_info = "GET", unquote(uri.partition("?")[0])
    request.META |= {"HTTP_ORIGIN": origin} if origin else {}
    retry = {"Retry-After": "5"} if refusal is UNAVAILABLE else {}
    response = DialectMiddleware(lambda _: BareRefusal(refusal, retry))(request)
    return response.status_code, {name: response.headers.get(name) for name in HEADERS}, json.loads(response.content)


def answer_of(address, uri, size, origin):
    connection = http.client.HTTPConnection(address, timeout=10)
    try:
        connection.putrequest("POST" if size else "GET", uri)
        for name, value in {"Content-Length": size or None, "Origin": origin}.items():
            if value is not None:
                connection.putheader(name, str(value))
        connection.endheaders()
        if size:
            connection.sock.shutdown(socket.SHUT_WR)  # who waits for the body ends at once
        response = connection.getresponse()
        content = response.read()
    except (http.client.HTTPException, OSError) as error:
        return None, {}, repr(error)
    finally:
        connection.close()
    try:
        body = json.loads(content)
    except ValueError:
        body = content
    return response.status, {name: response.headers[name] for name in HEADERS}, body


@contextmanager
def no_app(*, is_silent=False):
    """An address that refuses connections; or where the system takes them, and nobody ever answers.

    It is bound all the while: from a free port nginx itself would sooner or later connect, and so meet itself.
    """
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        if is_silent:
            listening.listen()
        yield f"127.0.0.1:{listening.getsockname()[1]}"


def faults(configuration, uris):
    """Where an nginx with this configuration says something else than it should."""
    different = []
    # Every path is asked often and at once; that this is too often for some is not what is looked at here.
    configuration = configuration.replace("rate=5r/s", "rate=10000r/s")
    with no_app() as app, proxying(app, configuration) as address:
        for uri in uris:
            for size in (0, most_bytes(uri) + 1):
                for origin in ORIGINS:
                    answer = answer_of(address, uri, size, origin)
                    if answer != expected_answer(uri, size, origin):
                        different.append((uri, size, origin, answer))
    hasty = configuration.replace("proxy_read_timeout 30s;", "proxy_read_timeout 50ms;")
    with no_app(is_silent=True) as app, proxying(app, hasty) as address:
        answer = answer_of(address, "/", 0, None)
        if answer != expected_answer("/", 0, None):
            different.append(("/", 0, None, answer))
    return different


# --- The configuration that is delivered -------------------------------------------------------------------


def test_the_configuration_has_what_write_proxy_writes():
    assert with_dialects(CONFIGURATION, DIALECTS) == CONFIGURATION, "run `python manage.py write_proxy`"


def test_the_command_writes_it(settings, tmp_path, monkeypatch, capsys):
    settings.BASE_DIR = tmp_path
    file = tmp_path / "deploy" / "nginx.conf"
    file.parent.mkdir()
    file.write_text(CONFIGURATION, encoding="utf-8")
    call_command("write_proxy")
    assert file.read_text(encoding="utf-8") == CONFIGURATION
    monkeypatch.setattr(registry, "DIALECTS", ALL)
    call_command("write_proxy")
    assert file.read_text(encoding="utf-8") == with_dialects(CONFIGURATION, ALL) != CONFIGURATION
    assert capsys.readouterr().out == "nginx.conf: as it was.\nnginx.conf: written anew.\n"


def test_while_the_app_is_away_every_path_is_answered_as_by_its_dialect():
    assert {dialect_at(path) for path in ROUTES} == {None, *DIALECTS}
    uris = [uri for path in ROUTES for uri in {path, path.rstrip("/") or "/", f"{path}?page=1"}]
    assert faults(CONFIGURATION, [*uris, *URIS]) == []


# --- Any other dialects ------------------------------------------------------------------------------------


@pytest.fixture
def registered(monkeypatch):
    monkeypatch.setattr(registry, "DIALECTS", ALL)


def test_dialects_of_any_kind_are_answered_for_once_they_are_written(registered):
    """With other words, origins and statuses, and with slashes in names."""
    uris = [*URIS, *OF_MADE_UP]
    assert {dialect_at(unquote(uri.partition("?")[0])) for uri in uris} == {None, *ALL}
    assert faults(with_dialects(CONFIGURATION, ALL), uris) == []


@pytest.mark.parametrize("missing", ALL[len(DIALECTS) :], ids=lambda dialect: dialect.name)
def test_a_dialect_that_is_not_written_is_not_answered_for(registered, missing):
    others = tuple(dialect for dialect in ALL if dialect is not missing)
    assert faults(with_dialects(CONFIGURATION, others), OF_MADE_UP) != []


@pytest.mark.parametrize(
    ("written", "wrong"),
    [
        ("return 404 $not_found;", 'return 404 "gone";'),
        ("return 413 $too_large;", "return 413 $not_found;"),
        ("return 503 $unavailable;", "return 502 $unavailable;"),
        ("return 503 $unavailable;", "return 503;"),
        ("        return 422 $too_large;\n", "        return 413 $too_large;\n"),
        ("    add_header Access-Control-Allow-Origin $readable_by always;\n    ", ""),
        ("Access-Control-Allow-Origin $readable_by always;", "Access-Control-Allow-Origin $readable_by;"),
        ("Access-Control-Allow-Origin $readable_by always;", "Access-Control-Allow-Origin * always;"),
        ("        add_header Access-Control-Expose-Headers $exposed_headers always;\n", ""),
        ("        add_header Vary $varies_by always;\n", ""),
        ("        add_header Retry-After 5 always;\n", ""),
        ("Retry-After 5 always;", "Retry-After 50 always;"),
        ("    error_page 404 = @not_found;\n", ""),
        ("    error_page 413 = @too_large;\n", ""),
        ("error_page 502 503 504 =", "error_page 502 503 ="),
        ("error_page 502 503 504 =", "error_page 503 504 ="),
        ("map $request_uri $dialect", "map $uri $dialect"),
        ('map "$has_slashes_in_names $request_uri"', 'map "$has_slashes_in_names $uri"'),
        ('"~*^0 [^?]*%2f" 1;', '"~^0 [^?]*%2f" 1;'),
        ('"~*^0 [^?]*%2f" 1;', '"~*^0 .*%2f" 1;'),
        ('"~*^0 [^?]*%2f" 1;', '"~*^. [^?]*%2f" 1;'),
        ("    if ($has_stray_slash) {\n        return 404;\n    }\n", ""),
        ("default_type application/json;", "default_type text/plain;"),
        ("client_max_body_size 2m;", "client_max_body_size 3m;"),
        (r"events https://fest\\.example\\.edu$'", r"events https://fest\\.example\\.edu'"),
        (r"events https://fest\\.example\\.edu$'", r"events https://fest.example\\.edu$'"),
        ("'~^occupancy ' '*';", "'~^occupancy ' $http_origin;"),
        ("'~^occupancy ' '*';", "'~^o' '*';"),
        ("    'events' 'Origin';\n", ""),
    ],
)
def test_any_other_configuration_is_missed(registered, written, wrong):
    right = with_dialects(CONFIGURATION, ALL)
    assert written in right
    assert faults(right.replace(written, wrong), [*URIS, *OF_MADE_UP]) != []


@pytest.mark.parametrize("location", ["not_found", "too_large", "unavailable"])
def test_every_place_that_refuses_needs_its_headers(registered, location):
    right = with_dialects(CONFIGURATION, ALL)
    for header in ("Access-Control-Allow-Origin", "Access-Control-Expose-Headers", "Vary"):
        first, place, rest = right.partition(f"location @{location} {{")
        wrong = first + place + re.sub(rf" +add_header {header} .*\n", "", rest, count=1)
        assert wrong != right
        assert faults(wrong, OF_MADE_UP) != []


@pytest.mark.parametrize("names", [["a", "a"], ["default;"], ["Big"], [""]])
def test_names_that_the_proxy_cannot_tell_apart_are_refused(names):
    with pytest.raises(ValueError, match="a name of its own"):
        with_dialects(CONFIGURATION, [replace(ODD, name=name) for name in names])


def test_a_configuration_that_has_lost_a_mark_is_refused():
    with pytest.raises(ValueError, match="one marked place"):
        with_dialects(CONFIGURATION.replace("# Written by `python manage.py write_proxy`: maps.\n", ""), DIALECTS)


# --- What reaches the app ----------------------------------------------------------------------------------


class Echo(BaseHTTPRequestHandler):
    """Answers with the path it was sent."""

    def do_GET(self):
        content = json.dumps(self.path).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        """Quiet."""


def test_a_slash_in_a_name_reaches_the_app_as_it_was_sent(registered):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with proxying(f"127.0.0.1:{server.server_port}", with_dialects(CONFIGURATION, ALL)) as address:
            for uri in ("/seats.book/a%2Fb%20c//d?e=%2F", "/seats.book%2fa", "/events/a?b=%2F", "/api//rooms"):
                assert answer_of(address, uri, 0, None)[::2] == (200, uri)
    finally:
        server.shutdown()
        server.server_close()

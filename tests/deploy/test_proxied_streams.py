"""What the production proxy does with event streams: who is asked for them, that nothing is kept back, what it logs."""

import http.client
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from dialects.proxy import stream_paths
from tests.crash.processes import await_true
from tests.deploy.proxies import CONFIGURATION, proxying

SECONDS = 10
SID = "shib" + "a" * 60
PATHS = [f"/{path.replace('<str:sid>', SID)}" for path in stream_paths()]
TICKET = "a-ticket-that-nobody-has-used"


class Endless(BaseHTTPRequestHandler):
    """Says its server's name, and then each word that it is given to say, until its reader has gone."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            self._say(self.server.name)
            for word in iter(self.server.words.get, None):
                self._say(word)
        except OSError:
            self.server.left.release()

    def _say(self, word):
        self.wfile.write(f"{len(word):x}\r\n{word}\r\n".encode())

    def log_message(self, *_):
        """Quiet."""


class Named(BaseHTTPRequestHandler):
    """Says its server's name, and by which protocol it was asked."""

    def do_GET(self):
        content = f"{self.server.name} {self.request_version}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_POST(self):
        self.do_GET()

    def log_message(self, *_):
        """Quiet."""


class Words:
    """What is to be said, once it is there."""

    def __init__(self):
        self._words, self._there = [], threading.Condition()

    def put(self, word):
        with self._there:
            self._words.append(word)
            self._there.notify_all()

    def get(self):
        with self._there:
            assert self._there.wait_for(lambda: self._words, SECONDS)
            return self._words.pop(0)


@contextmanager
def upstream(handler, name):
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.name, server.words, server.left = name, Words(), threading.Semaphore(0)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def place(server):
    return f"127.0.0.1:{server.server_port}"


@contextmanager
def asking(address, path, method="GET"):
    connection = http.client.HTTPConnection(address, timeout=SECONDS)
    try:
        connection.request(method, path)
        yield connection.getresponse()
    finally:
        connection.close()


@pytest.fixture(scope="module")
def two_upstreams():
    with (
        upstream(Named, "app") as app,
        upstream(Named, "streams") as streams,
        proxying(place(app), streams=place(streams)) as address,
    ):
        yield address


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("end", ["", "/", "?last_event_id=3", "/?ticket=x&floor=2"])
def test_a_stream_is_asked_of_the_process_that_has_them(two_upstreams, path, end):
    with asking(two_upstreams, path + end) as answer:
        assert answer.read() == b"streams HTTP/1.1"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/notifications/stream/ticket/"),
        ("GET", "/api/v1/notifications/"),
        ("GET", "/api/v1/classrooms/stream/availability/"),
        ("GET", "/api/v1/classrooms/streams/"),
        ("GET", "/api/v1/classrooms/?next=/api/v1/classrooms/stream/"),
        ("GET", "/x/api/v1/classrooms/stream/"),
        ("GET", "/api/rooms/stream/"),
    ],
)
def test_everything_else_is_asked_of_the_app(two_upstreams, method, path):
    with asking(two_upstreams, path, method) as answer:
        assert answer.read() == b"app HTTP/1.1"


def test_what_is_said_arrives_before_more_is_said_and_who_has_gone_is_gone_behind_the_proxy_too():
    with upstream(Endless, "streams") as server, proxying(place(server)) as address:
        with asking(address, PATHS[0]) as answer:
            assert answer.read(7) == b"streams"
            server.words.put("more")
            assert answer.read(4) == b"more"
        # Whoever writes to a reader who has gone is told so by the second word at the latest.
        await_true(lambda: server.words.put("?") or server.left.acquire(blocking=False), SECONDS)
        server.words.put(None)


def test_streams_beyond_what_the_proxy_has_room_for_are_refused_and_everything_else_is_answered():
    configuration = CONFIGURATION.replace("max_conns=2200", "max_conns=1")
    with (
        upstream(Named, "app") as app,
        upstream(Endless, "streams") as server,
        proxying(place(app), configuration, streams=place(server)) as address,
        asking(address, PATHS[0]) as first,
        asking(address, PATHS[1]) as second,
    ):
        assert first.read(7) == b"streams"
        assert (second.status, second.headers["Retry-After"]) == (503, "5")
        assert json.loads(second.read())["code"] == "SERVICE_UNAVAILABLE"
        with asking(address, "/api/v1/classrooms/") as other:
            assert other.read() == b"app HTTP/1.1"
        server.words.put(None)


def logged_of_a_stream_that_is_away(folder, configuration=CONFIGURATION):
    log = folder / "log"
    with upstream(Named, "app") as app, upstream(Named, "streams") as gone:
        away = place(gone)
        gone.socket.close()
        with proxying(place(app), configuration, streams=away, log=log) as address:
            with asking(address, f"{PATHS[1]}/?ticket={TICKET}") as answer:
                assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
            unusual = ("/push%2Esubscribe", "/api/v1/%70ush.subscribe", "//push.subscribe", "/./push.subscribe")
            for channel in ("/api/v1/push.subscribe_longpoll", "/stream.sub", *unusual):
                with asking(address, f"{channel}/{SID}?tag=1") as answer:
                    assert answer.status == 503
            with asking(address, f"/api/v1/notifications/?page=7&ticket={TICKET}") as answer:
                assert answer.status == 200
    return log.read_text(encoding="utf-8")


def test_a_ticket_reaches_no_log_not_even_where_streams_are_away(tmp_path):
    logged = logged_of_a_stream_that_is_away(tmp_path)
    assert f'"GET {PATHS[1]}/ HTTP/1.1" 503' in logged
    assert '"GET /api/v1/notifications/ HTTP/1.1" 200' in logged
    assert '"GET /api/v1/push.subscribe_longpoll/ HTTP/1.1" 503' in logged
    assert '"GET /stream.sub/ HTTP/1.1" 503' in logged
    assert SID not in logged
    assert TICKET not in logged
    assert "page=7" not in logged


def test_without_the_proxys_care_it_would_be_logged(tmp_path):
    assert TICKET in logged_of_a_stream_that_is_away(tmp_path, CONFIGURATION.replace("error_log /dev/null;", ""))

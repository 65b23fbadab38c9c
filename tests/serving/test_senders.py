"""Callers who send nothing, or slowly, straight to the server: the others are answered meanwhile."""

import socket
import time
from contextlib import ExitStack

import pytest

from serving.server import CONNECTIONS_PER_WORKER, HEADER_SECONDS
from tests.crash.processes import await_true
from tests.serving.productions import production

ANSWER_SECONDS = 1.0
BUSY_MACHINE_SECONDS = 3


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with production(tmp_path_factory.mktemp("serving") / "output") as server:
        yield server


@pytest.fixture
def callers(server):
    """Connections that have sent these first bytes; closed in the end."""
    with ExitStack() as stack:

        def call(count, first=b""):
            connections = []
            for _ in range(count):
                connections.append(stack.enter_context(socket.create_connection(("127.0.0.1", server.port))))
                connections[-1].sendall(first)
            return connections

        yield call


def is_answered(server):
    """By Django, for which there are eight threads."""
    began = time.monotonic()
    assert server.get("/api/nope").status_code == 404
    return time.monotonic() - began < ANSWER_SECONDS


@pytest.mark.parametrize("first", [b"", b"GET /api/nope HTT", b"GET /api/nope HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: "])
def test_300_of_them_keep_nobody_waiting_and_are_cut_off(server, callers, first):
    silent = callers(300, first)
    assert is_answered(server)
    time_over = time.monotonic() + HEADER_SECONDS + BUSY_MACHINE_SECONDS
    for connection in silent:
        connection.settimeout(max(0.1, time_over - time.monotonic()))
        while connection.recv(1000):  # nothing, or a 408, and then the end
            pass


def test_one_letter_at_a_time_is_no_way_to_stay(server, callers):
    """The time is that of the whole header, not of each letter."""
    (slow,) = callers(1, b"GET /api/nope HTTP/1.1\r\nX-Long: ")
    slow.settimeout(0.2)
    began = time.monotonic()
    while time.monotonic() - began < HEADER_SECONDS + BUSY_MACHINE_SECONDS:
        try:
            slow.sendall(b"x")
            if not slow.recv(1000):
                return
        except TimeoutError:
            continue
        except OSError:
            return
    raise AssertionError("it is still there")


def test_more_than_there_are_places_block_the_server_for_seconds_only(server, callers):
    """Which is why a production listens to its proxy only."""
    callers(2 * CONNECTIONS_PER_WORKER + 100)
    began = time.monotonic()
    await_true(lambda: is_answered(server), 2 * HEADER_SECONDS + BUSY_MACHINE_SECONDS)
    assert time.monotonic() - began < 2 * HEADER_SECONDS + BUSY_MACHINE_SECONDS


def test_threads_that_half_sent_bodies_hold_do_not_take_the_probe_with_them(server, callers):
    """Nobody but the proxy bounds a body's time, and it passes whole ones only; `/healthz` needs no thread."""
    head = b"POST /api/v1/auth/token/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-Proto: https\r\n"
    callers(32, head + b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")
    for _ in range(5):
        began = time.monotonic()
        assert server.get("/healthz").json() == {"status": "ok"}
        assert time.monotonic() - began < ANSWER_SECONDS

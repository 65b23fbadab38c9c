"""How a server ends: it says so first, then answers what it has begun, then is gone, in a bounded time."""

import os
import signal
import socket
import threading
import time
from multiprocessing import get_context

import psycopg
import pytest

from serving.server import HEADER_SECONDS, STOP_SECONDS, has_ended
from tests.crash.processes import await_true
from tests.factories import make_classroom
from tests.serving.productions import production

DRAIN_SECONDS = 3
BUSY_MACHINE_SECONDS = 3
END_SECONDS = STOP_SECONDS["production"] + BUSY_MACHINE_SECONDS
"""Seconds on an idle machine; what must not happen is that granian has to kill."""
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def environment(server_environment):
    """Whoever waits for a lock waits longer than it takes to drain."""
    return {
        "DATABASE_URL": server_environment["DATABASE_URL"],
        "CSPACE_DRAIN_SECONDS": str(DRAIN_SECONDS),
        "CSPACE_LOCK_TIMEOUT": "20s",
        "CSPACE_STATEMENT_TIMEOUT": "30s",
        "CSPACE_PUBLIC_READS": "on",
    }


@pytest.fixture
def server(tmp_path, environment):
    with production(tmp_path / "output", **environment) as server:
        yield server


def refuses(server):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", server.port)) != 0


def test_it_is_not_ready_first_and_answers_everything_else_until_it_has_drained(server):
    assert server.get("/readyz").status_code == 200
    server.process.terminate()
    began = time.monotonic()
    await_true(lambda: server.get("/readyz").status_code == 503, 1)
    ready = server.get("/readyz")
    assert ready.json() == {"status": "unavailable", "checks": {"serving": False}}
    assert ready.headers["Retry-After"] == "5"
    while time.monotonic() - began < DRAIN_SECONDS - 1:
        assert server.get("/healthz").status_code == 200
        assert server.get("/api/v1/classrooms/").status_code == 200
    await_true(lambda: refuses(server), 1 + BUSY_MACHINE_SECONDS)
    assert server.process.wait(END_SECONDS) == 0
    assert "refused to gracefully stop" not in server.printed()


def test_a_request_in_flight_is_answered_after_the_listener_has_closed(server, environment):
    make_classroom("Room A")
    answers = []
    with psycopg.connect(environment["DATABASE_URL"]) as holder:
        holder.execute("LOCK TABLE classrooms_classroom IN ACCESS EXCLUSIVE MODE")
        caller = threading.Thread(target=lambda: answers.append(server.get("/api/v1/classrooms/")))
        caller.start()
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'classrooms_classroom'::regclass"
        await_true(lambda: holder.execute(waiting).fetchone()[0], 10)
        server.process.terminate()
        await_true(lambda: refuses(server), DRAIN_SECONDS + BUSY_MACHINE_SECONDS)
        assert not answers
        holder.rollback()
        caller.join(10)
    assert [answer.status_code for answer in answers] == [200]
    assert server.process.wait(END_SECONDS) == 0


@pytest.mark.parametrize("signals", [[signal.SIGINT], [signal.SIGTERM, signal.SIGTERM]])
def test_who_will_not_wait_ends_it_at_once(server, signals):
    for number in signals:
        server.process.send_signal(number)
        time.sleep(0.2)  # two of the same kind at the same moment are one
    await_true(lambda: refuses(server), DRAIN_SECONDS - 1)
    assert server.process.wait(END_SECONDS) == 0


@pytest.mark.parametrize(
    "first", [b"", b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"GET /healthz HTTP/1.1\r\nHo"]
)
def test_connections_on_which_nothing_goes_on_do_not_have_its_workers_killed(server, first):
    """A browser keeps connections, and opens some before it needs them."""
    with socket.create_connection(("127.0.0.1", server.port)) as idle:
        idle.sendall(first)
        if first.endswith(b"\r\n\r\n"):
            assert idle.recv(1000).startswith(b"HTTP/1.1 200")
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(END_SECONDS) == 0
    assert "refused to gracefully stop" not in server.printed()


def test_no_deployment_kills_before_a_silent_connection_has_ended():
    assert min(STOP_SECONDS.values()) > HEADER_SECONDS


def test_a_worker_that_has_ended_is_not_taken_for_one_that_refuses_to():
    """granian waits for it in two threads; one of them gets its status."""
    worker = get_context("spawn").Process(target=time.sleep, args=(0,))
    worker.start()
    os.waitpid(worker.pid, 0)
    assert worker.is_alive(), "what granian believed"
    assert has_ended(worker)

"""`manage.py serve --streams`: how many streams it holds, whom it lets go, how it ends."""

import signal
import time
from contextlib import contextmanager
from uuid import uuid4

import psutil
import pytest
from django.conf import settings as django_settings

from accounts.services.tokens import issue_access
from kernel import clock
from notifications.models import Notification
from serving.server import STOP_SECONDS
from tests.crash.processes import await_true
from tests.factories import make_classroom, make_user
from tests.serving.productions import production
from tests.serving.subscribers import NOTICES, SECONDS, subscribing

pytestmark = pytest.mark.django_db(transaction=True)
BUSY_MACHINE_SECONDS = 3
DRAIN_SECONDS = 3
DEVELOPMENT = {"CSPACE_ENV": "development", "CSPACE_JWT_KEY": django_settings.CSPACE_JWT_KEY}
RESTART = b'event: bye\ndata: {"reason":"restart"}\n\n'


@pytest.fixture
def serve(tmp_path, server_environment):
    """Starts a server of one process, over the database of the test."""
    own = {
        "DATABASE_URL": server_environment["DATABASE_URL"],
        "CSPACE_PUBLIC_READS": "on",
        "CSPACE_RATE_READ": "1000000/min",
        "CSPACE_DRAIN_SECONDS": str(DRAIN_SECONDS),
    }

    @contextmanager
    def start(**environment):
        with production(tmp_path / "output", "--streams", "--workers", "1", **own | environment) as server:
            yield server

    return start


def worker_of(server):
    """The process that answers."""
    workers = psutil.Process(server.process.pid).children(recursive=True)
    return max(workers, key=lambda process: process.memory_info().rss)


def statuses(subscribers):
    answered = [subscriber.status for subscriber in subscribers]
    return {status: answered.count(status) for status in set(answered)}


def test_1100_streams_where_1000_may_be(serve):
    """The surplus is told to come again, and whoever asks for something else is answered meanwhile."""
    make_classroom("Room A")
    with serve(CSPACE_STREAM_CAP="1000") as server, subscribing(server.port) as subscribers:
        opened = subscribers.open_many(1100)
        assert statuses(opened) == {200: 1000, 503: 100}
        for surplus in [subscriber for subscriber in opened if subscriber.status == 503]:
            assert "\r\nretry-after: " in surplus.head
            assert b'"SERVICE_UNAVAILABLE"' in surplus.read_until(b"}")
        for _ in range(5):
            assert server.get("/api/v1/classrooms/").json()["count"] == 1
        assert server.get("/readyz").status_code == 200
        assert worker_of(server).num_threads() < 50
        for reader in [subscriber for subscriber in opened if subscriber.status == 200]:
            assert b"event: rooms\n" in reader.read_until(b"Room A")


def test_300_clients_that_vanish_leave_their_places(serve):
    """Seen from outside: there are 300 places, and 300 others get them all."""
    with serve(CSPACE_STREAM_CAP="300") as server, subscribing(server.port) as subscribers:
        assert statuses(subscribers.open_many(301)) == {200: 300, 503: 1}
        worker = worker_of(server)
        before = len(worker.net_connections("tcp"))
        assert before > 300
        for subscriber in subscribers.opened:
            subscriber.vanish()
        await_true(lambda: len(worker.net_connections("tcp")) < before - 300, 2)
        assert statuses(subscribers.open_many(301)) == {200: 300, 503: 1}


@pytest.mark.parametrize("signals", [[signal.SIGTERM], [signal.SIGINT]])
def test_every_reader_is_told_that_it_ends_and_it_ends(serve, signals):
    """SIGTERM drains first; SIGINT does not, nor does a development server."""
    with serve() as server, subscribing(server.port) as subscribers:
        readers = subscribers.open_many(50)
        began = time.monotonic()
        for number in signals:
            server.process.send_signal(number)
        for reader in readers:
            reader.read_until(RESTART, BUSY_MACHINE_SECONDS)
        assert server.process.wait(STOP_SECONDS["production"]) == 0
        assert time.monotonic() - began < DRAIN_SECONDS + STOP_SECONDS["development"] + BUSY_MACHINE_SECONDS
        for reader in readers:
            with pytest.raises(ConnectionError):
                reader.read_until(b"nothing follows")
    assert "refused to gracefully stop" not in server.printed()


def test_a_reader_who_never_reads_is_left_and_costs_no_memory(serve):
    """What the system keeps for him is megabytes; then `send` waits, and so do as many notices as may."""
    person = make_user("reader")
    token = issue_access(person, family=uuid4())
    with serve(CSPACE_STREAM_CAP="1", **DEVELOPMENT) as server, subscribing(server.port) as subscribers:
        subscribers.open(NOTICES, token=token, most_unread=4096)
        await_true(lambda: subscribers.open().status == 503, SECONDS)
        worker, said = worker_of(server), 0
        before = worker.memory_info().rss
        deadline = time.monotonic() + 2 * SECONDS
        while subscribers.open().status == 503:
            assert time.monotonic() < deadline, f"he has still his place after {said} bytes"
            said += tell(person, megabytes=1)
        tell(person, megabytes=20)
        assert worker.memory_info().rss - before < 30_000_000


def tell(person, *, megabytes):
    """Write notices of so many bytes together, a few in each transaction; how many bytes."""
    for _ in range(megabytes * 10):
        Notification.objects.create(
            user=person, description="News.", created_at=clock.now(), params={"text": "x" * 100_000}
        )
    return megabytes * 1_000_000

"""A server with event streams, as `manage.py serve --streams` starts it: how many it holds, whom it leaves, its end."""

import os
import resource
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
from serving.server import STOP_SECONDS, allow_files
from serving.streaming import TAKING_SECONDS
from tests.crash.processes import await_true, shared_folder
from tests.crash.test_run import running
from tests.factories import make_classroom, make_user
from tests.serving.productions import production
from tests.serving.subscribers import NOTICES, ROOMS, subscribing

pytestmark = pytest.mark.django_db(transaction=True)
BUSY_MACHINE_SECONDS = 3
DRAIN_SECONDS = 3
MOST_BYTES = 20_000_000
"""Of memory for one reader: 64 notices wait with us, 32 pieces with granian; those written here are of 100 kB."""
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
            assert len(server.get("/api/v1/classrooms/").json()["results"]) == 1
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


def test_whoever_is_refused_keeps_no_place(serve):
    make_classroom("Room A")
    token = issue_access(make_user("reader"), family=uuid4())
    with serve(CSPACE_STREAM_CAP="1", **DEVELOPMENT) as server, subscribing(server.port) as subscribers:
        for _ in range(2):
            assert subscribers.open(NOTICES).status == 401
            assert subscribers.open(f"{NOTICES}?ticket=unknown").status == 401
            assert subscribers.open(f"{NOTICES}?last_event_id=x", token=token).status == 400
            assert subscribers.open(f"{ROOMS}?floor=9").status == 404
        assert statuses(subscribers.open_many(2)) == {200: 1, 503: 1}


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
        assert subscribers.open(NOTICES, token=token, most_unread=4096).status == 200
        worker, written = worker_of(server), 0
        before = worker.memory_info().rss
        while worker.memory_info().rss - before < MOST_BYTES and written < 2 * MOST_BYTES:
            written += write_notices(person)
        await_true(lambda: is_let_in(subscribers), TAKING_SECONDS + BUSY_MACHINE_SECONDS)
        assert worker.memory_info().rss - before < MOST_BYTES


def is_let_in(subscribers):
    another = subscribers.open()
    status = another.status
    another.vanish()
    return status == 200


def write_notices(person):
    """A few in each transaction; how many bytes."""
    for _ in range(10):
        Notification.objects.create(
            user=person, description="News.", created_at=clock.now(), params={"text": "x" * 100_000}
        )
    return 1_000_000


def test_a_development_server_tells_its_readers_too(tmp_path):
    with (
        shared_folder() as folder,
        running(folder / "pg", tmp_path, CSPACE_PUBLIC_READS="on") as run,
        subscribing(int(run.environment["PORT"])) as subscribers,
    ):
        readers = subscribers.open_many(5)
        os.killpg(run.make.pid, signal.SIGINT)  # Ctrl-C reaches the whole group
        for reader in readers:
            reader.read_until(RESTART)
        await_true(run.is_gone, STOP_SECONDS["development"] + 2 * BUSY_MACHINE_SECONDS)  # and PostgreSQL's end


@pytest.fixture
def few_files():
    """This process may have 300 files open, and let itself have as many as ever; how many those are."""
    before, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (300, most))
    yield most
    resource.setrlimit(resource.RLIMIT_NOFILE, (before, most))


def files():
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def test_a_server_lets_itself_have_as_many_files_open_as_streams_need(few_files):
    allow_files(299)
    assert files() == 300
    allow_files(310)
    assert files() == 310


def test_it_says_so_if_the_system_does_not_let_it(few_files, caplog):
    if few_files == resource.RLIM_INFINITY:
        pytest.skip("not run: there is no bound here")
    allow_files(few_files + 1)
    assert files() == few_files
    (line,) = caplog.records
    assert (line.needed, line.allowed) == (few_files + 1, few_files)

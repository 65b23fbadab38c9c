"""What 500 idle event streams cost the server that holds them, and how soon a notice arrives on one."""

import statistics
import time
from collections.abc import Sequence
from contextlib import suppress
from itertools import cycle
from typing import Any
from uuid import uuid4

import psycopg

from accounts.models import User
from accounts.services.tokens import issue_access
from tests.bench.comparing import GOOD, WARM_UP_REQUESTS
from tests.bench.load import request
from tests.bench.measuring import Processes, Ratio
from tests.bench.stage import connection_parameters
from tests.bench.verdicts import Goal, Row
from tests.races.server import serving
from tests.serving.subscribers import NOTICES, Subscriber, Subscribers, subscribing

STREAMS, FEW_STREAMS = 500, 100
NOTICES_SENT, FEW_SENT = 200, 50
WARM_UP_STREAMS = 20
CLIENTS = 4
TOO_LATE_SECONDS = 3
"""Nobody waits longer for a notice."""
MEMORY, THREADS, SLOWDOWN, LATEST = Goal("kB", 50), Goal("threads", 5), Goal("p99", 1.5), Goal("longest", 1000)
INSERT = """
INSERT INTO notifications_notification (user_id, description, status, created_at, kind, target, params)
VALUES (%s, 'The group asks for a room.', 'unread', now(), '', '', '{}') RETURNING id
"""
ENVIRONMENT = {"CSPACE_DRAIN_SECONDS": "0"}


def measure_streams(stage: Any) -> None:
    """A server with streams, a notice for one after another; in a whole run, its answers and those of one without."""
    number, sent = (FEW_STREAMS, FEW_SENT) if stage.is_quick else (STREAMS, NOTICES_SENT)
    readers = _readers(number)
    with serving(ENVIRONMENT, workers=1, has_streams=True) as server, subscribing(server.port) as subscribers:
        warm(stage, server)
        for subscriber in _opened(subscribers, readers[:WARM_UP_STREAMS]):
            subscriber.vanish()
        processes = Processes(server.pid)
        memory, threads = processes.memory(), threads_of(processes)
        streams = _opened(subscribers, readers)
        each = (processes.memory() - memory) / number / 1000
        remark = f"{memory / 1e6:.0f} MB without"
        stage.report.rows += [
            Row(f"{number} idle streams: memory of each", each, MEMORY, unit="kB", remark=remark),
            Row(f"{number} idle streams: threads more", threads_of(processes) - threads, THREADS),
        ]
        _tell(stage.report, readers, streams, sent)
        if not stage.is_quick:
            compare_with_idle(stage, server, f"{number} idle streams")


def _readers(number: int) -> list[User]:
    people = [User(username=f"bench-reader-{place}") for place in range(number)]
    return User.objects.bulk_create(people)


def _opened(subscribers: Subscribers, readers: Sequence[User]) -> list[Subscriber]:
    """A stream for each, which has been greeted. Raises: RuntimeError: one was refused."""
    streams = [subscribers.open(NOTICES, token=issue_access(reader, family=uuid4())) for reader in readers]
    for stream in streams:
        if stream.status != 200:
            raise RuntimeError(f"a stream was refused: {stream.head}")
        stream.read_until(b"event: hello")
    return streams


def threads_of(processes: Processes) -> int:
    return sum(process.num_threads() for process in [processes.root, *processes.root.children(recursive=True)])


def _tell(report: Any, readers: Sequence[User], streams: Sequence[Subscriber], number: int) -> None:
    """Commit one notice after the other from this process, each for another reader, and wait for it on his stream."""
    latencies = []
    with psycopg.connect(**connection_parameters(), autocommit=True) as writer:
        for _, (reader, stream) in zip(range(number), cycle(zip(readers, streams, strict=True)), strict=False):
            began = time.perf_counter()
            (pk,) = writer.execute(INSERT, [reader.pk]).fetchone() or (None,)
            with suppress(TimeoutError):
                stream.read_until(b"id: %d\n" % pk, TOO_LATE_SECONDS)
            latencies.append(time.perf_counter() - began)
    in_time = sum(seconds <= LATEST.bar / 1000 for seconds in latencies)
    remark = f"{in_time} of {number} in time; p50 {statistics.median(latencies) * 1000:.1f} ms"
    name = f"from the writing of a notice to its arrival, {len(streams)} streams: longest"
    report.rows.append(Row(name, max(latencies) * 1000, LATEST, unit="ms", remark=remark))


def compare_with_idle(stage: Any, server: Any, streams: str) -> None:
    """What the same process answers beside its streams, in pairs alternated with another that has none."""
    count, seconds = stage.pairs
    with serving(ENVIRONMENT, workers=1, has_streams=True) as idle:
        warm(stage, idle)
        ratio = Ratio.of([(_ask(stage, server, seconds), _ask(stage, idle, seconds)) for _ in range(count)])
    name = f"answers beside {streams} ÷ without, p99"
    remark = f"p50 × {ratio.p50:.2f}, CPU × {ratio.cpu:.2f}"
    stage.report.rows.append(Row(name, ratio.p99, SLOWDOWN, remark=remark))


def warm(stage: Any, server: Any) -> None:
    _ask(stage, server, seconds=3, most=WARM_UP_REQUESTS)


def _ask(stage: Any, server: Any, seconds: float, **options: Any) -> Any:
    requests = cycle([request("GET", "/api/v1/users/me/", token=stage.campus.token)])
    return stage.measure(server, requests, clients=CLIENTS, meant=GOOD, seconds=seconds, **options)

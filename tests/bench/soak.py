"""What a worker has kept in memory after many requests."""

from collections.abc import Iterator
from itertools import cycle
from typing import Any

from tests.bench.comparing import GOOD
from tests.bench.measuring import Processes
from tests.bench.operations import OPERATIONS

REQUESTS, FEW_REQUESTS = 100_000, 2_000
SECONDS, FEW_SECONDS = 80, 5
"""Then it ends with what there is; the report says how many were answered."""
NAMES = ("users/me", "availability", "users/me", "users/me")
"""What is asked in turn, after all that the other parts have asked."""


def soak(stage: Any) -> None:
    """Bring the requests that the worker has answered to their number."""
    worker, port = Processes(stage.ours.pid), stage.ours.port
    before, few = stage.requests[port], worker.memory() / 1e6
    wish, seconds = (FEW_REQUESTS, FEW_SECONDS) if stage.is_quick else (REQUESTS, SECONDS)
    if before < wish:
        stage.measure(stage.ours, in_turn(stage), clients=8, meant=GOOD, most=wish - before, seconds=seconds)
    stage.report.add_memory((before, few), (stage.requests[port], worker.memory() / 1e6))


def in_turn(stage: Any) -> Iterator[bytes]:
    by_name = {operation.name: operation.requests(stage.campus) for operation in OPERATIONS}
    for name in cycle(NAMES):
        yield next(by_name[name])

"""What time operations take with many rows ÷ with few: one client, two servers in turn over two databases."""

from collections.abc import Iterator
from typing import Any

from tests.bench.comparing import GOOD, WARM_UP_REQUESTS, WARM_UP_SECONDS, Side
from tests.bench.measuring import Measurement
from tests.bench.operations import OPERATIONS
from tests.bench.stage import over_the_small_one


def grow(stage: Any) -> None:
    small = stage.serve(over_the_small_one(), workers=1)
    count, seconds = stage.pairs
    for operation in (each for each in OPERATIONS if each.grows):
        requests = operation.requests(stage.campus)
        many, few = (_alone(stage, server, requests) for server in (stage.ours, small))
        for side in (many, few):
            side(WARM_UP_SECONDS, most=WARM_UP_REQUESTS)
        stage.report.add_growth(operation.name, [(many(seconds), few(seconds)) for _ in range(count)])


def _alone(stage: Any, server: Any, requests: Iterator[bytes]) -> Side:
    def measure(seconds: float, most: int | None = None) -> Measurement:
        return stage.measure(server, requests, clients=1, seconds=seconds, meant=GOOD, most=most)

    return measure

"""Our operations against their baselines, in alternated pairs: requests per second, p50, p99 and CPU, as ratios."""

from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any

from tests.bench import pgbench
from tests.bench.load import asking_whether_it_holds, exchange
from tests.bench.measuring import Measurement
from tests.bench.operations import HELLO, OPERATIONS, REVALIDATED, Operation
from tests.bench.verdicts import Goal

GOOD = frozenset({200, 201})
WARM_UP_REQUESTS, WARM_UP_SECONDS = 64, 3
"""Each thread of a server has connections, plans and bytecode of its own to warm."""
Side = Callable[..., Measurement]
"""One side of a pair: measures for so many seconds; `most`: so many requests at most."""


def compare(stage: Any) -> None:
    """Every operation against every baseline of it, and its 304, where it has one, against a JsonResponse."""
    theirs = stage.serve(workers=1, application="tests.bench.baseline_server:application")
    for operation in OPERATIONS:
        ours = side_of(stage, stage.ours, operation.requests(stage.campus), operation)
        tag = tag_of(stage, operation) if operation.name in REVALIDATED else None
        is_replaced = tag is not None and operation.name == "notifications poll"
        for name, (baseline, goals) in operation.baselines.items():
            other = side_of(stage, theirs, baseline(stage.campus), operation)
            pair(stage, f"{operation.name} ÷ {name}", () if is_replaced else goals, ours, other)
        if tag is not None:
            content = asking_whether_it_holds(next(operation.requests(stage.campus)), tag)
            again = side_of(stage, stage.ours, cycle([content]), operation, meant=frozenset({304}))
            hello = side_of(stage, theirs, HELLO(stage.campus), operation)
            pair(stage, f"{operation.name}: 304 ÷ JsonResponse", REVALIDATED[operation.name], again, hello)
        elif operation.name in REVALIDATED:
            stage.report.remarks.append(f"{operation.name}: the answer has no ETag, so no 304 was measured.")
    compare_with_pgbench(stage)


def compare_with_pgbench(stage: Any) -> None:
    """Ours against the bare statements as PostgreSQL's own load generator sends them, where it is installed."""
    program = pgbench.program_or_none()
    if program is None:
        stage.report.remarks.append("Raw pgbench: not run: no pgbench.")
        return
    by_name = {operation.name: operation for operation in OPERATIONS}
    for name, script in pgbench.SCRIPTS.items():
        operation = by_name[name]
        ours = side_of(stage, stage.ours, operation.requests(stage.campus), operation)
        other = pgbench.Raw(program, script(stage.campus), stage, operation.clients).measure
        pair(stage, f"{name} ÷ raw pgbench", (), ours, other)


def side_of(
    stage: Any, server: Any, requests: Iterator[bytes], operation: Operation, *, meant: frozenset[int] = GOOD
) -> Side:
    def measure(seconds: float, most: int | None = None) -> Measurement:
        return stage.measure(server, requests, clients=operation.clients, seconds=seconds, meant=meant, most=most)

    return measure


def pair(stage: Any, name: str, goals: tuple[Goal, ...], ours: Side, other: Side) -> None:
    """Both in turn, as often as the stage says, after some requests for each to get warm."""
    count, seconds = stage.pairs
    for side in (ours, other):
        side(WARM_UP_SECONDS, most=WARM_UP_REQUESTS)
    stage.report.add(name, goals, [(ours(seconds), other(seconds)) for _ in range(count)])


def tag_of(stage: Any, operation: Operation) -> str | None:
    """The `ETag` of the operation's first answer."""
    answer = exchange(stage.ours.port, next(operation.requests(stage.campus)))
    if answer.status != 200:
        raise RuntimeError(f"{operation.name} was answered {answer.status}: {answer.body[:500]!r}")
    return answer.headers.get("etag")

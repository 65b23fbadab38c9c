"""The two searches for rooms, in the database: planning and execution, in turn, over rooms that are half past.

Slots of past and future that meet nothing make the search look at every row of every free room; no plan tried was
faster there.
"""

import json
import statistics
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from classrooms.models import Classroom
from classrooms.queries.free_rooms import free_during
from classrooms.queries.soonest import FIRST_RUN_OF_EVERY_ROOM
from kernel import clock
from kernel.campus_time import Interval
from tests.bench.verdicts import Goal, Row

RUNS, FEW_RUNS = 5, 2
NIGHT, LESSON = 20, 2
"""Hours of UTC: a time when nobody has a room, and one when somebody has each."""
FREE_MS, SOONEST_MS, OVER_ROWS = 40, 150, 400_000
"""What a search may take over so many rows of room time; over more, as much more."""
EXPLAIN = "EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) "
RANGE_AGG = """
SELECT room.id, lower(runs.first), upper(runs.first)
  FROM classrooms_classroom AS room
 CROSS JOIN LATERAL (
       SELECT run AS first
         FROM unnest((SELECT range_agg(tstzrange(starts_at, ends_at, '[)'))
                        FROM classrooms_occupancy
                       WHERE classroom_id = room.id AND is_live AND ends_at > %(after)s)) AS run
        ORDER BY run LIMIT 1) AS runs
 WHERE room.is_active
"""
"""The plain way to ask for the soonest runs."""


def search(stage: Any) -> None:
    midnight = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    size = max(1, stage.campus.rows / OVER_ROWS)
    free, soonest = Goal("ms", FREE_MS * size), Goal("ms", SOONEST_MS * size)
    searches = {name: (free, *search) for name, search in _free_rooms(midnight)}
    for name, hour in (("at night", NIGHT), ("in a lesson", LESSON)):
        after = {"after": midnight + timedelta(days=1, hours=hour)}
        searches[f"soonest runs, {name}"] = soonest, FIRST_RUN_OF_EVERY_ROOM, after
    took: dict[str, list[float]] = {name: [] for name in searches}
    with connection.cursor() as cursor:
        for _ in range(FEW_RUNS if stage.is_quick else RUNS):
            for name, (_, sql, parameters) in searches.items():
                took[name].append(_milliseconds(cursor, sql, parameters))
        plain = _milliseconds(cursor, RANGE_AGG, after)
    for name, times in took.items():
        median, remark = statistics.median(times), f"worst {max(times):.1f} ms"
        if name == "soonest runs, in a lesson":
            remark += f"; range_agg over everything: {plain:.0f} ms"
        row = Row(name, median, searches[name][0], "ms", remark, is_judged=not stage.is_quick)
        stage.report.rows.append(row)


def _free_rooms(midnight: datetime) -> Iterator[tuple[str, tuple[str, Any]]]:
    """Name, and the statement with its parameters."""
    past = midnight - timedelta(days=100)
    for name, slots in (
        ("1 slot", _slots(midnight, 1)),
        ("1 slot in a lesson", _slots(midnight, 1, hour=LESSON)),
        ("1 slot long ago", _slots(past, 1)),
        ("16 weeks", _slots(midnight, 16)),
        ("1,000 slots", _slots(midnight, 1000, step=0.1)),
        ("1,000 slots of past and future", _slots(past, 1000, step=0.2)),
        ("1,000 days", _slots(midnight, 1000, hour=0, step=1, hours=24)),
    ):
        query = free_during(Classroom.objects.all(), *slots).in_order().query
        yield f"free rooms, {name}", query.sql_with_params()


def _slots(
    midnight: datetime, number: int, *, hour: int = NIGHT, step: float = 7, hours: int = 1
) -> Iterator[Interval]:
    """One every `step` days, from tomorrow on."""
    for index in range(number):
        starts_at = midnight + timedelta(days=1 + int(index * step), hours=hour, minutes=index % 7)
        yield Interval(starts_at, starts_at + timedelta(hours=hours))


def _milliseconds(cursor: Any, sql: str, parameters: Any) -> float:
    """Planning and execution, as the database says."""
    cursor.execute(EXPLAIN + sql, parameters)
    (plan,) = cursor.fetchone()
    (plan,) = json.loads(plan) if isinstance(plan, str) else plan
    return float(plan["Planning Time"] + plan["Execution Time"])

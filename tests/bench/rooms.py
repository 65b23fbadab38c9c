"""`python -m tests.bench.rooms [RUNS]`: the two searches over 500 rooms × 800 occupancies, half of them to come.

Prints the median and the worst of RUNS (20) in the database, planning and execution (bars: 40 ms free rooms, 150 ms
soonest runs), then how many times faster that is than a plain way with the same answer: Python over all rows, and
range_agg over everything. Last what the reads cost in statements, with 10 lectures and with all 200,000.

Slots of past and future that meet nothing make the search look at every row of every free room; no plan tried was
faster there.
"""

import json
import os
import statistics
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
ROOMS, DAYS = 500, 200
BARS = {"free": 40, "soonest": 150}
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


def main(runs: int) -> None:
    data = ROOT / "var" / "pg-bench-rooms"
    os.environ |= {"DEBUG": "1", "CSPACE_DATA_DIR": str(data), "DJANGO_SETTINGS_MODULE": "cspace.settings"}
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection
    from tqdm import tqdm

    from classrooms.models import Occupancy
    from classrooms.queries.soonest import FIRST_RUN_OF_EVERY_ROOM
    from kernel import clock
    from tests.factories.campus import build_campus

    settings.DEBUG = False
    quiet = {"disable": not sys.stderr.isatty(), "leave": False}
    call_command("migrate", verbosity=0)
    today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    start = today - timedelta(days=DAYS // 2)
    build_campus(1, 5, starts_at=start)
    few = statements(today)
    with tqdm(total=ROOMS, desc="Rooms", **quiet) as bar:
        build_campus(ROOMS, DAYS, starts_at=start, made=bar.update)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) classrooms_occupancy")
    write(f"{ROOMS} rooms, {Occupancy.objects.count():,} occupancies; {runs} runs each, in the database:")

    searches: dict[str, tuple[str, Any]] = dict(free_searches(today))
    for name, hour in (("soonest runs, at night", 0), ("soonest runs, in a lecture", 9)):
        searches[name] = FIRST_RUN_OF_EVERY_ROOM, {"after": today + timedelta(hours=hour)}
    took: dict[str, list[float]] = {name: [] for name in searches}
    with connection.cursor() as cursor, tqdm(total=runs * len(searches), desc="Searches", **quiet) as bar:
        # In turn, so that a noisy machine meets all alike.
        for _ in range(runs):
            for name, (sql, parameters) in searches.items():
                took[name].append(milliseconds(cursor, sql, parameters))
                bar.update()
    for name, times in took.items():
        bar_ms = BARS[name.partition(" ")[0]]
        write(f"  {name:<43} median {statistics.median(times):6.1f} ms, worst {max(times):6.1f} ms (bar: {bar_ms} ms)")
    write("Against the plain way, with all rows fetched:")
    for name, quick, plain in against(today):
        assert quick() == plain()
        ratio = statistics.median(seconds(plain) / seconds(quick) for _ in range(3))
        write(f"  {name:<43} {ratio:6.1f} times faster")
    many = statements(today)
    assert many == few, (few, many)
    write("Statements with 10 lectures and with 200,000: " + ", ".join(f"{name} {n}" for name, n in many.items()))


def slots(today: Any, number: int, *, hour: int = 20, step: float = 7, hours: int = 1) -> Any:
    """`number` intervals from tomorrow on, every `step` days; by default in the evening, when few rooms are taken."""
    from kernel.campus_time import Interval

    for index in range(number):
        starts_at = today + timedelta(days=1 + int(index * step), hours=hour, minutes=index % 7)
        yield Interval(starts_at, starts_at + timedelta(hours=hours))


def free_searches(today: Any) -> Iterator[tuple[str, tuple[str, Any]]]:
    """{name: (SQL, parameters)}"""
    from classrooms.models import Classroom
    from classrooms.queries.free_rooms import free_during

    for name, wanted in (
        ("1 slot", slots(today, 1)),
        ("1 slot in lecture time", slots(today, 1, hour=9)),
        ("1 slot long ago", slots(today - timedelta(days=DAYS // 2), 1)),
        ("16 weeks", slots(today, 16)),
        ("200 slots", slots(today, 200, step=DAYS / 400)),
        ("1,000 slots", slots(today, 1000, step=DAYS / 2000)),
        ("1,000 slots of past and future", slots(today - timedelta(days=DAYS // 2), 1000, step=DAYS / 1000)),
        ("1,000 days", slots(today, 1000, hour=0, step=1, hours=24)),
    ):
        yield f"free rooms, {name}", free_during(Classroom.objects.all(), *wanted).in_order().query.sql_with_params()


def against(today: Any) -> Iterator[tuple[str, Callable[[], Any], Callable[[], Any]]]:
    """Name, our way, the plain way; both ways answer the same."""
    from django.db import connection

    from classrooms.models import Classroom, Occupancy
    from classrooms.queries.free_rooms import free_during
    from classrooms.queries.soonest import soonest_runs
    from kernel.campus_time import Interval

    wanted, after = list(slots(today, 16)), today + timedelta(hours=9)

    def free_in_python() -> set[int]:
        taken = {
            room
            for room, starts_at, ends_at in Occupancy.objects.live().values_list("classroom_id", "starts_at", "ends_at")
            if any(starts_at < interval.ends_at and ends_at > interval.starts_at for interval in wanted)
        }
        return {room for room in Classroom.objects.active().values_list("id", flat=True) if room not in taken}

    def aggregated() -> dict[int, Interval]:
        with connection.cursor() as cursor:
            cursor.execute(RANGE_AGG, {"after": after})
            return {room: Interval(starts_at, ends_at) for room, starts_at, ends_at in cursor.fetchall()}

    yield (
        "free rooms, 16 weeks, ÷ Python",
        lambda: set(free_during(Classroom.objects.all(), *wanted).values_list("id", flat=True)),
        free_in_python,
    )
    yield "soonest runs, ÷ range_agg", lambda: soonest_runs(after=after), aggregated


def statements(today: Any) -> dict[str, int]:
    """What the reads cost, over HTTP where there is a path."""
    from django.test import Client

    from accounts.services.tokens import issue_access
    from tests.factories import make_user
    from tests.timetables.costs import costs

    headers = {
        "Authorization": f"Bearer {issue_access(make_user(f'bench-{uuid.uuid4().hex[:8]}'), family=uuid.uuid4())}"
    }
    client = Client()
    return costs(
        lambda path: client.get(f"/api/v1/{path}", headers=headers, HTTP_HOST="127.0.0.1"),
        first=today + timedelta(days=1, hours=1),
    )


def milliseconds(cursor: Any, sql: str, parameters: Any) -> float:
    """Planning and execution, as the database says."""
    cursor.execute(EXPLAIN + sql, parameters)
    (plan,) = cursor.fetchone()
    (plan,) = json.loads(plan) if isinstance(plan, str) else plan
    return float(plan["Planning Time"] + plan["Execution Time"])


def seconds(call: Callable[[], Any]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def write(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)

"""A draw of 1,000 winners × 16 weeks over HTTP: a dry run, the draw, and the stored answer to whoever asks again."""

from typing import Any

from django.db import connection

from accounts.models import User
from tests.allocations.scenes import ended, make_crowd, make_event
from tests.bench.verdicts import Goal, Row
from tests.factories import make_classroom, make_group

WINNERS, FEW_WINNERS = 1_000, 100
GROUPS, ROOMS, WEEKS = 300, 40, 16
TABLES = ("classrooms_occupancy", "registrations_registration", "registrations_seriesweek")
"""Each week that is won has a row in each."""
ROWS = f"SELECT {' + '.join(f'(SELECT count(*) FROM {table})' for table in TABLES)}"


def distribute(stage: Any) -> None:
    size = FEW_WINNERS if stage.is_quick else WINNERS
    decider = User.objects.get(username="bench-decider")
    groups = [make_group(f"draw {number}") for number in range(GROUPS * size // WINNERS)]
    rooms = [make_classroom(f"Draw {number}") for number in range(ROOMS)]
    event = make_event(decider, weeks=WEEKS)
    make_crowd(event, groups, rooms, decider, count=size)
    ended(event, decider)
    path = f"/api/v1/allocation-events/{event.pk}/distribute/"
    before = _rows()
    practice, *_ = stage.send("POST", f"{path}?dry_run=true", status=200)
    answer, of_server, of_database = stage.send("POST", path, status=200)
    number = _rows() - before
    again, *_ = stage.send("POST", path, status=200)
    if number != len(TABLES) * size * WEEKS:
        raise RuntimeError(f"the draw has written {number:,} rows, not {len(TABLES) * size * WEEKS:,}")
    remark = (
        f"{number:,} rows of room time, registrations and weeks in {answer.seconds:.2f} s, the draw included;"
        f" CPU {of_server:.2f} + {of_database:.2f} s; dry run {practice.seconds:.2f} s, asked again"
        f" {again.seconds * 1000:.0f} ms"
    )
    name, rate = f"{size:,} winners × {WEEKS} weeks written", number / answer.seconds
    goal = Goal("rows/s", 30_000)
    stage.report.rows.append(Row(name, rate, goal, unit="rows/s", remark=remark, is_judged=not stage.is_quick))


def _rows() -> int:
    with connection.cursor() as cursor:
        cursor.execute(ROWS)
        return int(cursor.fetchone()[0])

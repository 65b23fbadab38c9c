"""What the reads that walk room time cost, in statements."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from classrooms.models import Classroom
from classrooms.queries.free_rooms import free_during
from classrooms.queries.soonest import soonest_runs
from kernel.campus_time import Interval
from timetables.models import Course, StudyPlan


def costs(get: Callable[[str], Any], *, first: datetime) -> dict[str, int]:
    """{what is read: statements}, on a built campus. `get`: a path below /api/v1/; `first`: an hour to come."""
    weeks = [first + timedelta(days=7 * week) for week in range(20)]
    day, until = weeks[0].date(), weeks[-1].date()
    course, plan = Course.objects.in_order()[0].code, StudyPlan.objects.in_order()[0].pk
    reads: dict[str, Callable[[], Any]] = {
        "free rooms": lambda: list(
            free_during(Classroom.objects.all(), *[Interval(start, start + timedelta(hours=2)) for start in weeks])
        ),
        "soonest runs": lambda: soonest_runs(after=weeks[0]),
    }
    slot = f"date={day}&start_time=10:00&end_time=12:00"
    for name, path in (
        ("classrooms/free/", f"classrooms/free/?{slot}"),
        ("classrooms/free/ weekly", f"classrooms/free/?{slot}&weekly_until={until}"),
        ("courses/", "courses/"),
        ("courses/{code}/", f"courses/{course}/"),
        ("study-plans/", "study-plans/"),
        ("study-plans/{id}/", f"study-plans/{plan}/"),
    ):
        reads[name] = lambda path=path: _checked(get(path))
    return {name: _counted(read) for name, read in reads.items()}


def _checked(response: Any) -> None:
    assert response.status_code == 200, response.content


def _counted(read: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as captured:
        read()
    return sum("SAVEPOINT" not in row["sql"] for row in captured.captured_queries)

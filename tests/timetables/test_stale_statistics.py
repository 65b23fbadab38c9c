"""An import is as fast where the planner still knows its tables as they were before it."""

import datetime as dt
import json

from django.db import connection

from kernel import clock
from tests.factories import make_classroom
from tests.factories.timetables import make_course, make_lecture, make_semester
from timetables.importing import lecture_statements
from timetables.importing.records import Position, record
from timetables.importing.tables import looking_up_by_key
from timetables.importing.timetable import import_timetable

COURSES, WEEKS = 300, 10


def rows_read(plan):
    """How many rows the busiest step of a plan has had in its hands."""
    own = (
        plan["Actual Rows"] + plan.get("Rows Removed by Join Filter", 0) + plan.get("Rows Removed by Filter", 0)
    ) * plan["Actual Loops"]
    return max([own, *(rows_read(part) for part in plan.get("Plans", []))])


def test_lectures_are_found_by_their_keys_whatever_is_believed_of_their_table(db):
    """All courses take place at the same times: without the course a time says little. So many that an index pays."""
    make_semester()
    room = make_classroom("Room A")
    for number in range(3):
        make_lecture(room, make_course(f"OLD-{number}"), day=dt.date(2026, 9, 14 + number))
    with connection.cursor() as cursor:
        for table in ("timetables_courseschedule", "timetables_course"):
            cursor.execute(f"ANALYZE {table}")

    def read():
        yield record(Position(0, "semesters", 0), {"name": "2026-2027 fall"})
        for course in range(COURSES):
            yield record(Position(course, "courses", course), {"code": f"C-{course}", "name": "x"})
            for week in range(WEEKS):
                day = dt.date(2026, 9, 14) + dt.timedelta(weeks=week)
                raw = {"course": f"C-{course}", "date": str(day), "start": "08:15", "end": "10:00", "rooms": ["Room A"]}
                yield record(Position(course, "lectures", course * WEEKS + week), raw)

    report = import_timetable(by=None, now=clock.now(), source="x", read=read)
    assert report.counts["bookings"].created == COURSES * WEEKS
    with looking_up_by_key(), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {lecture_statements.BOOKINGS_IN_FILE}")
        (plans,) = cursor.fetchone()
    plan = (json.loads(plans) if isinstance(plans, str) else plans)[0]["Plan"]
    assert rows_read(plan) <= COURSES * WEEKS * 2, json.dumps(plan, indent=1)

"""The temporary tables of an import: each makes them anew, and they are gone when its transaction ends.

`line` and `item` are where in the file something stands (`records.Position`); the first place, where a row stands for
several. A NULL of a `staged_…` table is something that the file does not say.

staged_semesters  made by staging, read by staging, catalogue and lectures: a record of the file, like all the staged
    line, item  where it stands
    name, type, starts_on, ends_on, skip_dates, exam_dates, is_available  as `nouns` and docs/timetable-import.md say
staged_units  made by staging, read by catalogue
    line, item  where it stands
    name, code, section, promo, is_available  as `nouns` says
staged_teachers  made by staging, read by catalogue
    line, item  where it stands
    name, people_url, is_available  as `nouns` says
staged_courses  made by staging, read by catalogue and lectures
    line, item  where it stands
    code, name, credits, edu_url, language, is_available  as `nouns` says
    teachers  names: all of the course's teachers
staged_study_plans  made by staging, read by catalogue
    line, item  where it stands
    unit, semester  names
    courses  codes: all of the plan's courses
    is_available  as `nouns` says
staged_rooms  made by staging, read by rooms: what a room is like that has to be made
    line, item  where it stands
    name, capacity, floor, type, building, link, latitude, longitude  as `nouns` says
staged_room_aliases  made by staging, read by rooms
    line, item  where it stands
    alias  a name that stands in lectures
    rooms  names: the rooms that are meant
staged_weekly  made by staging, read by staging and lectures: a weekly pattern
    line, item  where it stands
    course, semester  code, name
    weekday, label, rooms  as `nouns` says
    start_minute, end_minute  since midnight on the campus wall
    first, last  the days from and until which it takes place
staged_lectures  made by staging, read by rooms and lectures: dated lectures, also those of the weekly patterns
    line, item  where it stands; of a weekly pattern, where that does
    course  code
    starts_at, ends_at  half-open instants
    label  never NULL
    rooms  names or aliases, never NULL
    is_expanded  it comes from a weekly pattern
affected_courses  made by catalogue, filled by catalogue and lectures, read by timetable: whatever is written of them
    course_id  each once
teachings_in_file  made and read by catalogue: who teaches what, of the courses that name their teachers
    course_id, teacher_id  a pair that is to be
study_plans_in_file  made and read by catalogue: the study plans whose unit and semester are known
    line, item, courses, is_available  as in staged_study_plans
    unit_id, semester_id  the plan's key
plannings_in_file  made and read by catalogue: the known courses of these plans
    study_plan_id, course_id  a pair that is to be
named_rooms  made by rooms, read by rooms and lectures: the room names in lectures, by what is meant
    name  as lectures have it
    target  the name of a room: the same, or one of those for which the alias stands
    line, item  of the first lecture with that name
    number  how many lectures have it
    is_expanded  all of these come from weekly patterns
known_rooms  made by rooms, read by lectures: the rooms of each name that is known, whether or not an alias
    name  as lectures have it
    classroom_id  one of its rooms
courses_in_file  made and read by lectures: the courses that the file speaks for
    id, code  of the course
days_in_file  made and read by lectures: the semesters that the file speaks for
    starts_at, ends_at  half-open instants: all of the campus days of one
held_courses  made and read by lectures: those of courses_in_file that lose no lecture, as the file has faults
    id  of the course
lectures_in_file  made and read by lectures: the lectures on days_in_file of courses_in_file, each once
    course_id, starts_at, ends_at, label  the lecture's key
    line  where it stands first
    rooms, lines  each room that it names, and where; NULL: it names none there
bookings_in_file  made and read by lectures: these lectures, as schedules, in each of their known rooms
    schedule_id, classroom_id  the booking's key
    line  where it stands first
restored_bookings  made and read by lectures: bookings_in_file that had been withdrawn
    occupancy_id  of the booking
new_bookings  made by lectures, read by lectures and `occupy_staged`: bookings_in_file that there have never been
    id  of the booking and of its room time to come
    schedule_id, classroom_id, line  as in bookings_in_file
    starts_at, ends_at  of the lecture
    is_live  it is to hold its room: its course is available
    is_placed  set where nothing was in the way
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from operator import itemgetter
from typing import Any

from django.db import connection

from timetables.importing.nouns import NOUNS, Noun
from timetables.importing.statements import run


def make_staged_tables() -> None:
    """`staged_<noun>`, still empty."""
    for noun in NOUNS.values():
        run(f"DROP TABLE IF EXISTS pg_temp.{noun.table}")
        columns = ", ".join(f"{column} {sql_type}" for column, sql_type in noun.columns.items())
        run(f"CREATE TEMPORARY TABLE {noun.table} ({columns}) ON COMMIT DROP")


def make_affected_courses() -> None:
    """`affected_courses`, still empty."""
    run("DROP TABLE IF EXISTS pg_temp.affected_courses")
    run("CREATE TEMPORARY TABLE affected_courses (course_id bigint PRIMARY KEY) ON COMMIT DROP")


def copy_rows(noun: Noun, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows ({column: value}, every column) to `staged_<noun>`."""
    if not rows:
        return
    in_order = itemgetter(*noun.columns)
    with ExitStack() as stack:
        cursor: Any = stack.enter_context(connection.cursor())
        copy = stack.enter_context(cursor.copy(f"COPY {noun.table} ({', '.join(noun.columns)}) FROM STDIN"))
        for row in rows:
            copy.write_row(in_order(row))


def fill(table: str, select: str, parameters: list[Any] | None = None) -> None:
    """A temporary table, made anew from a query; the planner knows its size."""
    run(f"DROP TABLE IF EXISTS pg_temp.{table}")
    run(f"CREATE TEMPORARY TABLE {table} ON COMMIT DROP AS {select}", parameters)
    analyze(table)


@contextmanager
def looking_up_by_key() -> Iterator[None]:
    """Inside, no table is read whole where an index serves, whatever the planner believes of one just filled."""
    run("SET LOCAL enable_seqscan = off")
    yield
    run("SET LOCAL enable_seqscan TO DEFAULT")


def analyze(*tables: str) -> None:
    """Let the planner know how large temporary tables have become."""
    for table in tables:
        run(f"ANALYZE {table}")

"""A campus of any size by SQL: rooms, four occupancies a day in each, and the courses their lectures belong to."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection

from tests.factories import make_classroom

CHUNK = 20
"""Rooms filled by one statement, which `statement_timeout` watches like any other."""

# Two lectures in the morning (in every fourth room of two courses at once) and two registrations in the afternoon.
# Every fiftieth room is taken back to back, day and night; of the rest a fiftieth is cancelled, a few are closures.
OCCUPANCIES = """
INSERT INTO classrooms_occupancy (classroom_id, starts_at, ends_at, is_live, kind)
SELECT room.id, starts_at, ends_at, is_full OR chance %% 50 <> 3, kind
  FROM generate_series(%(first)s::int, %(last)s::int) AS n
  JOIN classrooms_classroom AS room ON room.name = 'Campus ' || n
 CROSS JOIN generate_series(0, %(days)s::int - 1) AS day
 CROSS JOIN generate_series(0, 3) AS slot
 CROSS JOIN LATERAL (SELECT (n * 7919::bigint + day * 104729 + slot * 1299709) %% 1000003 AS chance,
                            n %% 50 = 7 AS is_full,
                            n %% 4 = 1 AS is_joint) AS drawn
 CROSS JOIN LATERAL (
       SELECT CASE WHEN is_full THEN 6 * slot
                   WHEN is_joint THEN (ARRAY[8, 8, 13, 16])[slot + 1]
                   ELSE (ARRAY[8, 10, 13, 16])[slot + 1] END AS hour,
              CASE WHEN is_full THEN 360 ELSE (ARRAY[60, 105, 120])[chance %% 3 + 1] END AS minutes,
              CASE WHEN slot < 2 AND NOT is_full THEN 'lecture'
                   WHEN chance %% 97 = 5 THEN 'closure'
                   ELSE 'registration' END AS kind) AS shape
 CROSS JOIN LATERAL (SELECT %(start)s::timestamptz + make_interval(days => day, hours => hour) AS starts_at) AS opened
 CROSS JOIN LATERAL (SELECT starts_at + make_interval(mins => minutes) AS ends_at) AS closed
"""
# Each room has two courses, whose lectures take turns.
COURSES = """
INSERT INTO timetables_course (code, name, credits, edu_url, language, is_available)
SELECT 'C-' || n || '-' || turn, 'Course ' || n || ' ' || turn, 4, '', 'en', true
  FROM generate_series(%(first)s::int, %(last)s::int) AS n CROSS JOIN generate_series(0, 1) AS turn
"""
LECTURES = """
WITH lectures AS (
     SELECT held.id, held.classroom_id, held.starts_at, held.ends_at, held.is_live,
            'C-' || n || '-' || row_number() OVER (PARTITION BY n ORDER BY held.starts_at, held.id) %% 2 AS code
       FROM generate_series(%(first)s::int, %(last)s::int) AS n
       JOIN classrooms_classroom AS room ON room.name = 'Campus ' || n
       JOIN classrooms_occupancy AS held ON held.classroom_id = room.id AND held.kind = 'lecture'),
schedules AS (
     INSERT INTO timetables_courseschedule (course_id, starts_at, ends_at, label, is_available)
     SELECT course.id, starts_at, ends_at, 'cours', true FROM lectures JOIN timetables_course AS course USING (code)
     RETURNING id, course_id, starts_at, ends_at)
INSERT INTO timetables_coursebooking (occupancy_id, schedule_id, classroom_id, is_available)
SELECT lectures.id, schedules.id, lectures.classroom_id, lectures.is_live
  FROM lectures
  JOIN timetables_course AS course USING (code)
  JOIN schedules ON schedules.course_id = course.id
   AND (schedules.starts_at, schedules.ends_at) = (lectures.starts_at, lectures.ends_at)
"""
SEMESTER = """
INSERT INTO timetables_semester (name, type, starts_on, ends_on, skip_dates, is_available)
VALUES ('Campus', 'spring', %(starts_on)s, %(ends_on)s, '{}', true)
"""
UNITS = """
INSERT INTO timetables_unit (name, code, section, promo, is_available)
SELECT 'U-' || n, '', '', '', true FROM generate_series(0, (%(rooms)s::int - 1) / 10) AS n
"""
# A unit for the courses of ten rooms.
PLANS = """
WITH plans AS (
     INSERT INTO timetables_studyplan (unit_id, semester_id, is_available)
     SELECT u.id, s.id, true FROM timetables_unit AS u CROSS JOIN timetables_semester AS s RETURNING id, unit_id)
INSERT INTO timetables_plannedcourse (study_plan_id, course_id, is_available)
SELECT plans.id, course.id, true
  FROM plans
  JOIN timetables_unit AS u ON u.id = plans.unit_id
  JOIN timetables_course AS course ON u.name = 'U-' || split_part(course.code, '-', 2)::int / 10
"""
TABLES = "classrooms_classroom, timetables_course, timetables_semester, timetables_unit, timetables_teacher"


def build_campus(
    rooms: int, days: int, *, starts_at: datetime, made: Callable[[int], object] = lambda rooms: None
) -> None:
    """Replace all rooms, room time and courses. `starts_at`: midnight of the first day; `made` counts rooms."""
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {TABLES} CASCADE")
        for first in range(0, rooms, CHUNK):
            last = min(first + CHUNK, rooms) - 1
            span = {"first": first, "last": last}
            for number in range(first, last + 1):
                make_classroom(f"Campus {number}", floor=number % 10)
            cursor.execute(OCCUPANCIES, span | {"days": days, "start": starts_at})
            cursor.execute(COURSES, span)
            cursor.execute(LECTURES, span)
            made(last + 1 - first)
        term = {"starts_on": starts_at.date(), "ends_on": starts_at.date() + timedelta(days=days)}
        cursor.execute(SEMESTER, term)
        cursor.execute(UNITS, {"rooms": rooms})
        cursor.execute(PLANS)
        cursor.execute("ANALYZE")

"""What is asked every minute does not read a campus's past: buffers of room time, and by which index."""

import datetime as dt
import json

import pytest
from django.db import connection

from registrations.services.reminding import remind_people
from tests.classrooms.test_plans import buffers, plan_of, scans, statements_of
from tests.factories import make_classroom, make_group, make_user

pytestmark = pytest.mark.django_db
ROOMS, FEW_DAYS, MANY_DAYS, DAYS_AHEAD = 50, 5, 255, 20
# So long a past that reading all of it is dearer than the few by an index even where other tests have left the table
# full of gaps: with 55 days it was about even.
NOW = dt.datetime(2026, 9, 1, tzinfo=dt.UTC)
# Five hours a day in each room; those of a room at one hour are a series, which ends beyond what is looked at.
ROWS = """
WITH held AS (
     INSERT INTO classrooms_occupancy (classroom_id, starts_at, ends_at, is_live, kind)
     SELECT room.id, starts_at, starts_at + interval '1 hour', true, 'registration'
       FROM classrooms_classroom AS room
      CROSS JOIN generate_series(%(since)s::int, %(until)s::int - 1) AS day
      CROSS JOIN generate_series(0, 4) AS hour
      CROSS JOIN LATERAL (SELECT %(now)s::timestamptz + make_interval(days => day, hours => 1 + hour)) AS at (starts_at)
     RETURNING id, classroom_id, starts_at)
INSERT INTO registrations_registration
       (occupancy_id, group_id, created_by_id, description, status, created_at, is_closed_over, series_id)
SELECT held.id, %(group)s, %(person)s, '', CASE WHEN held.id %% 50 = 0 THEN 'pending' ELSE 'approved' END,
       '2026-01-01', false, series.id
  FROM held JOIN registrations_series AS series
    ON series.classroom_id = held.classroom_id
   AND series.start_minute = 60 * (8 + extract(hour FROM held.starts_at AT TIME ZONE 'UTC')::int)
"""
SERIES = """
INSERT INTO registrations_series (group_id, classroom_id, day_of_week, start_minute, end_minute, starts_on, ends_on,
                                  description, source, created_by_id, created_at, has_moved)
SELECT %(group)s, id, 1, 60 * (9 + hour), 60 * (10 + hour), '2026-03-01', '2026-12-01', '', 'admin', %(person)s,
       '2026-01-01', false
  FROM classrooms_classroom CROSS JOIN generate_series(0, 4) AS hour
"""
ANALYZE = "ANALYZE classrooms_occupancy, registrations_registration, registrations_series, accounts_user"


def plans():
    return [plan_of(*each) for each in statements_of(lambda rooms: remind_people(now=NOW), [])]


def test_the_past_costs_nothing():
    for _ in range(ROOMS):
        make_classroom()
    names = {"group": make_group().pk, "person": make_user().pk, "now": NOW}
    with connection.cursor() as cursor:
        cursor.execute(SERIES, names)
        cursor.execute(ROWS, names | {"since": 0, "until": DAYS_AHEAD})
        cursor.execute(ROWS, names | {"since": -FEW_DAYS, "until": 0})
        cursor.execute(ANALYZE)
    remind_people(now=NOW)
    few = plans()
    with connection.cursor() as cursor:
        for first in range(-MANY_DAYS, -FEW_DAYS, 25):
            cursor.execute(ROWS, names | {"since": first, "until": min(first + 25, -FEW_DAYS)})
        cursor.execute(ANALYZE)
    many = plans()

    assert len(few) == len(many) == 3
    for one, other in zip(few, many, strict=True):
        shown = json.dumps(other, indent=1)
        assert "Seq Scan" not in {scan["Node Type"] for scan in scans([other])}, shown
        assert buffers([other]) <= 1.5 * buffers([one]) + 20, shown

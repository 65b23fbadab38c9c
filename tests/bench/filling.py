"""A database of any size: 1,000 rooms with five registrations a day in each, half of the days past, and their people.

Odd hours stay free: they are what the benchmark books.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.db import connection

from accounts.models import User
from accounts.services.tokens import issue_access
from classrooms.models import Classroom
from kernel import clock
from kernel.campus_time import campus_date
from tests.factories import cspace_group, join, make_group, make_user

ROOMS, PER_DAY = 1_000, 5
LISTED_ROOMS = 100
"""Those of floor 0: as many as a campus shows on a page."""
CHUNK = 50
"""Rooms filled by one statement."""
DECIDER_SHARE = 10
"""One of so many registrations has left a notification with the decider."""

ROOM_ROWS = """
INSERT INTO classrooms_classroom (name, name_key, name_order, capacity, floor, equipment, is_active, auto_approve,
                                  type, building, link)
SELECT 'Bench ' || n, 'bench ' || n, 'bench ' || lpad(n::text, 6, '0'), 30, CASE WHEN n <= %(listed)s THEN 0 ELSE 1 END,
       '{"projector": true, "whiteboard": true}', true, false, '', '', ''
  FROM generate_series(1, %(rooms)s) AS n
"""
OCCUPANCY_ROWS = """
INSERT INTO classrooms_occupancy (classroom_id, starts_at, ends_at, is_live, kind)
SELECT room.id, slot, slot + interval '1 hour', true, 'registration'
  FROM classrooms_classroom AS room
 CROSS JOIN generate_series(0, %(days)s - 1) AS day
 CROSS JOIN generate_series(0, %(per_day)s - 1) AS place
 CROSS JOIN LATERAL (SELECT (%(first)s::date + day + make_interval(hours => 8 + 2 * place))
                            AT TIME ZONE current_setting('cspace.zone') AS slot) AS at
 WHERE room.id = ANY(%(rooms)s)
"""
REGISTRATION_ROWS = """
INSERT INTO registrations_registration
       (occupancy_id, group_id, created_by_id, description, status, created_at, is_closed_over)
SELECT held.id, %(group)s, %(person)s, 'Weekly meeting', 'approved', now(), false
  FROM classrooms_occupancy AS held WHERE held.classroom_id = ANY(%(rooms)s)
"""
NOTIFICATION_ROWS = """
INSERT INTO notifications_notification (user_id, description, status, created_at)
SELECT %(person)s, 'The group asks for a room.', CASE WHEN n %% 5 = 0 THEN 'unread' ELSE 'read' END,
       now() - n * interval '1 minute'
  FROM generate_series(1, %(count)s) AS n
"""


@dataclass(frozen=True)
class Campus:
    """What the requests of the benchmark name."""

    rows: int
    today: date
    group_id: int
    room_ids: list[int]
    token: str
    decider_token: str

    @staticmethod
    def room(number: int) -> str:
        """The name of the n-th room, from 1 on."""
        return f"Bench {1 + (number - 1) % ROOMS}"


def fill(rows: int, made: Callable[[int], object]) -> Campus:
    """Fill an empty database. `made` is told of every portion of rows."""
    days = max(1, rows // (ROOMS * PER_DAY))
    today = campus_date(clock.now())
    member, decider, group = make_user("bench-member"), make_user("bench-decider"), make_group("bench")
    join(member, group)
    join(decider, cspace_group())
    first = today - timedelta(days=days // 2)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SELECT set_config('cspace.zone', %s, false)", [_zone()])
        cursor.execute(ROOM_ROWS, {"rooms": ROOMS, "listed": LISTED_ROOMS})
        ids = list(Classroom.objects.order_by("id").values_list("id", flat=True))
        for start in range(0, ROOMS, CHUNK):
            rooms = ids[start : start + CHUNK]
            cursor.execute(OCCUPANCY_ROWS, {"rooms": rooms, "days": days, "per_day": PER_DAY, "first": first})
            cursor.execute(REGISTRATION_ROWS, {"rooms": rooms, "group": group.pk, "person": member.pk})
            made(len(rooms) * days * PER_DAY)
        for person, count in ((member, 50), (decider, max(50, rows // DECIDER_SHARE))):
            cursor.execute(NOTIFICATION_ROWS, {"person": person.pk, "count": count})
        cursor.execute("VACUUM (ANALYZE)")
        cursor.execute("RESET statement_timeout")
    return Campus(rows, today, group.pk, ids, _token(member), _token(decider))


def _token(person: User) -> str:
    return issue_access(person, family=uuid.uuid4())


def _zone() -> str:
    return str(settings.CSPACE_TIME_ZONE)

"""A database of any size: 1,000 rooms with five registrations a day in each, half of the days past, and their people.

At 8, 10, …, 16 o'clock; the odd hours stay free: they are what the benchmark books. `settle` makes people, rooms and
two days; `grow` adds the rest.
"""

import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection

from accounts.models import User
from accounts.services.tokens import issue_access
from classrooms.models import Classroom, Occupancy
from groups.models import Group
from kernel import clock
from kernel.campus_time import campus_date
from tests.bench.stage import connection_parameters
from tests.factories import cspace_group, join, make_group

ROOMS, PER_DAY = 1_000, 5
PEOPLE = 32
LISTED_ROOMS = 100
"""Those of floor 0: as many as a campus shows on a page."""
AGENDA_DAYS, AGENDA_ROOMS = 120, 5
"""Days of an agenda of 600 rows; so many rooms, the last, have them even where few rows are filled."""
CHUNK, WRITERS = 20, 2
"""Rooms filled by one statement; statements at a time."""
DECIDER_SHARE = 10
"""One of so many registrations has left a notification with the decider."""
OWN_NOTICES = 50

ROOM_ROWS = """
INSERT INTO classrooms_classroom (name, name_key, name_order, capacity, floor, equipment, is_active, auto_approve,
                                  type, building, link)
SELECT 'Bench ' || n, 'bench ' || n, 'bench ' || lpad(n::text, 6, '0'), 30, CASE WHEN n <= %(listed)s THEN 0 ELSE 1 END,
       '{"projector": true, "whiteboard": true}', true, false, '', '', ''
  FROM generate_series(1, %(rooms)s) AS n
"""
ROWS = """
WITH held AS (
     INSERT INTO classrooms_occupancy (classroom_id, starts_at, ends_at, is_live, kind)
     SELECT room, slot, slot + interval '1 hour', true, 'registration'
       FROM unnest(%(rooms)s::bigint[]) AS room
      CROSS JOIN unnest(%(days)s::date[]) AS day
      CROSS JOIN generate_series(0, %(per_day)s - 1) AS place
      CROSS JOIN LATERAL (SELECT (day + make_interval(hours => 8 + 2 * place))
                                 AT TIME ZONE current_setting('cspace.zone') AS slot) AS at
     RETURNING id)
INSERT INTO registrations_registration
       (occupancy_id, group_id, created_by_id, description, status, created_at, is_closed_over)
SELECT id, %(group)s, %(person)s, 'Weekly meeting', 'approved', now(), false FROM held
"""
TABLES = "classrooms_classroom, classrooms_occupancy, registrations_registration, notifications_notification"
NOTIFICATION_ROWS = """
INSERT INTO notifications_notification (user_id, description, status, created_at)
SELECT %(person)s, 'The group asks for a room.', CASE WHEN n %% 5 = 0 THEN 'unread' ELSE 'read' END,
       now() - n * interval '1 minute'
  FROM generate_series(%(first)s::int, %(last)s::int) AS n
"""


@dataclass(frozen=True)
class Campus:
    """What the requests of the benchmark name."""

    rows: int
    today: date
    group_id: int
    room_ids: list[int]
    tokens: list[str]
    """Of the members of the group."""
    decider_token: str
    agenda_rooms: range
    """The numbers of those that have an agenda of 600 rows."""

    @property
    def token(self) -> str:
        return self.tokens[0]

    @property
    def tomorrow(self) -> date:
        """A day that is full however few rows there are: questions about it are answered alike at every size."""
        return self.today + timedelta(days=1)

    @property
    def agenda_first(self) -> date:
        """The first day of an agenda of 600 rows."""
        return self.today + timedelta(days=1 - AGENDA_DAYS // 2)

    @staticmethod
    def room(number: int) -> str:
        """The name of the n-th room, from 1 on."""
        return f"Bench {1 + (number - 1) % ROOMS}"


def settle(rows: int) -> Campus:
    """Fill an empty database with people, rooms and the first rows: a few days for everybody."""
    people, group = [_person(f"bench-{number}") for number in range(PEOPLE)], make_group("bench")
    decider = _person("bench-decider")
    for person in people:
        join(person, group)
    join(decider, cspace_group())
    with connection.cursor() as cursor:
        cursor.execute(ROOM_ROWS, {"rooms": ROOMS, "listed": LISTED_ROOMS})
    campus = Campus(
        rows=0,
        today=campus_date(clock.now()),
        group_id=group.pk,
        room_ids=list(Classroom.objects.order_by("id").values_list("id", flat=True)),
        tokens=[_token(person) for person in people],
        decider_token=_token(decider),
        agenda_rooms=range(0),
    )
    _notify(people[0], 1, OWN_NOTICES)
    return grow(campus, rows, lambda portion: None, agendas=False)


def grow(campus: Campus, rows: int, progress: Callable[[int], object], *, agendas: bool = True) -> Campus:
    """Bring the rows of room time to about so many, a whole number of days. `progress` is told of every portion.

    `agendas`: the last rooms get a long agenda, however few rows there are.
    """
    present, wish = campus.rows // (ROOMS * PER_DAY), max(1, rows // (ROOMS * PER_DAY))
    days = _days(campus.today, wish) - _days(campus.today, present)
    group, decider = Group.objects.get(pk=campus.group_id), User.objects.get(username="bench-decider")
    person = User.objects.get(username="bench-0")
    span = {"per_day": PER_DAY, "group": group.pk, "person": person.pk}
    portions = [campus.room_ids[start : start + CHUNK] for start in range(0, ROOMS, CHUNK)]
    _write([span | {"rooms": rooms, "days": sorted(days)} for rooms in portions], progress)
    long, gap = _rooms_with_agendas(campus.today, wish) if agendas else (range(0), set[date]())
    _write([span | {"rooms": campus.room_ids[-AGENDA_ROOMS:], "days": sorted(gap)}], lambda number: None)
    _notify(decider, *_notices(campus.rows, rows))
    with _plain_connection() as other:
        other.execute(f"VACUUM (ANALYZE) {TABLES}")
    values = vars(campus) | {"rows": Occupancy.objects.count(), "agenda_rooms": long}
    return Campus(**values)


def _write(portions: Sequence[dict[str, Any]], progress: Callable[[int], object]) -> None:
    """Each portion by one statement, two at a time: the index of the exclusion constraint costs a core each."""
    with ThreadPoolExecutor(WRITERS) as pool:
        try:
            for number in pool.map(_write_one, portions):
                progress(number)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _write_one(portion: dict[str, Any]) -> int:
    with _plain_connection() as other:
        other.execute("SELECT set_config('cspace.zone', %s, false)", [str(settings.CSPACE_TIME_ZONE)])
        return other.execute(ROWS, portion).rowcount


def _plain_connection() -> psycopg.Connection[Any]:
    """A connection whose statements may take as long as they do; Django's own gives up after seconds."""
    return psycopg.connect(**connection_parameters(), autocommit=True)


def _days(today: date, number: int) -> set[date]:
    """So many days, half of them past; the fewest have tomorrow among them."""
    return {today + timedelta(days=1 + day - number // 2) for day in range(number)}


def _rooms_with_agendas(today: date, days: int) -> tuple[range, set[date]]:
    """The numbers of rooms with an agenda of 600 rows; the days that the last rooms still want for it."""
    if days >= AGENDA_DAYS:
        return range(ROOMS // 2, ROOMS * 9 // 10), set()
    return range(ROOMS - AGENDA_ROOMS + 1, ROOMS + 1), _days(today, AGENDA_DAYS) - _days(today, days)


def _notices(present: int, rows: int) -> tuple[int, int]:
    """The numbers of a decider's notices that are to be added."""
    few = max(OWN_NOTICES, present // DECIDER_SHARE) if present else 0
    return few + 1, max(OWN_NOTICES, rows // DECIDER_SHARE)


def _notify(person: User, first: int, last: int) -> None:
    with _plain_connection() as other:
        other.execute(NOTIFICATION_ROWS, {"person": person.pk, "first": first, "last": last})


def _person(name: str) -> User:
    """Without a password: they cost the time they are meant to cost."""
    return User.objects.create_user(name)


def _token(person: User) -> str:
    return issue_access(person, family=uuid.uuid4())

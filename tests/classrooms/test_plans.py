"""How the hot questions about room time are answered: buffers that do not grow with the past, and by which index.

The same rooms with 10,000 rows and with 100,000: what is asked lies at the end, so that the longer past is in the way
of whoever looks back too far. Seconds say little on a busy machine; buffers are the same on each.
"""

import datetime as dt
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

from classrooms.facts import RoomClosing
from classrooms.models import Classroom
from classrooms.queries.agenda import agenda
from classrooms.queries.availability import room_in_slot
from classrooms.queries.free_rooms import free_during, with_clashes
from classrooms.queries.obstacles import obstacles, obstacles_in_any, obstacles_of_each
from classrooms.queries.soonest import soonest_runs
from classrooms.queries.states import states
from classrooms.queries.utilisation import Grouping, utilisation
from dialects.occupancy.occupations import occupations
from kernel.campus_time import Interval
from kernel.db import batch
from kernel.facts import cascade
from tests.factories import make_classroom
from tests.once import built_once

pytestmark = pytest.mark.django_db
ROOMS, PER_DAY, FEW_DAYS, MANY_DAYS = 100, 5, 20, 200
END = dt.datetime(2026, 9, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
AT = END - DAY + dt.timedelta(hours=9)
HOUR = Interval(AT, AT + dt.timedelta(hours=1))
WEEKS = [Interval(HOUR.starts_at - 7 * n * DAY, HOUR.ends_at - 7 * n * DAY) for n in range(2)]
# Five hours a day; in every fourth week each room is also closed, in the night, for 33 hours.
ROOM_TIME = """
INSERT INTO classrooms_occupancy (classroom_id, starts_at, ends_at, is_live, kind)
SELECT room.id, starts_at, starts_at + interval '1 hour', true, (ARRAY['lecture', 'registration'])[1 + hour %% 2]
  FROM classrooms_classroom AS room
 CROSS JOIN generate_series(%(until)s + 1, %(since)s) AS ago
 CROSS JOIN generate_series(0, %(per_day)s - 1) AS hour
 CROSS JOIN LATERAL (SELECT %(end)s::timestamptz - make_interval(days => ago) + make_interval(hours => 8 + hour))
       AS placed (starts_at)
 WHERE ago %% 28 <> 27
 UNION ALL
SELECT room.id, starts_at, starts_at + interval '33 hours', true, 'closure'
  FROM classrooms_classroom AS room
 CROSS JOIN generate_series(%(until)s + 1, %(since)s) AS ago
 CROSS JOIN LATERAL (SELECT %(end)s::timestamptz - make_interval(days => ago) - interval '2 hours')
       AS placed (starts_at)
 WHERE ago %% 28 = 27
"""


class Campus:
    """`ask(question)`: {"few": …, "many": …}: the plans of its statements with 10,000 rows and with 100,000."""

    def __init__(self) -> None:
        self.rooms = [make_classroom(f"Room {n}", floor=n % 10) for n in range(ROOMS)]
        self.plans: dict[str, dict[str, list[Any]]] = {name: {} for name in QUESTIONS}
        for size, first, last in (("few", 0, FEW_DAYS), ("many", FEW_DAYS, MANY_DAYS)):
            with connection.cursor() as cursor:
                for until in range(first, last, FEW_DAYS):  # a statement has five seconds
                    span = {"since": until + FEW_DAYS, "until": until}
                    cursor.execute(ROOM_TIME, span | {"end": END, "per_day": PER_DAY})
                cursor.execute("ANALYZE classrooms_occupancy, classrooms_classroom")
            for name, question in QUESTIONS.items():
                self.plans[name][size] = [plan_of(*statement) for statement in statements_of(question, self.rooms)]


QUESTIONS: dict[str, Callable[[list[Classroom]], object]] = {
    "availability": lambda rooms: room_in_slot(rooms[50].name, HOUR),
    "what refuses a booking": lambda rooms: obstacles(rooms[50].pk, HOUR),
    "what is in the way of a closure of all rooms": lambda rooms: obstacles_in_any([room.pk for room in rooms], HOUR),
    "what is in the way of a series": lambda rooms: obstacles_of_each([(rooms[50].pk, week) for week in WEEKS]),
    "agenda of a week": lambda rooms: agenda(rooms[50].name, Interval(END - 7 * DAY, END)),
    "states of a floor": lambda rooms: states([room for room in rooms if room.floor == 3], AT),
    "utilisation of a week": lambda rooms: utilisation(END.date() - 7 * DAY, END.date(), by=Grouping.ROOM, now=AT),
    "free rooms": lambda rooms: list(free_during(Classroom.objects.all(), HOUR)),
    "free rooms, weekly": lambda rooms: list(free_during(Classroom.objects.all(), *WEEKS)),
    "rooms with the fewest clashes": lambda rooms: list(with_clashes(Classroom.objects.all(), HOUR)),
    "soonest runs": lambda rooms: soonest_runs(after=AT),
    "the dialect's occupations of a day": lambda rooms: occupations(rooms[50], since=AT, until=END),
    "the dialect's occupations from a moment on": lambda rooms: occupations(rooms[50], since=AT, until=None),
    "what a closure cancels": lambda rooms: cascade(
        RoomClosing(actor_id=None, occurred_at=AT, classroom_ids=(rooms[50].pk,), interval=HOUR, reason="x")
    ),
}
"""What is asked: reads of the last day or week."""
MOST = {
    "availability": 20,
    "what refuses a booking": 20,
    "agenda of a week": 60,
    "states of a floor": 100,
    "free rooms": 50,
    "free rooms, weekly": 100,
    "the dialect's occupations of a day": 50,
}
"""Buffers, with 100,000 rows; a room's past has about a thousand rows, all rooms have 5,000 pages."""
SEARCHES = {"what is in the way of a closure of all rooms": ROOMS}
"""Of the tree of what is longer than a day, one a room: with ten times the rows it may be one page higher."""


def statements_of(question: Callable[[list[Classroom]], object], rooms: list[Classroom]) -> list[tuple[str, Any]]:
    """The SQL that answers it, with its parameters; whichever way it is sent."""
    statements: list[tuple[str, Any]] = []
    carry_out = batch._send

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        statements.append((sql, params))
        return execute(sql, params, many, context)

    def note_batch(database: Any, those: Any, **how: Any) -> Any:
        statements.extend((each.sql, each.parameters) for each in those)
        return carry_out(database, those, **how)

    with pytest.MonkeyPatch.context() as patch, connection.execute_wrapper(note):
        patch.setattr(batch, "_send", note_batch)
        question(rooms)
    return [(sql, params) for sql, params in statements if "classrooms_occupancy" in sql]


def plan_of(sql: str, params: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params)
        (plan,) = cursor.fetchone()
    (plan,) = json.loads(plan) if isinstance(plan, str) else plan
    return plan["Plan"]


def nodes(plan: Any) -> Iterator[Any]:
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)


def scans(plans: list[Any]) -> list[Any]:
    """The steps that read room time. What the uses of a room are called is joined to few rows, by their ids."""
    return [node for plan in plans for node in nodes(plan) if node.get("Relation Name") == "classrooms_occupancy"]


def buffers(plans: list[Any]) -> int:
    return sum(scan["Shared Hit Blocks"] + scan["Shared Read Blocks"] for scan in scans(plans))


@pytest.fixture(scope="module")
def campus(django_db_setup: None, django_db_blocker: Any) -> Iterator[Campus]:
    with built_once(django_db_blocker, Campus) as built:
        yield built


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_past_costs_nothing(campus, name):
    few, many = (campus.plans[name][size] for size in ("few", "many"))
    shown = json.dumps(many, indent=1)
    assert len(few) == len(many) == 1, "one statement asks"
    assert scans(many)
    assert {scan["Node Type"] for scan in scans(many)} & {"Seq Scan"} == set(), shown
    assert buffers(many) <= 1.5 * buffers(few) + 20 + SEARCHES.get(name, 0), shown
    assert buffers(many) <= MOST.get(name, 1500), shown


@pytest.mark.parametrize("name", [name for name in QUESTIONS if "free" in name or "availab" in name])
def test_what_is_longer_than_a_day_has_an_index_of_its_own(campus, name):
    indexes = {node.get("Index Name") for plan in campus.plans[name]["many"] for node in nodes(plan)}
    by_start = "occupancy_free_search" if "free" in name else "occupancy_room_agenda"
    assert indexes >= {by_start, "occupancy_longer_than_a_day"}

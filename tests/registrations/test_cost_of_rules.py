"""What rules cost a booking: nothing where none is in force, and never a wait (policy §2)."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kernel import clock
from kernel.db.ids import take_block
from policies.queries.rulebook import renew_rulebook
from policies.services.booking_rules import delete_rule
from tests.factories import cspace_group, join, make_classroom, make_group, make_user
from tests.kernel.round_trips import round_trips
from tests.policies.scenes import make_rule

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("document_clock")]
STATEMENTS, WAITS = 10, 2
WARM_UP = 4
"""So many bookings have prepared their statements and taken blocks of ids before one is counted."""
QUOTA = {"type": "quota", "minutes": 6000, "of": "group"}
COUNTING = [
    {"type": "concurrent", "max": 3},
    {"type": "gap", "minutes": 5},
    *(QUOTA | {"per": per, "counts": counts} for per in ("day", "week") for counts in ("booked_in", "takes_place_in")),
    QUOTA | {"per": "week", "counts": "booked_in", "anchor": "TUE 03:00", "of": "person"},
    QUOTA | {"per": {"days": 14}, "counts": "booked_in"},
    QUOTA | {"per": "future", "counts": "takes_place_in", "of": "person"},
    {"type": "standing", "points": 3, "within_days": 100, "effect_days": 30},
]
OF_THE_WISH = [
    {"type": "length", "max_minutes": 180},
    {"type": "notice", "max_days": 300},
    {"type": "grid", "minutes": 30},
    {"type": "opening_hours", "weekdays": [1, 2, 3, 4, 5, 6, 7], "from": "08:00", "until": "22:00"},
]
ALLOWED = {"type": "individual", "allowed": True}


@pytest.fixture
def scene(api, settings):
    settings.CSPACE_THROTTLE = True
    person, group, decider = make_user(), make_group("522"), make_user()
    join(person, group)
    join(decider, cspace_group())
    make_classroom("Room A")
    take_block("classrooms_occupancy")
    return api(person), group, decider


def cost(client, group_id, first=date(2026, 2, 1)):
    """(statements, waits) of a booking, when the process has read the rules and the connection stands."""
    renew_rulebook()
    for number in range(WARM_UP + 1):
        body = {"classroom": "Room A", "date": str(first + timedelta(days=number)), "group_id": group_id}
        body |= {"start_time": "10:00", "end_time": "12:00"}
        with CaptureQueriesContext(connection) as captured, round_trips() as waits:
            response = client.post("registrations/", body)
        assert response.status_code == 201, response.content
    return len(captured.captured_queries), waits()


def test_a_booking_costs_the_same_where_there_has_never_been_a_rule_and_where_none_is_in_force(scene):
    client, group, decider = scene
    assert cost(client, group.pk) == (STATEMENTS, WAITS)
    rules = [make_rule(decider, limit=limit) for limit in COUNTING]
    for rule_id in rules:
        delete_rule(rule_id=rule_id, by=decider, now=clock.now())
    make_rule(decider, limit={"type": "no_booking"}, is_active=False)
    assert cost(client, group.pk, first=date(2026, 3, 1)) == (STATEMENTS, WAITS)


def test_rules_about_the_wish_alone_cost_nothing(scene):
    client, group, decider = scene
    for limit in OF_THE_WISH:
        make_rule(decider, limit=limit)
    assert cost(client, group.pk) == (STATEMENTS, WAITS)


@pytest.mark.parametrize("is_individual", [False, True])
def test_what_owners_have_is_one_question_more_and_travels_with_the_first(scene, is_individual):
    client, group, decider = scene
    for limit in [*OF_THE_WISH, *COUNTING, ALLOWED]:
        make_rule(decider, limit=limit)
    # Alone, nobody asks for a group, holds it, or waits for it.
    statements = STATEMENTS + 1 - (2 if is_individual else 0)
    assert cost(client, None if is_individual else group.pk) == (statements, WAITS)


@pytest.mark.parametrize(
    "body",
    [
        {"date": "2026-13-01"},
        {"date": "9999-12-31"},
        {"date": "0001-01-01"},
        {"date": 5},
        {"start_time": "25:00"},
        {"start_time": None},
        {"end_time": "09:00"},
        {"group_id": True},
        {"group_id": "1"},
        {"classroom": "\0"},
    ],
    ids=str,
)
def test_what_cannot_be_asked_ahead_is_answered_as_ever(scene, body):
    client, group, decider = scene
    for limit in COUNTING:
        make_rule(decider, limit=limit)
    renew_rulebook()
    wish = {"classroom": "Room A", "date": "2026-02-01", "group_id": group.pk, "start_time": "10:00"}
    response = client.post("registrations/", wish | {"end_time": "12:00"} | body)
    assert (response.status_code, set(response.json()["details"])) == (
        400,
        {"start_time"} if body == {"end_time": "09:00"} else set(body),
    )

"""How often the search for a group waits for PostgreSQL, and what it asks, where rules of all kinds are in force."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import make_classroom, make_registration
from tests.kernel.round_trips import round_trips
from tests.policies.scenes import make_rule

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("document_clock", "stock_of_ids"),
]
SLOT = "date=2026-02-01&start_time=10:00&end_time=12:00"
LIMITS = (
    {"type": "buffer", "before_minutes": 10, "after_minutes": 10},
    {"type": "quota", "minutes": 600, "per": "week", "counts": "takes_place_in", "of": "group"},
    {"type": "concurrent", "max": 2},
    {"type": "gap", "minutes": 5},
    {"type": "standing", "points": 3, "within_days": 30, "effect_days": 30},
    {"type": "attendees", "min_percent": 10},
)


@pytest.fixture(params=[1, 5])
def rooms(request, cspace, team, room):
    made = [room, *(make_classroom(building=f"B{number}", floor=number) for number in range(request.param))]
    for each in made[1:]:
        make_registration(by=cspace, group=team, classroom=each, day=dt.date(2026, 2, 1), start=1080, end=1140)
    for number, limit in enumerate(LIMITS):
        make_rule(cspace, name=f"Everywhere {number}", limit=limit)
        where = {"kind": "classroom", "classroom": made[-1].name}
        make_rule(cspace, name=f"Here {number}", limit=limit, where=where)
    return made


@pytest.mark.parametrize(
    ("path", "most", "statements"),
    [
        (f"classrooms/free/?{SLOT}&attendees=10&explain=true", 3, 9),
        (f"classrooms/free/?{SLOT}&attendees=10&weekly_until=2026-05-31&per_page=1", 3, 9),
        (f"classrooms/Room A/availability/?{SLOT}&attendees=10", 2, 7),
    ],
)
def test_it_waits_three_times_at_most_and_asks_as_much_of_one_room_as_of_many(
    api, member, team, rooms, path, most, statements
):
    client = api(member)
    client.get(f"{path}&group_id={team.pk}")  # the connection stands, and the process has read the rules
    with round_trips() as waits:
        answer = client.get(f"{path}&group_id={team.pk}")
    assert (answer.status_code, waits()) == (200, most)
    assert answer.json().get("is_available", bool(answer.json().get("results")))
    with CaptureQueriesContext(connection) as asked:
        client.get(f"{path}&group_id={team.pk}")
    assert len(asked) == statements

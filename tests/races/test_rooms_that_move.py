"""A room gets parts and another place while people book it: rules are held before rooms, by whoever needs both."""

from datetime import timedelta

import pytest

from classrooms.services.rooms import change_classroom
from kernel import clock
from kernel.campus_time import campus_date
from registrations.models import Registration
from registrations.services.booking import Slot, book
from tests.factories import cspace_group, join, make_classroom, make_group, make_user
from tests.policies.scenes import make_rule
from tests.races.test_registrations import deadlocks
from tests.races.threads import at_once, raised

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
ROUNDS, HOURS = 6, range(8, 13)


def test_nobody_waits_for_himself_where_a_room_gets_parts_and_another_building():
    person, group, decider = make_user(), make_group(), make_user()
    join(person, group)
    join(decider, cspace_group())
    hall, parts = make_classroom(), [make_classroom(), make_classroom()]
    make_rule(decider, limit={"type": "quota", "minutes": 6000, "per": "week", "counts": "booked_in", "of": "group"})
    before = deadlocks()
    for number in range(ROUNDS):
        day = campus_date(clock.now()) + timedelta(days=3 + number)
        results = at_once(
            lambda number=number: change_classroom(
                classroom_id=hall.pk,
                by=decider,
                now=clock.now(),
                parts=parts[: 1 + number % 2],
                building=f"House {number}",
            ),
            *(
                lambda hour=hour, day=day: book(
                    by=person,
                    now=clock.now(),
                    classroom=hall,
                    group_id=group.pk,
                    slot=Slot(day, 60 * hour, 60 * hour + 60),
                )
                for hour in HOURS
            ),
        )
        assert raised(results) == []
    assert Registration.objects.count() == ROUNDS * len(HOURS)
    assert deadlocks() == before

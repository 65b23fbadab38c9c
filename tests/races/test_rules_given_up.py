"""A quota is given up while what is charged to it is given back: nobody waits for the other."""

from datetime import timedelta

import pytest

from kernel import clock
from kernel.campus_time import campus_date
from policies.models import QuotaCharge
from policies.services.booking_rules import amend_rule, delete_rule
from registrations.models import Registration
from registrations.services.booking import Slot, book
from registrations.services.deciding import reject_registration
from tests.factories import cspace_group, join, make_classroom, make_group, make_user
from tests.policies.scenes import make_rule
from tests.races.test_registrations import deadlocks
from tests.races.threads import at_once, raised

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
ROUNDS, ROOMS = 6, 7
QUOTA = {"type": "quota", "minutes": 600000, "counts": "takes_place_in", "of": "group"}


def leader():
    person = make_user()
    join(person, cspace_group())
    assert person.access.is_cspace
    return person


@pytest.mark.parametrize("how", ["deleted", "switched off"])
def test_a_quota_goes_while_bookings_are_rejected(how):
    person, group, writer = make_user(), make_group(), leader()
    join(person, group)
    rooms, leaders = [make_classroom() for _ in range(ROOMS)], [leader() for _ in range(ROOMS)]
    make_rule(writer, limit=QUOTA | {"per": "day"})
    before = deadlocks()
    for number in range(ROUNDS):
        rule_id = make_rule(writer, limit=QUOTA | {"per": "week"})
        slot = Slot(campus_date(clock.now()) + timedelta(days=3 + number), 600, 660)
        made = [book(by=person, now=clock.now(), classroom=room, group_id=group.pk, slot=slot).pk for room in rooms]
        results = at_once(
            lambda rule_id=rule_id: (
                delete_rule(rule_id=rule_id, by=writer, now=clock.now())
                if how == "deleted"
                else amend_rule(rule_id=rule_id, by=writer, now=clock.now(), body={"is_active": False})
            ),
            *(
                lambda pk=pk, by=by: reject_registration(registration_id=pk, by=by, now=clock.now())
                for pk, by in zip(made, leaders, strict=True)
            ),
        )
        assert raised(results) == []
        if how == "switched off":
            delete_rule(rule_id=rule_id, by=writer, now=clock.now())
    assert (Registration.objects.live().count(), QuotaCharge.objects.count()) == (0, 0)
    assert deadlocks() == before

"""The demo campus, loaded once for each module that looks at it."""

import pytest

from accounts.models import User
from classrooms.models import Occupancy, RoomPart
from demo import loading
from kernel import clock
from policies.models import BookingRule, Mark, QuotaCharge
from policies.queries.rulebook import renew_rulebook
from registrations.models import Registration
from tests.factories import cspace_group
from tests.once import built_once


def load_once():
    """Loaded, and loaded again; the steps of the first time."""
    cspace_group()
    steps = []
    assert loading.load(now=clock.now(), progress=steps.append)
    tables = (BookingRule, QuotaCharge, Mark, RoomPart, Occupancy, Registration)
    counts = [table.objects.count() for table in tables]
    assert all(counts)
    assert not loading.load(now=clock.now(), progress=steps.append)
    assert [table.objects.count() for table in tables] == counts
    return sum(steps)


@pytest.fixture(scope="module")
def loaded(django_db_setup, django_db_blocker):
    with built_once(django_db_blocker, load_once) as steps:
        yield steps


@pytest.fixture
def campus(loaded, db, api):
    """Who asks the API in somebody's name."""
    renew_rulebook()
    return lambda username: api(User.objects.get(username=username))

"""A page's form in a transaction of its own: it commits as a whole, and a wait that ends is said, not a crash."""

import datetime as dt

import pytest
from django.db import connection

from kernel import clock
from kernel.campus_time import campus_date
from kernel.db.locks import Namespace
from registrations.models import Registration
from tests.admin.pages import actions, errors, typed
from tests.holding import somebody_holding

ADD = "/admin/registrations/registration/add/"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def wish(transactional_db, room, team):
    day = campus_date(clock.now()) + dt.timedelta(days=3)
    slot = {"date": str(day), "start_time": "10:00", "end_time": "12:00", "description": ""}
    return {"classroom": room.pk, "group": team.pk} | slot


@pytest.fixture
def somebody_holds_the_room(transactional_db, room):
    """Another connection has the room's lock, and this one waits only for a moment."""
    with somebody_holding("SELECT pg_advisory_xact_lock(%s, %s)", Namespace.ROOM, room.pk):
        yield


def test_what_is_accepted_is_committed_and_what_is_refused_is_not(admin, wish):
    assert admin.post(ADD, wish).status_code == 302
    assert list(errors(admin.post(ADD, wish))) == ["__all__"]
    assert not connection.in_atomic_block
    assert Registration.objects.count() == 1
    assert actions() == ["registration.created"]


def test_a_wait_that_ends_keeps_what_was_typed(admin, wish, somebody_holds_the_room):
    response = admin.post(ADD, wish)
    assert errors(response) == {"__all__": ["The service is busy, please try again"]}
    assert typed(response, "date", "start_time") == [wish["date"], "10:00"]
    assert Registration.objects.count() == 0
    assert actions() == []

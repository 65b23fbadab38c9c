"""What is asked ahead decides nothing: who may not, is refused as ever, whatever becomes of the question."""

from datetime import date

import pytest

from kernel.models import ThrottleCounter
from tests.factories import make_registration
from tests.factories.allocations import make_entry, make_event
from tests.holding import somebody_holding

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("document_clock")]
SLOT = "date=2026-02-01&start_time=10:00&end_time=12:00"


def unreadable(table):
    """Nobody gets to the table."""
    return somebody_holding(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")


@pytest.fixture(autouse=True)
def throttled(settings):
    settings.CSPACE_THROTTLE = True


def writes_counted():
    return sum(ThrottleCounter.objects.filter(key__startswith="write:").values_list("tries", flat=True))


def test_who_may_not_is_told_so_although_the_question_of_the_action_is_not_answered(api, stranger, member, team, room):
    taken = make_registration(by=member, group=team, classroom=room, day=date(2026, 2, 3))
    with unreadable("classrooms_classroom"):
        refusals = [
            api(stranger).post("registrations/", {"classroom": room.name}),
            api(member).post(f"registrations/{taken.pk}/approve/"),
            api(member).post("registrations/", {"classroom": room.name}),
            api(member).get(f"classrooms/{room.name}/availability/?{SLOT}"),
        ]
    assert [refusal.status_code for refusal in refusals] == [403, 403, 503, 503]
    assert writes_counted() == 1  # the one who may write


def test_whose_token_no_longer_stands_is_told_so_although_the_question_of_the_action_is_not_answered(api, member, room):
    client = api(member)
    client.get("users/me/")
    member.is_active = False
    member.save()
    with unreadable("classrooms_classroom"):
        refusals = [
            client.post("registrations/", {"classroom": room.name}),
            client.get(f"classrooms/{room.name}/availability/?{SLOT}"),
        ]
    assert [refusal.status_code for refusal in refusals] == [401, 401]
    assert writes_counted() == 0


LOCK_OF_WISH = "SELECT FROM allocations_allocationregistration WHERE id = %s FOR UPDATE"
LOCK_OF_GROUP = "SELECT FROM groups_group WHERE id = %s FOR NO KEY UPDATE"


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("PUT", {"description": "x"}), ("DELETE", None)])
def test_whose_wish_it_is_not_waits_for_nobody(api, cspace, stranger, member, team, room, method, body):
    wish = make_entry(make_event(by=cspace), by=member, group=team, classroom=room)
    path = f"allocation-events/{wish.event_id}/registrations/{wish.pk}/"
    for lock, key in ((LOCK_OF_WISH, wish.pk), (LOCK_OF_GROUP, team.pk)):
        with somebody_holding(lock, key):
            assert api(stranger)(method, path, body).status_code == 403
            assert api(member)(method, path, body).status_code == (200 if method == "GET" else 503)


def test_a_write_that_does_not_exist_counts_for_nothing(api, member):
    for refusal in (api(member).put("registrations/", {}), api(member).delete("users/me/registrations/")):
        assert refusal.status_code == 405
    assert writes_counted() == 0

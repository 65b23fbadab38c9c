"""cspace is bound by the rules of the house when it changes a series too, unless it says otherwise (policy §1)."""

import pytest
import time_machine

from notifications.models import Notification
from registrations.models import Registration
from tests.factories import cspace_group, join, make_classroom, make_group, make_user
from tests.policies.scenes import make_rule
from tests.registrations.test_series_under_rules import entered, gone_over

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("document_clock")]
THREE = ["2026-01-27", "2026-02-03", "2026-02-10"]
TWO_WEEKS = {"type": "series", "max_weeks": 2}
FROM_ELEVEN = {"type": "opening_hours", "weekdays": [3], "from": "11:00", "until": "20:00"}


@pytest.fixture
def weekly(team):
    """Two Tuesdays in a room that approves by itself, five people."""
    make_classroom("Room B", auto_approve=True, capacity=40)
    body = {"classroom": "Room B", "group_id": team.pk, "day_of_week": 3, "start_time": "10:00", "end_time": "12:00"}
    return body | {"start_date": THREE[0], "end_date": THREE[1], "on_conflict": "fail", "attendees": 5}


def refused(response):
    """The types of the rules that refuse it, each with its numbers and dates."""
    assert (response.status_code, response.json()["code"]) == (409, "POLICY"), response.content
    rules = response.json()["details"]["rules"]
    return [(rule["type"], rule.get("limit"), rule.get("wanted"), rule.get("dates")) for rule in rules]


def states():
    """Of its live dates in order, whether they wait, and for which types of rules."""
    rows = Registration.objects.live().order_by("occupancy__starts_at")
    return [(row.status, [rule["type"] for rule in row.broken_rules or []]) for row in rows]


APPROVED = ("approved", [])


def test_as_many_people_as_the_rule_wants_come_to_each_date_that_has_the_number_of_the_series(api, cspace, weekly):
    url = entered(api(cspace), weekly)
    own = Registration.objects.live().order_by("-occupancy__starts_at").first()
    assert api(cspace).put(f"registrations/{own.pk}/", {"attendees": 30}).status_code == 200
    make_rule(cspace, limit={"type": "attendees", "min": 4})
    answer = api(cspace).put(url, {"attendees": 3})
    assert refused(answer) == [("attendees", 4, 3, THREE[:1])]
    assert api(cspace).put(url, {"attendees": 4}).status_code == 200
    assert api(cspace).put(url, {"attendees": 3, "override": True}).status_code == 200
    assert gone_over() == ("series.changed", True, [("attendees", THREE[:1])])


def test_a_date_of_which_a_number_was_said_alone_is_judged_by_that(api, cspace, weekly):
    url = entered(api(cspace), weekly)
    own = Registration.objects.live().order_by("-occupancy__starts_at").first()
    assert api(cspace).put(f"registrations/{own.pk}/", {"attendees": 2}).status_code == 200
    make_rule(cspace, limit={"type": "attendees", "min": 4})
    assert refused(api(cspace).put(url, {"group_id": make_group("other").pk})) == [("attendees", 4, 2, THREE[1:2])]
    answer = api(cspace).put(url, {"start_time": "09:00", "on_conflict": "fail"})
    assert refused(answer) == [("attendees", 4, 2, THREE[1:2])]


def test_a_series_may_not_be_made_longer_than_the_rule_lets_it_be(api, cspace, weekly):
    url = entered(api(cspace), weekly)
    make_rule(cspace, limit=TWO_WEEKS)
    assert refused(api(cspace).put(url, {"end_date": THREE[2]})) == [("series", 2, 3, None)]
    assert len(states()) == 2
    assert api(cspace).put(url, {"end_date": THREE[0]}).status_code == 200
    assert api(cspace).put(url, {"end_date": THREE[1]}).status_code == 200
    assert api(cspace).put(url, {"end_date": THREE[2], "override": True}).status_code == 200
    assert gone_over() == ("series.changed", True, [("series", None)])
    assert len(states()) == 3


def test_nor_given_to_a_group_that_has_as_many_as_it_may_have_but_it_is_not_beside_itself(api, cspace, weekly):
    make_rule(cspace, limit={"type": "series", "max_per_week": 1})
    url = entered(api(cspace), weekly)
    other = make_group("other")
    entered(api(cspace), weekly | {"group_id": other.pk, "start_time": "14:00", "end_time": "15:00"})
    assert api(cspace).put(url, {"start_time": "09:00"}).status_code == 200
    assert refused(api(cspace).put(url, {"group_id": other.pk})) == [("series", 1, 1, None)]


def test_beside_which_it_ran_in_weeks_that_are_over_does_not_count(api, cspace, weekly):
    make_rule(cspace, limit={"type": "series", "max_per_week": 1})
    other, until_march = make_group("other"), {"end_date": "2026-02-24"}
    url = entered(api(cspace), weekly | until_march)
    ended = entered(
        api(cspace), weekly | until_march | {"group_id": other.pk, "start_time": "14:00", "end_time": "15:00"}
    )
    with time_machine.travel("2026-02-04T02:00:00Z", tick=False):
        assert api(cspace).delete(ended).status_code == 204
        assert refused(api(cspace).put(url, {"group_id": other.pk})) == [("series", 1, 1, None)]
    with time_machine.travel("2026-02-09T02:00:00Z", tick=False):
        assert api(cspace).put(url, {"group_id": other.pk}).status_code == 200


def test_what_a_longer_series_takes_is_decided_on_and_cspace_is_told(api, cspace, weekly):
    decider = make_user("decider")
    join(decider, cspace_group())
    url = entered(api(cspace), weekly)
    make_rule(cspace, limit=TWO_WEEKS, effect="approval")
    assert api(cspace).put(url, {"end_date": THREE[2]}).status_code == 200
    assert states() == [APPROVED, APPROVED, ("pending", ["series"])]
    (told,) = Notification.objects.filter(user=decider)
    assert told.description == "522 asks for Room B, Tuesdays 10:00–12:00: 1 date."


def test_what_becomes_another_groups_is_decided_on(api, cspace, weekly):
    url = entered(api(cspace), weekly)
    make_rule(cspace, limit={"type": "no_booking"}, effect="approval")
    assert api(cspace).put(url, {"description": "x"}).status_code == 200
    assert states() == [APPROVED, APPROVED]
    assert api(cspace).put(url, {"group_id": make_group("other").pk}).status_code == 200
    assert states() == [("pending", ["no_booking"])] * 2


def test_what_breaks_no_rule_any_more_waits_no_longer_and_what_gives_up_time_does(api, cspace, weekly):
    make_rule(cspace, limit=FROM_ELEVEN, effect="approval")
    url = entered(api(cspace), weekly)
    assert states() == [("pending", ["opening_hours"])] * 2
    assert api(cspace).put(url, {"end_time": "11:30"}).status_code == 200
    assert states() == [("pending", ["opening_hours"])] * 2
    assert api(cspace).put(url, {"start_time": "11:00", "end_time": "12:00"}).status_code == 200
    assert states() == [APPROVED, APPROVED]

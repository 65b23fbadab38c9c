"""What rules have sent to somebody's decision waits for it, whatever becomes of it meanwhile (policy §1)."""

import pytest

from kernel import clock
from policies.services.booking_rules import delete_rule
from tests.factories import make_classroom
from tests.policies.scenes import make_rule

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("document_clock")]
BY_APPROVAL = {"limit": {"type": "no_booking"}, "effect": "approval"}


@pytest.fixture
def open_room(db):
    """A room that approves by itself."""
    return make_classroom("Room B", auto_approve=True)


def booked(client, team, room, **more):
    body = {"classroom": room.name, "group_id": team.pk, "date": "2026-02-02"}
    response = client.post("registrations/", body | {"start_time": "10:00", "end_time": "12:00"} | more)
    assert response.status_code == 201, response.content
    return f"registrations/{response.json()['id']}/"


def waiting(client, url):
    """Its status, and the types of the rules it waits for."""
    shown = client.get(url).json()
    return shown["status"], [rule["type"] for rule in shown.get("broken_rules", [])]


@pytest.mark.parametrize("change", [{"end_time": "11:00"}, {"start_time": "11:00"}, {"attendees": 3}])
def test_who_gives_up_time_or_says_how_many_come_has_no_decision_by_that(
    api, member, team, cspace, open_room, room, change
):
    make_rule(cspace, **BY_APPROVAL)
    for each in (open_room, room):
        url = booked(api(member), team, each)
        assert api(member).put(url, change).status_code == 200
        assert waiting(api(cspace), url) == ("pending", ["no_booking"])


def test_a_rule_that_is_broken_by_what_is_left_stands_beside_those_it_waited_for(api, member, team, cspace, open_room):
    make_rule(cspace, **BY_APPROVAL)
    make_rule(cspace, limit={"type": "length", "min_minutes": 90}, effect="approval")
    url = booked(api(member), team, open_room)
    assert waiting(api(cspace), url) == ("pending", ["no_booking"])
    assert api(member).put(url, {"end_time": "11:00"}).status_code == 200
    assert waiting(api(cspace), url) == ("pending", ["no_booking", "length"])
    assert api(member).put(url, {"end_time": "11:30"}).status_code == 200, "asked again: it takes time"
    assert waiting(api(cspace), url) == ("pending", ["no_booking"])


def test_what_takes_time_is_asked_about_anew(api, member, team, cspace, open_room):
    rule_id = make_rule(cspace, **BY_APPROVAL)
    url = booked(api(member), team, open_room)
    delete_rule(rule_id=rule_id, by=cspace, now=clock.now())
    assert api(member).put(url, {"end_time": "12:30"}).status_code == 200
    assert waiting(api(cspace), url) == ("approved", [])


def test_what_was_approved_is_not_asked_about_again_by_giving_up_time(api, member, team, cspace, open_room):
    make_rule(cspace, **BY_APPROVAL)
    url = booked(api(member), team, open_room)
    assert api(cspace).post(f"{url}approve/").status_code == 200
    assert api(member).put(url, {"end_time": "11:00"}).status_code == 200
    assert waiting(api(cspace), url) == ("approved", [])


def test_a_date_of_a_series_that_waits_as_a_whole_waits_where_it_is_moved(api, member, team, cspace, open_room):
    make_rule(cspace, limit={"type": "series", "max_weeks": 1}, effect="approval")
    body = {"classroom": "Room B", "group_id": team.pk, "day_of_week": 2, "on_conflict": "fail"}
    body |= {"start_date": "2026-02-02", "end_date": "2026-02-16", "start_time": "10:00", "end_time": "12:00"}
    response = api(member).post("batch-allocations/", body)
    assert response.status_code == 201, response.content
    url = f"registrations/{response.json()['registrations'][0]['id']}/"
    assert waiting(api(cspace), url) == ("pending", ["series"])
    assert api(member).put(url, {"start_time": "10:10", "end_time": "12:10"}).status_code == 200
    assert waiting(api(cspace), url) == ("pending", ["series"])

"""180 minutes a week, which begins on Monday at three on the campus wall, whatever the clocks do meanwhile."""

import pytest
import time_machine

from accounts.services.people import change_user
from kernel import clock
from policies.models import BookingRule
from policies.services.booking_rules import delete_rule
from tests.dialects.roomie.scenes import ahead, logged_in, make_house, refused
from tests.factories import join, make_classroom

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def london(settings):
    settings.CSPACE_TIME_ZONE = "Europe/London"


def at(instant):
    return time_machine.travel(instant, tick=False)


def book(client, start, end, day=None):
    return client.post("rooms.book", room_id="RO-POO", date=day or ahead(1), start_time=start, end_time=end)


def left(client):
    return client.get("user.info").json()["quota_left"]


@pytest.mark.parametrize(
    ("last", "first"),
    [
        ("2026-01-26T02:59:59.999Z", "2026-01-26T03:00:00Z"),
        ("2026-03-30T01:59:59.999Z", "2026-03-30T02:00:00Z"),  # summer time since the day before
        ("2026-10-26T02:59:59.999Z", "2026-10-26T03:00:00Z"),  # winter time since the day before
        ("2026-07-13T01:59:59.999Z", "2026-07-13T02:00:00Z"),
    ],
)
def test_the_week_ends_on_monday_at_three(last, first):
    with at(last):
        student = logged_in(make_house().student)
        assert book(student, "12:00", "15:00").json()["success"] is True
        assert left(student) == 0
        refused(book(student, "16:00", "16:01"), "QUOTA_EXCEEDED")
    with at(first):
        assert left(student) == 180
        assert book(student, "16:00", "17:30").json()["success"] is True
        assert left(student) == 90


@pytest.mark.parametrize("week", ["2026-03-25T12:00:00Z", "2026-10-21T12:00:00Z"])
def test_a_week_with_another_number_of_hours_is_one_week(week):
    """Booked on a Wednesday, before the clocks change; counted still on the Sunday after it."""
    with at(week):
        student = logged_in(make_house().student)
        assert book(student, "12:01", "14:00").json()["success"] is True
    with at(week[:8] + ("29" if "03" in week[5:7] else "25") + "T22:00:00Z"):
        assert left(student) == 60
        refused(book(student, "12:00", "13:01", ahead(2)), "QUOTA_EXCEEDED")
        assert book(student, "12:00", "13:00", ahead(2)).json()["success"] is True


def test_what_is_deleted_is_given_back_and_no_more_than_that(document_clock):
    house = make_house()
    with at("2026-01-20T12:00:00Z"):
        student = logged_in(house.student)
        old = book(student, "12:00", "15:00", "20260127").json()["booking_id"]
    with at("2026-01-26T12:00:00Z"):
        new = book(student, "09:00", "11:00", "20260127").json()["booking_id"]
        assert left(student) == 60
        assert student.get("rooms.deleteBooking", booking_id=old).json()["success"] is True
        assert left(student) == 60
        assert student.get("rooms.deleteBooking", booking_id=new).json()["success"] is True
        assert left(student) == 180


def test_what_a_society_books_is_nobodys_quota(document_clock):
    house = make_house()
    make_classroom("RO-MORE")
    wil = logged_in(house.wil)
    fields = {"date": ahead(1), "start_time": "09:00", "end_time": "18:00", "society": "SOTECHSOC"}
    assert wil.post("rooms.book", room_id="RO-MORE", **fields).json()["success"] is True
    assert left(wil) == 180


def test_without_a_quota_a_whole_week_is_left(document_clock):
    house = make_house()
    rule = BookingRule.objects.get(limit_type="quota")
    delete_rule(rule_id=rule.pk, by=house.keeper, now=clock.now())
    assert left(logged_in(house.student)) == 7 * 24 * 60


@pytest.mark.parametrize("who", ["marked", "keeper"])
def test_whoever_books_without_limit(house, document_clock, who):
    person = house.keeper
    if who == "marked":
        person = change_user(user_id=house.student.pk, by=house.keeper, now=clock.now(), unlimited_booking=True)
    him = logged_in(person)
    assert him.get("user.info").json()["groups"] == ["Group_1", "Group_2"]
    assert left(him) == 7 * 24 * 60
    slots = [("10:00", "13:00"), ("13:00", "16:00")]
    for start, end in slots:
        fields = {"room_id": "RO-POO", "date": ahead(3), "start_time": start, "end_time": end}
        assert him.post("rooms.book", **fields).json().get("success") is True
    far = {"room_id": "RO-POO", "start_time": "10:00", "end_time": "11:00"}
    assert him.post("rooms.book", date=ahead(90), **far).json().get("success") is True
    refused(him.post("rooms.book", date=ahead(91), **far), "TOO_FAR_AHEAD")
    early = {"room_id": "RO-POO", "date": ahead(4), "start_time": "06:00", "end_time": "07:00"}
    refused(him.post("rooms.book", **early), "OUTSIDE_OPENING_HOURS")
    refused(him.post("rooms.book", **far | {"room_id": "RO-PIZZA"}, date=ahead(4)), "ROOM_ACCESS_DENIED")


def test_without_limit_is_without_for_oneself_and_here_alone(house, document_clock, api):
    student = change_user(user_id=house.student.pk, by=house.keeper, now=clock.now(), unlimited_booking=True)
    join(student, house.society)
    fields = {"room_id": "RO-POO", "start_time": "10:00", "end_time": "11:00", "society": "SOTECHSOC"}
    refused(logged_in(student).post("rooms.book", date=ahead(22), event_name="x", **fields), "TOO_FAR_AHEAD")
    wish = {"classroom": "RO-POO", "group_id": None, "date": "2026-02-02", "start_time": "10:00", "end_time": "11:00"}
    assert api(student).post("registrations/", wish).json()["code"] == "POLICY"
    assert api(student).post("registrations/", wish | {"override": True}).status_code == 403

"""What keeps a room on a day, whatever it is: whose it is said to be, and what of it lies on the day."""

from datetime import timedelta

import pytest
import time_machine

from classrooms.enums import OccupancyKind
from classrooms.models import Classroom
from classrooms.services.closures import close_rooms
from dialects.roomie.house_rules import house_rules
from kernel import clock
from kernel.campus_time import DAY, Interval, campus_date, campus_interval, day_start, wall_instant
from policies.services.house_rules import write_house_rules
from tests.dialects.roomie.scenes import ahead, logged_in
from tests.factories import join, make_classroom, make_group, make_occupancy, make_registration
from tests.factories.timetables import make_course, make_lecture

pytestmark = pytest.mark.django_db


@pytest.fixture
def day(house):
    return campus_date(clock.now()) + timedelta(days=1)


def slots(house, days=1, room="RO-POO"):
    return [
        (slot["start"], slot["end"], slot["username"], slot["notes"])
        for slot in logged_in(house.student).get("rooms.bookings", room_id=room, date=ahead(days)).json()
    ]


def test_lectures_and_events(house, day):
    make_lecture(house.room, make_course("CS-101"), day=day)
    make_occupancy(house.room, campus_interval(day, 1200, 1260), OccupancyKind.CALENDAR)
    (_, _, *lecture), event = slots(house)
    assert lecture == ["CS-101", "lecture"]
    assert event == ("20:00:00", "21:00:00", "event", "event")


def test_a_closure_over_days_is_cut(house, day):
    interval = Interval(wall_instant(day, 720), day_start(day + 2 * DAY))
    close_rooms(by=house.keeper, now=clock.now(), classrooms=[house.room], interval=interval, reason="Secret")
    assert slots(house) == [("12:00:00", "23:59:59", "closed", "closed")]
    assert slots(house, 2) == [("00:00:00", "23:59:59", "closed", "closed")]
    assert slots(house, 3) == []


def test_bookings_of_cspace(house, day):
    group = make_group("522")
    join(house.rema, group)
    make_registration(by=house.rema, group=group, classroom=house.room, day=day, description="Rehearsal")
    assert slots(house) == [("10:00:00", "12:00:00", "rema", "Rehearsal -522")]
    (own,) = logged_in(house.rema).get("user.bookings").json()
    assert (own["notes"], own["date"]) == ("Rehearsal -522", day.isoformat())
    assert logged_in(house.rema).get("rooms.deleteBooking", booking_id=own["booking_id"]).json()["success"] is True
    assert slots(house) == []


def test_past_bookings_are_shown_on_their_day(house, day):
    student = logged_in(house.student)
    student.post("rooms.book", room_id="RO-POO", date=ahead(0), start_time="10:00", end_time="11:00")
    assert len(student.get("user.bookings").json()) == 1
    with time_machine.travel(clock.now() + 2 * DAY, tick=False):
        assert student.get("user.bookings").json() == []
        assert len(student.get("user.bookings", date=ahead(-2)).json()) == 1


@pytest.mark.parametrize(
    ("equipment", "key"),
    [
        ({"printer": 2}, "printers"),
        ({"printers": True}, "printers"),
        ({"coffee": 1}, "coffee"),
        ({"coffee_machine": True}, "coffee"),
        ({"water_fountain": 1}, "water_fountain"),
    ],
)
def test_what_rooms_have(house, equipment, key):
    Classroom.objects.filter(name="RO-POO").update(equipment={"projector": 1} | equipment)
    (_, room) = logged_in(house.student).get("rooms.list").json()
    assert [name for name in ("printers", "coffee", "water_fountain") if room[name]] == [key]


def test_rooms_out_of_service_are_not_listed(house):
    make_classroom("RO-OLD", is_active=False)
    assert [room["room_id"] for room in logged_in(house.student).get("rooms.list").json()] == ["RO-PIZZA", "RO-POO"]


def test_the_rules_of_the_house_are_written_once(house):
    assert write_house_rules(house_rules(), by=house.keeper, now=clock.now()) == []

"""Rooms on the Occupancy wire, as literal JSON."""

import datetime as dt

import pytest
from django.db.models import F

from classrooms.enums import OccupancyKind
from classrooms.models import Classroom
from classrooms.services.closures import close_rooms
from kernel import clock
from kernel.campus_time import campus_interval
from registrations.services.cancelling import cancel_registration
from tests.dialects.occupancy.scenes import DAY, at, occupy, shown
from tests.factories import make_classroom, make_registration
from tests.factories.timetables import make_course, make_lecture
from timetables.models import Course, CourseBooking, CourseSchedule
from timetables.services.editing import withdraw

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("document_clock")]
PLACE = {
    "type": "auditorium",
    "building": "BC",
    "link": "https://plan.example/BC01",
    "latitude": 46.518,
    "longitude": 6.0,
    "floor": 0,
    "capacity": 80,
}
RESERVED = {"name": "Reserved", "label": "event"}


@pytest.fixture
def room():
    return make_classroom("Room A", equipment={"svg": {"type": "lab"}})


def schedules(api, query=""):
    return api().get(f"/api/rooms/Room%20A{query}").json()["schedules"]


def test_rooms(api, room):
    make_classroom("BC01", **PLACE)
    make_classroom("10")
    make_classroom("9", latitude=0, longitude=0)
    make_classroom("Closed down", is_active=False)
    assert api().get("/api/rooms").json() == [
        {"name": "10", "type": "room"},
        {"name": "9", "type": "room", "coordinates": [0.0, 0.0]},
        {
            "name": "BC01",
            "type": "auditorium",
            "building": "BC",
            "link": "https://plan.example/BC01",
            "coordinates": [46.518, 6.0],
        },
        {"name": "Room A", "type": "lab"},
    ]


def test_room_of_which_all_is_known(api):
    make_classroom("BC01", **PLACE)
    assert api().get("/api/rooms/BC01/").json() == {
        "name": "BC01",
        "type": "auditorium",
        "building": "BC",
        "link": "https://plan.example/BC01",
        "coordinates": [46.518, 6.0],
        "capacity": 80,
        "level": 0,
        "schedules": [],
    }


def test_room_with_all_that_blocks_it(api, room, team, member, cspace):
    """A joint lecture, a pending and an approved booking, a closure, a fest event; not what was cancelled."""
    make_registration(by=member, group=team, classroom=room, day=DAY, start=840, end=900, description="Secret")
    make_registration(by=cspace, group=team, classroom=room, day=DAY, start=780, end=840)
    gone = make_registration(by=member, group=team, classroom=room, day=DAY, start=900, end=960)
    cancel_registration(registration_id=gone.pk, by=member, now=clock.now())
    close_rooms(by=cspace, now=clock.now(), classrooms=[room], interval=campus_interval(DAY, 1200, 1440), reason="Wax")
    occupy(room, 17, 18)
    for code in ("MATH-1", "CS-101"):
        make_lecture(room, make_course(code, name=f"About {code}"), day=DAY, label="exercise")
    assert api().get("/api/rooms/Room%20A").json() == {
        "name": "Room A",
        "type": "lab",
        "capacity": 30,
        "level": 2,
        "schedules": [
            {"course": {"code": "CS-101", "name": "About CS-101"}, **shown(10, 12), "label": "exercice"},
            {"course": {"code": "MATH-1", "name": "About MATH-1"}, **shown(10, 12), "label": "exercice"},
            {**RESERVED, **shown(13, 14)},
            {**RESERVED, **shown(14, 15)},
            {**RESERVED, **shown(17, 18)},
            {
                "name": "Closed",
                "start_datetime": at(20),
                "end_datetime": "2026-11-24T00:00:00.000Z",
                "label": "event",
            },
        ],
    }


def test_past_and_future_are_shown(api, room):
    for year in (2025, 2027):
        make_lecture(room, make_course(f"CS-{year}"), day=dt.date(year, 7, 1))
    assert [row["start_datetime"] for row in schedules(api)] == [
        "2025-07-01T10:00:00.000Z",
        "2027-07-01T10:00:00.000Z",
    ]


@pytest.mark.parametrize(
    ("query", "starts"),
    [
        ("", [8, 10, 12]),
        (f"?from={at(10)}&to={at(12)}", [10]),
        (f"?from={at(10)}", [10, 12]),
        (f"?to={at(10)}", [8]),
        (f"?from={at(11)}&to=2026-11-23T12:00:00.001", [10, 12]),
        ("?from=2026-11-23&to=2026-11-24", [8, 10, 12]),
        # 11:00 in Taipei.
        ("?from=2026-11-23T05:00%2B02:00", [10, 12]),
        (f"?from={at(14)}", []),
    ],
)
def test_room_within_a_time(api, room, query, starts):
    for start in (8, 10, 12):
        occupy(room, start, start + 2)
    assert [row["start_datetime"] for row in schedules(api, query)] == [at(start) for start in starts]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("?from=", "from is required"),
        ("?to=soon", "to must be a date and time such as 2026-11-23T08:15"),
        ("?from=2026-11-23T05:00+02:00", "from must be a date and time such as 2026-11-23T08:15"),
        ("?from=3000-01-01", "from must be in a year from 1900 to 2999"),
        ("?from=2026-11-23&to=2026-11-23", "to must be after from"),
        ("?from=2026-11-24&to=2026-11-23", "to must be after from"),
        ("?from=%00", "from must be a date and time such as 2026-11-23T08:15"),
    ],
)
def test_a_time_that_is_none(api, room, query, sentence):
    response = api().get(f"/api/rooms/Room%20A{query}")
    assert (response.status_code, response.json()) == (400, {"message": sentence})


@pytest.mark.parametrize("name", ["BC07-08", "Room (a)", "自習室", "Café Nord", "A&B", "A+B", "#1", "it's"])
def test_a_name_is_an_address(api, name):
    make_classroom(name)
    path = "/api/rooms/" + "".join(f"%{byte:02X}" for byte in name.encode())
    assert api().get(path).json()["name"] == name


@pytest.mark.parametrize(
    "name", ["room%20a", "Room%20A%20", "Room", "Closed%20down", "find_free_rooms", "find_soonest_bookings", "%FF"]
)
def test_an_unknown_or_closed_down_room(api, room, name):
    make_classroom("Closed down", is_active=False)
    response = api().get(f"/api/rooms/{name}")
    assert (response.status_code, response.json()) == (404, {"message": "Room not found"})


def test_a_room_may_be_called_like_a_search(api):
    make_classroom("find_free_rooms")
    assert api().get("/api/rooms/find_free_rooms").json()["name"] == "find_free_rooms"


@pytest.mark.parametrize("kind", [Course, CourseSchedule, CourseBooking])
def test_a_withdrawn_lecture_blocks_nothing(api, room, cspace, kind):
    lecture = make_lecture(room, make_course(), day=DAY)
    row_id = {Course: lecture.schedule.course_id, CourseSchedule: lecture.schedule_id, CourseBooking: lecture.pk}[kind]
    withdraw(kind=kind, row_ids=[row_id], by=cspace, now=clock.now())
    assert schedules(api) == []


def test_room_time_beyond_the_calendar_is_shown(api, room):
    row = occupy(room, 10, 11, OccupancyKind.CLOSURE)
    type(row).objects.update(ends_at="9999-12-31T23:59:59Z")
    assert [entry["end_datetime"] for entry in schedules(api)] == ["9999-12-31T23:59:59.999Z"]


def test_seconds_are_cut_to_milliseconds(api, room):
    row = occupy(room, 10, 11)
    type(row).objects.update(starts_at=F("starts_at") + dt.timedelta(microseconds=123_999))
    assert [entry["start_datetime"] for entry in schedules(api)] == ["2026-11-23T10:00:00.123Z"]


def test_an_empty_campus(api):
    Classroom.objects.all().delete()
    assert api().get("/api/rooms").json() == []

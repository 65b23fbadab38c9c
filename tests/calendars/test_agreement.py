"""An event by key, and everybody who says whether the room is free: they agree."""

import pytest

from calendars.models import Calendar
from classrooms.models import Classroom
from kernel.campus_time import campus_interval
from tests.classrooms.test_floor_plan import box, drawn, titles
from tests.dialects.occupancy.scenes import DAY, FREE, shown, span
from tests.factories import join, make_classroom, make_group, make_user
from tests.factories.calendars import enter, make_calendar

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("document_clock")]
NAME, TITLE = "Room A", "Salary talks"


@pytest.fixture
def member():
    member = make_user()
    join(member, make_group())
    return member


@pytest.fixture
def calendar(member):
    calendar = make_calendar("physics", users=[member], classroom=make_classroom(NAME), name="Physics")
    enter(calendar, campus_interval(DAY, 600, 720), by=member, name=TITLE)
    enter(calendar, campus_interval(DAY, 660, 780), by=member, name="waits")
    return calendar


def test_all_who_are_asked_say_the_same(api, member, calendar):
    client = api(member)
    (entry,) = client.get(f"classrooms/{NAME}/agenda/?start_date={DAY}&end_date={DAY}").json()["registrations"]
    words = {key: entry[key] for key in ("start_time", "end_time", "kind", "reserved_group", "description")}
    assert words == {
        "start_time": "10:00",
        "end_time": "12:00",
        "kind": "calendar",
        "reserved_group": "Physics",
        "description": TITLE,
    }
    for start, end, is_free in (("11:00", "11:30", False), ("12:00", "13:00", True), ("09:00", "10:00", True)):
        asked = client.get(f"classrooms/{NAME}/availability/?date={DAY}&start_time={start}&end_time={end}").json()
        assert (asked["is_available"], len(asked["conflicts"])) == (is_free, not is_free)
    for start, end, rooms in (("11:00", "11:30", []), ("12:00", "13:00", [NAME]), ("09:00", "10:00", [NAME])):
        found = client.get(f"classrooms/free/?date={DAY}&start_time={start}&end_time={end}").json()
        assert [room["name"] for room in found["results"]] == rooms
    assert [room["name"] for room in api().post(FREE, {"selection": [span(11, 11.5)]}).json()] == []
    assert [room["name"] for room in api().post(FREE, {"selection": [span(12, 13)]}).json()] == [NAME]
    schedules = api().get(f"/api/rooms/{NAME}").json()["schedules"]
    assert schedules == [{"name": "Reserved", **shown(10, 12), "label": "event"}]
    Calendar.objects.update(is_public=True)
    assert api().get(f"/api/rooms/{NAME}").json()["schedules"][0]["name"] == TITLE
    body = {"classroom": NAME, "group_id": next(iter(member.access.group_ids)), "date": str(DAY)}
    refusal = client.post("registrations/", body | {"start_time": "11:30", "end_time": "12:30"})
    assert (refusal.status_code, refusal.json()["details"]["existing_registration_id"]) == (409, None)
    assert [row["kind"] for row in refusal.json()["details"]["conflicts"]] == ["calendar"]
    assert client.post("registrations/", body | {"start_time": "12:00", "end_time": "12:30"}).status_code == 201


@pytest.mark.parametrize(("hour", "words"), [(11, "taken until 12:00"), (13, "free")])
def test_the_floor_plan_shows_it(api, member, calendar, hour, words):
    Classroom.objects.update(equipment=box())
    moment = campus_interval(DAY, 60 * hour, 60 * hour + 1).starts_at
    picture = drawn(api, member, f"floor=2&at={moment:%Y-%m-%dT%H:%M:%SZ}")
    assert titles(picture) == [f"{NAME}, 30 seats, {words}"]

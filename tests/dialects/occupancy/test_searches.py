"""Free rooms and soonest bookings on the Occupancy wire."""

import datetime as dt
import math

import pytest
from hypothesis import given, strategies

from classrooms.enums import OccupancyKind
from classrooms.models import Classroom, Occupancy
from dialects.occupancy.distances import Coordinates, metres
from kernel import clock
from kernel.campus_time import campus_interval
from tests.classrooms.room_time import KINDS
from tests.dialects.occupancy.scenes import DAY, FREE, SOONEST, at, occupy, shown, span
from tests.factories import make_classroom, make_registration
from tests.factories.timetables import make_course, make_lecture
from timetables.models import Course
from timetables.services.editing import withdraw

pytestmark = pytest.mark.django_db


@pytest.fixture
def rooms():
    return {name: make_classroom(name) for name in "ABC"}


def ask(api, path, body):
    response = api().post(path, body)
    assert (response.status_code, response["Content-Type"]) == (200, "application/json"), response.content
    return response.json()


def names(api, *ranges, **more):
    return [room["name"] for room in ask(api, FREE, {"selection": [span(*each) for each in ranges], **more})]


def soonest(api, hour):
    rooms = ask(api, SOONEST, {"after_date": at(hour)})
    return {room["name"]: room["soonest_booking"] for room in rooms if "soonest_booking" in room}


# --- Free rooms ------------------------------------------------------------------------------------------


def test_free_rooms_are_those_of_the_list(api, rooms):
    make_classroom("D", type="lab", building="BC", link="https://plan.example/D", latitude=1.5, longitude=-2)
    occupy(rooms["B"], 10, 12)
    free = ask(api, FREE, {"selection": [span(11, 12)], "unknown": {"key": [1]}})
    assert free == [room for room in api().get("/api/rooms").json() if room["name"] != "B"]
    assert free[-1] == {
        "name": "D",
        "type": "lab",
        "building": "BC",
        "link": "https://plan.example/D",
        "coordinates": [1.5, -2.0],
    }


@pytest.mark.parametrize(
    ("ranges", "free"),
    [
        ([], "ABC"),
        ([(8, 10)], "ABC"),
        ([(12, 14)], "ABC"),
        ([(8, 10), (12, 14)], "ABC"),
        ([(11, 11.5)], "BC"),
        ([(8, 10.5)], "BC"),
        ([(8, 20)], "C"),
        # Any of the ranges takes it out, in whatever order.
        ([(15, 15.5), (8, 9), (11, 12)], "C"),
        ([(10, 12), (11, 12)], "BC"),
        ([(9, 10), (9, 10), (9, 10)], "ABC"),
        ([(9, 10), (10, 11)], "BC"),
    ],
)
def test_a_room_is_free_in_all_of_the_ranges(api, rooms, ranges, free):
    occupy(rooms["A"], 10, 12)
    occupy(rooms["B"], 15, 16)
    assert names(api, *ranges) == list(free)


def test_no_room_is_free(api, rooms):
    for room in rooms.values():
        occupy(room, 10, 12)
    assert ask(api, FREE, {"selection": [span(8, 20)]}) == []


def test_every_kind_blocks_and_nothing_cancelled_does(api, rooms, team, member, cspace, document_clock):
    make_registration(by=member, group=team, classroom=rooms["A"], day=DAY, start=600, end=660)
    lecture = make_lecture(rooms["B"], make_course(), day=DAY)
    occupy(rooms["C"], 10, 11, is_live=False)
    assert names(api, (10, 11)) == ["C"]
    withdraw(kind=Course, row_ids=[lecture.schedule.course_id], by=cspace, now=clock.now())
    assert names(api, (10, 11)) == ["B", "C"]
    for number, kind in enumerate(KINDS):
        occupy(make_classroom(f"Z{number}"), 10, 11, kind)
    assert names(api, (10, 11)) == ["B", "C"]


def test_rooms_that_are_not_open_are_not_free(api, rooms):
    Classroom.objects.filter(name="B").update(is_active=False)
    assert names(api) == names(api, (8, 9)) == ["A", "C"]


def test_a_time_long_past_and_one_far_ahead(api, rooms):
    edges = [{"start": "1900-01-01", "end": "1900-01-02"}, {"start": "2999-12-30", "end": "2999-12-31T23:59:59.999"}]
    assert [room["name"] for room in ask(api, FREE, {"selection": edges})] == ["A", "B", "C"]


def test_a_thousand_ranges(api, rooms):
    occupy(rooms["B"], 10, 11)
    many = [
        {"start": f"2026-{month:02}-{day:02}T{hour:02}:00", "end": f"2026-{month:02}-{day:02}T{hour:02}:30"}
        for month in range(1, 13)
        for day in range(1, 29)
        for hour in (8, 10, 12)
    ][-1000:]
    assert [room["name"] for room in ask(api, FREE, {"selection": many})] == ["A", "C"]


def test_distances(api):
    """One degree of a great circle is 6,371,000 · π / 180 metres; what has no place comes last, by name."""
    degree = 6_371_000 * math.pi / 180
    for name, latitude, longitude in (("far", 0, 2), ("b", 0, 1), ("a", 1, 0), ("here", 0, 0), ("antipode", 0, 180)):
        make_classroom(name, latitude=latitude, longitude=longitude)
    for name in ("Z", "0 nowhere"):
        make_classroom(name)
    found = ask(api, FREE, {"selection": [], "coordinates": {"latitude": 0, "longitude": 0}})
    assert [(room["name"], pytest.approx(room.get("distance", -1))) for room in found] == [
        ("here", 0),
        ("a", degree),
        ("b", degree),
        ("far", 2 * degree),
        ("antipode", 180 * degree),
        ("0 nowhere", -1),
        ("Z", -1),
    ]
    assert found[0] == {"name": "here", "type": "room", "coordinates": [0.0, 0.0], "distance": 0.0}
    assert found[-1] == {"name": "Z", "type": "room"}


@pytest.mark.parametrize("given", [{}, {"coordinates": None}])
def test_without_coordinates_there_is_no_distance(api, given):
    make_classroom("A", latitude=1, longitude=1)
    assert ask(api, FREE, {"selection": [], **given}) == [{"name": "A", "type": "room", "coordinates": [1.0, 1.0]}]


def test_a_known_distance():
    lausanne, taipei = Coordinates(46.5191, 6.5668), Coordinates(25.0174, 121.5397)
    # By the spherical law of cosines.
    one, other, east = (math.radians(angle) for angle in (46.5191, 25.0174, 121.5397 - 6.5668))
    cosine = math.sin(one) * math.sin(other) + math.cos(one) * math.cos(other) * math.cos(east)
    assert metres(lausanne, taipei) == metres(taipei, lausanne) == pytest.approx(6_371_000 * math.acos(cosine))


@given(
    places=strategies.lists(
        strategies.tuples(strategies.floats(-90, 90), strategies.floats(-180, 180)), min_size=2, max_size=2
    )
)
def test_no_distance_is_longer_than_half_the_way_around(places):
    one, other = (Coordinates(*place) for place in places)
    assert 0 <= metres(one, other) <= 6_371_000 * math.pi


def test_a_form_asks_for_the_same(api, rooms):
    occupy(rooms["B"], 10, 12)
    form = f"selection[0][start]={at(10)}&selection[0][end]={at(11)}&coordinates[latitude]=0&coordinates[longitude]=0"
    response = api().post(FREE, form.encode(), **{"Content-Type": "application/x-www-form-urlencoded"})
    assert response.json() == [{"name": "A", "type": "room"}, {"name": "C", "type": "room"}]
    response = api().post(
        SOONEST, f"after_date={at(9)}".encode(), **{"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert response.json()[1] == {"name": "B", "type": "room", "soonest_booking": shown(10, 12)}


def test_the_gap_of_a_night_moves_the_range(api, rooms, settings):
    """02:00 does not exist in Berlin: the range asked for is 03:00 to 04:00."""
    settings.CSPACE_TIME_ZONE = "Europe/Berlin"
    night = dt.date(2026, 3, 29)
    interval = campus_interval(night, 200, 230)
    Occupancy.objects.create(
        classroom=rooms["A"], starts_at=interval.starts_at, ends_at=interval.ends_at, kind=OccupancyKind.FEST
    )
    asked = {"start": "2026-03-29T02:00", "end": "2026-03-29T04:00"}
    assert [room["name"] for room in ask(api, FREE, {"selection": [asked]})] == ["B", "C"]


# --- Soonest bookings ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("uses", "after", "run"),
    [
        ([], 8, None),
        ([(10, 11)], 8, (10, 11)),
        # It has begun; it ends exactly then; it is over.
        ([(10, 11)], 10.5, (10, 11)),
        ([(10, 11)], 11, None),
        ([(10, 11), (12, 13)], 11, (12, 13)),
        # What touches is one run, what does not is the next.
        ([(10, 11), (11, 13)], 8, (10, 13)),
        ([(10, 11), (11, 13)], 11, (11, 13)),
        ([(10, 11), (11, 13), (13.5, 15)], 10, (10, 13)),
        ([(14, 15), (10, 11)], 8, (10, 11)),
    ],
)
def test_the_first_run(api, rooms, uses, after, run):
    for use in uses:
        occupy(rooms["B"], *use)
    assert soonest(api, after) == ({} if run is None else {"B": shown(*run)})


def test_kinds_make_one_run_and_nothing_cancelled_does(api, rooms):
    occupy(rooms["A"], 8, 10, OccupancyKind.CLOSURE)
    occupy(rooms["A"], 10, 12, OccupancyKind.LECTURE)
    occupy(rooms["A"], 10.5, 13, OccupancyKind.LECTURE)
    occupy(rooms["A"], 10.75, 11, OccupancyKind.LECTURE)
    occupy(rooms["A"], 13, 14, OccupancyKind.FEST, is_live=False)
    occupy(rooms["A"], 15, 16, OccupancyKind.REGISTRATION)
    assert soonest(api, 9) == {"A": shown(8, 13)}


def test_every_room_of_the_list_is_there(api, rooms):
    make_classroom("D", latitude=1, longitude=1, is_active=True)
    make_classroom("E", is_active=False)
    for name, room in rooms.items():
        occupy(room, 10, 10 + "ABC".index(name) + 1)
    occupy(Classroom.objects.get(name="E"), 10, 12)
    found = ask(api, SOONEST, {"after_date": at(8)})
    booked = {"A": shown(10, 11), "B": shown(10, 12), "C": shown(10, 13)}
    assert found == [
        {**room, **({"soonest_booking": booked[room["name"]]} if room["name"] in booked else {})}
        for room in api().get("/api/rooms").json()
    ]
    assert [room["name"] for room in found] == ["A", "B", "C", "D"]


def test_the_clock_of_the_server_does_not_count(api, rooms, document_clock):
    occupy(rooms["A"], 10, 11)
    for after, run in (("1900-01-01", {"A": shown(10, 11)}), ("2999-12-31T23:59:59.999", {})):
        rooms_then = ask(api, SOONEST, {"after_date": after})
        assert {r["name"]: r["soonest_booking"] for r in rooms_then if "soonest_booking" in r} == run

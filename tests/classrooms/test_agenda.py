"""What a room is used for is said once, by the app whose use it is; whoever shows it asks there."""

import datetime as dt

import pytest
from django.db import connection
from django.db.models.functions import Upper
from django.test.utils import CaptureQueriesContext

from classrooms.enums import OccupancyKind
from classrooms.models import Occupancy
from classrooms.queries import agenda
from classrooms.queries.agenda import Describer, Description, RoomUse, Visibility, described
from classrooms.services.closures import close_rooms
from kernel import clock
from kernel.campus_time import campus_interval
from tests.factories import make_classroom, make_occupancy, make_registration
from tests.factories.timetables import make_course, make_lecture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("document_clock")]
TODAY, DAY = dt.date(2026, 1, 20), dt.date(2026, 2, 1)
FEST = {"title": Upper("classroom__name"), "group": "classroom__building"}


@pytest.fixture
def room():
    box = {"svg": {"x": 0, "y": 0, "width": 100, "height": 100, "text": "", "type": "a"}}
    return make_classroom("Room a", building="Fest committee", equipment=box)


@pytest.fixture
def describe_fests(monkeypatch):
    """Has the fest events described, as an app above does at start-up, until the test is over."""

    def describe(**more):
        agenda.register(Describer(OccupancyKind.FEST, columns=FEST, **more))

    monkeypatch.setattr(agenda, "_describers", dict(agenda._describers))
    return describe


def use(occupancy, **words):
    description = Description(occupancy.kind, **words)
    return RoomUse(occupancy.pk, occupancy.classroom_id, occupancy.starts_at, occupancy.ends_at, description)


def test_every_kind_is_described_in_one_query(member, team, cspace, room):
    hours = [campus_interval(DAY, 60 * hour, 60 * hour + 60) for hour in range(8, 14)]
    make_registration(by=member, group=team, classroom=room, day=DAY, start=480, end=540, description="Reading circle")
    close_rooms(by=cspace, now=clock.now(), classrooms=[room], interval=hours[1], reason="Painting")
    make_lecture(room, make_course(), day=DAY, start=600, end=660, label="exercice")
    make_occupancy(room, hours[3], OccupancyKind.CALENDAR)
    make_occupancy(room, hours[4], OccupancyKind.LECTURE)
    make_occupancy(room, hours[5], OccupancyKind.REGISTRATION)
    occupancies = Occupancy.objects.in_order()
    with CaptureQueriesContext(connection) as captured:
        uses = described(occupancies)
    booked, closed, taught, *bare = occupancies
    lecture = {"title": "About CS-101", "code": "CS-101", "label": "exercice", "visibility": Visibility.PUBLIC}
    assert uses == [
        use(booked, title="Reading circle", who="Mem Ber", group="522", status="pending"),
        use(closed, title="Painting"),
        use(taught, **lecture),
        # Nobody describes calendars; behind the last two stands no lecture and no registration.
        *map(use, bare),
    ]
    assert (len(bare), len(captured)) == (3, 1)


def shown(api, member, settings):
    """What is read of the room: in its agenda, with login and without, by the Occupancy dialect, on the floor plan."""
    settings.CSPACE_PUBLIC_READS = True
    rows = [api(user).get("classrooms/Room a/agenda/").json()["registrations"] for user in (member, None)]
    (there,) = api().get("/api/rooms/Room a").json()["schedules"]
    plan = api(member).get("classrooms/floor-plan.svg?floor=2", Accept="image/svg+xml").content.decode()
    words = [(row["description"], row["reserved_group"], row["kind"]) for row in (*rows[0], *rows[1])]
    return words, there["name"], "closed until" in plan


@pytest.mark.parametrize(
    ("described_so", "public_names", "outside", "is_closed"),
    [
        ({}, False, "Reserved", False),
        ({}, True, "Fest committee", False),
        ({"visibility": Visibility.PUBLIC}, False, "ROOM A", False),
        ({"visibility": Visibility.PUBLIC}, True, "ROOM A", False),
        ({"closes_room": True}, True, "Closed", True),
    ],
)
def test_a_kind_that_is_described_is_so_everywhere(
    api, member, room, settings, describe_fests, described_so, public_names, outside, is_closed
):
    make_occupancy(room, campus_interval(TODAY, 540, 720), OccupancyKind.FEST)
    settings.OCCUPANCY_PUBLIC_NAMES = public_names
    bare = (None, None, "fest")
    assert shown(api, member, settings) == ([bare, bare], "Reserved", False)
    describe_fests(**described_so)
    assert shown(api, member, settings) == ([("ROOM A", "Fest committee", "fest"), bare], outside, is_closed)

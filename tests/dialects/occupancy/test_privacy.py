"""The Occupancy wire is public: no people, no descriptions, no groups but where the campus says so."""

import pytest

from classrooms.enums import OccupancyKind
from classrooms.services.closures import close_rooms
from kernel import clock
from kernel.campus_time import campus_interval
from tests.dialects.occupancy.scenes import DAY, FREE, SOONEST, at, occupy, shown, span
from tests.factories import join, make_classroom, make_group, make_registration, make_series, make_user
from tests.factories.timetables import make_course, make_lecture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("document_clock")]
SECRETS = ("Chess society", "Jane Roe", "janeroe", "Salary talks", "Mould behind the wall")


@pytest.fixture
def room(cspace):
    """A booking, an occurrence of a series, a closure, a calendar and a fest event, and a lecture."""
    room, society, person = (
        make_classroom("A"),
        make_group("Chess society"),
        make_user("janeroe", display_name="Jane Roe"),
    )
    join(person, society)
    make_registration(by=person, group=society, classroom=room, day=DAY, start=480, end=540, description="Salary talks")
    make_series(by=cspace, group=society, classroom=room, starts_on=DAY, weeks=1, start=540, end=600)
    interval = campus_interval(DAY, 600, 660)
    close_rooms(by=cspace, now=clock.now(), classrooms=[room], interval=interval, reason="Mould behind the wall")
    occupy(room, 11, 12, OccupancyKind.CALENDAR)
    occupy(room, 12, 13, OccupancyKind.FEST)
    make_lecture(room, make_course(), day=DAY, start=780, end=840)
    return room


def answers(api):
    return [
        api().get("/api/rooms/A"),
        api().get("/api/rooms"),
        api().post(FREE, {"selection": [span(20, 21)]}),
        api().post(SOONEST, {"after_date": at(8)}),
    ]


def entries(api, *names):
    lecture = {"course": {"code": "CS-101", "name": "About CS-101"}, **shown(13, 14), "label": "cours"}
    others = [{"name": name, **shown(hour, hour + 1), "label": "event"} for hour, name in enumerate(names, start=8)]
    return [*others, lecture]


def test_strangers_read_when_not_who_nor_why(api, room):
    assert answers(api)[0].json()["schedules"] == entries(api, "Reserved", "Reserved", "Closed", "Reserved", "Reserved")
    for response in answers(api):
        assert [word for word in SECRETS if word in response.content.decode()] == []


def test_groups_are_named_where_the_campus_says_so(api, room, settings):
    settings.OCCUPANCY_PUBLIC_NAMES = True
    society = "Chess society"
    assert answers(api)[0].json()["schedules"] == entries(api, society, society, "Closed", "Reserved", "Reserved")
    for response in answers(api):
        assert [word for word in SECRETS[1:] if word in response.content.decode()] == []


def test_who_is_logged_in_reads_no_more(api, room, cspace):
    assert api(cspace).get("/api/rooms/A").content == api().get("/api/rooms/A").content

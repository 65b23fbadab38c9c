"""What claims a room becomes otherwise: nobody waits for a room that is free, and nobody who has one is displaced."""

import pytest

from calendars.enums import OccurrenceState
from calendars.models import PriorityToken
from calendars.services.calendars import change_calendar
from calendars.services.syncing import import_file
from classrooms.services.rooms import change_classroom, create_classroom
from kernel import clock
from tests.calendars.files import calendar_text, event_text
from tests.calendars.test_events import hours, states
from tests.calendars.test_random_sequences import promote_all
from tests.factories import cspace_group, join, make_classroom, make_user
from tests.factories.calendars import enter, make_calendar

pytestmark = pytest.mark.django_db
LIVE, CONFLICTING, FREE = OccurrenceState.LIVE, OccurrenceState.CONFLICTING, OccurrenceState.FREE
TOKEN = "vip-0123456789"


@pytest.fixture
def leader():
    person = make_user()
    join(person, cspace_group())
    return person


def load(calendar, leader, *events):
    return import_file(slug=calendar.slug, by=leader, now=clock.now(), data=calendar_text(*events).encode())


def test_what_is_tentative_no_longer_blocks(leader):
    room = make_classroom()
    calendar, beside = make_calendar(classroom=room), make_calendar(classroom=room)
    span = hours(9, 10)
    start, end = (f"{moment:%Y%m%dT%H%M%S}" for moment in (span.starts_at, span.ends_at))
    load(calendar, leader, event_text("one", start, end, "STATUS:TENTATIVE", zone="UTC", name="tentative"))
    enter(beside, span, by=leader, name="waiting")
    assert states() == {"tentative": LIVE, "waiting": CONFLICTING}
    change_calendar(calendar_id=calendar.pk, by=leader, now=clock.now(), tentative_blocks=False)
    assert states() == {"tentative": FREE, "waiting": LIVE}
    change_calendar(calendar_id=calendar.pk, by=leader, now=clock.now(), tentative_blocks=True)
    assert states() == {"tentative": CONFLICTING, "waiting": LIVE}


def test_another_rule_of_what_blocks_displaces_nobody(leader):
    calendar = make_calendar(classroom=make_classroom())
    enter(calendar, hours(9, 10), by=leader, name="first")
    enter(calendar, hours(9, 10), by=leader, name="second", description=TOKEN)
    PriorityToken.objects.create(token=TOKEN, priority=1)
    change_calendar(calendar_id=calendar.pk, by=leader, now=clock.now(), tentative_blocks=False)
    assert states() == {"first": LIVE, "second": CONFLICTING}


@pytest.mark.parametrize("names", [("hall", "part"), ("part", "hall")])
def test_a_part_is_no_part_any_more(leader, names):
    part, rest = make_classroom(), make_classroom()
    hall = create_classroom(by=leader, now=clock.now(), name="Hall", capacity=9, floor=1, parts=[part, rest])
    calendars = {"hall": make_calendar(classroom=hall), "part": make_calendar(classroom=part)}
    for name in names:
        enter(calendars[name], hours(9, 10), by=leader, name=name)
    assert states() == dict(zip(names, (LIVE, CONFLICTING), strict=True))
    change_classroom(classroom_id=hall.pk, by=leader, now=clock.now(), parts=[rest])
    promote_all()
    assert states() == {"hall": LIVE, "part": LIVE}

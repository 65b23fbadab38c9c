"""What goes makes way for somebody who gets the room: who is kept out elsewhere or at another time beats nobody."""

from datetime import timedelta

import pytest
from django.conf import settings

from auditlog.models import LogEntry
from calendars.enums import OccurrenceState
from classrooms.services.rooms import create_classroom
from kernel import clock
from kernel.campus_time import Interval
from registrations.services.booking import book
from tests.calendars.files import event_text
from tests.calendars.test_clearing import clear
from tests.calendars.test_events import hours, states
from tests.calendars.test_random_sequences import fresh, slot_of
from tests.calendars.test_room_changes import load
from tests.factories import cspace_group, join, make_classroom, make_group, make_user
from tests.factories.calendars import enter, make_calendar

pytestmark = pytest.mark.django_db
LIVE, CONFLICTING = OccurrenceState.LIVE, OccurrenceState.CONFLICTING
HOUR = timedelta(hours=1)


@pytest.fixture
def leader():
    person = make_user()
    join(person, cspace_group())
    return person


class Hall:
    """A hall of two rooms, with a calendar each; events of the hall come first."""

    def __init__(self, leader):
        self.leader, self.rooms = leader, [make_classroom(), make_classroom()]
        hall = create_classroom(by=leader, now=clock.now(), name="Hall", capacity=9, floor=1, parts=self.rooms)
        self.left, self.right = (make_calendar(classroom=room) for room in self.rooms)
        self.whole = make_calendar(classroom=hall, default_priority=5)

    def enter(self, *calendars):
        for calendar in calendars:
            name = next(name for name, each in vars(self).items() if each is calendar)
            enter(calendar, hours(9, 10), by=self.leader, name=name)


def test_who_is_kept_from_a_hall_by_an_event_makes_nobody_go_from_its_part(leader):
    hall = Hall(leader)
    hall.enter(hall.right, hall.left, hall.whole)
    assert clear([hall.left], leader) == {}
    assert states() == {"left": LIVE, "right": LIVE, "whole": CONFLICTING}


def test_who_is_kept_from_a_hall_by_a_registration_makes_nobody_go_from_its_part(leader):
    hall, group = Hall(leader), make_group()
    join(leader, group)
    slot = slot_of(hours(9, 10))
    book(by=leader, now=clock.now(), classroom=fresh(hall.rooms[1]), group_id=group.pk, slot=slot)
    hall.enter(hall.left, hall.whole)
    assert clear([hall.left], leader) == {}
    assert states() == {"left": LIVE, "whole": CONFLICTING}


def test_calendars_of_a_hall_and_its_parts_are_cleared_together(leader):
    hall = Hall(leader)
    hall.enter(hall.right, hall.left, hall.whole)
    said = {"overlapping": [("left", "whole"), ("right", "whole")]}
    calendars = [hall.left, hall.right, hall.whole]
    answers = [clear(calendars, leader, is_test=is_test) for is_test in (True, False)]
    assert [{name: sorted(pairs) for name, pairs in answer.items()} for answer in answers] == [said, said]
    assert states() == {"whole": LIVE}
    assert clear(calendars, leader) == {}


@pytest.mark.parametrize("room", [make_classroom, lambda: None])
@pytest.mark.parametrize("days", [0, settings.CALENDAR_CLEAR_HORIZON_DAYS])
def test_who_is_kept_out_at_a_time_that_is_not_cleared_makes_nobody_go(leader, room, days):
    """Of an event across now, or across the last moment that is cleared, a part is not to be had."""
    edge = clock.now() + timedelta(days=days)
    apart = (Interval(edge - 3 * HOUR, edge - HOUR), Interval(edge + HOUR, edge + 3 * HOUR))
    calendar = make_calendar(classroom=room())
    for name, span in zip(("before", "after"), apart, strict=True):
        enter(calendar, span, by=leader, name=name, now=clock.now() + HOUR)
    enter(calendar, Interval(edge - 2 * HOUR, edge + 2 * HOUR), by=leader, name="across")
    kept, tested = {"before": LIVE, "after": LIVE, "across": CONFLICTING}, clear([calendar], leader, is_test=True)
    assert list(tested) == ["ignored"]
    assert clear([calendar], leader) == tested
    assert states() == kept


def test_what_was_cancelled_as_a_whole_beats_nobody_with_the_date_that_was_not(leader):
    calendar = make_calendar(classroom=make_classroom())
    days = hours(9, 10), hours(9, 10, days=4)
    first, second = ([f"{moment:%Y%m%dT%H%M%S}" for moment in (span.starts_at, span.ends_at)] for span in days)
    series = event_text("series", *first, "RRULE:FREQ=DAILY;COUNT=3", "STATUS:CANCELLED", zone="UTC", name="series")
    date = event_text("series", *second, f"RECURRENCE-ID;TZID=UTC:{second[0]}", "STATUS:CONFIRMED", zone="UTC")
    load(calendar, leader, series, date)
    enter(calendar, days[1], by=leader, name="kept")
    said = {"cancelled": [("series", None)]}
    assert clear([calendar], leader, is_test=True) == clear([calendar], leader) == said
    assert states() == {"kept": LIVE}
    entries = LogEntry.objects.filter(action="calendar_event.cleared")
    assert [(entry.details["name"], entry.details["reason"]) for entry in entries] == [("series", "cancelled")]

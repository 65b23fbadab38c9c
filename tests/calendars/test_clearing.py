"""Calendars are cleared: what goes, what stays, and what a test only says."""

import itertools
import random
from datetime import timedelta

import pytest

from auditlog.models import LogEntry
from calendars.enums import CalendarEventStatus, OccurrenceState
from calendars.models import CalendarEvent, CalendarOccurrence, PriorityToken
from calendars.queries.calendars import CalendarNotFound
from calendars.services.clearing import calendars_to_clear, clear_calendars
from classrooms.models import Occupancy
from kernel import clock
from kernel.campus_time import Interval
from tests.calendars.test_events import hours, states
from tests.factories import cspace_group, join, make_classroom, make_group, make_registration, make_user
from tests.factories.calendars import enter, make_calendar

pytestmark = pytest.mark.django_db
LIVE, CONFLICTING = OccurrenceState.LIVE, OccurrenceState.CONFLICTING
TOKEN = "vip-0123456789"


@pytest.fixture
def person():
    return make_user(email="head@example.org")


class Room:
    """A calendar of a room; events are entered one second after the other."""

    def __init__(self, person, **fields):
        self.person, self.began = person, clock.now()
        self.calendar = make_calendar(users=[person], **{"classroom": make_classroom()} | fields)
        self.count = 0

    def enter(self, name, first, last, *, days=3, **more):
        self.count += 1
        now = self.began + timedelta(seconds=self.count)
        return enter(self.calendar, hours(first, last, days=days), by=self.person, now=now, name=name, **more)

    def clear(self, *, is_test=False):
        return clear([self.calendar], self.person, is_test=is_test)


def clear(calendars, person, *, is_test=False):
    """{list: [(event, what it overlaps)]}, empty ones left out."""
    result = clear_calendars(calendars, by=person, now=clock.now(), is_test=is_test)
    assert result.is_test == is_test
    lists = {name: getattr(result, name) for name in ("cancelled", "overlapping", "dates", "ignored")}
    return {
        name: [(item.use.name, item.winner.name if item.winner else None) for item in items]
        for name, items in lists.items()
        if items
    }


def snapshot():
    """Everything that clearing may write."""
    return [
        list(model.objects.order_by("pk").values())
        for model in (CalendarEvent, CalendarOccurrence, Occupancy, LogEntry)
    ]


def test_the_later_created_goes(person):
    room = Room(person)
    for name, first, last in (("first", 10, 12), ("second", 11, 13), ("third", 12, 14)):
        room.enter(name, first, last)
    assert states() == {"first": LIVE, "second": CONFLICTING, "third": LIVE}
    assert room.clear() == {"overlapping": [("second", "first")]}
    assert states() == {"first": LIVE, "third": LIVE}
    assert room.clear() == {}
    (entry,) = LogEntry.objects.filter(action="calendar_event.cleared")
    assert (entry.actor_id, entry.details["reason"], entry.details["name"]) == (person.pk, "overlapping", "second")


def test_a_test_says_the_same_and_writes_nothing(person):
    room = Room(person)
    for name in ("first", "second"):
        room.enter(name, 10, 12)
    CalendarEvent.objects.filter(name="first").update(status=CalendarEventStatus.CANCELLED)
    before = snapshot()
    said = room.clear(is_test=True)
    assert snapshot() == before
    assert room.clear() == said != {}


def test_priority_comes_before_age_and_the_loser_had_the_room(person):
    PriorityToken.objects.create(token=TOKEN, priority=5)
    room = Room(person)
    room.enter("old", 10, 12)
    room.enter("urgent", 11, 13, description=f"because of {TOKEN}.")
    assert states() == {"old": LIVE, "urgent": CONFLICTING}
    assert room.clear() == {"overlapping": [("old", "urgent")]}
    assert states() == {"urgent": LIVE}


def test_equal_priority_is_left_alone(person):
    PriorityToken.objects.create(token=TOKEN, priority=5)
    room = Room(person)
    room.enter("one", 10, 12, description=TOKEN)
    room.enter("other", 11, 13, description=TOKEN)
    assert room.clear() == {"ignored": [("other", "one")]} == room.clear()
    assert states() == {"one": LIVE, "other": CONFLICTING}


def test_a_registration_never_loses(person):
    group = make_group()
    join(person, group)
    room = Room(person)
    room.enter("event", 10, 12)
    made = make_registration(
        by=person,
        group=group,
        classroom=room.calendar.classroom,
        day=hours(13, 14).starts_at.date(),
        start=780,
        end=840,
        description="Choir",
    )
    room.enter("late", 13, 14)
    assert room.clear() == {"overlapping": [("late", "Choir")]}
    assert Occupancy.objects.get(pk=made.pk).is_live
    assert states() == {"event": LIVE}


def test_cancelled_events_go_without_a_winner(person):
    room = Room(person)
    room.enter("off", 10, 12)
    CalendarEvent.objects.update(status=CalendarEventStatus.CANCELLED)
    assert room.clear() == {"cancelled": [("off", None)]}
    assert CalendarEvent.objects.count() == Occupancy.objects.count() == 0
    assert room.clear() == {}


def test_others_calendars_are_opponents_only(person):
    room = Room(person)
    stranger = make_user()
    beside = make_calendar(users=[stranger], classroom=room.calendar.classroom)
    room.enter("mine", 10, 12)
    enter(beside, hours(11, 13), by=stranger, name="theirs", now=room.began + timedelta(hours=1))
    assert room.clear() == {"ignored": [("theirs", "mine")]}
    assert clear([beside], stranger) == {"overlapping": [("theirs", "mine")]}


def test_what_is_over_or_far_off_is_no_candidate(person):
    room = Room(person)
    for days in (-3, 366):
        room.enter(f"one {days}", 10, 12, days=days)
        room.enter(f"other {days}", 10, 12, days=days)
    assert room.clear() == {}


def test_touching_is_no_overlap(person):
    room = Room(person)
    room.enter("one", 10, 12)
    room.enter("other", 12, 14)
    assert room.clear() == {}


def test_who_clears_what(person):
    mine, group = Room(person).calendar, make_group()
    of_group, of_nobody = make_calendar(group=group), make_calendar()
    join(person, group)
    leader = make_user()
    join(leader, cspace_group())
    slugs = {calendar.slug for calendar in calendars_to_clear(person, None)}
    assert slugs == {mine.slug, of_group.slug}
    assert calendars_to_clear(leader, None) == []
    assert calendars_to_clear(leader, [of_nobody.slug]) == [of_nobody]
    for names in ([of_nobody.slug], [mine.slug, of_nobody.slug], ["unknown"], ["a\x00b"]):
        with pytest.raises(CalendarNotFound):
            calendars_to_clear(person, names)


@pytest.mark.parametrize("seed", range(25))
def test_random_calendars_end_without_an_overlap(person, seed):
    """A test says what will go; afterwards nothing overlaps but what was ignored, and everything else is there."""
    dice = random.Random(seed)
    PriorityToken.objects.create(token=TOKEN, priority=dice.choice([1, 2]))
    classroom = make_classroom()
    rooms = [Room(person, classroom=classroom, default_priority=dice.choice([0, 0, 1])) for _ in range(2)]
    rooms.append(Room(person, classroom=None))
    for number in range(25):
        room, first = dice.choice(rooms), dice.randrange(8, 18)
        description = dice.choice(["", "", TOKEN])
        room.enter(f"{number}", first, first + dice.randrange(1, 4), days=dice.choice([3, 4]), description=description)
    calendars = [room.calendar for room in rooms]
    said, names = clear(calendars, person, is_test=True), set(states())
    assert clear(calendars, person) == said
    gone = {name for name, _ in said.get("overlapping", ())}
    assert set(states()) == names - gone
    assert clear(calendars, person) == ({"ignored": said["ignored"]} if "ignored" in said else {})
    waiting = CalendarOccurrence.objects.filter(state=CONFLICTING)
    assert {row.event.name for row in waiting} <= {name for pair in said.get("ignored", ()) for name in pair}
    live = CalendarOccurrence.objects.filter(state=LIVE, has_room=False)
    spans = [Interval(row.starts_at, row.ends_at) for row in live.order_by("starts_at")]
    assert all(one.ends_at <= other.starts_at for one, other in itertools.pairwise(spans))

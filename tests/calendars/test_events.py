"""Events take room time, wait for it, and give it up."""

from datetime import timedelta

import pytest

from auditlog.models import LogEntry
from calendars.enums import OccurrenceState, OnOverlap
from calendars.models import CalendarEvent, CalendarOccurrence
from calendars.queries.calendars import CalendarEventNotFound, CalendarNotFound
from calendars.queries.winners import EventOverlaps
from calendars.rules.numbers import short
from calendars.services.creating import delete_event
from calendars.services.promoting import promote_waiting
from classrooms.models import Occupancy
from classrooms.services.room_time import RoomAlreadyBooked
from kernel import clock
from kernel.campus_time import Interval, campus_date, campus_interval
from registrations.services.cancelling import cancel_registration
from tests.factories import join, make_classroom, make_group, make_registration, make_user
from tests.factories.calendars import enter, make_calendar

pytestmark = pytest.mark.django_db
LIVE, CONFLICTING, FREE = OccurrenceState.LIVE, OccurrenceState.CONFLICTING, OccurrenceState.FREE


def hours(first, last, *, days=3):
    return campus_interval(campus_date(clock.now()) + timedelta(days=days), 60 * first, 60 * last)


def states():
    """{name of the event: state}, with room time agreeing."""
    rows = CalendarOccurrence.objects.select_related("event", "occupancy", "event__calendar").order_by("starts_at")
    for row in rows:
        if row.has_room:
            assert (row.occupancy is not None) == (row.state in (LIVE, CONFLICTING))
            assert row.occupancy is None or row.occupancy.is_live == (row.state == LIVE)
            assert row.occupancy is None or (row.occupancy.starts_at, row.occupancy.ends_at) == (
                row.starts_at,
                row.ends_at,
            )
    return {row.event.name: row.state for row in rows}


@pytest.fixture
def person():
    return make_user(email="head@example.org")


def test_an_event_has_the_room(person):
    room = make_classroom()
    calendar = make_calendar(users=[person], classroom=room)
    created = enter(calendar, hours(10, 12), by=person)
    assert (created.state, states()) == (LIVE, {"Meeting": LIVE})
    occupancy = Occupancy.objects.get()
    assert (occupancy.classroom, occupancy.kind, occupancy.is_live) == (room, "calendar", True)
    entry = LogEntry.objects.get(action="calendar_event.created")
    assert (entry.actor_id, entry.details["calendar"], entry.details["state"]) == (person.pk, calendar.slug, "live")
    assert created.event.organizer == "head@example.org"


def test_what_overlaps_waits_and_is_promoted_by_rank(person):
    calendar = make_calendar(users=[person], classroom=make_classroom())
    now = clock.now()
    first = enter(calendar, hours(10, 12), by=person, name="first", now=now)
    enter(calendar, hours(11, 13), by=person, name="third", now=now + timedelta(seconds=2))
    enter(calendar, hours(9, 11), by=person, name="second", now=now + timedelta(seconds=1))
    enter(calendar, hours(12, 14), by=person, name="beside", now=now + timedelta(seconds=3))
    assert states() == {"first": LIVE, "third": CONFLICTING, "second": CONFLICTING, "beside": LIVE}
    outcome = delete_event(slug=calendar.slug, name=short(first.event.public_id), by=person, now=now)
    assert len(outcome.promoted) == 1
    assert states() == {"second": LIVE, "third": CONFLICTING, "beside": LIVE}
    assert LogEntry.objects.get(action="calendar_event.deleted").details["promoted"] == outcome.promoted


def test_a_calendar_that_rejects_stores_nothing(person):
    calendar = make_calendar(users=[person], classroom=make_classroom(), on_overlap=OnOverlap.REJECT)
    first = enter(calendar, hours(10, 12), by=person, name="first")
    with pytest.raises(EventOverlaps) as refusal:
        enter(calendar, hours(11, 13), by=person, name="second")
    assert (refusal.value.use.uid, refusal.value.use.name) == (first.event.uid, "first")
    assert states() == {"first": LIVE}
    assert CalendarEvent.objects.count() == Occupancy.objects.count() == 1


def test_registrations_and_events_keep_each_other_out(person):
    room, group = make_classroom(), make_group()
    join(person, group)
    calendar = make_calendar(users=[person], classroom=room)
    day = campus_date(clock.now()) + timedelta(days=3)
    enter(calendar, hours(10, 12), by=person)
    with pytest.raises(RoomAlreadyBooked) as refusal:
        make_registration(by=person, group=group, classroom=room, day=day, start=660, end=780)
    assert [row["kind"] for row in refusal.value.details["conflicts"]] == ["calendar"]
    registration = make_registration(by=person, group=group, classroom=room, day=day, start=780, end=840)
    assert enter(calendar, hours(13, 14), by=person, name="waiting").state == CONFLICTING
    cancel_registration(registration_id=registration.pk, by=person, now=clock.now())
    assert promote_waiting(now=clock.now(), classroom_id=room.pk) == 1
    assert states()["waiting"] == LIVE
    assert LogEntry.objects.filter(action="calendar_event.promoted").count() == 1
    assert promote_waiting(now=clock.now(), classroom_id=room.pk) == 0


def test_a_calendar_without_a_room_overlaps_within_itself(person):
    one, other = make_calendar(users=[person]), make_calendar(users=[person])
    now = clock.now()
    first = enter(one, hours(10, 12), by=person, name="first", now=now)
    assert enter(one, hours(11, 13), by=person, name="second", now=now + timedelta(seconds=1)).state == CONFLICTING
    assert enter(other, hours(10, 12), by=person, name="elsewhere").state == LIVE
    assert Occupancy.objects.count() == 0
    delete_event(slug=one.slug, name=first.event.uid, by=person, now=now)
    assert states() == {"second": LIVE, "elsewhere": LIVE}


def test_nobody_else_uses_a_calendar(person):
    calendar, group = make_calendar(users=[person]), make_group()
    stranger = make_user()
    created = enter(calendar, hours(10, 12), by=person)
    with pytest.raises(CalendarNotFound):
        enter(calendar, hours(13, 14), by=stranger)
    with pytest.raises(CalendarNotFound):
        delete_event(slug=calendar.slug, name=created.event.uid, by=stranger, now=clock.now())
    calendar.group = group
    calendar.save()
    join(stranger, group)
    assert enter(calendar, hours(13, 14), by=stranger).state == LIVE
    delete_event(slug=calendar.slug, name=created.event.uid, by=stranger, now=clock.now())
    with pytest.raises(CalendarEventNotFound):
        delete_event(slug=calendar.slug, name=created.event.uid, by=stranger, now=clock.now())


def test_a_series_is_not_rejected_for_its_own_dates(person):
    """Each of which lasts until the next one has begun."""
    for room in (make_classroom(), None):
        calendar = make_calendar(users=[person], classroom=room, on_overlap="reject")
        first = hours(9, 10)
        span = Interval(first.starts_at, first.starts_at + timedelta(hours=30))
        created = enter(calendar, span, by=person, name="series", rrule="FREQ=DAILY;COUNT=3")
        assert created.state == CONFLICTING
        dates = CalendarOccurrence.objects.filter(event=created.event).order_by("starts_at")
        assert list(dates.values_list("state", flat=True)) == [LIVE, CONFLICTING, LIVE]
        with pytest.raises(EventOverlaps):
            enter(calendar, span, by=person, name="another", rrule="FREQ=DAILY;COUNT=3")

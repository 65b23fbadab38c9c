"""Entering events into calendars, and deleting them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from accounts.models import User
from calendars.enums import CalendarEventStatus, CalendarSource, OccurrenceState, OnOverlap, OutboxOperation
from calendars.facts import CalendarEventCreated, CalendarEventDeleted, CalendarEventSummary
from calendars.models import Calendar, CalendarEvent, CalendarOccurrence
from calendars.queries.calendars import event_called
from calendars.queries.waiting import words_to_mask
from calendars.queries.winners import EventOverlaps, first_in_the_way
from calendars.rules.dates import EventDate
from calendars.rules.priorities import masked
from calendars.rules.wishes import EventWish, event_faults
from calendars.services.dates import Outcome, withdraw_dates, write_dates
from calendars.services.expanding import dates_of, expanded_until, reading_for, text_of
from calendars.services.holding import hold_calendar_used_by
from calendars.services.outbox import tell_server
from kernel.campus_time import Interval
from kernel.db.ids import next_id
from kernel.db.transactions import transactional
from kernel.errors import Invalid
from kernel.facts import publish


@dataclass(frozen=True)
class CreatedEvent:
    event: CalendarEvent
    state: OccurrenceState
    """Of all its dates: conflicting, where one of them waits."""


@transactional
def create_event(*, slug: str, by: User, now: datetime, wish: EventWish) -> CreatedEvent:
    """Enter an event into a calendar that somebody uses; it gets the room, or waits for it where its calendar keeps
    what overlaps. Publishes `CalendarEventCreated`.

    Raises: CalendarNotFound, Invalid ({field: sentences}), EventOverlaps (where the calendar rejects what overlaps).
    """
    calendar = hold_calendar_used_by(by.access, slug)
    if faults := event_faults(wish):
        raise Invalid(faults)
    event = _new_event(calendar, by, now, wish)
    dates = _dates_of_series(event, calendar, now) if wish.rrule else [_only_date(wish)]
    event.save(force_insert=True)
    outcome = write_dates(calendar, {event: dates})
    state = outcome.state_of(event.pk)
    if state == OccurrenceState.CONFLICTING and calendar.on_overlap == OnOverlap.REJECT:
        _check_alone(event)
    if calendar.source == CalendarSource.CALDAV:
        tell_server(calendar, OutboxOperation.PUT, event.uid, now=now)
    publish(
        CalendarEventCreated(
            actor_id=by.pk,
            occurred_at=now,
            event=summary_of(event, calendar, words_to_mask()),
            state=state,
            promoted=outcome.promoted,
        )
    )
    return CreatedEvent(event, state)


@transactional
def delete_event(*, slug: str, name: str, by: User, now: datetime) -> Outcome:
    """Delete an event of a calendar that somebody uses, with all its dates; what waited for their room gets it.

    `name`: its number, UUID or UID. A CalDAV server is told; an event of a subscribed file stays away until the file
    says something else of it. Publishes `CalendarEventDeleted`.

    Raises: CalendarNotFound, CalendarEventNotFound.
    """
    calendar = hold_calendar_used_by(by.access, slug)
    event = event_called(calendar, name)
    outcome = remove_events(calendar, [event], now=now)
    publish(
        CalendarEventDeleted(
            actor_id=by.pk,
            occurred_at=now,
            event=summary_of(event, calendar, words_to_mask()),
            promoted=outcome.promoted,
        )
    )
    return outcome


def remove_events(calendar: Calendar, events: list[CalendarEvent], *, now: datetime) -> Outcome:
    """Take events out of a calendar that is held. Of those from elsewhere a tombstone stays."""
    outcome = withdraw_dates(calendar, events, keeps_removed=calendar.source == CalendarSource.ICS)
    ids = [event.pk for event in events]
    if calendar.source == CalendarSource.LOCAL:
        CalendarEvent.objects.filter(pk__in=ids).delete()
        return outcome
    CalendarEvent.objects.filter(pk__in=ids).update(deleted_at=now)
    if calendar.source == CalendarSource.CALDAV:
        for event in events:
            tell_server(calendar, OutboxOperation.DELETE, event.uid, now=now)
    return outcome


def summary_of(event: CalendarEvent, calendar: Calendar, words: Sequence[str]) -> CalendarEventSummary:
    """What facts tell of an event. `words`: to mask."""
    return CalendarEventSummary(
        id=event.pk,
        calendar=calendar.slug,
        uid=event.uid,
        name=masked(event.name, words),
        starts_at=event.starts_at,
        ends_at=event.ends_at,
    )


def _new_event(calendar: Calendar, by: User, now: datetime, wish: EventWish) -> CalendarEvent:
    number = uuid4()
    event = CalendarEvent(
        id=next_id(CalendarEvent._meta.db_table),
        calendar=calendar,
        uid=str(number),
        public_id=number,
        name=wish.name,
        description=wish.description,
        organizer=by.email if wish.organizer is None else wish.organizer,
        created_at=now,
        last_modified=now,
        status=CalendarEventStatus.CONFIRMED,
        is_repeated=bool(wish.rrule),
        starts_at=wish.starts_at,
        ends_at=wish.ends_at,
        tzid=calendar.timezone,
        rrule=wish.rrule,
        expanded_until=expanded_until(now, calendar),
        created_by=by,
    )
    if wish.rrule:
        event.raw_ics = text_of(event)
    return event


def _dates_of_series(event: CalendarEvent, calendar: Calendar, now: datetime) -> list[EventDate]:
    """In the window, where there has to be one if it begins there. Raises: Invalid (`rrule`)."""
    dates, within = dates_of(event, calendar, now=now), reading_for(calendar, now=now).within
    if not dates and within.starts_at <= event.starts_at < within.ends_at:
        raise Invalid({"rrule": ["By this rule the event never takes place"]})
    return dates


def _only_date(wish: EventWish) -> EventDate:
    return EventDate(recurrence=wish.starts_at, interval=Interval(wish.starts_at, wish.ends_at))


def _check_alone(event: CalendarEvent) -> None:
    """Dates of one series do not collide. Raises: EventOverlaps."""
    waiting = CalendarOccurrence.objects.filter(event=event, state=OccurrenceState.CONFLICTING).order_by("starts_at")
    for occurrence in waiting:
        if (winner := first_in_the_way(occurrence)) is not None:
            raise EventOverlaps(winner)

"""The dates of an event follow from its text; of series, those of the days around today."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from calendars.models import Calendar, CalendarEvent
from calendars.rules.dates import EventDate, shown_name, window
from kernel.campus_time import Interval
from kernel.errors import Invalid
from kernel.ical.errors import UnreadableCalendar, WrongValue
from kernel.ical.events import Event
from kernel.ical.occurrences import Occurrence
from kernel.ical.series import EventSeries, Reading, read_series
from kernel.ical.writing import CalendarEntry, event_text

YEARS_BEFORE = 60
"""Birthdays stand in calendars too."""


def reading_for(calendar: Calendar, *, now: datetime) -> Reading:
    """How the texts of a calendar are read: what begins on the days of the window, on its own wall."""
    zone = ZoneInfo(calendar.timezone)
    first, last = window(now.astimezone(zone).date())
    begin = datetime(first.year, first.month, first.day, tzinfo=zone)
    end = datetime(last.year, last.month, last.day, tzinfo=zone)
    within = Interval(begin.astimezone(UTC), end.astimezone(UTC))
    return Reading(within=within, home=zone, takes_the_rest=True, years_before=YEARS_BEFORE)


def expanded_until(now: datetime, calendar: Calendar) -> datetime:
    """Until when the dates of its series are there, once they are written."""
    return reading_for(calendar, now=now).within.ends_at


def dates_of(event: CalendarEvent, calendar: Calendar, *, now: datetime) -> list[EventDate]:
    """The dates of an event with a text, in the window. Raises: Invalid (`rrule`)."""
    try:
        all_series = list(read_series(event.raw_ics.encode(), reading_for(calendar, now=now)))
    except UnreadableCalendar as error:
        raise Invalid({"rrule": [f"The event {error}"]}) from error
    if faults := [fault.sentence for series in all_series for fault in series.faults]:
        raise Invalid({"rrule": faults})
    return [date for series in all_series for date in dates_in(series)]


def dates_in(series: EventSeries) -> list[EventDate]:
    """Of what was read; what has no length is no date."""
    whole = next((member for member in series.members if isinstance(member, Event) and member.recurrence is None), None)
    dates = (_date(occurrence, whole) for occurrence in series.occurrences)
    return list({date.recurrence: date for date in dates if date.interval.starts_at < date.interval.ends_at}.values())


def _date(occurrence: Occurrence, whole: Event | None) -> EventDate:
    event = occurrence.event
    own = event is not whole
    return EventDate(
        recurrence=occurrence.recurrence,
        interval=occurrence.interval,
        is_cancelled=event.is_cancelled,
        is_tentative=event.is_tentative,
        is_transparent=event.is_transparent,
        name=shown_name(event.summary) if own else None,
        description=event.description if own else None,
        organizer=event.organizer if own else None,
        created_at=(event.created or (whole and whole.created) or event.stamp) if own else None,
        sequence=event.sequence,
        last_modified=event.last_modified,
    )


def text_of(event: CalendarEvent) -> str:
    """A VCALENDAR with an event as it was entered here, on the wall of its zone. Raises: Invalid (`rrule`)."""
    entry = CalendarEntry(
        uid=event.uid,
        stamp=event.created_at,
        span=Interval(event.starts_at, event.ends_at),
        summary=event.name,
        description=event.description,
        organizer=event.organizer,
        created=event.created_at,
        last_modified=event.last_modified,
        sequence=event.sequence,
        rrule=event.rrule,
    )
    try:
        return event_text(entry, zone=ZoneInfo(event.tzid))
    except WrongValue as error:
        raise Invalid({"rrule": [str(error)]}) from error

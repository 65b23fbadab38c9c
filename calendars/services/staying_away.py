"""What was removed here of a file that is only read: it stays away, whatever the file has, until that says otherwise.

Also where it is missing there for a while: a file that ends too early for once must not have everything rise again.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max

from calendars.enums import CalendarSource, OccurrenceState
from calendars.models import Calendar, CalendarEvent, CalendarOccurrence
from calendars.rules.dates import DAYS_AHEAD
from calendars.services.expanding import reading_for
from kernel.ical.errors import UnreadableCalendar
from kernel.ical.events import Event
from kernel.ical.series import EventSeries, read_series

MISSING = timedelta(days=DAYS_AHEAD)
"""For so long it is remembered that something was removed here which its file does not have any more."""
Versions = frozenset[tuple[Any, ...]]


def versions_of(series: EventSeries) -> Versions:
    """By which it is known whether a series says something else: (which date, or None; SEQUENCE, LAST-MODIFIED) of each
    of its parts."""
    events = [member for member in series.members if isinstance(member, Event)]
    return frozenset((event.recurrence, event.sequence, event.last_modified) for event in events)


def says_nothing_else(event: CalendarEvent, versions: Versions, calendar: Calendar, now: datetime) -> bool:
    """Whether a file says of an event that was deleted here only what it said then, or less."""
    try:
        former = [versions_of(series) for series in read_series(event.raw_ics.encode(), reading_for(calendar, now=now))]
    except UnreadableCalendar:  # it was readable when it came in
        former = []
    return versions <= frozenset[tuple[Any, ...]]().union({(None, event.sequence, event.last_modified)}, *former)


def kept_events(calendar: Calendar, events: Sequence[CalendarEvent], *, now: datetime) -> set[int]:
    """Which of these, that their file does not have, are remembered for what was removed here: until that is over, at
    most for `MISSING`."""
    if calendar.source != CalendarSource.ICS:
        return set()
    removed = CalendarOccurrence.objects.filter(event__in=events, state=OccurrenceState.REMOVED).order_by()
    last = dict(removed.values_list("event").annotate(Max("ends_at")))
    memory = set[int]()
    for event in events:
        is_fresh = event.missing_since is None or now - event.missing_since <= MISSING
        if event.deleted_at is None:
            is_ahead = event.pk in last and last[event.pk] > now
        else:
            is_ahead = event.is_repeated or event.ends_at > now
        if is_fresh and is_ahead:
            memory.add(event.pk)
    return memory

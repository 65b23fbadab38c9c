"""A calendar gets another room: all its dates give up their room time, and claim that. Or another rule of what claims
its room: then only what claims it now, or no longer.
"""

from collections.abc import Sequence

from calendars.enums import CLAIMING, OccurrenceState
from calendars.models import Calendar, CalendarEvent, CalendarOccurrence
from calendars.rules.dates import EventDate
from calendars.services.claiming import hand_on
from calendars.services.dates import date_of, write_dates
from classrooms.services.waiting import removing
from kernel.campus_time import Interval
from kernel.db.batch import send

REHOUSING = ("classroom", "tentative_blocks")
"""By which of its values a calendar claims room time."""


def rehouse(calendar: Calendar, *, former_room: int | None) -> Sequence[str]:
    """The calendar is held as it is to be, with its former room. The UIDs of other events that have got a room."""
    events = {event.pk: event for event in CalendarEvent.objects.standing().filter(calendar=calendar)}
    dates = list(CalendarOccurrence.objects.filter(event__in=events).order_by("pk"))
    dates_by_event: dict[CalendarEvent, list[EventDate]] = {event: [] for event in events.values()}
    for date in dates:
        dates_by_event[events[date.event_id]].append(date_of(date))
    if former_room == calendar.classroom_id:
        return write_dates(calendar, dates_by_event).promoted
    freed = [Interval(date.starts_at, date.ends_at) for date in dates if date.state == OccurrenceState.LIVE]
    given_up = [date.occupancy_id for date in dates if date.occupancy_id is not None]
    rows = CalendarOccurrence.objects.filter(event__in=events)
    rows.filter(state__in=CLAIMING).update(occupancy=None, state=OccurrenceState.FREE)
    rows.update(has_room=calendar.classroom_id is not None)
    send(removing(given_up))
    outcome = write_dates(calendar, dates_by_event)
    if former_room is not None:
        outcome.promoted += [each.uid for each in hand_on([(former_room, interval) for interval in freed])]
    return outcome.promoted

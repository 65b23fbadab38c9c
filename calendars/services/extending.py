"""The window in which the dates of series are there moves on with the days."""

from collections import defaultdict
from datetime import datetime, timedelta

from calendars.facts import CalendarSynced
from calendars.models import CalendarEvent
from calendars.services.dates import write_dates
from calendars.services.expanding import dates_of, reading_for
from calendars.services.holding import hold_calendar
from kernel.db.transactions import transactional
from kernel.errors import Invalid, NotFound
from kernel.facts import publish
from kernel.jobs import HOUR, Periodic

AT_ONCE = 100
"""Series in one transaction."""
DAYS_IN_STOCK = 399


def extend_series(*, now: datetime) -> int:
    """Write the dates that have come into the window; of how many series. Each portion in a transaction of its own."""
    behind = CalendarEvent.objects.standing().filter(
        is_repeated=True, expanded_until__lt=now + timedelta(days=DAYS_IN_STOCK)
    )
    by_calendar: dict[int, list[int]] = defaultdict(list)
    for event_id, calendar_id in behind.order_by("calendar", "pk").values_list("pk", "calendar"):
        by_calendar[calendar_id].append(event_id)
    count = 0
    for calendar_id, event_ids in by_calendar.items():
        for first in range(0, len(event_ids), AT_ONCE):
            count += _extend(calendar_id, event_ids[first : first + AT_ONCE], now)
    return count


EXTEND = Periodic(name="calendars.extend", do=extend_series, every_seconds=24 * HOUR)


@transactional
def _extend(calendar_id: int, event_ids: list[int], now: datetime) -> int:
    try:
        calendar = hold_calendar(calendar_id)
    except NotFound:
        return 0
    within = reading_for(calendar, now=now).within
    events = list(CalendarEvent.objects.standing().filter(pk__in=event_ids, is_repeated=True).order_by("pk"))
    dates = {}
    for event in events:
        try:
            dates[event] = dates_of(event, calendar, now=now)
        except Invalid:  # it was readable when it came in; what it has, it keeps
            continue
    outcome = write_dates(calendar, dates, since=within.starts_at)
    CalendarEvent.objects.filter(pk__in=event_ids).update(expanded_until=within.ends_at)
    if outcome.promoted:
        publish(
            CalendarSynced(
                actor_id=None,
                occurred_at=now,
                calendar_id=calendar.pk,
                slug=calendar.slug,
                counts={"extended": len(dates)},
                promoted=outcome.promoted,
            )
        )
    return len(dates)

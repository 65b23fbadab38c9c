"""What keeps dates that wait from their room."""

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import or_

from django.db.models import Q

from calendars.enums import OccurrenceState
from calendars.models import Calendar, CalendarOccurrence
from calendars.queries.winners import Use, event_uses, uses_of, with_words
from classrooms.models import Occupancy
from kernel.campus_time import Interval
from kernel.db.overlaps import Overlaps


def uses_in_the_way(calendar: Calendar, dates: Sequence[CalendarOccurrence]) -> dict[int, list[Use]]:
    """{date: the live uses that overlap it, by time}, of dates of a calendar that wait. As many queries for all of them
    as for one."""
    intervals = {date.pk: Interval(date.starts_at, date.ends_at) for date in dates}
    if not intervals:
        return {}
    uses = list(_uses_over(calendar, list(intervals.values())))
    return {pk: [use for use in uses if _overlap(use.interval, interval)] for pk, interval in intervals.items()}


def _uses_over(calendar: Calendar, intervals: Sequence[Interval]) -> Iterable[Use]:
    if calendar.classroom_id is not None:
        rows = Occupancy.objects.live().overlapping_any(intervals).filter(classroom_id=calendar.classroom_id)
        return uses_of(rows.in_order()).values()
    is_over = reduce(or_, (Q(Overlaps(interval.starts_at, interval.ends_at)) for interval in intervals))
    beside = CalendarOccurrence.objects.filter(is_over, event__calendar=calendar, state=OccurrenceState.LIVE)
    return event_uses(with_words(beside.order_by("starts_at", "pk")))


def _overlap(one: Interval, other: Interval) -> bool:
    return one.starts_at < other.ends_at and one.ends_at > other.starts_at

"""What an entry can expect of the room's time as it is now: which of its dates are open, which of those are kept.

The draw decides by the same definition (contract of the draw, §2), from its manifest.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from allocations.enums import OnConflict
from allocations.models import AllocationEvent, AllocationRegistration
from allocations.rules import dates_of
from classrooms.enums import OccupancyKind
from classrooms.models import Occupancy
from classrooms.services.room_time import Blocking
from cspace.db.ranges import MINUTES_PER_DAY, Interval, cut_per_day, days_interval

Span = tuple[int, int]
"""Start and end, minutes since midnight on the campus wall."""


@dataclass(frozen=True)
class Outlook:
    """`open_dates`: its dates without closures; `kept_dates`: those on which nothing is booked over it."""

    open_dates: tuple[date, ...]
    kept_dates: tuple[date, ...]
    skipped: tuple[tuple[date, str], ...]
    """(date, "closed" or "booked"), by date."""
    in_the_way: tuple[Blocking, ...]
    """What is booked over it."""

    def is_available(self, *, conflict: str, min_percent: int) -> bool:
        """Whether the draw may consider it: under `skip` enough open dates are kept, under `reject` all."""
        if not self.kept_dates:
            return False
        if conflict == OnConflict.REJECT:
            return self.kept_dates == self.open_dates
        return 100 * len(self.kept_dates) >= min_percent * len(self.open_dates)


def outlook(event: AllocationEvent, entry: AllocationRegistration) -> Outlook:
    """The dates of an entry against the live occupancies of its room. One query."""
    held = live_occupancies(entry.classroom_id, event.target_starts_on, event.target_ends_on)
    closures: dict[date, list[Span]] = defaultdict(list)
    overlapping: dict[date, list[Blocking]] = defaultdict(list)
    for row in held:
        for piece in cut_per_day(row.interval):
            if row.kind == OccupancyKind.CLOSURE:
                closures[piece.date].append((piece.start_minute, piece.end_minute))
            if piece.start_minute < entry.end_minute and piece.end_minute > entry.start_minute:
                overlapping[piece.date].append(row)
    dates = dates_of(entry.day_of_week, event.target_starts_on, event.target_ends_on)
    closed = {day for day in dates if covers_the_day(closures.get(day, ()))}
    return _outlook(dates, closed, overlapping)


def live_occupancies(classroom_id: int, first: date, last: date) -> list[Blocking]:
    """What holds a room on the campus days first … last, by time. One query."""
    rows = Occupancy.objects.live().overlapping(days_interval(first, last)).filter(classroom_id=classroom_id)
    return [
        Blocking(row_id, kind, Interval(starts_at, ends_at))
        for row_id, kind, starts_at, ends_at in rows.in_order().values_list("id", "kind", "starts_at", "ends_at")
    ]


def occupied_dates(classroom_id: int, first: date, last: date, *, start_minute: int, end_minute: int) -> list[date]:
    """The dates first … last on which something holds the room between two minutes of the day. One query."""
    return sorted(
        {
            piece.date
            for row in live_occupancies(classroom_id, first, last)
            for piece in cut_per_day(row.interval)
            if first <= piece.date <= last and piece.start_minute < end_minute and piece.end_minute > start_minute
        }
    )


def covers_the_day(spans: Collection[Span]) -> bool:
    """Whether spans, together, cover 00:00–24:00."""
    reached = 0
    for start, end in sorted(spans):
        if start > reached:
            return False
        reached = max(reached, end)
    return reached == MINUTES_PER_DAY


def _outlook(
    dates: Sequence[date], closed: Collection[date], overlapping: Mapping[date, Sequence[Blocking]]
) -> Outlook:
    open_dates = tuple(day for day in dates if day not in closed)
    kept_dates = tuple(day for day in open_dates if day not in overlapping)
    return Outlook(
        open_dates=open_dates,
        kept_dates=kept_dates,
        skipped=tuple((day, "closed" if day in closed else "booked") for day in dates if day not in kept_dates),
        in_the_way=tuple(dict.fromkeys(_booked(open_dates, overlapping))),
    )


def _booked(open_dates: Sequence[date], overlapping: Mapping[date, Sequence[Blocking]]) -> Iterator[Blocking]:
    for day in open_dates:
        yield from overlapping.get(day, ())

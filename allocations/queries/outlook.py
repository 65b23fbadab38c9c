"""What an entry can expect of the room's time as it is now: which of its dates are open, which of those are kept.

The draw's own lines and calendar say it, so that what is shown at filing is what is drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from allocations import draw
from allocations.models import AllocationEvent, AllocationRegistration
from allocations.queries.manifest import assemble, entry_of, room_lines
from classrooms.models import Occupancy
from classrooms.queries.obstacles import Obstacle, obstacles_of_each
from kernel.campus_time import Interval, clamped_interval, covering_pieces, days_interval


@dataclass(frozen=True)
class Outlook:
    """`open_dates`: its dates without closures; `kept_dates`: those on which nothing is booked over it."""

    open_dates: Sequence[date]
    kept_dates: Sequence[date]
    skipped: Sequence[tuple[date, str]]
    """(date, "closed" or "booked"), by date."""
    is_available: bool
    """Whether the draw may consider it: under `skip` enough open dates are kept, under `reject` all."""


def outlook(event: AllocationEvent, entry: AllocationRegistration, *, first: date | None = None) -> Outlook:
    """The dates of an entry against the live occupancies of its room, from `first` on. One query."""
    starts_on = first or event.target_starts_on
    lines = room_lines([entry.classroom], starts_on, event.target_ends_on)
    calendar, wish = draw.DrawCalendar(assemble(event, (), lines, first=starts_on)), entry_of(entry)
    return Outlook(
        open_dates=calendar.open_dates(wish),
        kept_dates=calendar.kept_dates(wish),
        skipped=calendar.skipped_dates(wish),
        is_available=calendar.is_available(wish),
    )


def in_the_way(entry: AllocationRegistration, days: Sequence[date]) -> list[Obstacle]:
    """What is booked over an entry on some dates, each once. One query."""
    intervals = [clamped_interval(day, entry.start_minute, entry.end_minute) for day in days]
    obstacles = obstacles_of_each([(entry.classroom_id, interval) for interval in intervals if interval is not None])
    return list({row.id: row for rows in obstacles.values() for row in rows}.values())


def occupied_dates(classroom_id: int, first: date, last: date, *, start_minute: int, end_minute: int) -> list[date]:
    """The dates first … last on which something holds the room between two minutes of the day. One query."""
    rows = Occupancy.objects.live().overlapping(days_interval(first, last)).filter(classroom_id=classroom_id)
    return sorted(
        {
            piece.date
            for starts_at, ends_at in rows.values_list("starts_at", "ends_at")
            for piece in covering_pieces(Interval(starts_at, ends_at))
            if first <= piece.date <= last and piece.start_minute < end_minute and piece.end_minute > start_minute
        }
    )

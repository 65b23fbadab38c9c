"""The dates of an event: what each says, whether it claims a room, and which of several comes first."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from calendars.rules import MAX_NAME
from kernel.campus_time import Interval
from kernel.text import plain_line

DAYS_BEHIND, DAYS_AHEAD = 31, 400
"""Of a series, the dates on these days around today are there."""
UNNAMED = "(no title)"
RankKey = tuple[int, bool, datetime, str, datetime]


@dataclass(frozen=True, kw_only=True, slots=True)
class EventDate:
    """One date of an event. `recurrence`: when it was to begin; by it the date is known in its series.

    What it says differently from its event is not None. `sequence` and `last_modified` are those of the component that
    defines it.
    """

    recurrence: datetime
    interval: Interval
    is_cancelled: bool = False
    is_tentative: bool = False
    is_transparent: bool = False
    name: str | None = None
    description: str | None = None
    organizer: str | None = None
    created_at: datetime | None = None
    sequence: int = 0
    last_modified: datetime | None = None

    def claims(self, *, tentative_blocks: bool) -> bool:
        """Whether it wants the room for itself."""
        return not (self.is_cancelled or self.is_transparent or (self.is_tentative and not tentative_blocks))


def on_wall(instant: datetime, zone: tzinfo) -> datetime:
    """As the wall of a zone shows it; at the ends of all times, where that has no date any more, in UTC."""
    try:
        return instant.astimezone(zone)
    except OverflowError:
        return instant.astimezone(UTC)


def window(today: date) -> tuple[date, date]:
    """The first and the last day of which the dates of series are there."""
    return today - timedelta(days=DAYS_BEHIND), today + timedelta(days=DAYS_AHEAD)


def rank(priority: int, *, is_tentative: bool, created_at: datetime, uid: str, recurrence: datetime) -> RankKey:
    """Who has a room before others has the lesser one (contract Room Booking §6)."""
    return (-priority, is_tentative, created_at, uid, recurrence)


def shown_name(summary: str) -> str:
    """What an event from elsewhere is called, on one line."""
    return plain_line(summary)[:MAX_NAME].strip() or UNNAMED

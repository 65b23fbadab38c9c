"""Wall time on the campus and instants: the one place where the one becomes the other.

Times of day are minutes since midnight, 0…1440 (1440 = "24:00", an end only). Instants are aware UTC
datetimes. Intervals are half-open: touching is not overlapping.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache, partial
from zoneinfo import ZoneInfo

from django.conf import settings

MINUTES_PER_DAY = 24 * 60
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


class WallTimeDoesNotExist(ValueError):
    """The clocks are put forward over this time; `minute` is the offending minute of the day."""

    def __init__(self, minute: int) -> None:
        super().__init__(f"{format_minute(minute)} does not exist on this date: the clocks are put forward over it")
        self.minute = minute


@dataclass(frozen=True)
class Interval:
    """A half-open span of instants."""

    starts_at: datetime
    ends_at: datetime

    def within(self, other: "Interval") -> "Interval":
        """What of it lies in another interval that it overlaps."""
        return Interval(max(self.starts_at, other.starts_at), min(self.ends_at, other.ends_at))


@dataclass(frozen=True)
class DayPiece:
    """What of an interval falls on one campus day, in wall time."""

    date: date
    start_minute: int
    end_minute: int


def campus_zone() -> ZoneInfo:
    """The campus's time zone (`CSPACE_TIME_ZONE`)."""
    return ZoneInfo(settings.CSPACE_TIME_ZONE)


def campus_date(instant: datetime) -> date:
    """The date on the campus wall at an instant."""
    return instant.astimezone(campus_zone()).date()


def campus_minute(instant: datetime) -> int:
    """The minute of the day on the campus wall at an instant."""
    wall = instant.astimezone(campus_zone())
    return wall.hour * 60 + wall.minute


def day_start(day: date) -> datetime:
    """The first instant of a campus day (after the gap, where midnight itself does not exist)."""
    return _instant(day, 0)


def wall_instant(day: date, minute: int) -> datetime:
    """The instant of a wall time; of an ambiguous pair the earlier.

    Raises:
        WallTimeDoesNotExist: the time lies in a DST gap.
    """
    return _wall_instant_in(campus_zone(), day, minute)


def wall_or_later(day: date, minute: int) -> datetime:
    """The instant of a wall time; of one in a DST gap, the gap's end."""
    return _first_real(day, minute)


def campus_interval(day: date, start_minute: int, end_minute: int) -> Interval:
    """The instants of a wall-time span on one date.

    Raises:
        WallTimeDoesNotExist: one of its ends lies in a DST gap.
    """
    return Interval(wall_instant(day, start_minute), wall_instant(day, end_minute))


def clamped_interval(day: date, start_minute: int, end_minute: int) -> Interval | None:
    """The instants of one date of a series: an end in a DST gap is clamped to the gap's end.

    Disjoint wall times stay disjoint instants. None: nothing is left of it, the gap swallows it whole.
    """
    interval = Interval(_first_real(day, start_minute), _first_real(day, end_minute))
    return interval if interval.starts_at < interval.ends_at else None


def day_of_week(day: date) -> int:
    """1 = Sunday … 7 = Saturday, as the API counts them."""
    return day.isoweekday() % 7 + 1


def week_of(day: date) -> date:
    """The Sunday that begins the week of a day."""
    return day - timedelta(days=day_of_week(day) - 1)


def monday_of(day: date) -> date:
    """The Monday that begins the week of a day as booking rules count weeks (policy §3)."""
    return day - timedelta(days=day.weekday())


def weekly_dates(first: date, last: date, on_day: int) -> list[date]:
    """The dates first…last, both included, that fall on a day of the week (1 = Sunday)."""
    start = first + timedelta(days=(on_day - day_of_week(first)) % 7)
    return [start + timedelta(days=ahead) for ahead in range(0, (last - start).days + 1, 7)]


def days_interval(first: date, last: date) -> Interval:
    """All of the campus days first…last, both included."""
    zone = campus_zone()
    return Interval(_day_in(zone, first)[1], _day_in(zone, last)[2])


def cut_per_day(interval: Interval) -> Iterator[DayPiece]:
    """The pieces of an interval, one per campus day; a piece that reaches midnight ends 1440."""
    zone = campus_zone()
    first, over = interval.starts_at.astimezone(zone), interval.ends_at.astimezone(zone)
    day, last = first.date(), over.date()
    if day == last:  # nearly always: no day has to be measured
        yield DayPiece(day, first.hour * 60 + first.minute, over.hour * 60 + over.minute)
        return
    while day <= last:
        _, begins, next_begins = _day_in(campus_zone(), day)
        start, end = max(begins, interval.starts_at), min(next_begins, interval.ends_at)
        if start < end:
            yield DayPiece(
                day,
                campus_minute(start),
                MINUTES_PER_DAY if end == next_begins else campus_minute(end),
            )
        day += timedelta(days=1)


class DayCutter:
    """Cuts spans that overlap a window of whole campus days, as `cut_per_day` does, and words the pieces.

    For the hundreds of spans of an agenda, nearly all of which lie within one day, and that of the one before.
    """

    def __init__(self, window: Interval) -> None:
        self._window = window
        self._zone = campus_zone()
        self._text, self._begins, self._next_begins, self._is_plain = "", window.ends_at, window.ends_at, False

    def pieces(self, starts_at: datetime, ends_at: datetime) -> Sequence[tuple[str, str, str]]:
        """What of a span lies in the window: ("YYYY-MM-DD", "HH:MM", "HH:MM") per day, by time."""
        if not self._begins <= starts_at < self._next_begins:
            day = starts_at.astimezone(self._zone).date()
            self._text, self._begins, self._next_begins = _day_in(self._zone, day)
            self._is_plain = self._next_begins - self._begins == DAY
        if self._is_plain and self._begins <= starts_at and ends_at <= self._next_begins:
            # No clock is changed on it: the wall shows what has passed.
            start, end = starts_at - self._begins, ends_at - self._begins
            return (
                (self._text, CLOCK[start.seconds // 60], CLOCK[MINUTES_PER_DAY if end == DAY else end.seconds // 60]),
            )
        within = Interval(starts_at, ends_at).within(self._window)
        return [
            (piece.date.isoformat(), CLOCK[piece.start_minute], CLOCK[piece.end_minute])
            for piece in cut_per_day(within)
        ]


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """The same instants as intervals that neither overlap nor touch, by time."""
    spans: list[Interval] = []
    for interval in sorted(intervals, key=lambda each: each.starts_at):
        if spans and interval.starts_at <= spans[-1].ends_at:
            spans[-1] = Interval(spans[-1].starts_at, max(spans[-1].ends_at, interval.ends_at))
        else:
            spans.append(interval)
    return spans


def covering_pieces(interval: Interval) -> Iterator[DayPiece]:
    """The pieces of an interval, one per campus day, widened to what keeps a weekly plan clear of it.

    A span of wall time overlaps a piece exactly if its `clamped_interval` overlaps the interval: seconds are rounded
    outward, and the second pass of a repeated hour belongs to the wall times on both sides of it.
    """
    day, last = campus_date(interval.starts_at), campus_date(interval.ends_at)
    while day <= last:
        _, begins, next_begins = _day_in(campus_zone(), day)
        start, end = max(begins, interval.starts_at), min(next_begins, interval.ends_at)
        if start < end and next_begins - begins == timedelta(days=1):
            yield DayPiece(day, (start - begins) // MINUTE, -((begins - end) // MINUTE))
        elif start < end:
            minutes, instant = range(MINUTES_PER_DAY + 1), partial(_first_real, day)
            yield DayPiece(day, bisect_right(minutes, start, key=instant) - 1, bisect_left(minutes, end, key=instant))
        day += timedelta(days=1)


def format_minute(minute: int) -> str:
    """ "HH:MM"; 1440 is "24:00"."""
    return f"{minute // 60:02}:{minute % 60:02}"


CLOCK = tuple(format_minute(minute) for minute in range(MINUTES_PER_DAY + 1))
"""What `format_minute` says of each minute of a day."""


def format_wall(instant: datetime) -> str:
    """ "YYYY-MM-DD HH:MM" on the campus wall."""
    return f"{campus_date(instant)} {format_minute(campus_minute(instant))}"


def campus_end(instant: datetime) -> tuple[date, int]:
    """The date and minute of an end on the campus wall: midnight is 24:00 of the day that ends there."""
    day, minute = campus_date(instant), campus_minute(instant)
    return (day - timedelta(days=1), MINUTES_PER_DAY) if instant == day_start(day) else (day, minute)


def format_wall_end(instant: datetime) -> str:
    """ "YYYY-MM-DD HH:MM" on the campus wall of an end, with its seconds if it has any: midnight is "24:00" of the day
    that ends there."""
    day, minute = campus_end(instant)
    return f"{day} {format_minute(minute)}" + (f":{instant.second:02}" if instant.second else "")


def format_wall_second(instant: datetime) -> str:
    """ "YYYY-MM-DD HH:MM:SS" on the campus wall."""
    return f"{instant.astimezone(campus_zone()):%Y-%m-%d %H:%M:%S}"


def format_instant(instant: datetime) -> str:
    """UTC, whole seconds, "Z"."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _first_real(day: date, minute: int) -> datetime:
    """The instant of a wall time or, inside a gap, of the gap's end."""
    while True:
        if minute == MINUTES_PER_DAY:
            day, minute = day + timedelta(days=1), 0
        instant = _instant(day, minute)
        wall = instant.astimezone(campus_zone())
        if wall.date() == day and wall.hour * 60 + wall.minute == minute:
            return instant
        minute += 1


def _instant(day: date, minute: int) -> datetime:
    return _instant_in(campus_zone(), day, minute)


def _instant_in(zone: ZoneInfo, day: date, minute: int) -> datetime:
    # fold=0: the earlier of an ambiguous pair; inside a gap, the offset from before it,
    # so a gap that begins at midnight maps to its own end.
    wall = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=zone)
    return wall.astimezone(UTC)


# One question asks for the same moments again and again: when it is read, when it is asked, when it is answered.
@lru_cache(maxsize=4_000)
def _wall_instant_in(zone: ZoneInfo, day: date, minute: int) -> datetime:
    if minute == MINUTES_PER_DAY:
        return _instant_in(zone, day + timedelta(days=1), 0)
    instant = _instant_in(zone, day, minute)
    wall = instant.astimezone(zone)
    if (wall.hour, wall.minute) != divmod(minute, 60):
        raise WallTimeDoesNotExist(minute)
    return instant


@lru_cache(maxsize=4_000)
def _day_in(zone: ZoneInfo, day: date) -> tuple[str, datetime, datetime]:
    """A campus day in words, its first instant and that of the next."""
    return day.isoformat(), _instant_in(zone, day, 0), _instant_in(zone, day + timedelta(days=1), 0)

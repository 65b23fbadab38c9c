"""Times on this wire: the digits of the campus wall clock, labelled as if they were UTC.

A lecture at 08:15 is `…T08:15:00.000Z`, summer and winter. Nowhere else in CSpace is a time written like this.
"""

import re
from datetime import UTC, date, datetime, timedelta, timezone

from kernel.campus_time import campus_zone

YEARS = range(1900, 3000)
FORM = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:T(?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)(?P<offset>Z|[+-][0-9]{2}:[0-9]{2})?)?"
)
MUST_BE = "must be a date and time such as 2026-11-23T08:15"


class NotATime(ValueError):
    """The message is the rest of a sentence that begins with the field."""


def out(instant: datetime) -> str:
    """The campus wall at an instant as `YYYY-MM-DDTHH:MM:SS.mmmZ`; what lies beyond the calendar is its edge."""
    try:
        wall = instant.astimezone(campus_zone()).replace(tzinfo=None)
    except OverflowError:
        wall = datetime.min if instant.year == 1 else datetime.max  # noqa: DTZ901 - the wall has no zone
    return f"{wall.isoformat(timespec='milliseconds')}Z"


def out_day(day: date) -> str:
    """A day as its midnight."""
    return f"{day.isoformat()}T00:00:00.000Z"


def in_(text: object) -> datetime:
    """The instant, in UTC, that a text means.

    Without an offset, with `Z` or a zero offset the digits are wall time: inside a DST gap it moves forward by the
    gap, of an ambiguous pair it is the first. Any other offset makes it a true instant. A date alone is its midnight.

    Raises: NotATime.
    """
    parts = FORM.fullmatch(text) if isinstance(text, str) else None
    if parts is None:
        raise NotATime(MUST_BE)
    day, time, offset = parts["day"], parts["time"] or "00:00", _offset(parts["offset"])
    if int(day[:4]) not in YEARS:
        raise NotATime(f"must be in a year from {YEARS[0]} to {YEARS[-1]}")
    try:
        wall = datetime.fromisoformat(f"{day}T{time}")
    except ValueError as error:
        raise NotATime(MUST_BE) from error
    # fold=0: the first of an ambiguous pair, and inside a gap the offset from before it.
    zone = timezone(offset) if offset else campus_zone()
    instant = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if instant.astimezone(campus_zone()).year not in YEARS:
        raise NotATime(f"must be in a year from {YEARS[0]} to {YEARS[-1]}")
    return instant


def _offset(text: str | None) -> timedelta:
    """What a text such as `+02:00` is away from UTC; none for `Z` and for no offset."""
    if text is None or text == "Z":
        return timedelta()
    hours, minutes = int(text[1:3]), int(text[4:6])
    if hours > 23 or minutes > 59:
        raise NotATime(MUST_BE)
    return timedelta(hours=hours, minutes=minutes) * (-1 if text[0] == "-" else 1)

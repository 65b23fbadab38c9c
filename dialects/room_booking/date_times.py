"""Date-times of this wire: read as instants, and written on the wall of a calendar."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

# ISO 8601: seconds, their fraction and the offset may be left out. Some `date --iso-8601` write +01:00, others +0100.
DATE_TIME = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})[Tt ](?P<minute>\d{2}:\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
    r"(?P<offset>[Zz]|(?P<sign>[+-])(?P<hours>\d{2})(?::?(?P<minutes>\d{2}))?)?",
    re.ASCII,
)
FORM = "Must be a date and a time such as 2025-01-02T12:00:00 or 2025-01-02T12:00+01:00"


class NoDateTime(ValueError):
    """A text that is none."""


class NoSuchMoment(ValueError):
    """One that there is not: the clocks are put forward over it, or it lies beyond all times."""


def instant_of(text: str, zone: tzinfo) -> datetime:
    """The instant of a date-time; without an offset it is on the wall of `zone`, and the earlier of an ambiguous pair.

    What is less than a second is cut off. Raises: NoDateTime, NoSuchMoment.
    """
    parts = DATE_TIME.fullmatch(text)
    if parts is None:
        raise NoDateTime(FORM)
    try:
        wall = datetime.fromisoformat(f"{parts['day']}T{parts['minute']}:{parts['second'] or '00'}")
        offset = _offset(parts)
    except ValueError as error:
        raise NoDateTime(FORM) from error
    try:
        moment = wall.replace(tzinfo=zone if offset is None else offset)
        instant = moment.astimezone(UTC)
        is_real = instant.astimezone(moment.tzinfo).replace(tzinfo=None) == wall
    except OverflowError as error:
        raise NoSuchMoment("Lies beyond all times that there are") from error
    if not is_real:
        raise NoSuchMoment("Does not exist: the clocks of the calendar are put forward over it")
    return instant


def _offset(parts: re.Match[str]) -> timezone | None:
    """Raises: ValueError."""
    if parts["offset"] is None:
        return None
    hours, minutes = int(parts["hours"] or 0), int(parts["minutes"] or 0)
    if minutes > 59:
        raise ValueError(parts["offset"])
    ahead = timedelta(hours=hours, minutes=minutes)
    return timezone(-ahead if parts["sign"] == "-" else ahead)

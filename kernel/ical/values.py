"""What stands in a property: dates, times, durations, offsets and texts. Pure."""

import quopri
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from kernel.ical.errors import WrongValue, quoted
from kernel.ical.lines import Line

DATE = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
DATE_TIME = re.compile(r"(\d{8})T(\d{2})(\d{2})(\d{2})(Z?)", re.ASCII | re.IGNORECASE)
DURATION = re.compile(
    r"([+-]?)P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,8})M)?(?:(\d{1,9})S)?)?",
    re.ASCII | re.IGNORECASE,
)
OFFSET = re.compile(r"([+-])(\d{2})([0-5]\d)([0-5]\d)?", re.ASCII)
ESCAPED = re.compile(r"\\(.)", re.DOTALL)
MAX_TEXT = 5000
DAY = timedelta(days=1)
YEARS = range(1601, 9001)
"""Beyond them a conversion between zones may leave the calendar."""
MIDNIGHT = time()
Moment = date | datetime
"""A date; or a time, which is aware, or on the wall of a zone that is said elsewhere."""
ZoneOf = Callable[[str], tzinfo]
"""What a TZID means. Raises: WrongValue."""


def is_time(moment: Moment) -> bool:
    return isinstance(moment, datetime)


def day_of(moment: Moment) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def moment_of(text: str) -> Moment:
    """Raises: WrongValue."""
    text = text.strip()
    try:
        if parts := DATE.fullmatch(text):
            day: Moment = date(int(parts[1]), int(parts[2]), int(parts[3]))
        elif parts := DATE_TIME.fullmatch(text):
            clock = time(int(parts[2]), int(parts[3]), min(int(parts[4]), 59), tzinfo=UTC if parts[5] else None)
            day = datetime.combine(day_of(moment_of(parts[1])), clock)
        else:
            raise WrongValue(f"{quoted(text)} is neither a date nor a time")
    except ValueError as error:
        raise error if isinstance(error, WrongValue) else WrongValue(f"{quoted(text)} does not exist") from error
    return day


def moment_in(line: Line, text: str, zone_of: ZoneOf) -> Moment:
    """A value of a property, in the zone that its TZID names, if any. Raises: WrongValue."""
    moment = moment_of(text)
    if moment.year not in YEARS:
        raise WrongValue(f"{quoted(text)} is outside of {YEARS[0]} to {YEARS[-1]}")
    if line.parameters.get("VALUE", "").upper() == "DATE" and is_time(moment):
        raise WrongValue(f"{quoted(text)} is a time, and VALUE says that it is a date")
    if isinstance(moment, datetime) and moment.tzinfo is None and (name := line.parameters.get("TZID", "").strip()):
        return moment.replace(tzinfo=zone_of(name))
    return moment


def duration_of(text: str) -> timedelta:
    """Raises: WrongValue."""
    parts = DURATION.fullmatch(text.strip())
    if parts is None or not any(parts.groups()[1:]):
        raise WrongValue(f"{quoted(text)} is no duration")
    weeks, days, hours, minutes, seconds = (int(number or 0) for number in parts.groups()[1:])
    length = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return -length if parts[1] == "-" else length


def offset_of(text: str) -> timedelta:
    """From UTC, as ±HHMM or ±HHMMSS. Raises: WrongValue."""
    parts = OFFSET.fullmatch(text.strip())
    if parts is None or int(parts[2]) >= 24:
        raise WrongValue(f"{quoted(text)} is no offset such as +0100")
    length = timedelta(hours=int(parts[2]), minutes=int(parts[3]), seconds=int(parts[4] or 0))
    return -length if parts[1] == "-" else length


def text_of(line: Line) -> str:
    """Raises: WrongValue."""
    value = _content(line)
    if len(value) > MAX_TEXT:
        raise WrongValue(f"it is longer than {MAX_TEXT} characters")
    return _plain(value)


def beginning_of(line: Line) -> str:
    """The first `MAX_TEXT` characters of a text."""
    # An escaped character is two.
    return _plain(_content(line)[: 2 * MAX_TEXT])[:MAX_TEXT].strip()


def _content(line: Line) -> str:
    if line.parameters.get("ENCODING", "").upper() == "QUOTED-PRINTABLE":  # vCalendar 1.0
        return quopri.decodestring(line.value.encode()).decode(errors="replace")
    return line.value


def _plain(value: str) -> str:
    return ESCAPED.sub(lambda escaped: "\n" if escaped[1] in "nN" else escaped[1], value).strip()


def words_of(line: Line) -> list[str]:
    """The elements of a list of texts; escaped commas do not separate. Raises: WrongValue."""
    marked = Line(line.number, line.name, line.parameters, line.value.replace(r"\,", "\x00"))
    return [word for part in text_of(marked).split(",") if (word := part.replace("\x00", ",").strip())]

"""Calendars as they are written: for feeds, for letters, and an event that another calendar server is to keep.

By hand: a feed has thousands of entries, and icalendar says that summer time begins an hour late. Of the same entries
the same bytes are written.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from kernel.campus_time import DAY, MINUTE, Interval
from kernel.ical.components import CALENDAR, EVENT, HEAD, ZONE
from kernel.ical.lines import CRLF, folded
from kernel.ical.rules import rule_of
from kernel.ical.values import day_of
from kernel.text import plain_line, plain_lines

MAX_YEARS_OF_RULE = 10
"""For so long what comes along of a zone says how its clocks are changed for a series that goes on."""
ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})
HAS_ACCEPTED = "PARTSTAT=ACCEPTED;ROLE=REQ-PARTICIPANT;RSVP=FALSE"


@dataclass(frozen=True)
class WholeDays:
    """Days on the wall, first and last included."""

    first: date
    last: date


@dataclass(frozen=True, kw_only=True)
class CalendarEntry:
    """An event to be written. Texts as people wrote them; addresses as `kernel.mail_addresses` keeps them."""

    uid: str
    stamp: datetime
    """When it was last as it is now: DTSTAMP."""
    span: Interval | WholeDays
    summary: str
    sequence: int = 0
    location: str = ""
    description: str = ""
    status: str = "CONFIRMED"
    """As RFC 5545 says it: CONFIRMED, TENTATIVE, CANCELLED."""
    is_transparent: bool = False
    organizer: str = ""
    attendee: str = ""
    """Who takes part, and has said so."""
    created: datetime | None = None
    last_modified: datetime | None = None
    rrule: str = ""
    """When it is repeated, as `rules.rule_of` reads it."""
    marks: Mapping[str, str] = field(default_factory=dict)
    """What other programs pass over: {X-…: its text}."""


def calendar_text(entries: Collection[CalendarEntry], *, zone: ZoneInfo, name: str = "", method: str = "") -> str:
    """A calendar in the times of a zone. `method`: of RFC 5546, where it is sent to somebody who is to act upon it.

    Raises: WrongValue, of a rule.
    """
    return "".join(f"{folded(line)}{CRLF}" for line in _calendar(entries, zone, name, method))


def event_text(entry: CalendarEntry, *, zone: ZoneInfo) -> str:
    """One event as an object that can be kept, and put on a CalDAV server (RFC 4791, 4.1). Raises: WrongValue."""
    return calendar_text([entry], zone=zone)


def _calendar(entries: Collection[CalendarEntry], zone: ZoneInfo, name: str, method: str) -> Iterator[str]:
    yield f"BEGIN:{CALENDAR}"
    yield from (f"{head}:{value}" for head, value in HEAD.items())
    yield "CALSCALE:GREGORIAN"
    if method:
        yield f"METHOD:{method}"
    if name:
        yield f"NAME:{_text(name)}"
        yield f"X-WR-CALNAME:{_text(name)}"
    years = {year for entry in entries for year in _years(entry, zone)}
    if years and zone.key != "UTC":
        yield from _zone(zone, min(years), max(years))
    for entry in entries:
        yield from _event(entry, zone)
    yield f"END:{CALENDAR}"


def _years(entry: CalendarEntry, zone: ZoneInfo) -> Iterable[int]:
    """The first and the last in which it takes place at times on the wall of the zone."""
    if isinstance(entry.span, WholeDays):
        return ()
    first, last = entry.span.starts_at.astimezone(zone).year, entry.span.ends_at.astimezone(zone).year
    if rule := rule_of(entry.rrule):
        after = first + MAX_YEARS_OF_RULE
        last = max(last, min(after, day_of(rule.until).year) if rule.until else after)
    return (first, last)


def _event(entry: CalendarEntry, zone: ZoneInfo) -> Iterator[str]:
    yield f"BEGIN:{EVENT}"
    yield f"UID:{_text(entry.uid)}"
    yield f"SEQUENCE:{entry.sequence}"
    yield f"DTSTAMP:{_utc(entry.stamp)}"
    if entry.created:
        yield f"CREATED:{_utc(entry.created)}"
    if entry.last_modified:
        yield f"LAST-MODIFIED:{_utc(entry.last_modified)}"
    yield from _times(entry, zone)
    if entry.rrule:
        yield f"RRULE:{''.join(plain_line(entry.rrule).split())}"
    yield f"SUMMARY:{_text(entry.summary)}"
    if entry.location:
        yield f"LOCATION:{_text(entry.location)}"
    if entry.description:
        yield f"DESCRIPTION:{plain_lines(entry.description).translate(ESCAPES)}"
    yield f"STATUS:{entry.status}"
    if entry.is_transparent:
        yield "TRANSP:TRANSPARENT"
    if entry.organizer:
        yield f"ORGANIZER:mailto:{plain_line(entry.organizer)}"
    if entry.attendee:
        yield f"ATTENDEE;{HAS_ACCEPTED}:mailto:{plain_line(entry.attendee)}"
    for name, value in entry.marks.items():
        yield f"{name}:{_text(value)}"
    yield f"END:{EVENT}"


def _times(entry: CalendarEntry, zone: ZoneInfo) -> Iterator[str]:
    """Without an end it has no length."""
    span = entry.span
    if isinstance(span, WholeDays):
        yield f"DTSTART;VALUE=DATE:{span.first:%Y%m%d}"
        yield f"DTEND;VALUE=DATE:{span.last + DAY:%Y%m%d}"
        return
    yield f"DTSTART{_moment(span.starts_at, zone, is_repeated=bool(entry.rrule))}"
    if span.ends_at > span.starts_at:
        yield f"DTEND{_moment(span.ends_at, zone, is_repeated=bool(entry.rrule))}"


def _moment(instant: datetime, zone: ZoneInfo, *, is_repeated: bool) -> str:
    """Parameters and value. What is repeated is so on the wall; else, of a time that comes twice, that is the first."""
    wall = instant.astimezone(zone)
    if zone.key == "UTC" or (wall.fold and not is_repeated):
        return f":{_utc(instant)}"
    return f";TZID={zone.key}:{wall:%Y%m%dT%H%M%S}"


def _utc(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(text: str) -> str:
    return plain_line(text).translate(ESCAPES)


@lru_cache(maxsize=100)
def _zone(zone: ZoneInfo, first_year: int, last_year: int) -> tuple[str, ...]:
    """What the clocks of a zone show in these years."""
    begin, end = datetime(first_year, 1, 1, tzinfo=UTC) - 2 * DAY, datetime(last_year + 1, 1, 3, tzinfo=UTC)
    lines = [f"BEGIN:{ZONE}", f"TZID:{zone.key}"]
    for instant, before in [(begin, begin), *_changes(zone, begin, end)]:
        after, former = instant.astimezone(zone), _offset(before, zone)
        name = "DAYLIGHT" if after.dst() else "STANDARD"
        lines += [
            f"BEGIN:{name}",
            f"DTSTART:{(instant + former).replace(tzinfo=None):%Y%m%dT%H%M%S}",
            f"TZOFFSETFROM:{_signed(former)}",
            f"TZOFFSETTO:{_signed(_offset(instant, zone))}",
            f"TZNAME:{_text(after.tzname() or zone.key)}",
            f"END:{name}",
        ]
    return (*lines, f"END:{ZONE}")


def _changes(zone: ZoneInfo, begin: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Each instant between two at which the clocks are changed, and the last minute before it."""
    while begin < end:
        over = begin + DAY
        if _offset(begin, zone) != _offset(over, zone):
            low, high = begin, over
            while high - low > MINUTE:
                middle = low + (high - low) // 2 // MINUTE * MINUTE
                if _offset(middle, zone) == _offset(begin, zone):
                    low = middle
                else:
                    high = middle
            yield high, low
        begin = over


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta()


def _signed(offset: timedelta) -> str:
    """±HHMM, and seconds if it has any."""
    minutes, seconds = divmod(abs(offset) // timedelta(seconds=1), 60)
    sign = "-" if offset < timedelta() else "+"
    return f"{sign}{minutes // 60:02}{minutes % 60:02}" + (f"{seconds:02}" if seconds else "")

"""Registrations as an iCalendar object (RFC 5545) that calendars act upon (RFC 5546)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard, vCalAddress

from kernel.campus_time import Interval, campus_zone
from mail.enums import Method
from mail.rules.deciding import one_line

PRODUCT = "-//CSpace//CSpace//EN"
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class CalendarEvent:
    """`summary` and `location` as people wrote them; `status` as RFC 5545 says it: CONFIRMED, TENTATIVE, CANCELLED."""

    uid: str
    sequence: int
    interval: Interval
    summary: str
    location: str
    status: str


def icalendar_of(
    events: Sequence[CalendarEvent], *, method: Method, organizer: str, attendee: str, now: datetime
) -> str:
    """One object for one reader, in campus time. `organizer`, `attendee`: addresses."""
    calendar, zone = Calendar(), campus_zone()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method.value)
    years = [each.interval.starts_at.astimezone(zone).year for each in events]
    calendar.add_component(_zone_component(zone, min(years), max(years)))
    for each in events:
        calendar.add_component(_event(each, zone, organizer=organizer, attendee=attendee, now=now))
    return str(calendar.to_ical(), "utf-8")


def _event(source: CalendarEvent, zone: ZoneInfo, *, organizer: str, attendee: str, now: datetime) -> Event:
    event = Event()
    event.add("uid", source.uid)
    event.add("sequence", source.sequence)
    event.add("dtstamp", now.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", source.interval.starts_at.astimezone(zone))
    event.add("dtend", source.interval.ends_at.astimezone(zone))
    event.add("summary", one_line(source.summary))
    event.add("location", one_line(source.location))
    event.add("status", source.status)
    event.add("organizer", _address(organizer))
    # He has asked for it himself.
    event.add("attendee", _address(attendee), {"ROLE": "REQ-PARTICIPANT", "PARTSTAT": "ACCEPTED", "RSVP": "FALSE"})
    return event


def _address(address: str) -> vCalAddress:
    return vCalAddress(f"mailto:{address}")


# Not icalendar's own: it says that summer time begins an hour too late.
@lru_cache(maxsize=100)
def _zone_component(zone: ZoneInfo, first_year: int, last_year: int) -> Timezone:
    """What the clocks of a zone show in these years."""
    begin, end = datetime(first_year, 1, 1, tzinfo=UTC) - timedelta(days=2), datetime(last_year + 1, 1, 3, tzinfo=UTC)
    component = Timezone()
    component.add("tzid", zone.key)
    for instant, before in [(begin, begin), *_changes(zone, begin, end)]:
        after = instant.astimezone(zone)
        former, offset = before.astimezone(zone).utcoffset(), after.utcoffset()
        observance = TimezoneDaylight() if after.dst() else TimezoneStandard()
        observance.add("dtstart", (instant + (former or timedelta())).replace(tzinfo=None))
        observance.add("tzoffsetfrom", former)
        observance.add("tzoffsetto", offset)
        observance.add("tzname", after.tzname() or zone.key)
        component.add_component(observance)
    return component


def _changes(zone: ZoneInfo, begin: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Each instant between two at which the clocks are changed, and the last minute before it."""
    while begin < end:
        over = begin + timedelta(days=1)
        if begin.astimezone(zone).utcoffset() != over.astimezone(zone).utcoffset():
            low, high = begin, over
            while high - low > MINUTE:
                middle = low + (high - low) // 2 // MINUTE * MINUTE
                if middle.astimezone(zone).utcoffset() == begin.astimezone(zone).utcoffset():
                    low = middle
                else:
                    high = middle
            yield high, low
        begin = over

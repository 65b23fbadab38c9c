"""Reads the calendars that universities publish (iCalendar, RFC 5545): events become records of an import file.

An event is a lecture, or a series of them by RRULE without its EXDATEs and the semester's skip dates. SUMMARY holds the
course's code, or several of a joint lecture; LOCATION the rooms; CATEGORIES what kind of lecture it is.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import recurring_ical_events
from icalendar import Calendar, Event

from cspace.db.ranges import campus_zone, days_interval, format_minute
from timetables.enums import Label
from timetables.models import Semester
from timetables.reading import Progress, UnreadableFile
from timetables.records import Fault, Place, Record, record

MAX_BYTES = 64 << 20
CODE = re.compile(r"\b[A-Z]{2,6}[-_. ]?\d{2,5}[A-Za-z]?(?:\([a-z0-9]{1,3}\))?")
"""Codes as they are mostly written: CS-101, MATH-101(a), ENG 250b."""
AROUND_TITLES = " -–—:;,/|()"
BETWEEN_ROOMS = re.compile(r"\s*[,;\n]\s*")
TOO_OFTEN = frozenset({"SECONDLY", "MINUTELY", "HOURLY"})
LABELS = {
    Label.LECTURE: ("lecture", "cours", "vorlesung", "course"),
    Label.EXERCISE: ("exercise", "exercice", "übung", "tutorial", "td"),
    Label.PROJECT: ("project", "projet", "projekt", "lab", "tp"),
}
WORDS = {word: label.value for label, words in LABELS.items() for word in words}


@dataclass(frozen=True)
class CalendarReading:
    """What to make of a calendar file."""

    semester: Semester
    known_codes: Collection[str] = ()
    """Courses that keep the names they have."""
    course: str | None = None
    """Whose calendar it is, where the events do not say."""
    code_pattern: re.Pattern[str] = CODE
    aliases: Mapping[str, Sequence[str]] = field(default_factory=dict)


def read_calendar(
    path: Path, reading: CalendarReading, progress: Progress = lambda count: None
) -> Iterator[Record | Fault]:
    """The records of a calendar: its semester by name, the room aliases, its courses, its dated lectures.

    Raises: UnreadableFile.
    """
    semester = reading.semester
    yield record(Place(0, "semesters", 0), {"name": semester.name})
    for item, (alias, rooms) in enumerate(reading.aliases.items()):
        yield record(Place(0, "room_aliases", item), {"alias": alias, "rooms": [*rooms]})
    items, course_items, told = count(), count(), set(reading.known_codes)
    for line, series in _series(path, progress):
        try:
            events = list(_occurrences(series, semester))
        except Exception as error:  # the libraries raise what they like; a bad series stops nothing else
            yield Fault(Place(line, "lectures", next(items)), f"this event cannot be understood: {error}")
            continue
        for event in events:
            codes, title = _course_of(str(event.get("SUMMARY", "")), reading)
            for code in codes:
                if code not in told:
                    told.add(code)
                    yield record(Place(line, "courses", next(course_items)), {"code": code, "name": title or code})
            for raw in _lectures(event, codes):
                yield _checked(Place(line, "lectures", next(items)), raw)


def _series(path: Path, progress: Progress) -> Iterator[tuple[int, Calendar]]:
    """Each event with the changes to single dates of it, as a calendar of its own, and its line in the file."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UnreadableFile(f"{path.name} is larger than {MAX_BYTES >> 20} MiB")
        text = path.read_bytes()
        calendars = Calendar.from_ical(text, multiple=True)
    except OSError as error:
        raise UnreadableFile(f"{path.name} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, IndexError) as error:
        raise UnreadableFile(f"{path.name} is no calendar: {error}") from error
    progress(len(text))
    lines = [number for number, line in enumerate(text.splitlines(), start=1) if line.strip() == b"BEGIN:VEVENT"]
    found: dict[str, tuple[int, Calendar]] = {}
    events = [(calendar, event) for calendar in calendars for event in calendar.walk("VEVENT")]
    for line, (calendar, event) in zip(lines, events, strict=False):
        # Without a UID it is nobody's change.
        uid = str(event.get("UID") or f"line {line}")
        _, series = found.setdefault(uid, (line, _empty_like(calendar)))
        series.add_component(event)
    yield from found.values()


def _empty_like(calendar: Calendar) -> Calendar:
    """A calendar without events, with the time zone that the library reads into theirs."""
    empty = Calendar()
    if zone := calendar.get("X-WR-TIMEZONE"):
        empty.add("X-WR-TIMEZONE", zone)
    return empty


def _occurrences(series: Calendar, semester: Semester) -> Iterator[Event]:
    """The events of a series in the semester."""
    rules = [rule for event in series.walk("VEVENT") for rule in _rules(event)]
    if any(word in TOO_OFTEN for rule in rules for word in rule.get("FREQ", [])):
        raise ValueError("no lecture takes place every hour")
    days = days_interval(semester.starts_on, semester.ends_on)
    for event in recurring_ical_events.of(series).between(days.starts_at, days.ends_at):
        starts_at = _campus(event.start)
        is_skipped = bool(rules) and starts_at.date() in semester.skip_dates
        if days.starts_at <= starts_at < days.ends_at and not is_skipped and event.get("STATUS") != "CANCELLED":
            yield event


def _rules(event: Any) -> list[Any]:
    rules = event.get("RRULE") or []
    return rules if isinstance(rules, list) else [rules]


def _course_of(summary: str, reading: CalendarReading) -> tuple[list[str], str]:
    """The codes in a summary and what is left of it, the title."""
    if reading.course:
        return [reading.course], summary.replace(reading.course, "").strip(AROUND_TITLES)
    codes = [found.group() for found in reading.code_pattern.finditer(summary)]
    return list(dict.fromkeys(codes)), reading.code_pattern.sub("", summary).strip(AROUND_TITLES)


def _lectures(event: Event, codes: Sequence[str]) -> Iterator[dict[str, Any] | str]:
    """A raw lecture for each course, or the sentence that says why it is none."""
    if not isinstance(event.start, datetime):
        yield "an event of whole days is no lecture"
        return
    if not codes:
        yield f"there is no course code in {str(event.get('SUMMARY', ''))[:60]!r}"
        return
    starts_at, ends_at = _campus(event.start), _campus(event.end)
    is_until_midnight = ends_at.date() - starts_at.date() == timedelta(days=1) and not (ends_at.hour or ends_at.minute)
    if starts_at.date() != ends_at.date() and not is_until_midnight:
        yield "a lecture ends on the day on which it begins"
        return
    location = str(event.get("LOCATION", "")).strip()
    for code in codes:
        yield {
            "course": code,
            "date": starts_at.date().isoformat(),
            "start": f"{starts_at:%H:%M}",
            "end": format_minute(1440) if is_until_midnight else f"{ends_at:%H:%M}",
            "label": _label(event),
            "rooms": [room for room in BETWEEN_ROOMS.split(location) if room],
        }


def _label(event: Event) -> str:
    """The first category that is known, else the first one, else a lecture."""
    words = [str(category) for category in event.categories]
    known = [WORDS[word.lower()] for word in words if word.lower() in WORDS]
    return next(iter([*known, *words]), Label.LECTURE.value)


def _checked(place: Place, raw: dict[str, Any] | str) -> Record | Fault:
    return Fault(place, raw) if isinstance(raw, str) else record(place, raw)


def _campus(moment: Any) -> datetime:
    """On the campus wall; a time without a zone is one already, a date its midnight."""
    if not isinstance(moment, datetime):
        return datetime(moment.year, moment.month, moment.day, tzinfo=campus_zone())
    return moment.astimezone(campus_zone()) if moment.tzinfo else moment.replace(tzinfo=campus_zone())

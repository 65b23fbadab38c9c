"""Reads the calendars that universities publish: their events become records of an import file.

An event is a lecture, or a series of them by RRULE without its EXDATEs and the semester's skip dates. SUMMARY holds the
course's code, or several of a joint lecture; LOCATION the rooms; CATEGORIES what kind of lecture it is.
"""

import re
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from icalendar import Calendar, Event

from kernel.campus_time import MINUTES_PER_DAY, days_interval, format_minute
from timetables import rules
from timetables.enums import Label
from timetables.importing.files import Progress, UnreadableFile
from timetables.importing.ical.occurrences import campus_moment, occurrences, rule_parts, rules_of
from timetables.importing.ical.series import EventSeries, read_series
from timetables.importing.records import Fault, Position, Record, record

CODE = re.compile(r"\b[A-Z]{2,6}[-_. ]?\d{2,5}[A-Za-z]?(?:\([a-z0-9]{1,3}\))?")
"""Codes as they are mostly written: CS-101, MATH-101(a), ENG 250b."""
AROUND_TITLES = " -–—:;,/|"
EMPTY_BRACKETS = re.compile(r"\([-–—:;,/|\s]*\)")
BETWEEN_ROOMS = re.compile(r"\s*[,;\n]\s*")
FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
MAX_RULES = 5
"""Of one event, each of which gives at most one lecture a day."""
MAX_OCCURRENCES = 2000
"""Of one series in the semester."""
MAX_YEARS_BEFORE = 20
"""How long before the semester a series may begin: it is counted from there."""
MAX_RECORDS = 200_000
"""Of a whole calendar."""
MAX_REASON = 200
"""Of what a library says."""
WHOLE_DAYS = "an event of whole days is no lecture"
NO_DURATION = "an event without a duration is no lecture"
NO_LECTURES = frozenset({WHOLE_DAYS, NO_DURATION})
MAX_SECONDS = 600
"""For all series of a calendar: a rule that never comes true costs seconds."""
LABELS = {
    Label.LECTURE: ("lecture", "cours", "vorlesung", "course"),
    Label.EXERCISE: ("exercise", "exercice", "übung", "tutorial", "td"),
    Label.PROJECT: ("project", "projet", "projekt", "lab", "tp"),
}
WORDS = {word: label.value for label, words in LABELS.items() for word in words}


@dataclass(frozen=True)
class SemesterDays:
    """The semester whose lectures are read: first and last day, both included, and the days without lectures."""

    name: str
    starts_on: date
    ends_on: date
    skip_dates: Collection[date] = ()


@dataclass(frozen=True)
class CalendarReading:
    """What to make of a calendar file."""

    semester: SemesterDays
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

    Takes its time and at most `MAX_RECORDS`: read it before locks are taken.

    Raises: UnreadableFile, also midway.
    """
    for number, each in enumerate(_records(path, reading, progress), start=1):
        if number > MAX_RECORDS:
            raise UnreadableFile(f"{path.name} has more than {MAX_RECORDS} lectures in this semester")
        yield each


def _records(path: Path, reading: CalendarReading, progress: Progress) -> Iterator[Record | Fault]:
    semester = reading.semester
    if (semester.ends_on - semester.starts_on).days > rules.MAX_SEMESTER_DAYS:
        raise UnreadableFile(f"{semester.name} is longer than {rules.MAX_SEMESTER_DAYS} days: no calendar is that long")
    yield record(Position(0, "semesters", 0), {"name": semester.name})
    for item, (alias, rooms) in enumerate(reading.aliases.items()):
        yield record(Position(0, "room_aliases", item), {"alias": alias, "rooms": [*rooms]})
    series_records = _SeriesRecords(reading)
    until = time.monotonic() + MAX_SECONDS
    for series in read_series(path, progress):
        if time.monotonic() >= until:
            raise UnreadableFile(f"{path.name} has series that take longer than {MAX_SECONDS} s to follow")
        yield from series_records.of(series)


class _SeriesRecords:
    """The records of one series after the other, numbered on; a course is recorded once."""

    def __init__(self, reading: CalendarReading) -> None:
        self._reading = reading
        self._known_codes, self._recorded_codes = frozenset(reading.known_codes), set[str]()
        self._items, self._course_items = count(), count()

    def of(self, series: EventSeries) -> Iterator[Record | Fault]:
        """A series with a fault is left out, all of it."""
        for line, sentence in series.faults.items():
            yield Fault(self._lecture_at(line), sentence, _codes_or_none(series.summaries, self._reading))
        if series.faults:
            return
        try:
            events = _lecture_events(series.calendar, self._reading.semester)
        except Exception as error:  # the libraries raise what they like; a bad series stops nothing else
            sentence = f"this event cannot be understood: {' '.join(str(error).split())[:MAX_REASON]}"
            yield Fault(self._lecture_at(series.line), sentence, _codes_or_none(series.summaries, self._reading))
            return
        for event in events:
            codes, title = _course_of(str(event.get("SUMMARY", "")), self._reading)
            is_cancelled = event.get("STATUS") == "CANCELLED"
            yield from self._courses(series.line, codes, title, is_cancelled=is_cancelled)
            for raw in _lectures(event, codes) if not is_cancelled else ():
                yield _checked(self._lecture_at(series.line), raw, codes)

    def _courses(self, line: int, codes: Sequence[str], title: str, *, is_cancelled: bool) -> Iterator[Record | Fault]:
        """Those not known yet; also a known one whose lecture is off: perhaps that is all the calendar says of it."""
        for code in codes:
            is_known = code in self._known_codes
            if code not in self._recorded_codes and (is_cancelled or not is_known):
                self._recorded_codes.add(code)
                raw = {"code": code} if is_known else {"code": code, "name": title or code}
                yield record(Position(line, "courses", next(self._course_items)), raw)

    def _lecture_at(self, line: int) -> Position:
        return Position(line, "lectures", next(self._items))


def _lecture_events(series: Calendar, semester: SemesterDays) -> list[Event]:
    """The events of a series in the semester, cancelled ones too: they say whose lectures it is about.

    Raises: ValueError.
    """
    repeated = [event for event in series.walk("VEVENT") if _check_rules(event, semester)]
    events = [
        event
        for event in occurrences(series, days_interval(semester.starts_on, semester.ends_on))
        if not (repeated and campus_moment(event.start).date() in semester.skip_dates)
    ]
    if len(events) > MAX_OCCURRENCES:
        raise ValueError(f"it takes place more than {MAX_OCCURRENCES} times")
    return events


def _check_rules(event: Any, semester: SemesterDays) -> bool:
    """Whether an event is repeated. Raises: ValueError, where that would not end, or be more than once a day."""
    repetitions = rules_of(event)
    if len(repetitions) > MAX_RULES:
        raise ValueError(f"it has more than {MAX_RULES} rules")
    for rule in repetitions:
        parts = rule_parts(rule)
        if not {str(word).upper() for word in parts.get("FREQ", [""])} <= FREQUENCIES:
            raise ValueError("no lecture takes place every hour")
        if any(int(number) < 1 for name in ("INTERVAL", "COUNT") for number in parts.get(name, [])):
            raise ValueError("INTERVAL and COUNT are at least 1")
        if "BYSECOND" in parts or any(len(parts.get(name, [])) > 1 for name in ("BYHOUR", "BYMINUTE")):
            raise ValueError("no lecture takes place several times a day: make several events of it")
        if event.start.year < semester.starts_on.year - MAX_YEARS_BEFORE:
            raise ValueError(f"it begins more than {MAX_YEARS_BEFORE} years before the semester")
    return bool(repetitions)


def _course_of(summary: str, reading: CalendarReading) -> tuple[list[str], str]:
    """The codes in a summary and what is left of it, the title."""
    if reading.course:
        return [reading.course], _title(summary.replace(reading.course, ""))
    codes = [match.group() for match in reading.code_pattern.finditer(summary)]
    return list(dict.fromkeys(codes)), _title(reading.code_pattern.sub("", summary))


def _title(rest: str) -> str:
    """A summary without its codes, and without what stood between or around them."""
    title = EMPTY_BRACKETS.sub("", rest).strip(AROUND_TITLES)
    return title if title.count("(") == title.count(")") else title.strip(AROUND_TITLES + "()")


def _lectures(event: Event, codes: Sequence[str]) -> Iterator[dict[str, Any] | str]:
    """A raw lecture for each course, or the sentence that says why it is none."""
    if not isinstance(event.start, datetime):
        yield WHOLE_DAYS
        return
    if not codes:
        yield f"there is no course code in {str(event.get('SUMMARY', ''))[:60]!r}"
        return
    starts_at, ends_at = campus_moment(event.start), campus_moment(event.end)
    if starts_at == ends_at:
        yield NO_DURATION
        return
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
            "end": format_minute(MINUTES_PER_DAY) if is_until_midnight else f"{ends_at:%H:%M}",
            "label": _label(event),
            "rooms": [room for room in BETWEEN_ROOMS.split(location) if room],
        }


def _label(event: Event) -> str:
    """The first category that is known, else the first one, else a lecture."""
    words = [str(category) for category in event.categories]
    labels = [WORDS[word.lower()] for word in words if word.lower() in WORDS]
    return next(iter([*labels, *words]), Label.LECTURE.value)


def _codes_or_none(summaries: str, reading: CalendarReading) -> tuple[str, ...] | None:
    """Whose series it is that cannot be read (`Fault.courses`)."""
    return tuple(_course_of(summaries, reading)[0]) or None


def _checked(position: Position, raw: dict[str, Any] | str, codes: Sequence[str]) -> Record | Fault:
    """An event of no course is somebody's meeting, a day or a moment is a holiday or a deadline: they are no sign that
    a lecture is missing."""
    if not isinstance(raw, str):
        return record(position, raw)
    return Fault(position, raw, () if raw in NO_LECTURES else tuple(codes))

"""Reads the calendars that universities publish: their events become records of an import file.

An event is a lecture, or a series of them by RRULE without its EXDATEs and the semester's skip dates. SUMMARY holds the
course's code, or several of a joint lecture; LOCATION the rooms; CATEGORIES what kind of lecture it is.
"""

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from kernel.campus_time import MINUTES_PER_DAY, campus_zone, days_interval, format_minute
from kernel.ical.errors import UnreadableCalendar, quoted
from kernel.ical.lines import line_count
from kernel.ical.occurrences import Occurrence
from kernel.ical.series import EventSeries, Reading, read_series
from timetables import rules
from timetables.enums import Label
from timetables.importing.calendar_courses import CourseNames
from timetables.importing.calendar_rooms import RoomNames
from timetables.importing.files import Places, Progress, UnreadableFile
from timetables.importing.forms import WrongForm
from timetables.importing.name_tables import NameTable
from timetables.importing.nouns import LABEL
from timetables.importing.records import Fault, Position, Record, record

MAX_BYTES = 64 << 20
MAX_RECORDS = 200_000
"""Of all calendars of an import."""
MAX_SECONDS = 600
"""For all their series."""
WHOLE_DAYS = "an event of whole days is no lecture"
NO_DURATION = "an event without a duration is no lecture"
NO_LECTURES = frozenset({WHOLE_DAYS, NO_DURATION})
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
    """What to make of calendar files."""

    semester: SemesterDays
    courses: CourseNames = field(default_factory=CourseNames)
    rooms: RoomNames = field(default_factory=lambda: RoomNames(NameTable(), ()))
    zones: Mapping[str, tzinfo] = field(default_factory=dict)
    """What some names of zones mean, in lower case."""
    encoding: str | None = None


@dataclass
class CalendarFiles:
    """What calendars say together: a course's lectures may stand in several of them."""

    records: list[Record | Fault] = field(default_factory=list)
    places: Places = field(default_factory=Places)


def read_calendars(
    paths: Sequence[Path], reading: CalendarReading, progress: Progress = lambda count: None
) -> CalendarFiles:
    """The records of calendars: their semester by name, their courses, their dated lectures.

    Takes its time and at most `MAX_RECORDS`: read them before locks are taken.

    Raises: UnreadableFile, which names each file that is.
    """
    semester = reading.semester
    if (semester.ends_on - semester.starts_on).days > rules.MAX_SEMESTER_DAYS:
        raise UnreadableFile(f"{semester.name} is longer than {rules.MAX_SEMESTER_DAYS} days: no calendar is that long")
    first = record(Position(0, "semesters", 0), {"name": semester.name})
    files = CalendarFiles([first], Places())
    series_records = _SeriesRecords(reading)
    until = time.monotonic() + MAX_SECONDS
    unreadable = []
    for path in paths:
        try:
            _read_calendar(path, files, series_records, until)
        except UnreadableFile as error:
            unreadable.append(error.message)
        progress(path.stat().st_size if path.is_file() else 0)
    if unreadable:
        raise UnreadableFile("; ".join(unreadable))
    return files


def _read_calendar(path: Path, files: CalendarFiles, series_records: "_SeriesRecords", until: float) -> None:
    data = _bytes_of(path)
    before = files.places.begin(path.name)
    try:
        for series in read_series(data, series_records.calendar_reading):
            if time.monotonic() >= until:
                raise UnreadableFile(f"{path.name} has series that take longer than {MAX_SECONDS} s to follow")
            files.records += series_records.of(series, before)
            if len(files.records) > MAX_RECORDS:
                raise UnreadableFile(f"{path.name} has more than {MAX_RECORDS} lectures in this semester")
    except UnreadableCalendar as error:
        raise UnreadableFile(f"{path.name} {error}") from error
    files.places.end(line_count(data))


def _bytes_of(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UnreadableFile(f"{path.name} is larger than {MAX_BYTES >> 20} MiB")
        return path.read_bytes()
    except OSError as error:
        raise UnreadableFile(f"{path.name} cannot be read: {error.strerror}") from error


class _SeriesRecords:
    """The records of one series after the other, numbered on; a course is recorded once."""

    def __init__(self, reading: CalendarReading) -> None:
        semester = reading.semester
        self._reading = reading
        self._recorded_codes = set[str]()
        self._items, self._course_items = count(), count()
        within = days_interval(semester.starts_on, semester.ends_on)
        self.calendar_reading = Reading(within, campus_zone(), reading.zones, reading.encoding)

    def of(self, series: EventSeries, before: int) -> list[Record | Fault]:
        """A series with a fault is left out, all of it. `before`: how many lines there are in the files before."""
        if series.faults:
            codes = self._codes_of(series)
            return [self._fault(before + fault.line, fault.sentence, codes) for fault in series.faults]
        records: list[Record | Fault] = []
        for orphan in series.orphans:
            records.append(self._fault(before + orphan.line, orphan.sentence, self._codes_of(series)))
        for remark in series.remarks:
            records.append(self._fault(before + remark.line, remark.sentence, ()))
        faults: dict[tuple[int, str], Fault] = {}
        for each in series.occurrences:
            if not (series.is_repeated and _wall(each.starts_at).date() in self._reading.semester.skip_dates):
                records += self._of_occurrence(each, before, faults)
        return records

    def _of_occurrence(
        self, each: Occurrence, before: int, faults: dict[tuple[int, str], Fault]
    ) -> Iterator[Record | Fault]:
        """`faults`: of the same series; each is told once, however often it takes place."""
        event, line = each.event, before + each.event.line
        rooms = self._reading.rooms.rooms(event.location)
        codes, title = self._reading.courses.courses(event.summary, partial(self._is_room, rooms))
        yield from self._courses(line, codes, title, is_cancelled=event.is_cancelled)
        if event.is_cancelled or self._is_said_to_be_none(event.summary):
            return
        if sentence := _why_no_lecture(each, codes):
            if (line, sentence) not in faults:
                # An event of no course is somebody's meeting, a day or a moment is a holiday or a deadline: they are
                # no sign that a lecture is missing.
                courses = () if sentence in NO_LECTURES else tuple(codes)
                yield faults.setdefault((line, sentence), self._fault(line, sentence, courses))
            return
        for code in codes:
            yield record(Position(line, "lectures", next(self._items)), _lecture(each, code, rooms))

    def _courses(self, line: int, codes: Sequence[str], title: str, *, is_cancelled: bool) -> Iterator[Record | Fault]:
        """Those not known yet; also a known one whose lecture is off: perhaps that is all the calendar says of it."""
        for code in codes:
            is_known = code in self._reading.courses.known_codes
            if code not in self._recorded_codes and (is_cancelled or not is_known):
                self._recorded_codes.add(code)
                raw = {"code": code} if is_known else {"code": code, "name": title[: rules.MAX_NAME] or code}
                yield record(Position(line, "courses", next(self._course_items)), raw)

    def _is_room(self, rooms: Collection[str], name: str) -> bool:
        return name in rooms or self._reading.rooms.is_room(name)

    def _is_said_to_be_none(self, summary: str) -> bool:
        return self._reading.courses.table.meaning(summary) == ()

    def _codes_of(self, series: EventSeries) -> tuple[str, ...] | None:
        """Whose series it is that cannot be read (`Fault.courses`)."""
        codes = dict[str, None]()
        for event in series.members:
            rooms = self._reading.rooms.rooms(event.location)
            codes |= dict.fromkeys(self._reading.courses.courses(event.summary, partial(self._is_room, rooms))[0])
        is_none = all(self._is_said_to_be_none(event.summary) for event in series.members)
        return tuple(codes) if codes or is_none else None

    def _fault(self, line: int, sentence: str, courses: tuple[str, ...] | None) -> Fault:
        return Fault(Position(line, "lectures", next(self._items)), sentence, courses)


def _why_no_lecture(each: Occurrence, codes: Sequence[str]) -> str | None:
    if each.event.is_whole_day:
        return WHOLE_DAYS
    if not codes:
        return f"there is no course code in {quoted(each.event.summary)}"
    starts_at, ends_at = _wall(each.starts_at), _wall(each.ends_at)
    if starts_at == ends_at:
        return NO_DURATION
    if starts_at.date() != ends_at.date() and not _is_until_midnight(starts_at, ends_at):
        return "a lecture ends on the day on which it begins"
    return None


def _lecture(each: Occurrence, code: str, rooms: Sequence[str]) -> dict[str, Any]:
    """A raw record."""
    starts_at, ends_at = _wall(each.starts_at), _wall(each.ends_at)
    return {
        "course": code,
        "date": starts_at.date().isoformat(),
        "start": f"{starts_at:%H:%M}",
        "end": format_minute(MINUTES_PER_DAY) if _is_until_midnight(starts_at, ends_at) else f"{ends_at:%H:%M}",
        "label": _label(each.event.categories),
        "rooms": [*rooms],
    }


def _is_until_midnight(starts_at: datetime, ends_at: datetime) -> bool:
    return ends_at.date() - starts_at.date() == timedelta(days=1) and not (ends_at.hour or ends_at.minute)


def _wall(moment: datetime) -> datetime:
    return moment.astimezone(campus_zone())


def _label(categories: Sequence[str]) -> str:
    """The first category that is known, else the first one that can be a label, else a lecture."""
    labels = [WORDS[word.lower()] for word in categories if word.lower() in WORDS]
    return next(iter([*labels, *filter(_is_label, categories)]), Label.LECTURE.value)


def _is_label(word: str) -> bool:
    try:
        LABEL.parse(word)
    except WrongForm:
        return False
    return True

"""The event series of a calendar file: what belongs together, and where it stands."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from icalendar import Calendar, Component

from timetables.importing.files import Progress, UnreadableFile

MAX_BYTES = 64 << 20
MAX_LINES = 1_000_000
"""Each is held in memory, at some 700 bytes."""
TIMES = ("DTSTART", "DTEND", "RECURRENCE-ID", "EXDATE", "RDATE")
ONCE = ("DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "UID", "SUMMARY", "LOCATION", "STATUS")
READ = frozenset({*TIMES, "DURATION", "RRULE", "SUMMARY", "LOCATION", "CATEGORIES", "STATUS", "UID"})


@dataclass(frozen=True)
class EventSeries:
    """An event with the changes to single dates of it, as a calendar of its own."""

    line: int
    calendar: Calendar
    summaries: str
    """Of all its events."""
    faults: Mapping[int, str]
    """{line: what is wrong with the event there}; nothing of such a series can be trusted."""


def read_series(path: Path, progress: Progress) -> Iterator[EventSeries]:
    """The series of a file, in the order of their first lines.

    Raises: UnreadableFile, before the first of them: also where the file or a calendar in it ends midway.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UnreadableFile(f"{path.name} is larger than {MAX_BYTES >> 20} MiB")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UnreadableFile(f"{path.name} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"{path.name} is not UTF-8") from error
    lines = _event_lines(path.name, text)
    try:
        calendars = Calendar.from_ical(text, multiple=True)
    except (ValueError, KeyError, IndexError) as error:
        raise UnreadableFile(f"{path.name} is no calendar: {error}") from error
    progress(path.stat().st_size)
    events = [(calendar, event) for calendar in calendars for event in calendar.walk("VEVENT")]
    if len(events) != len(lines):
        raise UnreadableFile(f"{path.name} is no calendar: {len(lines)} events begin, {len(events)} can be read")
    groups: dict[str | int, list[tuple[int, Calendar, Component]]] = {}
    for line, (calendar, event) in zip(lines, events, strict=True):
        # An event without a UID cannot change another one: it is a series of its own, under its line.
        groups.setdefault(str(event.get("UID") or "") or line, []).append((line, calendar, event))
    for group in groups.values():
        yield from _series(group)


def _event_lines(name: str, text: str) -> list[int]:
    """Where events begin, counted from 1. Raises: UnreadableFile, where something does not end."""
    open_components: list[str] = []
    event_lines = []
    is_calendar = False
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1):
        if number > MAX_LINES:
            raise UnreadableFile(f"{name} has more than {MAX_LINES} lines")
        word, _, component = line.strip().upper().partition(":") if line[:1] not in (" ", "\t") else ("", "", "")
        if word == "BEGIN":
            if (component == "VCALENDAR") != (not open_components):
                raise UnreadableFile(f"{name} is no calendar: line {number}: {component} begins in the wrong place")
            is_calendar = True
            open_components.append(component)
            event_lines += [number] * (component == "VEVENT")
        elif word == "END" and (not open_components or open_components.pop() != component):
            raise UnreadableFile(f"{name} is no calendar: line {number}: {component} ends, but did not begin")
    if not is_calendar:
        raise UnreadableFile(f"{name} is no calendar: BEGIN:VCALENDAR is missing")
    if open_components:
        raise UnreadableFile(f"{name} is not complete: END:{open_components[-1]} is missing")
    return event_lines


def _series(group: Sequence[tuple[int, Calendar, Component]]) -> Iterator[EventSeries]:
    """The series of one UID. Some calendars give several events one UID: each of them counts."""
    whole_events = [member for member in group if "RECURRENCE-ID" not in member[2]]
    if len(whole_events) <= 1:
        yield _together(group)
        return
    for member in group:
        is_change = "RECURRENCE-ID" in member[2]
        yield _together([member], "which event this changes is not known: several have its UID" if is_change else "")


def _together(group: Sequence[tuple[int, Calendar, Component]], fault: str = "") -> EventSeries:
    first_line, first_calendar, _ = group[0]
    calendar = _empty_like(first_calendar)
    faults = {first_line: fault} if fault else {}
    for line, _, event in group:
        calendar.add_component(event)
        if sentence := _fault(event):
            faults[line] = sentence
    summaries = "\n".join(str(event.get("SUMMARY", "")) for _, _, event in group)
    return EventSeries(first_line, calendar, summaries, faults)


def _empty_like(calendar: Calendar) -> Calendar:
    """A calendar without events, with the time zone that the library reads into theirs."""
    empty = Calendar()
    if zone := calendar.get("X-WR-TIMEZONE"):
        empty.add("X-WR-TIMEZONE", zone)
    return empty


def _fault(event: Any) -> str | None:
    """What is wrong with an event by itself, and would otherwise be passed over."""
    for name, sentence in event.errors:
        if name in READ:
            return f"{name} cannot be understood: {sentence}"
    for name in ONCE:
        if isinstance(event.get(name), list):
            return f"{name} stands twice"
    if "EXRULE" in event:
        return "EXRULE is not followed: the dates that it takes out would become lectures"
    if "DTSTART" not in event:
        return "DTSTART is missing"
    for name in TIMES:
        for moment, zone in _moments(event, name):
            if zone and isinstance(moment, datetime) and moment.tzinfo is None:
                return f"the time zone {zone} is not known"
    if "DURATION" in event and event["DURATION"].dt < timedelta(0):
        return "it ends before it begins"
    if "DTEND" in event and _is_before(event["DTEND"].dt, event["DTSTART"].dt):
        return "it ends before it begins"
    return None


def _moments(event: Any, name: str) -> Iterator[tuple[Any, str]]:
    """The dates and times of a property, each with the name of its zone or ""."""
    values = event.get(name, [])
    for value in values if isinstance(values, list) else [values]:
        for element in getattr(value, "dts", [value]):
            yield element.dt, str(value.params.get("TZID", ""))


def _is_before(end: Any, start: Any) -> bool:
    """Times with and without a zone, and dates, cannot be compared: the library makes of them what it can."""
    try:
        return bool(end < start)
    except TypeError:
        return False

"""A VEVENT becomes an event, or the faults of one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from typing import Any, TypeVar

from kernel.ical.components import Component
from kernel.ical.errors import Misread, WrongValue, WrongZone, quoted
from kernel.ical.lines import Line
from kernel.ical.particulars import Particulars, particulars_of
from kernel.ical.rules import Rule, rule_of
from kernel.ical.values import (
    DAY,
    MIDNIGHT,
    Moment,
    ZoneOf,
    duration_of,
    is_time,
    moment_in,
    text_of,
    words_of,
)

T = TypeVar("T")
ONCE = (
    *("DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "UID", "SUMMARY", "LOCATION", "STATUS", "SEQUENCE"),
    *("X-MICROSOFT-CDO-ALLDAYEVENT", "X-FUNAMBOL-ALLDAY", "X-MICROSOFT-MSNCALENDAR-ALLDAYEVENT"),
)
READ = frozenset({*ONCE, "EXDATE", "RDATE", "RRULE", "EXRULE", "CATEGORIES"})
SAYS_WHOLE_DAY = ONCE[-3:]
CANCELLED = ("CANCELLED", "CANCELED")
MAX_RULES = 5
MAX_DATES = 5000
"""Of EXDATE and RDATE, in one event."""


@dataclass(frozen=True, kw_only=True)
class Event(Particulars):
    """What a VEVENT says. Whole days begin at midnight."""

    line: int
    uid: str
    start: datetime
    """In the zone in which it is repeated."""
    length: timedelta
    """On the wall of that zone."""
    is_whole_day: bool
    is_cancelled: bool
    summary: str
    location: str
    categories: Sequence[str]
    rules: Sequence[tuple[int, Rule]]
    """Each with its line."""
    exceptions: frozenset[Moment]
    additions: frozenset[datetime]
    recurrence: Moment | None
    """Which date of its series it changes."""
    is_for_the_rest: bool
    """It changes that date and all later ones."""
    sequence: int
    remarks: Sequence[Misread]


@dataclass(frozen=True, kw_only=True)
class FaultyEvent:
    """An event that cannot be understood, and as much of it as says which it is."""

    line: int
    uid: str
    summary: str
    location: str
    is_change: bool
    faults: Sequence[Misread]


@dataclass
class CalendarContext:
    """What a calendar says of all its events."""

    zone_of: ZoneOf
    home: tzinfo
    """Of times without a zone."""
    utc_zone: tzinfo | None = None
    """In which series are repeated whose times are UTC (X-WR-TIMEZONE)."""
    utc_remark: Misread | None = None
    """Why it is not known in which, where the calendar says something."""
    is_cancelled: bool = False
    faults: Sequence[Misread] = ()


def event_of(component: Component, context: CalendarContext) -> Event | FaultyEvent:
    return _EventReading(component, context).result()


class _EventReading:
    """One event, property by property. Faults are collected: all of them are told in the same go."""

    def __init__(self, component: Component, context: CalendarContext) -> None:
        self.component, self.context = component, context
        self.faults: dict[str, int] = {}
        """{sentence: line}: what is wrong with a zone is told once."""

    def result(self) -> Event | FaultyEvent:
        self._check_lines()
        texts = {name: self._value(name, text_of) or "" for name in ("UID", "SUMMARY", "LOCATION", "STATUS")}
        categories = [word for line in self.component.all("CATEGORIES") for word in self._read(line, words_of) or ()]
        start = self._start()
        length = self._length(start) if start else None
        details = self._details(start) if start else {}
        if start is None or length is None or self.faults or self.context.faults:
            return self._faulty(texts)
        zone = self._zone(start)
        return Event(
            line=self.component.line,
            uid=texts["UID"],
            summary=texts["SUMMARY"],
            location=texts["LOCATION"],
            categories=categories,
            is_cancelled=self.context.is_cancelled or texts["STATUS"].upper() in CANCELLED,
            is_whole_day=self._is_whole_day(start, length),
            start=_in_zone(start, zone),
            length=length,
            **details,
            **vars(particulars_of(self.component, self.context.zone_of, self.context.home)),
        )

    def _faulty(self, texts: Mapping[str, str]) -> FaultyEvent:
        faults = [Misread(line, sentence) for sentence, line in self.faults.items()]
        return FaultyEvent(
            line=self.component.line,
            uid=texts["UID"],
            summary=texts["SUMMARY"],
            location=texts["LOCATION"],
            is_change=bool(self.component.all("RECURRENCE-ID")),
            faults=[*self.context.faults, *faults],
        )

    def _check_lines(self) -> None:
        """What stands twice, and lines that are perhaps the rest of a property whose text has been broken."""
        before = ""
        names = set[str]()
        for line in self.component.lines:
            if line.name in ONCE and line.name in names:
                self._complain(line.number, f"{line.name} stands twice")
            if not line.name and before in READ:
                self._complain(line.number, f"{quoted(line.value)} is no property, and belongs perhaps to {before}")
            if line.name == "EXRULE":
                self._complain(line.number, "EXRULE is not followed: the dates that it takes out would be left in")
            names.add(line.name)
            before = line.name or before

    def _complain(self, line: int, sentence: str) -> None:
        self.faults.setdefault(sentence, line)

    def _read(self, line: Line, form: Callable[[Line], T]) -> T | None:
        try:
            return form(line)
        except WrongZone as error:
            self._complain(line.number, str(error))
        except WrongValue as error:
            self._complain(line.number, f"{line.name} cannot be understood: {error}")
        return None

    def _value(self, name: str, form: Callable[[Line], T]) -> T | None:
        lines = self.component.all(name)
        return self._read(lines[0], form) if lines else None

    def _moment(self, line: Line) -> Moment:
        return moment_in(line, line.value, self.context.zone_of)

    def _start(self) -> Moment | None:
        if not self.component.all("DTSTART"):
            self._complain(self.component.line, "DTSTART is missing")
        return self._value("DTSTART", self._moment)

    def _zone(self, start: Moment) -> tzinfo:
        """In which the event is repeated, and in which its times stand that do not say their zone."""
        zone = start.tzinfo if isinstance(start, datetime) else None
        if zone is UTC and self.context.utc_zone:
            return self.context.utc_zone
        return zone or self.context.home

    def _length(self, start: Moment) -> timedelta | None:
        """On the wall of the event's zone. None: it cannot be understood."""
        lengths = [self._value("DTEND", partial(self._length_until, start)), self._value("DURATION", _duration)]
        readable = [length for length in lengths if length is not None]
        line = next((line for name in ("DTEND", "DURATION") for line in self.component.all(name)), None)
        if line and any(length < timedelta(0) for length in readable):
            self._complain(line.number, "it ends before it begins")
        if line and len(set(readable)) > 1:
            self._complain(line.number, "DTEND and DURATION say different ends")
        if line is None:
            return timedelta(0) if isinstance(start, datetime) else DAY
        return readable[0] if readable else None

    def _length_until(self, start: Moment, line: Line) -> timedelta:
        end, zone = self._moment(line), self._zone(start)
        if is_time(end) != is_time(start):
            kinds = ("date", "time") if is_time(end) else ("time", "date")
            raise WrongZone("DTSTART is a {}, DTEND a {}".format(*kinds))
        return _wall(end, zone) - _wall(start, zone)

    def _is_whole_day(self, start: Moment, length: timedelta) -> bool:
        if not isinstance(start, datetime) or any(
            line.value.strip().upper() == "TRUE" for name in SAYS_WHOLE_DAY for line in self.component.all(name)
        ):
            return True
        is_days = length > timedelta(0) and not length % DAY
        return is_days and any(_wall(start, zone).time() == MIDNIGHT for zone in (start.tzinfo, self.context.home))

    def _details(self, start: Moment) -> dict[str, Any]:
        """Of what series the event is, or is part."""
        recurrence = self._value("RECURRENCE-ID", partial(self._same_kind, start))
        rules = [(line.number, rule) for line in self.component.all("RRULE") if (rule := self._read(line, _rule))]
        range_lines = [line for line in self.component.all("RECURRENCE-ID") if "RANGE" in line.parameters]
        is_for_the_rest = any(line.parameters["RANGE"].upper() == "THISANDFUTURE" for line in range_lines)
        if range_lines and not is_for_the_rest:
            self._complain(range_lines[0].number, "RANGE is something else than THISANDFUTURE")
        if rules and self.component.all("RECURRENCE-ID"):
            self._complain(rules[0][0], "it changes one date of a series, and is repeated itself")
        if len(rules) > MAX_RULES:
            self._complain(rules[0][0], f"it has more than {MAX_RULES} rules")
        is_in_utc = isinstance(start, datetime) and start.tzinfo is UTC
        return {
            "rules": rules,
            "recurrence": recurrence,
            "is_for_the_rest": is_for_the_rest,
            "exceptions": frozenset(self._dates("EXDATE", start)),
            "additions": frozenset(moment for moment in self._dates("RDATE", start) if isinstance(moment, datetime)),
            "sequence": self._value("SEQUENCE", _sequence) or 0,
            "remarks": [self.context.utc_remark] if rules and is_in_utc and self.context.utc_remark else [],
        }

    def _same_kind(self, start: Moment, line: Line, text: str | None = None) -> Moment:
        """A date, or a time in a zone: without one it is in that of the start. Dates stand for the time of that day."""
        moment, zone = moment_in(line, text or line.value, self.context.zone_of), self._zone(start)
        if not isinstance(moment, datetime):
            return moment
        return moment if moment.tzinfo else moment.replace(tzinfo=zone)

    def _dates(self, name: str, start: Moment) -> list[Moment]:
        dates = list[Moment]()
        for line in self.component.all(name):
            if line.value.count(",") + len(dates) >= MAX_DATES:
                self._complain(line.number, f"{name} has more than {MAX_DATES} dates")
                return []
            form = partial(self._dates_of_line, start)
            dates += self._read(line, form) or ()
        return dates

    def _dates_of_line(self, start: Moment, line: Line) -> list[Moment]:
        texts = [text.strip() for text in line.value.split(",") if text.strip()]
        dates = []
        for text in texts:
            if "/" in text:
                raise WrongValue(f"{quoted(text)} is a period: only times are read")
            moment = self._same_kind(start, line, text)
            if line.name == "RDATE" and isinstance(start, datetime) and not isinstance(moment, datetime):
                raise WrongValue(f"{quoted(text)} is a date, and DTSTART a time")
            dates.append(
                moment if isinstance(moment, datetime) or line.name == "EXDATE" else _in_zone(moment, self._zone(start))
            )
        return dates


def _wall(moment: Moment, zone: tzinfo | None) -> datetime:
    if not isinstance(moment, datetime):
        return datetime.combine(moment, MIDNIGHT)
    return (moment.astimezone(zone) if moment.tzinfo and zone else moment).replace(tzinfo=None)


def _in_zone(moment: Moment, zone: tzinfo) -> datetime:
    return _wall(moment, zone).replace(tzinfo=zone)


def _duration(line: Line) -> timedelta:
    return duration_of(line.value)


def _rule(line: Line) -> Rule | None:
    return rule_of(line.value)


def _sequence(line: Line) -> int:
    text = line.value.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0

"""Which zone a TZID means: one that is known everywhere, or one that its calendar describes.

A described zone is evaluated here and at once, over a bounded span of years, so that a rule that fails fails before
any time is read in it, and once.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from functools import cache
from typing import TypeVar
from zoneinfo import ZoneInfo, available_timezones

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from kernel.ical.components import OBSERVANCES, Component
from kernel.ical.errors import WrongValue, WrongZone, quoted
from kernel.ical.lines import Line
from kernel.ical.rules import Rule, followed, rule_of
from kernel.ical.values import MIDNIGHT, moment_of, offset_of

T = TypeVar("T")
FIRST_YEAR = 1900
FIRST_MOMENT = datetime.combine(date(FIRST_YEAR, 1, 1), MIDNIGHT)
MAX_OBSERVANCES = 500
MAX_RULES = 20
MAX_CHANGES = 5000
"""Of one description: how often its clocks change at all."""


@cache
def _known_names() -> dict[str, str]:
    windows = {name.casefold(): zone for name, zone in WINDOWS_TO_OLSON.items()}
    return windows | {name.casefold(): name for name in available_timezones()}


def known_zone(name: str) -> ZoneInfo | None:
    """A zone by its IANA or Windows name; what programs write before it counts not (`/mozilla.org/…/Europe/Zurich`)."""
    names, words = _known_names(), name.strip().casefold()
    parts = words.split("/")
    tails = ["/".join(parts[-length:]) for length in (3, 2, 1)] if parts[0] == "" or parts[0].endswith(":") else []
    key = next((names[word] for word in (words, *tails) if word in names), None)
    return ZoneInfo(key) if key else None


@dataclass(frozen=True)
class Change:
    """From an instant on, an offset: `at` is UTC without saying so."""

    at: datetime
    before: timedelta
    after: timedelta


class DescribedZone(tzinfo):
    """A zone with the changes of its clocks, in order."""

    def __init__(self, name: str, changes: Sequence[Change]) -> None:
        self._name, self._changes = name, changes
        # A wall time in a gap, or the first of one that comes twice, has the offset from before.
        self._walls = [change.at + max(change.before, change.after) for change in changes]
        self._instants = [change.at for change in changes]

    def utcoffset(self, moment: datetime | None) -> timedelta:
        if moment is None:
            return timedelta()
        return self._after(bisect_right(self._walls, moment.replace(tzinfo=None)))

    def fromutc(self, moment: datetime) -> datetime:
        return moment + self._after(bisect_right(self._instants, moment.replace(tzinfo=None)))

    def dst(self, moment: datetime | None) -> timedelta:
        return timedelta()

    def tzname(self, moment: datetime | None) -> str:
        return self._name

    def _after(self, number: int) -> timedelta:
        return self._changes[number - 1].after if number else self._changes[0].before


class Zones:
    """The zones of one calendar; two calendars of a file may call different ones alike."""

    def __init__(self, calendar: Component, names: Mapping[str, tzinfo], last_year: int) -> None:
        """`names`: what some names mean, whatever the calendar says; in lower case. `last_year`: evaluated until it."""
        self._names, self._last_year = names, last_year
        self._descriptions: dict[str, list[Component]] = {}
        for zone in calendar.parts:
            for name in {line.value.strip() for line in zone.all("TZID")} if zone.name == "VTIMEZONE" else ():
                self._descriptions.setdefault(name, []).append(zone)
        self._results: dict[str, tzinfo | str] = {}

    def __call__(self, name: str) -> tzinfo:
        """Raises: WrongZone."""
        if name not in self._results:
            self._results[name] = self._find(name)
        result = self._results[name]
        if isinstance(result, str):
            raise WrongZone(result)
        return result

    def _find(self, name: str) -> tzinfo | str:
        """The sentence that says why there is none."""
        if zone := self._names.get(name.casefold()) or known_zone(name):
            return zone
        descriptions = self._descriptions.get(name, [])
        if not descriptions:
            return f"the time zone {name[:60]} is not known"
        lines = " and ".join(str(each.line) for each in descriptions[:3])
        if len({_content(each) for each in descriptions}) > 1:
            return f"the time zone {name[:60]} is described twice, differently (lines {lines})"
        try:
            return DescribedZone(name, _changes(descriptions[0], self._last_year))
        except WrongValue as error:
            where = f"VTIMEZONE of line {descriptions[0].line}"
            return f"the time zone {name[:60]} is described wrongly ({where}): {error}"


def _content(component: Component) -> tuple[object, ...]:
    lines = tuple((line.name, line.value) for line in component.lines)
    return (component.name, lines, tuple(_content(part) for part in component.parts))


def _changes(zone: Component, last_year: int) -> list[Change]:
    """Raises: WrongValue, which names the line."""
    observances = [part for part in zone.parts if part.name in OBSERVANCES]
    if not observances:
        raise WrongValue(f"line {zone.line}: it has neither STANDARD nor DAYLIGHT")
    if len(observances) > MAX_OBSERVANCES or sum(len(part.all("RRULE")) for part in observances) > MAX_RULES:
        raise WrongValue(f"line {zone.line}: it has more than {MAX_OBSERVANCES} parts or {MAX_RULES} rules")
    changes = [change for part in observances for change in _changes_of(part, last_year)]
    if len(changes) > MAX_CHANGES:
        raise WrongValue(f"line {zone.line}: its clocks change more than {MAX_CHANGES} times")
    return sorted(changes, key=lambda change: change.at)


def _changes_of(observance: Component, last_year: int) -> Iterable[Change]:
    before, after = _only(observance, "TZOFFSETFROM", offset_of), _only(observance, "TZOFFSETTO", offset_of)
    start = _only(observance, "DTSTART", _wall_time)
    onsets = {start}
    for line in observance.all("RDATE"):
        onsets |= {_checked(line, _wall_time, text) for text in line.value.split(",") if text.strip()}
    for line in observance.all("RRULE"):
        if rule := _checked(line, _zone_rule, line.value):
            onsets |= set(_onsets(rule, start, before, last_year))
    return [Change(max(onset, FIRST_MOMENT) - before, before, after) for onset in onsets]


def _onsets(rule: Rule, start: datetime, before: timedelta, last_year: int) -> Iterable[datetime]:
    def is_over(onset: datetime) -> bool:
        until = rule.until
        if not isinstance(until, datetime):
            return until is not None and onset.date() > until
        return (onset - before > until.replace(tzinfo=None)) if until.tzinfo else onset > until

    if start.year > last_year:
        return []
    return followed(rule, start, date(max(start.year, FIRST_YEAR), 1, 1), date(last_year, 12, 31), is_over)


def _zone_rule(text: str) -> Rule | None:
    rule = rule_of(text)
    if rule and (rule.frequency != "YEARLY" or rule.count):
        raise WrongValue(f"{quoted(text)}: clocks change every year, without COUNT")
    return rule


def _wall_time(text: str) -> datetime:
    moment = moment_of(text)
    if not isinstance(moment, datetime) or moment.tzinfo or moment.year > 9000:
        raise WrongValue(f"{quoted(text)} is no time on the wall of the zone")
    return moment.replace(tzinfo=None)


def _only(component: Component, name: str, form: Callable[[str], T]) -> T:
    lines = component.all(name)
    if not lines:
        raise WrongValue(f"line {component.line}: {name} is missing")
    return _checked(lines[0], form, lines[0].value)


def _checked(line: Line, form: Callable[[str], T], text: str) -> T:
    try:
        return form(text)
    except WrongValue as error:
        raise WrongValue(f"line {line.number}: {line.name} cannot be understood: {error}") from error

"""When the events of one series take place."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from kernel.campus_time import Interval
from kernel.ical.errors import Misread
from kernel.ical.events import Event
from kernel.ical.rules import Rule, followed
from kernel.ical.values import DAY, MIDNIGHT, Moment, day_of

MAX_YEARS_BEFORE = 20
"""How long before the span that is read a series may begin: it is counted from there."""
MAX_SHIFT = timedelta(days=32)
"""How far a change may move all later dates of a series."""


@dataclass(frozen=True)
class Occurrence:
    """One date of a series; it has no length where its event has none."""

    starts_at: datetime
    ends_at: datetime
    """Both on the wall of the zone in which the series is repeated: in a gap of its clocks there is no such time."""
    event: Event
    origin: datetime
    """Its start by the series alone, whatever changes say, on that wall too."""

    @property
    def interval(self) -> Interval:
        """In UTC; empty if it has no length."""
        starts_at = self.starts_at.astimezone(UTC)
        return Interval(starts_at, max(starts_at, self.ends_at.astimezone(UTC)))

    @property
    def recurrence(self) -> datetime:
        """In UTC: which date of its series it is, as long as the series itself does not change."""
        return self.origin.astimezone(UTC)


class Following:
    """When the events of one series take place. Its dates are known by their times on the wall of its zone."""

    def __init__(self, events: Sequence[Event], within: Interval, years: int = MAX_YEARS_BEFORE) -> None:
        self._within, self._years = within, years
        self._first, self._last = within.starts_at.date() - 2 * DAY, within.ends_at.date() + 2 * DAY
        self._whole = next((event for event in events if event.recurrence is None), None)
        self.faults: list[Misread] = []
        self.orphans: list[Misread] = []
        self.remarks: list[Misread] = [remark for event in events for remark in event.remarks]
        self._changes = self._latest([event for event in events if event.recurrence is not None])
        self._by_day: dict[date, datetime] = {}
        """The dates by the series alone, as far as they have been looked for."""

    def occurrences(self) -> list[Occurrence]:
        """By time."""
        dates = self._dates_of(self._whole) if self._whole else []
        lines = {orphan.line for orphan in self.orphans}
        changes = [change for change in self._changes if change.line not in lines and self._contains(change.start)]
        dates = [each for each in dates if self._contains(each.starts_at)]
        dates += [_occurrence(change.start, change, self._origin(change)) for change in changes]
        return sorted(dates, key=lambda each: each.starts_at)

    def origin_at(self, instant: datetime) -> datetime | None:
        """Which date of the series, changed or not, begins at an instant by the series alone (`Occurrence.origin`)."""
        if self._whole is None:
            return None
        zone = self._whole.start.tzinfo
        day = instant.astimezone(zone).date()
        origins = (wall.replace(tzinfo=zone) for wall in self._walls(self._whole, day - DAY, day + DAY))
        return next((origin for origin in origins if origin.astimezone(UTC) == instant), None)

    def changes_of(self, origin: datetime) -> list[Event]:
        """What changes this one date of the series, and perhaps others with it."""
        wall, whole = origin.replace(tzinfo=None), self._whole
        return [each for each in self._changes if whole and _wall_of(each, whole, {wall.date(): wall}) == wall]

    def _contains(self, moment: datetime) -> bool:
        return self._within.starts_at <= moment < self._within.ends_at

    def _origin(self, change: Event) -> datetime:
        """A day alone stands for the date of the series on it; without the series, for the change's own time."""
        moment, whole = _recurrence(change), self._whole or change
        if isinstance(moment, datetime):
            wall = _on_wall(moment, whole).replace(fold=0)
        else:
            wall = self._by_day.get(moment) or datetime.combine(moment, whole.start.time())
        return wall.replace(tzinfo=whole.start.tzinfo)

    def _latest(self, changes: Sequence[Event]) -> list[Event]:
        """Of several changes of one date the one with the highest SEQUENCE."""
        latest: dict[Moment, Event] = {}
        for change in changes:
            date_in_series = _recurrence(change)
            key = date_in_series.astimezone(UTC) if isinstance(date_in_series, datetime) else date_in_series
            same = latest.get(key)
            if same and same.sequence == change.sequence:
                self.faults.append(Misread(change.line, f"it changes the same date as the event of line {same.line}"))
            if not same or same.sequence < change.sequence:
                latest[key] = change
        return list(latest.values())

    def _dates_of(self, whole: Event) -> list[Occurrence]:
        """The dates of the whole event but those that are changed one by one."""
        if whole.rules and whole.start.year < self._within.starts_at.year - self._years:
            sentence = f"it begins more than {self._years} years before the days that are read"
            self.faults.append(Misread(whole.line, sentence))
            return []
        changes = [change for change in self._changes if self._is_near(change)]
        walls = self._walls(whole, *self._reach(changes))
        dates = set(walls)
        self._by_day = {wall.date(): wall for wall in walls}
        later: list[tuple[datetime, Event]] = []
        for change in changes:
            wall = _wall_of(change, whole, self._by_day)
            if wall not in dates and not (change.is_cancelled or whole.is_cancelled):
                day = day_of(_recurrence(change))
                sentence = f"it changes {day}, which is no date of its series (line {whole.line})"
                self.orphans.append(Misread(change.line, sentence))
            elif change.is_for_the_rest and wall:
                later.append((wall, change))
        changed = {_wall_of(change, whole, self._by_day) for change in changes}
        later.sort(key=lambda each: each[0])
        return [self._date_of(wall, whole, later) for wall in walls if wall not in changed]

    def _is_near(self, change: Event) -> bool:
        days = (change.start.date(), day_of(_recurrence(change)))
        return change.is_for_the_rest or any(self._first <= day <= self._last for day in days)

    def _reach(self, changes: Sequence[Event]) -> tuple[date, date]:
        """The days on which dates of the series are looked for: also those that changes come from."""
        days = [day_of(_recurrence(change)) for change in changes]
        margin = MAX_SHIFT if any(change.is_for_the_rest for change in changes) else DAY
        most = self._last + 366 * self._years * DAY
        return min(self._first, *days, self._last) - margin, min(max(self._last, *days, self._first), most) + margin

    def _date_of(self, wall: datetime, whole: Event, later: Sequence[tuple[datetime, Event]]) -> Occurrence:
        origin = wall.replace(tzinfo=whole.start.tzinfo)
        governing = next(((begins, change) for begins, change in reversed(later) if begins <= wall), None)
        if governing is None:
            return _occurrence(origin, whole, origin)
        begins, change = governing
        shift = _on_wall(change.start, whole) - begins
        if abs(shift) > MAX_SHIFT:
            sentence = f"it moves all later dates by more than {MAX_SHIFT.days} days"
            self.faults.append(Misread(change.line, sentence))
            shift = timedelta(0)
        return _occurrence((wall + shift).replace(tzinfo=whole.start.tzinfo), change, origin)

    def _walls(self, whole: Event, first: date, last: date) -> list[datetime]:
        """The times of the whole event on some days, without its exceptions."""
        start = whole.start.replace(tzinfo=None)
        walls = {_on_wall(addition, whole) for addition in whole.additions}
        for line, rule in whole.rules:
            walls |= self._walls_of_rule(line, rule, whole, first, last)
        if not whole.rules:
            walls.add(start)
        elif start not in walls and first <= start.date() <= last:
            sentence = f"{start:%Y-%m-%d}, on which it begins, does not fit its RRULE, and is left out"
            self.remarks += [Misread(whole.rules[0][0], sentence)] * self._is_inside(start, whole)
        days = {moment for moment in whole.exceptions if not isinstance(moment, datetime)}
        times = {_on_wall(moment, whole) for moment in whole.exceptions if isinstance(moment, datetime)}
        return sorted(wall for wall in walls - times if wall.date() not in days)

    def _walls_of_rule(self, line: int, rule: Rule, whole: Event, first: date, last: date) -> set[datetime]:
        walls = set()
        is_until_day = rule.until is not None and not isinstance(rule.until, datetime) and not whole.is_whole_day
        for wall in followed(rule, whole.start.replace(tzinfo=None), first, last, _is_over(rule.until, whole)):
            if is_until_day and wall.date() == rule.until and wall.time() > MIDNIGHT:
                sentence = f"UNTIL is a date: what takes place on {rule.until} itself is left out"
                self.remarks += [Misread(line, sentence)] * self._is_inside(wall, whole)
            else:
                walls.add(wall)
        return walls

    def _is_inside(self, wall: datetime, whole: Event) -> bool:
        return self._contains(wall.replace(tzinfo=whole.start.tzinfo))


def _is_over(until: Moment | None, whole: Event) -> Callable[[datetime], bool]:
    zone = whole.start.tzinfo
    if until is None:
        return lambda wall: False
    if not isinstance(until, datetime):
        return lambda wall: wall.date() > until
    if until.tzinfo:
        return lambda wall: wall.replace(tzinfo=zone).astimezone(UTC) > until
    return lambda wall: wall > until


def _recurrence(change: Event) -> Moment:
    return change.recurrence if change.recurrence is not None else change.start


def _on_wall(moment: datetime, whole: Event) -> datetime:
    return moment.astimezone(whole.start.tzinfo).replace(tzinfo=None)


def _wall_of(change: Event, whole: Event, by_day: Mapping[date, datetime]) -> datetime | None:
    """Which date of the series a change means; some name its day alone."""
    moment = _recurrence(change)
    return _on_wall(moment, whole) if isinstance(moment, datetime) else by_day.get(moment)


def _occurrence(starts_at: datetime, event: Event, origin: datetime) -> Occurrence:
    wall = starts_at.replace(tzinfo=None) + event.length
    return Occurrence(starts_at, wall.replace(tzinfo=starts_at.tzinfo), event, origin)

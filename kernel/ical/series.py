"""The event series of a calendar file: what belongs together, and when it takes place."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo

from kernel.campus_time import Interval
from kernel.ical.components import EVENT, Component, read_components
from kernel.ical.errors import Misread, WrongZone
from kernel.ical.events import CalendarContext, Event, FaultyEvent, event_of
from kernel.ical.lines import read_lines
from kernel.ical.rules import Rule, followed
from kernel.ical.values import DAY, MIDNIGHT, Moment, day_of
from kernel.ical.zones import Zones

MAX_YEARS_BEFORE = 20
"""How long before the span that is read a series may begin: it is counted from there."""
MAX_OCCURRENCES = 2000
"""Of one series in the span."""
MAX_SHIFT = timedelta(days=32)
"""How far a change may move all later dates of a series."""
OFF = "CANCEL"
PUBLISHED = ("", "PUBLISH", "REQUEST", "ADD", OFF)


@dataclass(frozen=True)
class Reading:
    """How calendars are read."""

    within: Interval
    """Only what begins in it is of interest."""
    home: tzinfo
    """Of times that do not say their zone."""
    zones: Mapping[str, tzinfo] = field(default_factory=dict)
    """What some names of zones mean, whatever a calendar says of them; the names in lower case."""
    encoding: str | None = None


@dataclass(frozen=True)
class Occurrence:
    starts_at: datetime
    ends_at: datetime
    event: Event


@dataclass(frozen=True)
class EventSeries:
    """An event with the changes to single dates of it."""

    line: int
    members: Sequence[Event | FaultyEvent]
    faults: Sequence[Misread] = ()
    """Nothing of a series that has some can be trusted."""
    orphans: Sequence[Misread] = ()
    """Changes of dates that it has not: they are left out, and what they mean is not known."""
    remarks: Sequence[Misread] = ()
    """What has been left out of it, as calendar programs do not agree on it."""
    occurrences: Sequence[Occurrence] = ()
    """In the span that is read, cancelled ones too."""
    is_repeated: bool = False


def read_series(data: bytes, reading: Reading) -> Iterator[EventSeries]:
    """The series of a file, in the order of their first lines; each is followed when it is asked for.

    Raises: UnreadableCalendar, before the first of them: also where the file or a calendar in it ends midway.
    """
    groups: dict[str | int, list[Event | FaultyEvent]] = {}
    for calendar in read_components(read_lines(data, reading.encoding)):
        context = _context(calendar, reading)
        for component in calendar.parts:
            if component.name == EVENT:
                event = event_of(component, context)
                # An event without a UID cannot change another one: it is a series of its own, under its line.
                groups.setdefault(event.uid or event.line, []).append(event)
    for group in groups.values():
        yield from _series(group, reading)


def _context(calendar: Component, reading: Reading) -> CalendarContext:
    zone_of = Zones(calendar, reading.zones, reading.within.ends_at.year + 2)
    methods = calendar.all("METHOD")
    words = {line.value.strip().upper() for line in methods}
    faults = [
        Misread(line.number, f"METHOD {word[:60]} publishes nothing")
        for line in methods
        if (word := line.value.strip().upper()) not in PUBLISHED
    ]
    context = CalendarContext(zone_of=zone_of, home=reading.home, is_cancelled=OFF in words, faults=faults)
    names = {line.value.strip(): line for line in calendar.all("X-WR-TIMEZONE") if line.value.strip()}
    if len(names) > 1:
        line = max(names.values(), key=lambda each: each.number)
        context.utc_remark = Misread(line.number, f"X-WR-TIMEZONE says several zones: {REPEATED_IN_UTC}")
    for name, line in names.items() if len(names) == 1 else ():
        try:
            context.utc_zone = zone_of(name)
        except WrongZone as error:
            context.utc_remark = Misread(line.number, f"X-WR-TIMEZONE: {error}: {REPEATED_IN_UTC}")
    return context


REPEATED_IN_UTC = "series whose times are UTC are repeated in UTC"


def _series(group: Sequence[Event | FaultyEvent], reading: Reading) -> Iterator[EventSeries]:
    """The series of one UID. Some calendars give several events one UID: each of them counts."""
    changes = [event for event in group if _is_change(event)]
    if len(group) - len(changes) <= 1:
        yield _followed(group, reading)
        return
    for event in group:
        if _is_change(event):
            sentence = "which event this changes is not known: several have its UID"
            yield EventSeries(event.line, [event], [Misread(event.line, sentence)])
        else:
            yield _followed([event], reading)


def _is_change(event: Event | FaultyEvent) -> bool:
    return event.is_change if isinstance(event, FaultyEvent) else event.recurrence is not None


def _followed(group: Sequence[Event | FaultyEvent], reading: Reading) -> EventSeries:
    line = group[0].line
    events = [event for event in group if isinstance(event, Event)]
    if faults := [fault for event in group if isinstance(event, FaultyEvent) for fault in event.faults]:
        return EventSeries(line, group, faults)
    following = _Following(events, reading.within)
    occurrences = following.occurrences()
    faults = following.faults
    if len(occurrences) > MAX_OCCURRENCES:
        faults.append(Misread(line, f"it takes place more than {MAX_OCCURRENCES} times"))
    if faults:
        return EventSeries(line, group, faults)
    is_repeated = any(event.rules or event.additions for event in events)
    return EventSeries(
        line,
        group,
        orphans=following.orphans,
        remarks=following.remarks,
        occurrences=occurrences,
        is_repeated=is_repeated,
    )


class _Following:
    """When the events of one series take place. Its dates are known by their times on the wall of its zone."""

    def __init__(self, events: Sequence[Event], within: Interval) -> None:
        self._within = within
        self._first, self._last = within.starts_at.date() - 2 * DAY, within.ends_at.date() + 2 * DAY
        self._whole = next((event for event in events if event.recurrence is None), None)
        self.faults: list[Misread] = []
        self.orphans: list[Misread] = []
        self.remarks: list[Misread] = [remark for event in events for remark in event.remarks]
        self._changes = self._latest([event for event in events if event.recurrence is not None])

    def occurrences(self) -> list[Occurrence]:
        """By time."""
        times = self._times_of(self._whole) if self._whole else []
        lines = {orphan.line for orphan in self.orphans}
        times += [(change.start, change) for change in self._changes if change.line not in lines]
        inside = [each for each in times if self._within.starts_at <= each[0] < self._within.ends_at]
        return [_occurrence(starts_at, event) for starts_at, event in sorted(inside, key=lambda each: each[0])]

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

    def _times_of(self, whole: Event) -> list[tuple[datetime, Event]]:
        """The dates of the whole event but those that are changed one by one."""
        if whole.rules and whole.start.year < self._within.starts_at.year - MAX_YEARS_BEFORE:
            sentence = f"it begins more than {MAX_YEARS_BEFORE} years before the days that are read"
            self.faults.append(Misread(whole.line, sentence))
            return []
        changes = [change for change in self._changes if self._is_near(change)]
        walls = self._walls(whole, *self._reach(changes))
        by_day = {wall.date(): wall for wall in walls}
        later: list[tuple[datetime, Event]] = []
        for change in changes:
            wall = _wall_of(change, whole, by_day)
            if wall not in walls and not (change.is_cancelled or whole.is_cancelled):
                day = day_of(_recurrence(change))
                sentence = f"it changes {day}, which is no date of its series (line {whole.line})"
                self.orphans.append(Misread(change.line, sentence))
            elif change.is_for_the_rest and wall:
                later.append((wall, change))
        changed = {_wall_of(change, whole, by_day) for change in changes}
        later.sort(key=lambda each: each[0])
        return [self._time_of(wall, whole, later) for wall in walls if wall not in changed]

    def _is_near(self, change: Event) -> bool:
        days = (change.start.date(), day_of(_recurrence(change)))
        return change.is_for_the_rest or any(self._first <= day <= self._last for day in days)

    def _reach(self, changes: Sequence[Event]) -> tuple[date, date]:
        """The days on which dates of the series are looked for: also those that changes come from."""
        days = [day_of(_recurrence(change)) for change in changes]
        margin = MAX_SHIFT if any(change.is_for_the_rest for change in changes) else DAY
        most = self._last + 366 * MAX_YEARS_BEFORE * DAY
        return min(self._first, *days, self._last) - margin, min(max(self._last, *days, self._first), most) + margin

    def _time_of(self, wall: datetime, whole: Event, later: Sequence[tuple[datetime, Event]]) -> tuple[datetime, Event]:
        governing = next(((begins, change) for begins, change in reversed(later) if begins <= wall), None)
        if governing is None:
            return wall.replace(tzinfo=whole.start.tzinfo), whole
        begins, change = governing
        shift = _on_wall(change.start, whole) - begins
        if abs(shift) > MAX_SHIFT:
            sentence = f"it moves all later dates by more than {MAX_SHIFT.days} days"
            self.faults.append(Misread(change.line, sentence))
            shift = timedelta(0)
        return (wall + shift).replace(tzinfo=whole.start.tzinfo), change

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
        return self._within.starts_at <= wall.replace(tzinfo=whole.start.tzinfo) < self._within.ends_at


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


def _occurrence(starts_at: datetime, event: Event) -> Occurrence:
    wall = starts_at.replace(tzinfo=None) + event.length
    return Occurrence(starts_at, wall.replace(tzinfo=starts_at.tzinfo), event)

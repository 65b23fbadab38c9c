"""The event series of a calendar file: what belongs together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

from kernel.campus_time import Interval
from kernel.ical.components import EVENT, Component, read_components
from kernel.ical.errors import Misread, WrongZone
from kernel.ical.events import CalendarContext, Event, FaultyEvent, event_of
from kernel.ical.lines import read_lines
from kernel.ical.objects import FileText
from kernel.ical.occurrences import MAX_YEARS_BEFORE, Following, Occurrence
from kernel.ical.zones import Zones

MAX_OCCURRENCES = 2000
"""Of one series in the span."""
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
    takes_the_rest: bool = False
    """A change of a date that cannot be read is told of as an orphan, and the rest of its series is followed."""
    years_before: int = MAX_YEARS_BEFORE
    """How long before `within` a series may begin."""


@dataclass(frozen=True)
class EventSeries:
    """An event with the changes to single dates of it."""

    line: int
    members: Sequence[Event | FaultyEvent]
    text: FileText = field(repr=False, compare=False)
    """Of the whole file."""
    faults: Sequence[Misread] = ()
    """Nothing of a series that has some can be trusted."""
    orphans: Sequence[Misread] = ()
    """Changes of dates that it has not: they are left out, and what they mean is not known."""
    remarks: Sequence[Misread] = ()
    """What has been left out of it, as calendar programs do not agree on it."""
    occurrences: Sequence[Occurrence] = ()
    """In the span that is read, cancelled ones too."""
    is_repeated: bool = False

    @property
    def raw(self) -> str:
        """The series alone as an iCalendar object, which reads as it does here: `FileText.object_of`."""
        return self.text.object_of(event.line for event in self.members)


def read_series(data: bytes, reading: Reading) -> Iterator[EventSeries]:
    """The series of a file, in the order of their first lines; each is followed when it is asked for.

    Raises: UnreadableCalendar, before the first of them: also where the file or a calendar in it ends midway.
    """
    groups: dict[str | int, list[Event | FaultyEvent]] = {}
    calendars = read_components(read_lines(data, reading.encoding))
    text = FileText(data, reading.encoding, calendars)
    for calendar in calendars:
        context = context_of(calendar, reading)
        for component in calendar.parts:
            if component.name == EVENT:
                event = event_of(component, context)
                # An event without a UID cannot change another one: it is a series of its own, under its line.
                groups.setdefault(event.uid or event.line, []).append(event)
    for group in groups.values():
        yield from _series(group, reading, text)


def context_of(calendar: Component, reading: Reading) -> CalendarContext:
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


def _series(group: Sequence[Event | FaultyEvent], reading: Reading, text: FileText) -> Iterator[EventSeries]:
    """The series of one UID. Some calendars give several events one UID: each of them counts."""
    changes = [event for event in group if _is_change(event)]
    if len(group) - len(changes) <= 1:
        yield _followed(group, reading, text)
        return
    for event in group:
        if _is_change(event):
            sentence = "which event this changes is not known: several have its UID"
            yield EventSeries(event.line, [event], text, [Misread(event.line, sentence)])
        else:
            yield _followed([event], reading, text)


def _is_change(event: Event | FaultyEvent) -> bool:
    return event.is_change if isinstance(event, FaultyEvent) else event.recurrence is not None


def _followed(group: Sequence[Event | FaultyEvent], reading: Reading, text: FileText) -> EventSeries:
    line = group[0].line
    events = [event for event in group if isinstance(event, Event)]
    faulty = [event for event in group if isinstance(event, FaultyEvent)]
    left_out = [event for event in faulty if reading.takes_the_rest and event.is_change and events]
    if faults := [fault for event in faulty if event not in left_out for fault in event.faults]:
        return EventSeries(line, group, text, faults)
    following = Following(events, reading.within, reading.years_before)
    following.orphans += [fault for event in left_out for fault in event.faults]
    occurrences = following.occurrences()
    faults = following.faults
    if len(occurrences) > MAX_OCCURRENCES:
        faults.append(Misread(line, f"it takes place more than {MAX_OCCURRENCES} times"))
    if faults:
        return EventSeries(line, group, text, faults)
    is_repeated = any(event.rules or event.additions for event in events)
    return EventSeries(
        line,
        group,
        text,
        orphans=following.orphans,
        remarks=following.remarks,
        occurrences=occurrences,
        is_repeated=is_repeated,
    )

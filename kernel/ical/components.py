"""Property lines become calendars, with the descriptions of time zones and the events in them."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from kernel.ical.errors import UnreadableCalendar, quoted
from kernel.ical.lines import Line

CALENDAR, EVENT, ZONE = "VCALENDAR", "VEVENT", "VTIMEZONE"
OBSERVANCES = ("STANDARD", "DAYLIGHT")
CONTENTS = (EVENT, ZONE, *OBSERVANCES)
"""Of what else stands in a calendar only the end is looked for."""
HEAD = {"VERSION": "2.0", "PRODID": "-//CSpace//CSpace//EN"}
"""What a calendar has to say of itself, and what ours say."""


@dataclass(slots=True)
class Component:
    """What stands between a BEGIN and its END, without what stands in its own components."""

    name: str
    line: int
    last_line: int = 0
    lines: list[Line] = field(default_factory=list)
    parts: "list[Component]" = field(default_factory=list)

    def all(self, name: str) -> list[Line]:
        return [line for line in self.lines if line.name == name]


def read_components(lines: Iterable[Line]) -> list[Component]:
    """The calendars of a file.

    Raises: UnreadableCalendar, where something does not end, or ends that did not begin.
    """
    calendars, stack = list[Component](), list[Component]()
    for line in lines:
        if line.name == "BEGIN":
            component = Component(_component_name(line), line.number)
            _place(component, calendars, stack)
            stack.append(component)
        elif line.name == "END":
            if not stack or stack[-1].name != _component_name(line):
                raise UnreadableCalendar(
                    f"is no calendar: line {line.number}: {_component_name(line)} ends, but did not begin"
                )
            stack.pop().last_line = line.number
        elif stack and (stack[-1].name == CALENDAR or stack[-1].name in CONTENTS):
            stack[-1].lines.append(line)
    if not calendars:
        raise UnreadableCalendar("is no calendar: BEGIN:VCALENDAR is missing")
    if stack:
        unfinished = stack[-1]
        raise UnreadableCalendar(f"is not complete: END:{unfinished.name} is missing for line {unfinished.line}")
    return calendars


def _component_name(line: Line) -> str:
    name = line.value.strip().upper()
    return name if name.isprintable() and len(name) <= 60 else quoted(name)


def _place(component: Component, calendars: list[Component], stack: list[Component]) -> None:
    if (component.name == CALENDAR) != (not stack):
        raise UnreadableCalendar(f"is no calendar: line {component.line}: {component.name} begins in the wrong place")
    if component.name == CALENDAR:
        calendars.append(component)
    elif component.name in CONTENTS:
        stack[-1].parts.append(component)

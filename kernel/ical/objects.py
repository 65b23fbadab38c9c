"""Event series cut out of their file, so that each can be kept, and read again by itself."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from kernel.ical.components import CALENDAR, EVENT, HEAD, ZONE, Component
from kernel.ical.lines import BLANKS, CRLF, folded, line_of, source_of, split, unfold

HEADS = (*HEAD, "CALSCALE", "METHOD", "X-WR-TIMEZONE")
"""What a calendar says of itself that may change how its events are read."""
MAX_HEAD, MAX_ZONES = 1 << 10, 1 << 13
"""Characters in one object. A larger head or zone, copied for every event that names it, would make a small file a huge
one: what does not fit is left out."""
NOT_KEPT = dict.fromkeys((0, *range(0xD800, 0xE000)))
"""What no text of PostgreSQL holds."""


class FileText:
    """The text of a file, event by event. What is cut out costs as much as it is long."""

    def __init__(self, data: bytes, encoding: str | None, calendars: Sequence[Component]) -> None:
        self._data, self._encoding = source_of(data, encoding)
        self._calendars = {line: text for text in map(_CalendarText, calendars) for line in text.events}
        """{line of an event: its calendar}."""

    def object_of(self, events: Iterable[int]) -> str:
        """The events that begin in these lines, with all that stands in them and the zones that they name.

        In the order and the words of the file, lines ending in CRLF; where a fold divides a character, folded anew. An
        iCalendar object for each calendar that they stand in, nearly always one.
        """
        lines: dict[_CalendarText, list[int]] = {}
        for line in sorted(events):
            lines.setdefault(self._calendars[line], []).append(line)
        return "".join(self._text_of(calendar, those) for calendar, those in lines.items()).translate(NOT_KEPT)

    def _text_of(self, calendar: "_CalendarText", events: Sequence[int]) -> str:
        lines = [each for event in events for each in self._lines(event, calendar.events[event])]
        zones, room = list[str](), MAX_ZONES
        for name in dict.fromkeys((*calendar.zone_names, *self._zone_names(lines))):
            text = self._zone(calendar, name)
            if len(text) <= room:
                zones.append(text)
                room -= len(text)
        begin, end = f"BEGIN:{CALENDAR}{CRLF}", f"END:{CALENDAR}{CRLF}"
        return "".join((begin, calendar.head, *zones, self._text(lines), end))

    def _zone(self, calendar: "_CalendarText", name: str) -> str:
        """Its descriptions; several that differ are a fault, and remain one."""
        if name not in calendar.zone_texts:
            spans = calendar.zones.get(name, ())
            calendar.zone_texts[name] = "".join(self._text(self._lines(*span)) for span in spans)
        return calendar.zone_texts[name]

    @cached_property
    def _all_lines(self) -> list[bytes]:
        return list(split(self._data))

    def _lines(self, first: int, last: int) -> list[bytes]:
        """Those that have these numbers, and what continues the last of them."""
        while self._all_lines[last : last + 1] and self._all_lines[last][:1] in BLANKS:
            last += 1
        return [line for line in self._all_lines[first - 1 : last] if line]

    def _text(self, lines: Sequence[bytes]) -> str:
        try:
            texts: Iterable[str] = [line.decode(self._encoding) for line in lines]
        except UnicodeError:
            texts = (folded(raw.decode(self._encoding, errors="replace")) for raw in _unfolded(lines))
        return "".join(f"{text}{CRLF}" for text in texts)

    def _zone_names(self, lines: Sequence[bytes]) -> Iterator[str]:
        for raw in _unfolded(lines):
            if b"TZID" in raw.upper():
                text = raw.decode(self._encoding, errors="replace")
                yield line_of(0, text).parameters.get("TZID", "").strip()


class _CalendarText:
    """Where in its file the parts of a calendar stand."""

    def __init__(self, calendar: Component) -> None:
        self.events = {part.line: part.last_line for part in calendar.parts if part.name == EVENT}
        self.zones: dict[str, list[tuple[int, int]]] = {}
        for part in calendar.parts:
            for name in {line.value.strip() for line in part.all("TZID")} if part.name == ZONE else ():
                self.zones.setdefault(name, []).append((part.line, part.last_line))
        self.zone_texts: dict[str, str] = {}
        heads = list(dict.fromkeys((line.name, line.value.strip()) for line in calendar.lines if line.name in HEADS))
        names = [value for name, value in heads if name == "X-WR-TIMEZONE" and value]
        self.zone_names = names if len(names) == 1 else []
        """In which its series are repeated whose times are UTC: of several names, none counts."""
        missing = [(name, value) for name, value in HEAD.items() if name not in dict(heads)]
        self.head = ""
        for name, value in (*missing, *heads):
            text = f"{folded(f'{name}:{value}')}{CRLF}"
            if len(self.head) + len(text) <= MAX_HEAD:
                self.head += text


def _unfolded(lines: Sequence[bytes]) -> Iterator[bytes]:
    return (raw for _, raw in unfold(b"\r\n".join(lines)))

"""Changes to the text of an event series. What they do not concern stays as it stands; lines end in CRLF."""

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo

from kernel.campus_time import Interval
from kernel.ical.components import EVENT, Component, read_components
from kernel.ical.events import Event, FaultyEvent, event_of
from kernel.ical.lines import BLANKS, CRLF, Line, folded, read_lines, split, unfold
from kernel.ical.occurrences import Following
from kernel.ical.series import Reading, context_of
from kernel.ical.values import DAY, moment_of

NEEDS_QUOTES = frozenset(":;,")


class NotEditable(ValueError):
    """A text that cannot be changed as is asked; the message says why."""


class MasterMissing(NotEditable):
    """There are changes of single dates, and not what they change."""


class DateMissing(NotEditable):
    """The series does not take place then, or no more."""


def with_cancelled_date(raw: str, *, recurrence: datetime, home: tzinfo, now: datetime) -> str:
    """The series without one of its dates (`Occurrence.recurrence`), as calendars tell each other: by a change of that
    date that says it is off, with the next SEQUENCE. The same text where that is said already.

    `raw`: the events of one UID, as `EventSeries.raw`. `home`: of times that do not say their zone.

    Raises: MasterMissing, DateMissing, NotEditable; UnreadableCalendar.
    """
    series = _SeriesText(raw.encode(), Reading(Interval(recurrence - DAY, recurrence + DAY), home))
    origin = series.following.origin_at(recurrence)
    if origin is None:
        raise DateMissing(f"it does not take place at {recurrence.astimezone(UTC):%Y-%m-%d %H:%M} UTC")
    changes = series.following.changes_of(origin)
    if not changes:
        return series.with_addition(_cancellation(series, origin, now))
    if any(change.is_for_the_rest and not change.is_cancelled for change in changes):
        raise NotEditable("what changes this date changes all later ones")
    values = {change.line: _values(change, now) for change in changes if not change.is_cancelled}
    return series.with_values(values) if values else raw


class _SeriesText:
    """The events of one UID, and what stands in which line."""

    def __init__(self, data: bytes, reading: Reading) -> None:
        """Raises: UnreadableCalendar, MasterMissing, NotEditable."""
        calendars = read_components(read_lines(data, None))
        masters = [(each, part) for each in calendars for part in each.parts if _is_master(part)]
        if not masters:
            raise MasterMissing("the event is missing whose dates are changed")
        self._data = data
        self._calendar, self.master = masters[0]
        context = context_of(self._calendar, reading)
        whole = event_of(self.master, context)
        if isinstance(whole, FaultyEvent):
            raise NotEditable(whole.faults[0].sentence)
        if not whole.uid:
            raise NotEditable("UID is missing")
        self.whole = whole
        parts = [part for part in self._calendar.parts if part.name == EVENT and not _is_master(part)]
        events = [event_of(part, context) for part in parts]
        changes = [event for event in events if isinstance(event, Event) and event.uid == whole.uid]
        self.following = Following([whole, *changes], reading.within)

    def words_of(self, name: str) -> list[str]:
        """A property of the event, word for word, if it is there."""
        numbers = {line.number for line in self.master.all(name)}
        return [text.decode() for number, text in unfold(self._data) if number in numbers]

    def with_addition(self, lines: list[str]) -> str:
        """One more component, at the end."""
        return self._text({}, {self._calendar.last_line: lines})

    def with_values(self, values: Mapping[int, Mapping[str, str]]) -> str:
        """`values`: {line of a change: {property: its value}}; what is not there is added."""
        replacements, additions = dict[int, str](), dict[int, list[str]]()
        for part in self._calendar.parts:
            if part.line in values:
                news = values[part.line]
                replacements |= {
                    line.number: f"{line.name}:{news[line.name]}" for line in part.lines if line.name in news
                }
                # At its beginning: alarms may stand at its end.
                first = part.lines[0].number
                additions[first] = [f"{name}:{value}" for name, value in news.items() if not part.all(name)]
        return self._text(replacements, additions)

    def _text(self, replacements: Mapping[int, str], additions: Mapping[int, list[str]]) -> str:
        """`replacements`: {number of a property: what stands instead}. `additions`: {…: what stands before it}."""
        texts, is_replaced = list[str](), False
        for number, line in enumerate(split(self._data), start=1):
            texts += map(folded, additions.get(number, ()))
            if number in replacements:
                texts.append(folded(replacements[number]))
                is_replaced = True
            elif not (is_replaced and (not line or line[:1] in BLANKS)):
                texts.append(line.decode())
                is_replaced = False
        return CRLF.join(texts)


def _is_master(part: Component) -> bool:
    return part.name == EVENT and not part.all("RECURRENCE-ID")


def _values(change: Event, now: datetime) -> dict[str, str]:
    stamps = {"LAST-MODIFIED": _utc(now)} if change.last_modified else {}
    return {"STATUS": "CANCELLED", "SEQUENCE": str(change.sequence + 1), "DTSTAMP": _utc(now), **stamps}


def _cancellation(series: _SeriesText, origin: datetime, now: datetime) -> list[str]:
    """The lines of a change that says of one date only that it is off."""
    start, whole = series.master.all("DTSTART")[0], series.whole
    end = (origin.replace(tzinfo=None) + whole.length).replace(tzinfo=origin.tzinfo)
    if end.astimezone(UTC) < origin.astimezone(UTC):  # the clocks are put forward over its beginning
        end = origin
    has_end = series.master.all("DTEND") or series.master.all("DURATION")
    return [
        f"BEGIN:{EVENT}",
        *series.words_of("UID"),
        f"RECURRENCE-ID{_moment(origin, start)}",
        f"SEQUENCE:{whole.sequence + 1}",
        f"DTSTAMP:{_utc(now)}",
        f"DTSTART{_moment(origin, start)}",
        *([f"DTEND{_moment(end, start)}"] if has_end else []),
        *series.words_of("SUMMARY"),
        *series.words_of("ORGANIZER"),
        "STATUS:CANCELLED",
        f"END:{EVENT}",
    ]


def _moment(moment: datetime, like: Line) -> str:
    """Parameters and value, in the form of another property. `moment`: on the wall of its series."""
    form = moment_of(like.value)
    if not isinstance(form, datetime):
        return f";VALUE=DATE:{moment:%Y%m%d}"
    if form.tzinfo:
        return f":{_utc(moment)}"
    name = like.parameters.get("TZID", "").strip()
    quote = '"' if NEEDS_QUOTES & set(name) else ""
    return f"{f';TZID={quote}{name}{quote}' if name else ''}:{moment:%Y%m%dT%H%M%S}"


def _utc(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y%m%dT%H%M%SZ}"

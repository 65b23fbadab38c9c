"""What a record of an import file may say, noun by noun. Pure: no database, no clock.

A record's values are JSON, or text where the file is a CSV; both become the same row. An absent value is None and
leaves what the database has. docs/timetable-import.md is the same for those who write such files.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from kernel.dates import KNOWN_YEARS
from kernel.db.ranges import MINUTES_PER_DAY
from kernel.web_addresses import is_web_address
from timetables import rules
from timetables.enums import Label, SemesterType

DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
TIME = re.compile(r"(\d{1,2}):(\d{2})(?::00)?", re.ASCII)
WHOLE = re.compile(r"-?\d{1,9}", re.ASCII)
DEGREES = re.compile(r"-?\d{1,3}(\.\d{1,15})?", re.ASCII)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
TELLING_LECTURES = frozenset({"weekly", "lectures"})
FLAGS = {"true": True, "false": False}
MAX_LIST = 1000
MAX_ROOM_NAME = 100


@dataclass(frozen=True)
class Position:
    """Where in the file something stands: its line, and which of its list it is."""

    line: int
    noun: str
    item: int

    def __str__(self) -> str:
        return f"line {self.line}, {self.noun}[{self.item}]"


@dataclass(frozen=True)
class Fault:
    """What is wrong with a record. It is left out; nothing else is."""

    place: Position
    sentence: str
    courses: tuple[str, ...] | None = ()
    """Whose lectures the record may have told of, by code; None if that cannot be known."""

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence}"


@dataclass(frozen=True)
class Record:
    """A well-formed record: a value for every field of its noun, None where the file says nothing."""

    place: Position
    values: dict[str, Any]


class Ambiguous(dict[str, Any]):
    """A raw record in which a key stands twice: which value is meant is not known."""


class _Wrong(ValueError):
    """A value that breaks its field's form; the message is the rest of a sentence."""


Parser = Callable[[Any], Any]


def record(place: Position, raw: object) -> Record | Fault:
    """Check a raw record against its noun's fields. All its faults are told in one sentence."""
    fields = FIELDS[place.noun]
    if not isinstance(raw, Mapping):
        return Fault(place, "an object is required", courses_told(place.noun, {}))
    if isinstance(raw, Ambiguous):
        return Fault(place, "a key stands twice", courses_told(place.noun, {}))
    faults = [f"{str(name)[:40]} is no field of {place.noun}" for name in raw if name not in fields]
    values: dict[str, Any] = {}
    for name, (parse, is_required) in fields.items():
        given = raw.get(name)
        try:
            if given is None and is_required:
                raise _Wrong("is missing")
            values[name] = None if given is None else parse(given)
        except _Wrong as wrong:
            faults.append(f"{name} {wrong}")
    faults = faults or _cross_faults(place.noun, values)
    return Fault(place, "; ".join(faults), courses_told(place.noun, raw)) if faults else Record(place, values)


def courses_told(noun: str, raw: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Whose lectures a faulty record may have told of (`Fault.courses`)."""
    if noun in TELLING_LECTURES:
        try:
            return (_code(raw.get("course")),)
        except _Wrong:
            return None
    if noun == "courses":
        try:
            return (_code(raw.get("code")),)
        except _Wrong:
            return ()
    return None if noun == "room_aliases" else ()


def _cross_faults(noun: str, values: dict[str, Any]) -> list[str]:
    """What the values get wrong together."""
    if noun == "semesters":
        defining = [values[name] is None for name in ("type", "starts_on", "ends_on")]
        if any(defining) != all(defining):
            return ["type, starts_on and ends_on belong together"]
        if values["starts_on"] and (faults := rules.semester_faults(values["starts_on"], values["ends_on"])):
            return faults
    if noun == "lectures" and values["start"] >= values["end"]:
        return ["start is not before end"]
    if noun == "weekly":
        if (values["duration"] is None) == (values["end"] is None):
            return ["either duration or end is required"]
        end = values["end"] if values["end"] is not None else values["start"] + values["duration"]
        if not values["start"] < end <= MINUTES_PER_DAY:
            return ["the lecture does not end later on the same day"]
        values["end"] = end
    return []


def _text(longest: int, *, may_be_empty: bool = False) -> Parser:
    def parse(given: Any) -> str:
        if not isinstance(given, str):
            raise _Wrong("is not a text")
        # What cannot be printed cannot be told apart on a screen; U+00A0 and its like become a space.
        text = given.strip() if given.isprintable() else " ".join(given.split())
        if not text.isprintable():
            raise _Wrong("has a character that cannot be shown")
        if not text and not may_be_empty:
            raise _Wrong("is empty")
        if len(text) > longest:
            raise _Wrong(f"is longer than {longest} characters")
        return text

    return parse


def _web_address(given: Any) -> str:
    address: str = _link(given)
    if address and not is_web_address(address):
        raise _Wrong("is not a web address such as https://people.example.edu/ada")
    return address


def _code(given: Any) -> str:
    code: str = _text(rules.MAX_CODE)(given)
    if faults := rules.code_faults(code):
        raise _Wrong(f"cannot be {code}: {faults[0]}")
    return code


def _whole(smallest: int, largest: int) -> Parser:
    def parse(given: Any) -> int:
        if isinstance(given, str) and WHOLE.fullmatch(given):
            given = int(given)
        if type(given) is not int or not smallest <= given <= largest:
            raise _Wrong(f"is not a whole number from {smallest} to {largest}")
        return given

    return parse


def _degrees(most: int) -> Parser:
    def parse(given: Any) -> float:
        if isinstance(given, str) and DEGREES.fullmatch(given):
            given = float(given)
        if type(given) not in (int, float) or not abs(given) <= most:
            raise _Wrong(f"is not a number from -{most} to {most}")
        return float(given)

    return parse


def _flag(given: Any) -> bool:
    found = FLAGS.get(given) if isinstance(given, str) else given
    if not isinstance(found, bool):
        raise _Wrong("is neither true nor false")
    return found


def _day(given: Any) -> date:
    try:
        if isinstance(given, str) and DATE.fullmatch(given):
            day = date.fromisoformat(given)
            if day.year in KNOWN_YEARS:
                return day
    except ValueError:
        pass
    raise _Wrong("is not a date of the form YYYY-MM-DD")


def _minute(given: Any) -> int:
    parts = TIME.fullmatch(given) if isinstance(given, str) else None
    if parts:
        hour, minute = int(parts[1]), int(parts[2])
        if minute < 60 and (hour < 24 or (hour, minute) == (24, 0)):
            return hour * 60 + minute
    raise _Wrong("is not a time of the form HH:MM")


def _choice(*words: str) -> Parser:
    def parse(given: Any) -> str:
        word = given.lower() if isinstance(given, str) else ""
        if word not in words:
            raise _Wrong(f"is not one of {', '.join(words)}")
        return word

    return parse


def _list(parse_one: Parser) -> Parser:
    """A list, or in a CSV its elements separated by semicolons."""

    def parse(given: Any) -> list[Any]:
        elements = [part for part in given.split(";") if part.strip()] if isinstance(given, str) else given
        if not isinstance(elements, list) or len(elements) > MAX_LIST:
            raise _Wrong(f"is not a list of at most {MAX_LIST}")
        try:
            return list(dict.fromkeys(parse_one(element) for element in elements))
        except _Wrong as wrong:
            raise _Wrong(f"has an element that {wrong}") from wrong

    return parse


_name, _link = _text(rules.MAX_NAME), _text(rules.MAX_URL, may_be_empty=True)
_word, _remark = _text(rules.MAX_CODE, may_be_empty=True), _text(rules.MAX_NAME, may_be_empty=True)
_room = _text(MAX_ROOM_NAME)
_rooms = _list(_room)

FIELDS: dict[str, dict[str, tuple[Parser, bool]]] = {
    # {noun: {field: (form, is it required)}}, in the order in which a file best has them
    "semesters": {
        "name": (_name, True),
        "type": (_choice(*SemesterType.values), False),
        "starts_on": (_day, False),
        "ends_on": (_day, False),
        "skip_dates": (_list(lambda given: _day(given.strip() if isinstance(given, str) else given)), False),
        "available": (_flag, False),
    },
    "units": {
        "name": (_name, True),
        "code": (_word, False),
        "section": (_remark, False),
        "promo": (_word, False),
        "available": (_flag, False),
    },
    "teachers": {"name": (_name, True), "people_url": (_web_address, False), "available": (_flag, False)},
    "courses": {
        "code": (_code, True),
        "name": (_name, False),
        "credits": (_whole(0, rules.MAX_CREDITS), False),
        "edu_url": (_web_address, False),
        "language": (_word, False),
        "teachers": (_list(_name), False),
        "available": (_flag, False),
    },
    "study_plans": {
        "unit": (_name, True),
        "semester": (_name, True),
        "courses": (_list(_code), False),
        "available": (_flag, False),
    },
    "rooms": {
        "name": (_room, True),
        "capacity": (_whole(1, 100_000), False),
        "floor": (_whole(-20, 200), False),
        "type": (_word, False),
        "building": (_remark, False),
        "link": (_link, False),
        "latitude": (_degrees(90), False),
        "longitude": (_degrees(180), False),
    },
    "room_aliases": {"alias": (_room, True), "rooms": (_rooms, True)},
    "weekly": {
        "course": (_code, True),
        "semester": (_name, True),
        "weekday": (_choice(*WEEKDAYS), True),
        "start": (_minute, True),
        "end": (_minute, False),
        "duration": (_whole(1, MINUTES_PER_DAY), False),
        "label": (_text(rules.MAX_CODE), False),
        "rooms": (_rooms, False),
        "from": (_day, False),
        "until": (_day, False),
    },
    "lectures": {
        "course": (_code, True),
        "date": (_day, True),
        "start": (_minute, True),
        "end": (_minute, True),
        "label": (_text(rules.MAX_CODE), False),
        "rooms": (_rooms, False),
    },
}
DEFAULT_LABEL = Label.LECTURE.value

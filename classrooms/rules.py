"""Pure rules about rooms: names, equipment, sorting, and which slots may be asked for at all."""

import json
import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import permutations
from typing import Any, Protocol

from kernel.campus_time import Interval, WallTimeDoesNotExist, campus_date, campus_interval, campus_minute, wall_instant
from kernel.dates import days_faults, horizon_days, year_faults
from kernel.names import BLANK, NOT_VISIBLE, is_visible
from kernel.text import has_forbidden_text
from kernel.web_addresses import NOT_A_WEB_ADDRESS, is_web_address

UNKNOWN_CLASSROOM = "Unknown classroom"
START_TIME_IS_LATE = "Start time must be before end time"
START_IS_LATE = "Start must be before end"
START_IS_OVER = "Start time cannot be in the past"
BOTH_ENDS = frozenset({"date", "start_time"})
NAME = re.compile(r"[^\W_]|[ .\-_()&+#']")
RESERVED_NAMES = frozenset({".", "..", "free", "me", "stream", "utilisation", "floor-plan.svg", "closures"})
EQUIPMENT_KEY = re.compile(r"[a-z0-9_]{1,40}")
SVG_TYPE = re.compile(r"[a-z0-9_-]{1,32}")
SVG_NUMBERS = ("x", "y", "width", "height")
MAX_NAME = 100
MAX_NAME_KEY = 400
CAPACITIES = range(1, 100_001)
FLOORS = range(-20, 201)
MAX_EQUIPMENT_BYTES = 8192
MAX_COUNT = 10_000
MAX_COORDINATE = 1e5
MAX_SVG_TEXT = 200
MAX_TYPE = 40
MAX_BUILDING = 100
MAX_LINK = 500
MAX_REASON = 500
LONGEST = {"type": MAX_TYPE, "building": MAX_BUILDING, "link": MAX_LINK}
MAX_DEGREES = {"latitude": 90, "longitude": 180}
UNKNOWN_TYPE = "room"
REFUSED_KEYS = frozenset({"__proto__", "constructor"})
MAX_WINDOW_DAYS = 366
MAX_BUFFER_MINUTES = 1440
MAX_PARTS = 100
MAX_CLOSURE = timedelta(days=3660)
"""Ten years. A closure is shown cut per day, so that what it makes others answer has to be bounded."""


@dataclass(frozen=True)
class Buffers:
    """For how long before and after a use nobody else may have the room; two buffers may overlap."""

    before_minutes: int = 0
    after_minutes: int = 0

    def __bool__(self) -> bool:
        return bool(self.before_minutes or self.after_minutes)

    def around(self, interval: Interval) -> Interval:
        """A use with its buffers."""
        return Interval(
            interval.starts_at - timedelta(minutes=self.before_minutes),
            interval.ends_at + timedelta(minutes=self.after_minutes),
        )


NO_BUFFERS = Buffers()


def are_too_close(*uses: tuple[Interval, Buffers]) -> bool:
    """Whether one of two uses of a room overlaps the other or its buffers."""
    return any(
        use.starts_at < (around := buffers.around(other)).ends_at and around.starts_at < use.ends_at
        for (use, _), (other, buffers) in permutations(uses, 2)
    )


def name_key(name: str) -> str:
    """What makes two room names the same: case is ignored."""
    return unicodedata.normalize("NFKC", name).casefold()


def natural_order(name: str) -> str:
    """A sort key under which "9" comes before "10": runs of digits are padded."""
    return re.sub(r"[0-9]+", lambda digits: digits[0].zfill(20), name_key(name))


class Bookable(Protocol):
    """What these rules know of a room: its name, and whether it is in use."""

    @property
    def name(self) -> str: ...

    @property
    def is_active(self) -> bool: ...


def not_open(room: str) -> str:
    """Why a room that is not in use cannot be booked; `room`: its name, or "The room"."""
    return f"{room} is not open for booking"


def bookable_faults(room: Bookable | None) -> dict[str, list[str]]:
    """What keeps a room from being booked at any time (None = missing or malformed)."""
    return {} if room is None or room.is_active else {"classroom": [not_open(room.name)]}


def slot_faults(
    *,
    now: datetime,
    day: date | None,
    start_minute: int | None,
    end_minute: int | None,
    changed: Collection[str] = BOTH_ENDS,
) -> dict[str, list[str]]:
    """What is wrong with a wanted slot, as far as its parts are known (None = missing or malformed).

    "Past" and the horizon are judged on the campus clock, and only for what `changed` (contract §0).
    """
    faults = time_faults(start_minute, end_minute)
    if day is None:
        return faults
    if "date" in changed and (sentences := past_faults(day, now) or horizon_faults(day, now)):
        faults["date"] = sentences
    elif start_minute is not None and BOTH_ENDS & set(changed) and _has_gone(day, start_minute, now):
        faults.setdefault("start_time", []).append(START_IS_OVER)
    if not faults and start_minute is not None and end_minute is not None:
        faults |= _gap_faults(day, start_minute, end_minute)
    return faults


def time_faults(start_minute: int | None, end_minute: int | None) -> dict[str, list[str]]:
    """What is wrong with two times of a day; minutes since midnight (None = missing or malformed)."""
    if start_minute is None or end_minute is None or start_minute < end_minute:
        return {}
    return {"start_time": [START_TIME_IS_LATE]}


def past_faults(day: date, now: datetime) -> list[str]:
    """What is wrong with a day that is over on the campus clock."""
    return ["Date cannot be in the past"] if day < campus_date(now) else []


def horizon_faults(day: date, now: datetime) -> list[str]:
    """What is wrong with a day that lies further ahead than anybody may book (`kernel.dates.horizon_days`)."""
    days = horizon_days()
    return [f"Date cannot be more than {days} days ahead"] if day > campus_date(now) + timedelta(days=days) else []


def _has_gone(day: date, minute: int, now: datetime) -> bool:
    """Whether a minute of the wall is over. In the hour that comes twice the earlier is meant, so instants decide."""
    if day > campus_date(now):
        return False
    try:
        return wall_instant(day, minute) + timedelta(minutes=1) <= now
    except WallTimeDoesNotExist:
        return minute < campus_minute(now)


def _gap_faults(day: date, start_minute: int, end_minute: int) -> dict[str, list[str]]:
    try:
        interval = campus_interval(day, start_minute, end_minute)
    except WallTimeDoesNotExist as gap:
        return {"start_time" if gap.minute == start_minute else "end_time": [str(gap)]}
    return {} if interval.starts_at < interval.ends_at else {"start_time": [START_TIME_IS_LATE]}


def closure_faults(starts_at: datetime, ends_at: datetime) -> dict[str, list[str]]:
    """What is wrong with a span of time to close a room for."""
    faults = year_faults({"starts_at": starts_at, "ends_at": ends_at})
    if starts_at >= ends_at:
        faults.setdefault("starts_at", []).append(START_IS_LATE)
    elif not faults and ends_at - starts_at > MAX_CLOSURE:
        faults["ends_at"] = [f"At most {MAX_CLOSURE.days} days after the start"]
    return faults


def window_faults(first: date | None, last: date | None) -> dict[str, list[str]]:
    """What is wrong with the campus days to count the hours of, both included (None = missing or malformed)."""
    faults = year_faults({"start_date": first, "end_date": last})
    if faults or first is None or last is None:
        return faults
    faults = days_faults(first, last)
    if (last - first).days >= MAX_WINDOW_DAYS:
        faults["end_date"] = [f"At most {MAX_WINDOW_DAYS} days, both ends included"]
    return faults


def name_faults(name: str) -> list[str]:
    """What keeps a text from being a room's name: it is also the room's address (contract §4)."""
    if not name.strip():
        return [BLANK]
    if not is_visible(name) or not all(NAME.fullmatch(character) or _is_mark(character) for character in name):
        return ["Only letters, digits, spaces and . - _ ( ) & + # ' are allowed"]
    if name.casefold() in RESERVED_NAMES:
        return [f"{name} is a reserved name"]
    if len(name_key(name)) > MAX_NAME_KEY:
        return ["This name is too long once its compound letters are written out"]
    return []


def _is_mark(character: str) -> bool:
    """A part of a letter that is written as a character of its own: vowels of Thai and Devanagari, points of Hebrew."""
    return unicodedata.category(character) in ("Mn", "Mc")


def code_faults(code: str) -> list[str]:
    """What keeps a text from being a room's code; an empty one stands for the room's name."""
    if not is_visible(code):
        return [NOT_VISIBLE]
    if code != code.strip():
        return ["A code neither begins nor ends with a space"]
    return ["This code is too long"] if len(code) > MAX_NAME or len(name_key(code)) > MAX_NAME_KEY else []


def number_faults(number: object, allowed: range) -> list[str]:
    """What is wrong with a capacity (`CAPACITIES`) or a floor (`FLOORS`)."""
    if type(number) is int and number in allowed:
        return []
    return [f"Must be a whole number from {allowed[0]} to {allowed[-1]}"]


def equipment_faults(equipment: object) -> list[str]:
    """What is wrong with an equipment object: counts by key, and optionally the box on the floor plan."""
    if not isinstance(equipment, dict):
        return ["An object of counts is required"]
    if len(json.dumps(equipment)) > MAX_EQUIPMENT_BYTES:
        return [f"Must not be larger than {MAX_EQUIPMENT_BYTES} bytes"]
    faults = [
        f"{key}: must be a count from 0 to {MAX_COUNT}" for key, value in equipment.items() if not _fits(key, value)
    ]
    faults += [f"{key[:50]}: keys are 1 to 40 of a-z, 0-9 and _" for key in equipment if not _is_key(key)]
    return faults + (_svg_faults(equipment["svg"]) if "svg" in equipment else [])


def _is_key(key: str) -> bool:
    return bool(EQUIPMENT_KEY.fullmatch(key)) and key not in REFUSED_KEYS


def _fits(key: str, value: object) -> bool:
    return key == "svg" or (type(value) is int and 0 <= value <= MAX_COUNT)


def _svg_faults(svg: object) -> list[str]:
    if not isinstance(svg, dict) or set(svg) != {*SVG_NUMBERS, "text", "type"}:
        return ["svg: an object with x, y, width, height, text and type is required"]
    faults = [
        f"svg.{name}: must be a number between -100000 and 100000"
        for name in SVG_NUMBERS
        if type(svg[name]) not in (int, float) or not abs(svg[name]) <= MAX_COORDINATE  # also for NaN
    ]
    text = svg["text"]
    if not isinstance(text, str) or len(text) > MAX_SVG_TEXT or "\t" in text or has_forbidden_text(text):
        faults.append(f"svg.text: must be a text of at most {MAX_SVG_TEXT} characters")
    if not isinstance(svg["type"], str) or not SVG_TYPE.fullmatch(svg["type"]):
        faults.append("svg.type: must be 1 to 32 of a-z, 0-9, _ and -")
    return faults


def room_faults(values: Mapping[str, Any]) -> dict[str, list[str]]:
    """What is wrong with what a room is: its code, capacity and floor, its equipment, and `place_faults`."""
    return {
        "code": code_faults(values.get("code", "")),
        "capacity": number_faults(values.get("capacity"), CAPACITIES),
        "floor": number_faults(values.get("floor"), FLOORS),
        "equipment": equipment_faults(values.get("equipment", {})),
        **place_faults(values),
    }


def place_faults(place: Mapping[str, Any]) -> dict[str, list[str]]:
    """What is wrong with where and what a room is: the texts `type`, `building` and `link` (a web address), each
    empty if unknown, and the degrees `latitude` and `longitude`, both None if unknown. Keys may be absent.
    """
    faults = {name: _text_faults(place.get(name, ""), longest) for name, longest in LONGEST.items()}
    if place.get("link") and not faults["link"] and not is_web_address(place["link"]):
        faults["link"] = [NOT_A_WEB_ADDRESS]
    for name, most in MAX_DEGREES.items():
        degrees = place.get(name)
        if degrees is not None and not (type(degrees) in (int, float) and abs(degrees) <= most):  # also for NaN
            faults[name] = [f"Must be a number from -{most} to {most}"]
    has_degrees = [place.get(name) is not None for name in MAX_DEGREES]
    if any(has_degrees) and not all(has_degrees):
        faults.setdefault("longitude" if has_degrees[0] else "latitude", ["Latitude and longitude belong together"])
    return {name: sentences for name, sentences in faults.items() if sentences}


def _text_faults(text: object, longest: int) -> list[str]:
    if not isinstance(text, str) or len(text) > longest:
        return [f"Must be a text of at most {longest} characters"]
    return [NOT_VISIBLE] if text and not is_visible(text) else []


def shown_type(of_room: str, equipment: Mapping[str, Any]) -> str:
    """What kind of room it is: as told, else as its box on the floor plan says, else "room" (contract occupancy §7)."""
    box = equipment.get("svg")
    return of_room or (str(box["type"]) if isinstance(box, Mapping) and box.get("type") else UNKNOWN_TYPE)

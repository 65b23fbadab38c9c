"""What the bodies and queries of the searches ask for: checked, in instants."""

import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dialects.occupancy.bodies import Body
from dialects.occupancy.distances import Coordinates
from dialects.occupancy.envelope import BadRequest
from dialects.occupancy.wall_clock import NotATime, in_
from kernel.campus_time import Interval

MAX_RANGES = 1000
NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
LIMITS = {"latitude": 90, "longitude": 180}


def selection(body: Body) -> list[Interval]:
    """`selection`: the ranges in which a room has to be free. Raises: BadRequest."""
    ranges = body.fields.get("selection")
    if ranges is None:
        raise BadRequest("selection is required")
    if not isinstance(ranges, list):
        raise BadRequest("selection must be an array")
    if len(ranges) > MAX_RANGES:
        raise BadRequest(f"selection must not have more than {MAX_RANGES} items")
    return [_range(f"selection[{number}]", item) for number, item in enumerate(ranges)]


def coordinates(body: Body) -> Coordinates | None:
    """`coordinates`: from where distances are measured; None for none. Raises: BadRequest."""
    place = body.fields.get("coordinates")
    if place is None:
        return None
    if not isinstance(place, dict):
        raise BadRequest("coordinates must be an object")
    return Coordinates(*(_degrees(name, place.get(name), is_form=body.is_form) for name in LIMITS))


def after_date(body: Body) -> datetime:
    """`after_date`. Raises: BadRequest."""
    return _instant("after_date", body.fields.get("after_date"))


def bounds(query: Mapping[str, str]) -> tuple[datetime | None, datetime | None]:
    """`from` and `to` of a room's occupations; None where it is not bounded. Raises: BadRequest."""
    first, last = (_instant(name, query[name]) if name in query else None for name in ("from", "to"))
    if first and last and first >= last:
        raise BadRequest("to must be after from")
    return first, last


def _range(name: str, item: Any) -> Interval:
    if not isinstance(item, dict):
        raise BadRequest(f"{name} must be an object")
    start, end = (_instant(f"{name}.{edge}", item.get(edge)) for edge in ("start", "end"))
    if end <= start:
        raise BadRequest(f"{name}.end must be after {name}.start")
    return Interval(start, end)


def _instant(name: str, value: Any) -> datetime:
    if value is None or value == "":
        raise BadRequest(f"{name} is required")
    try:
        return in_(value)
    except NotATime as error:
        raise BadRequest(f"{name} {error}") from error


def _degrees(name: str, value: Any, *, is_form: bool) -> float:
    """A number; only in a form it is written as text."""
    limit = LIMITS[name]
    if value is None:
        raise BadRequest(f"coordinates.{name} is required")
    if is_form and isinstance(value, str) and NUMBER.fullmatch(value):
        value = float(value)
    if type(value) not in (int, float) or not math.isfinite(value) or abs(value) > limit:
        raise BadRequest(f"coordinates.{name} must be a number from -{limit} to {limit}")
    return float(value)

"""Weekly slots, and what to offer when the wanted one is taken: other times, and the rooms with the fewest clashes."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

from classrooms.models import BookingHold
from classrooms.queries.free_rooms import Rooms, free_during, not_while, with_clashes
from classrooms.querysets import BookingHoldQuerySet
from classrooms.rules import slot_faults
from kernel.campus_time import MINUTES_PER_DAY, Interval, WallTimeDoesNotExist, campus_interval, format_minute

MAX_SUGGESTIONS = 10
STEPS = (30, -30, 60, -60)
"""Minutes to shift by, nearest first."""


def weekly(asked: Mapping[str, Any], *, shift: int = 0) -> tuple[Interval, ...]:
    """The asked slot, `shift` minutes later, and the same weekday and time of every week until `weekly_until`.

    A week whose wall time does not exist is left out: nobody can book it.
    """
    day: date = asked["date"]
    last, found = asked.get("weekly_until", day), []
    while day <= last:
        with suppress(WallTimeDoesNotExist):
            found.append(campus_interval(day, asked["start_time"] + shift, asked["end_time"] + shift))
        day += timedelta(days=7)
    return tuple(found)


def suggestions(
    rooms: Rooms, asked: Mapping[str, Any], holds: BookingHoldQuerySet[BookingHold], *, now: datetime
) -> list[dict[str, Any]]:
    """At most ten, JSON: nearby times at which a room is wholly free, then rooms with the fewest clashes.

    `holds`: those that bind the caller; nothing is offered under one of them.
    """
    found = [
        _suggestion(room.name, asked, shift, 0)
        for shift in _shifts(asked, now)
        for room in _free(rooms, weekly(asked, shift=shift), holds)[:2]
    ][: MAX_SUGGESTIONS // 2]
    wanted = weekly(asked)
    crowded: Any = not_while(with_clashes(rooms, *wanted), holds.over_any(wanted))
    found += [_suggestion(room.name, asked, 0, room.clashes) for room in crowded[: MAX_SUGGESTIONS - len(found)]]
    return found


def _free(rooms: Rooms, wanted: tuple[Interval, ...], holds: BookingHoldQuerySet[BookingHold]) -> Rooms:
    return not_while(free_during(rooms, *wanted), holds.over_any(wanted))


def _shifts(asked: Mapping[str, Any], now: datetime) -> Iterator[int]:
    """The steps to another time of the same day that can be booked."""
    for step in STEPS:
        start, end = asked["start_time"] + step, asked["end_time"] + step
        if start < 0 or end > MINUTES_PER_DAY:
            continue
        if not slot_faults(now=now, day=asked["date"], start_minute=start, end_minute=end):
            yield step


def _suggestion(name: str, asked: Mapping[str, Any], shift: int, clashes: int) -> dict[str, Any]:
    return {
        "classroom": name,
        "date": asked["date"].isoformat(),
        "start_time": format_minute(asked["start_time"] + shift),
        "end_time": format_minute(asked["end_time"] + shift),
        "clashes": clashes,
    }

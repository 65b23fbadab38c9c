"""Weekly slots, and what to offer when the wanted one is taken: other times, and the rooms with the fewest clashes."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

from classrooms.models import BookingHold
from classrooms.queries.free_rooms import free_during, not_while, with_clashes
from classrooms.queries.rooms import Rooms
from classrooms.querysets import BookingHoldQuerySet
from classrooms.rules import slot_faults
from kernel.campus_time import MINUTES_PER_DAY, Interval, WallTimeDoesNotExist, campus_interval, format_minute

MAX_SUGGESTIONS = 10
STEPS = (30, -30, 60, -60)
"""Minutes to shift by, nearest first."""


def weekly(slot: Mapping[str, Any], *, shift: int = 0) -> tuple[Interval, ...]:
    """The slot, `shift` minutes later, on its date and on the same weekday of every week until `weekly_until`.

    A week whose wall time does not exist is left out: nobody can book it.
    """
    day: date = slot["date"]
    last, intervals = slot.get("weekly_until", day), []
    while day <= last:
        with suppress(WallTimeDoesNotExist):
            intervals.append(campus_interval(day, slot["start_time"] + shift, slot["end_time"] + shift))
        day += timedelta(days=7)
    return tuple(intervals)


def suggestions(
    rooms: Rooms, slot: Mapping[str, Any], holds: BookingHoldQuerySet[BookingHold], *, now: datetime
) -> list[dict[str, Any]]:
    """At most ten, JSON: nearby times at which a room is wholly free, then rooms with the fewest clashes.

    `holds`: those that bind the caller; nothing is offered under one of them.
    """
    offers = [
        _suggestion(room.name, slot, shift, 0)
        for shift in _shifts(slot, now)
        for room in _free(rooms, weekly(slot, shift=shift), holds)[:2]
    ][: MAX_SUGGESTIONS // 2]
    intervals = weekly(slot)
    crowded: Any = not_while(with_clashes(rooms, *intervals), holds.over_any(intervals))
    offers += [_suggestion(room.name, slot, 0, room.clashes) for room in crowded[: MAX_SUGGESTIONS - len(offers)]]
    return offers


def _free(rooms: Rooms, intervals: tuple[Interval, ...], holds: BookingHoldQuerySet[BookingHold]) -> Rooms:
    return not_while(free_during(rooms, *intervals), holds.over_any(intervals))


def _shifts(slot: Mapping[str, Any], now: datetime) -> Iterator[int]:
    """The steps to another time of the same day that can be booked."""
    for step in STEPS:
        start, end = slot["start_time"] + step, slot["end_time"] + step
        if start < 0 or end > MINUTES_PER_DAY:
            continue
        if not slot_faults(now=now, day=slot["date"], start_minute=start, end_minute=end):
            yield step


def _suggestion(name: str, slot: Mapping[str, Any], shift: int, clashes: int) -> dict[str, Any]:
    return {
        "classroom": name,
        "date": slot["date"].isoformat(),
        "start_time": format_minute(slot["start_time"] + shift),
        "end_time": format_minute(slot["end_time"] + shift),
        "clashes": clashes,
    }

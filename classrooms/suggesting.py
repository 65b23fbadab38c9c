"""What to offer when the wanted slot is taken: other times, and the rooms with the fewest clashes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from classrooms.querysets import BookingHoldQuerySet, ClassroomQuerySet
from cspace.db.ranges import MINUTES_PER_DAY, Interval, WallTimeDoesNotExist, campus_interval, format_minute

MAX_SUGGESTIONS = 10
STEPS = (30, -30, 60, -60)
"""Minutes to shift by, nearest first."""


def suggestions(
    rooms: ClassroomQuerySet, asked: Mapping[str, Any], wanted: Sequence[Interval], holds: BookingHoldQuerySet
) -> list[dict[str, Any]]:
    """At most ten, JSON: nearby times at which a room is wholly free, then rooms with the fewest clashes.

    `holds`: those that bind the caller; nothing is offered under one of them.
    """
    found = [
        _suggestion(room.name, asked, start, end, 0)
        for start, end, interval in _shifted(asked)
        for room in rooms.free_during(interval).not_while(holds.over(interval))[:2]
    ][: MAX_SUGGESTIONS // 2]
    crowded: Any = rooms.with_clashes(*wanted).not_while(holds.over_any(wanted))
    found += [
        _suggestion(room.name, asked, asked["start_time"], asked["end_time"], room.clashes)
        for room in crowded[: MAX_SUGGESTIONS - len(found)]
    ]
    return found


def _shifted(asked: Mapping[str, Any]) -> Iterator[tuple[int, int, Interval]]:
    for step in STEPS:
        start, end = asked["start_time"] + step, asked["end_time"] + step
        if start >= 0 and end <= MINUTES_PER_DAY:
            try:
                yield start, end, campus_interval(asked["date"], start, end)
            except WallTimeDoesNotExist:
                continue


def _suggestion(name: str, asked: Mapping[str, Any], start: int, end: int, clashes: int) -> dict[str, Any]:
    return {
        "classroom": name,
        "date": asked["date"].isoformat(),
        "start_time": format_minute(start),
        "end_time": format_minute(end),
        "clashes": clashes,
    }

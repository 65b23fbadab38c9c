"""Weekly slots, and what to offer when the wanted one is taken: other times, and the rooms with the fewest clashes."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

from classrooms.models import BookingHold
from classrooms.queries.free_rooms import free_during, not_while, with_clashes
from classrooms.queries.refusing import RoomJudge, RoomSketch, WantedSlot
from classrooms.queries.rooms import Rooms
from classrooms.queries.sifting import kept_from
from classrooms.querysets import BookingHoldQuerySet
from classrooms.rules import slot_faults
from kernel.campus_time import (
    MINUTES_PER_DAY,
    Interval,
    WallTimeDoesNotExist,
    campus_interval,
    clamped_interval,
    format_minute,
)

MAX_SUGGESTIONS = 10
STEPS = (30, -30, 60, -60)
"""Minutes to shift by, nearest first."""


def weekly(slot: Mapping[str, Any], *, shift: int = 0) -> tuple[Interval, ...]:
    """The slot, `shift` minutes later, on its date and on the same weekday of every week until `weekly_until`.

    A week in which nothing of the time exists is left out; one in which a part does not, is had for the rest of it, as
    by a series.
    """
    return tuple(each.interval for each in weekly_slots(slot, shift=shift))


def weekly_slots(slot: Mapping[str, Any], *, shift: int = 0) -> tuple[WantedSlot, ...]:
    """The same with the times on the wall."""
    day: date = slot["date"]
    start, end = slot["start_time"] + shift, slot["end_time"] + shift
    last, slots = slot.get("weekly_until", day), []
    while day <= last:
        if (interval := _interval(day, start, end, is_weekly="weekly_until" in slot)) is not None:
            slots.append(WantedSlot(day, start, end, interval))
        day += timedelta(days=7)
    return tuple(slots)


def _interval(day: date, start: int, end: int, *, is_weekly: bool) -> Interval | None:
    """What a series would book, or a single registration; None for nothing."""
    if is_weekly:
        return clamped_interval(day, start, end)
    with suppress(WallTimeDoesNotExist):
        return campus_interval(day, start, end)
    return None


def suggestions(
    rooms: Rooms,
    slot: Mapping[str, Any],
    holds: BookingHoldQuerySet[BookingHold],
    *,
    now: datetime,
    judge: RoomJudge | None = None,
) -> list[dict[str, Any]]:
    """At most ten, JSON: nearby times at which a room is wholly free, then rooms with the fewest clashes.

    `holds`: those that bind the caller; nothing is offered under one of them. `judge`: what a rule refuses is not
    offered either; it was made for `slots_judged`.
    """
    offers = [
        _suggestion(name, slot, shift, 0)
        for shift in _shifts(slot, now)
        for name in _first_free(rooms, weekly_slots(slot, shift=shift), holds, judge)
    ][: MAX_SUGGESTIONS // 2]
    most, intervals = MAX_SUGGESTIONS - len(offers), weekly(slot)
    crowded: Any = not_while(with_clashes(rooms, *intervals), holds.over_any(intervals))
    if judge is None:
        return offers + [_suggestion(room.name, slot, 0, room.clashes) for room in crowded[:most]]
    rows = list(crowded.values_list(*RoomSketch._fields, "clashes"))
    _, refused = kept_from(judge, [RoomSketch(*row) for *row, _ in rows], weekly_slots(slot))
    had = [(row[1], row[-1]) for row in rows if row[0] not in refused]
    return offers + [_suggestion(name, slot, 0, clashes) for name, clashes in had[:most]]


def slots_judged(slot: Mapping[str, Any], *, now: datetime) -> list[WantedSlot]:
    """All slots of which `suggestions` says something."""
    return [each for shift in (0, *_shifts(slot, now)) for each in weekly_slots(slot, shift=shift)]


def _first_free(
    rooms: Rooms, slots: Sequence[WantedSlot], holds: BookingHoldQuerySet[BookingHold], judge: RoomJudge | None
) -> list[str]:
    """The names of the first two rooms that can be had in all of the slots."""
    intervals = [each.interval for each in slots]
    free = not_while(free_during(rooms, *intervals), holds.over_any(intervals))
    if judge is None:
        return [room.name for room in free[:2]]
    sketches = [RoomSketch(*row) for row in free.values_list(*RoomSketch._fields)]
    near, refused = kept_from(judge, sketches, slots)
    return [room.name for room in sketches if room.id not in near and room.id not in refused][:2]


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

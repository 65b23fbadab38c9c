"""Weekly slots that are still free after the draw, for who did not get the one wished for."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import islice

from allocations.models import AllocationEvent, AllocationRegistration
from classrooms.models import Classroom, Occupancy
from kernel.campus_time import MINUTES_PER_DAY, Interval, covering_pieces, day_of_week, days_interval, weekly_dates

Span = tuple[int, int]
"""Start and end, minutes since midnight."""


@dataclass(frozen=True)
class FreeSlot:
    """A weekly slot: free on every date of that weekday from `first` to the end of the target range."""

    classroom: Classroom
    day_of_week: int
    start_minute: int
    end_minute: int


def alternatives(event: AllocationEvent, entry: AllocationRegistration, *, first: date, limit: int) -> list[FreeSlot]:
    """At most `limit` slots as long as the entry's, nearest first: the same room at another time of that day, the
    same time in another room, the same room and time on another day. Active rooms only. Two queries.

    `first`: the earliest date that counts. A date closed in part or whole counts as taken.
    """
    rooms = {room.pk: room for room in Classroom.objects.active().in_order()}
    first = max(first, event.target_starts_on)
    if first > event.target_ends_on:
        return []
    uses = _uses(rooms, first, event.target_ends_on)
    own = (entry.day_of_week, entry.start_minute, entry.end_minute)
    nearest = (
        FreeSlot(rooms[room_id], *slot)
        for room_id, slot in _nearest(entry, rooms, uses)
        if (room_id, slot) != (entry.classroom_id, own) and weekly_dates(first, event.target_ends_on, slot[0])
    )
    return list(islice(nearest, limit))


def _nearest(
    entry: AllocationRegistration, rooms: Mapping[int, Classroom], uses: Mapping[tuple[int, int], list[Span]]
) -> Iterator[tuple[int, tuple[int, int, int]]]:
    day, start, length, own_room = entry.day_of_week, entry.start_minute, entry.weekly_minutes, entry.classroom_id
    if own_room in rooms:
        starts = [_closest(gap, start, length) for gap in _gaps(uses[own_room, day], length)]
        for begins in sorted(starts, key=lambda begins: (abs(begins - start), begins)):
            yield own_room, (day, begins, begins + length)
    for room_id in rooms:
        if room_id != own_room and _is_free(uses[room_id, day], start, start + length):
            yield room_id, (day, start, start + length)
    for other in sorted(range(1, 8), key=lambda other: (min((other - day) % 7, (day - other) % 7), other)):
        if other != day and own_room in rooms and _is_free(uses[own_room, other], start, start + length):
            yield own_room, (other, start, start + length)


def _uses(rooms: Mapping[int, Classroom], first: date, last: date) -> Mapping[tuple[int, int], list[Span]]:
    """What is taken on at least one date: {(room, day of week): spans by time, merged}."""
    spans: dict[tuple[int, int], set[Span]] = defaultdict(set)
    rows = Occupancy.objects.live().overlapping(days_interval(first, last)).filter(classroom_id__in=rooms)
    for room_id, starts_at, ends_at in rows.values_list("classroom_id", "starts_at", "ends_at"):
        for piece in covering_pieces(Interval(starts_at, ends_at)):
            if first <= piece.date <= last:
                spans[room_id, day_of_week(piece.date)].add((piece.start_minute, piece.end_minute))
    merged: dict[tuple[int, int], list[Span]] = defaultdict(list)
    merged |= {slot: _merged(of_slot) for slot, of_slot in spans.items()}
    return merged


def _merged(spans: Iterable[Span]) -> list[Span]:
    spans_apart: list[Span] = []
    for start, end in sorted(spans):
        if spans_apart and start <= spans_apart[-1][1]:
            spans_apart[-1] = (spans_apart[-1][0], max(end, spans_apart[-1][1]))
        else:
            spans_apart.append((start, end))
    return spans_apart


def _gaps(uses: list[Span], length: int) -> Iterator[Span]:
    """The free spans of a day into which the length fits."""
    reached = 0
    for start, end in [*uses, (MINUTES_PER_DAY, MINUTES_PER_DAY)]:
        if start - reached >= length:
            yield reached, start
        reached = max(reached, end)


def _closest(gap: Span, start: int, length: int) -> int:
    """The start inside the gap that is nearest to the wanted one."""
    return min(max(start, gap[0]), gap[1] - length)


def _is_free(uses: list[Span], start: int, end: int) -> bool:
    return all(held_end <= start or end <= held_start for held_start, held_end in uses)

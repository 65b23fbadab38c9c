"""The list a draw depends on, built from the tables: the same rows give the same bytes.

Also how it is stored: packed, with its hash. A constant number of queries, however many entries.
"""

import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256

from django.db.models.functions import Coalesce

from allocations import draw
from allocations.enums import EntryStatus
from allocations.models import AllocationEvent, AllocationRegistration, EventWeight
from classrooms.models import Classroom, Occupancy
from kernel.campus_time import Interval, covering_pieces, days_interval, merged
from registrations.enums import WeekState

STATES = {
    EntryStatus.PENDING: draw.PENDING,
    EntryStatus.APPROVED: draw.APPROVED,
    EntryStatus.REJECTED: draw.REJECTED,
}
"""Before the draw. What is withdrawn is not on the list."""


@dataclass(frozen=True)
class RoomLines:
    """The `closed` and `booked` lines of some rooms (contract of the draw, §2)."""

    closed: tuple[tuple[int, date], ...]
    booked: tuple[draw.Booked, ...]


@dataclass(frozen=True)
class RoomTime:
    """A live occupancy of a room. `is_campus_wide`: of a closure, else None."""

    room_id: int
    interval: Interval
    is_campus_wide: bool | None


@dataclass(frozen=True)
class PackedDocument:
    """A manifest or a result as stored: compressed, with the hash of the exact bytes."""

    data: bytes
    sha256: str

    @classmethod
    def of(cls, text: bytes) -> "PackedDocument":
        return cls(zlib.compress(text, 9), sha256(text).hexdigest())


def unpacked(data: bytes | memoryview) -> bytes:
    """The exact bytes that were published."""
    return zlib.decompress(data)


def listed_entries(event: AllocationEvent) -> list[AllocationRegistration]:
    """The entries the draw decides: all but the withdrawn, by id. One query."""
    return list(event.entries.exclude(status=EntryStatus.WITHDRAWN).with_api_relations().order_by("id"))


def manifest_of(event: AllocationEvent, listed: Collection[AllocationRegistration]) -> draw.Manifest:
    """Everything the draw of an undecided event depends on, as the tables say it now. Two queries."""
    entries = [entry_of(row, STATES[EntryStatus(row.status)]) for row in listed]
    lines = room_lines([row.classroom for row in listed], event.target_starts_on, event.target_ends_on)
    return assemble(event, entries, lines, weights=weights_of(event))


def weights_of(event: AllocationEvent) -> dict[int, int]:
    """The weights that are not 1, by group id. One query."""
    return dict(EventWeight.objects.filter(event=event).order_by("group_id").values_list("group_id", "weight"))


def assemble(
    event: AllocationEvent,
    entries: Iterable[draw.Entry],
    lines: RoomLines,
    *,
    weights: Mapping[int, int] | None = None,
    first: date | None = None,
) -> draw.Manifest:
    """The manifest of an event with these entries, lines and weights; `first`: another first date. No query."""
    return draw.Manifest(
        event_id=event.pk,
        target_starts_on=first or event.target_starts_on,
        target_ends_on=event.target_ends_on,
        params=params_of(event),
        weights=weights or {},
        closed=lines.closed,
        booked=lines.booked,
        entries=tuple(entries),
    )


def params_of(event: AllocationEvent) -> draw.Params:
    """How this event's draw decides; no limit of wins is written as 0."""
    return draw.Params(
        balance=event.balance,
        conflict=event.conflict,
        max_wins=event.max_wins_per_group or 0,
        min_percent=event.min_percent,
        tie=event.tie,
    )


def entry_of(row: AllocationRegistration, state: str = draw.PENDING) -> draw.Entry:
    """One entry as the draw knows it."""
    return draw.Entry(
        id=row.pk,
        group_id=row.group_id,
        room_id=row.classroom_id,
        day=row.day_of_week,
        start_minute=row.start_minute,
        end_minute=row.end_minute,
        rank=row.rank,
        choice=row.choice,
        state=state,
    )


def room_lines(
    rooms: Iterable[Classroom], first: date, last: date, *, not_of_series: Collection[int] = ()
) -> RoomLines:
    """What is closed and booked in these rooms on the days first…last, sorted as in the draw file. One query.

    `not_of_series`: the occurrences of these series are left out, save those settled by hand since.
    A room 0 line stands for a closure of the whole campus: it covers the day in each of these rooms.
    A room that cannot be booked at all is closed on all days. Buffers are booked, and so is what stands for the use of
    a whole or a part of a room.
    """
    is_open = {room.pk: room.is_active for room in rooms}
    room_ids, spans = is_open.keys(), day_spans(first, last)
    rows = Occupancy.objects.live().overlapping(days_interval(first, last)).filter(classroom_id__in=room_ids)
    if not_of_series:
        for way in ("registration__week__", "main__registration__week__"):
            rows = rows.exclude(**{f"{way}series_id__in": not_of_series, f"{way}state": WeekState.HELD})
    occupancies = [
        RoomTime(room_id, Interval(starts_at, ends_at), is_campus_wide)
        for room_id, starts_at, ends_at, is_campus_wide in rows.values_list(
            "classroom_id",
            "starts_at",
            "ends_at",
            Coalesce("closure__is_campus_wide", "main__closure__is_campus_wide"),
        )
    ]
    closed = closed_days(occupancies, room_ids, spans)
    not_open = [room_id for room_id in room_ids if not is_open[room_id]]
    closed |= {(room_id, day) for room_id in not_open for day in spans if (draw.EVERY_ROOM, day) not in closed}
    booked = (
        draw.Booked(row.room_id, piece.date, piece.start_minute, piece.end_minute)
        for row in occupancies
        for piece in covering_pieces(row.interval)
        if first <= piece.date <= last and not closed & {(row.room_id, piece.date), (draw.EVERY_ROOM, piece.date)}
    )
    return RoomLines(
        closed=tuple(sorted(closed)),
        booked=tuple(sorted(booked)),
    )


def closed_days(
    occupancies: Iterable[RoomTime], room_ids: Collection[int], days: Mapping[date, Interval]
) -> set[tuple[int, date]]:
    """(room, date) covered from 00:00 to 24:00 by closures; room 0 where closures of the campus cover all rooms."""
    by_anybody: dict[int, list[Interval]] = defaultdict(list)
    by_campus: dict[int, list[Interval]] = defaultdict(list)
    for row in occupancies:
        if row.is_campus_wide is not None:
            by_anybody[row.room_id].append(row.interval)
        if row.is_campus_wide:
            by_campus[row.room_id].append(row.interval)
    of_campus = [set(whole_days(by_campus[room_id], days)) for room_id in room_ids]
    everywhere = set.intersection(*of_campus) if of_campus else set()
    return {(draw.EVERY_ROOM, day) for day in everywhere} | {
        (room_id, day)
        for room_id, intervals in by_anybody.items()
        for day in whole_days(intervals, days)
        if day not in everywhere
    }


def whole_days(intervals: Iterable[Interval], days: Mapping[date, Interval]) -> Iterator[date]:
    """The days of which the intervals together leave no instant."""
    for whole in merged(intervals):
        for day, span in days.items():
            if whole.starts_at <= span.starts_at and span.ends_at <= whole.ends_at:
                yield day


def day_spans(first: date, last: date) -> dict[date, Interval]:
    """The days first…last with their instants."""
    days = [first + timedelta(days=ahead) for ahead in range((last - first).days + 1)]
    return {day: days_interval(day, day) for day in days}

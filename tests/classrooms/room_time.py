"""Room time drawn by hypothesis, in few minutes, so that much of it touches, nests and coincides."""

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import strategies as st

from classrooms.enums import OccupancyKind
from classrooms.models import Classroom, Occupancy
from kernel.campus_time import Interval

EPOCH = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
MINUTES = 24
SHARED = (OccupancyKind.LECTURE, OccupancyKind.CLOSURE)
SATELLITES = (OccupancyKind.PART, OccupancyKind.BUFFER)
KINDS = [kind for kind in OccupancyKind if kind not in SATELLITES]
"""What a row of its own may be."""


class Taken(NamedTuple):
    """Minutes of a room after `EPOCH`, half-open."""

    room: int
    start: int
    end: int
    kind: OccupancyKind
    is_live: bool


def at(minute: int) -> dt.datetime:
    return EPOCH + dt.timedelta(minutes=minute)


def span(start: int, end: int) -> Interval:
    return Interval(at(start), at(end))


spans = st.tuples(st.integers(0, MINUTES - 1), st.integers(1, 8)).map(lambda pair: (pair[0], sum(pair)))


def occupancies(rooms: int) -> st.SearchStrategy[list[Taken]]:
    """What the constraint lets stand together in so many rooms."""
    wished = st.builds(
        lambda room, times, kind, is_live: Taken(room, *times, kind, is_live),
        st.integers(0, rooms - 1),
        spans,
        # Mostly lectures: only they may overlap each other at will.
        st.sampled_from([*[OccupancyKind.LECTURE] * 3, *KINDS]),
        st.sampled_from([True, True, True, False]),
    )
    return st.lists(wished, max_size=25).map(_without_forbidden)


def _without_forbidden(wished: list[Taken]) -> list[Taken]:
    stands: list[Taken] = []
    for new in wished:
        met = [old for old in stands if old.room == new.room and old.start < new.end and new.start < old.end]
        if not new.is_live or all(not old.is_live or (old.kind == new.kind and new.kind in SHARED) for old in met):
            stands.append(new)
    return stands


def fill(rooms: Sequence[Classroom], taken: Sequence[Taken]) -> None:
    """Make room time exactly this."""
    Occupancy.objects.all().delete()
    for row in taken:
        Occupancy.objects.create(
            classroom=rooms[row.room], starts_at=at(row.start), ends_at=at(row.end), kind=row.kind, is_live=row.is_live
        )

"""What is in the way of room time that is wanted; availability shows the same that a booking is refused for."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet

from classrooms.models import Occupancy
from kernel.campus_time import Interval, cut_per_day, days_interval, format_minute
from kernel.db.arrays import array_of
from kernel.db.batch import Statement, send
from kernel.db.pipeline import ResultRow
from kernel.db.querysets import statement_of


@dataclass(frozen=True)
class Obstacle:
    """A live occupancy that is in the way; without an id, one that the same request would have made."""

    id: int | None
    kind: str
    interval: Interval

    def pieces(self) -> list[dict[str, Any]]:
        """JSON, one element per campus day."""
        return [
            {
                "id": self.id,
                "kind": self.kind,
                "date": piece.date.isoformat(),
                "start_time": format_minute(piece.start_minute),
                "end_time": format_minute(piece.end_minute),
            }
            for piece in cut_per_day(self.interval)
        ]

    def pieces_on(self, day: date) -> list[dict[str, Any]]:
        """The same for one campus day only."""
        whole = days_interval(day, day)
        starts_at, ends_at = max(self.interval.starts_at, whole.starts_at), min(self.interval.ends_at, whole.ends_at)
        return Obstacle(self.id, self.kind, Interval(starts_at, ends_at)).pieces() if starts_at < ends_at else []


def obstacles(classroom_id: int, interval: Interval, *, other_than: Iterable[int] = ()) -> list[Obstacle]:
    """What is in the way of an interval in a room, by time. One query; the same that availability shows."""
    return [row for row in obstacles_in_any([classroom_id], interval) if row.id not in set(other_than)]


def asking_for_obstacles(classroom_id: int, interval: Interval) -> Statement:
    """The question for `obstacles_found`."""
    return statement_of(_in_the_way([classroom_id], interval))


def obstacles_found(rows: Iterable[ResultRow]) -> list[Obstacle]:
    """What is in the way, by time."""
    return [Obstacle(row_id, kind, Interval(starts_at, ends_at)) for row_id, kind, starts_at, ends_at in rows]


def obstacles_in_any(classroom_ids: Sequence[int], interval: Interval) -> list[Obstacle]:
    """What is in the way of an interval in any of some rooms, by time."""
    return obstacles_found(_in_the_way(classroom_ids, interval))


def _in_the_way(classroom_ids: Sequence[int], interval: Interval) -> QuerySet[Occupancy, ResultRow]:
    rows = Occupancy.objects.live().overlapping(interval).filter(classroom_id__in=classroom_ids).in_order()
    return rows.values_list("id", "kind", "starts_at", "ends_at")


def obstacles_of_each(rows: Sequence[tuple[int, Interval]]) -> dict[int, list[Obstacle]]:
    """What is in the way of many wishes (room, interval): {place of the wish: by time}. One query."""
    return obstacles_by_place(*send(asking_for_obstacles_of_each(rows)))


def asking_for_obstacles_of_each(rows: Sequence[tuple[int, Interval]]) -> Statement:
    """The question for `obstacles_by_place`."""
    return Statement(OF_EACH, tuple(as_arrays(rows)))


def obstacles_by_place(rows: Iterable[ResultRow]) -> dict[int, list[Obstacle]]:
    """What is in the way of each wish, by its place."""
    by_place: dict[int, list[Obstacle]] = defaultdict(list)
    for place, row_id, kind, starts_at, ends_at in rows:
        by_place[place].append(Obstacle(row_id, kind, Interval(starts_at, ends_at)))
    return by_place


# OFFSET 0 keeps the planner from joining whole tables: each wish is one look into the constraint's index.
OF_EACH = (
    "SELECT wanted.place - 1, taken.id, taken.kind, taken.starts_at, taken.ends_at"
    " FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[])"
    " WITH ORDINALITY AS wanted (room, starts_at, ends_at, place)"
    " CROSS JOIN LATERAL (SELECT id, kind, starts_at, ends_at FROM classrooms_occupancy AS held"
    " WHERE held.is_live AND held.classroom_id = wanted.room"
    " AND tstzrange(held.starts_at, held.ends_at, '[)') && tstzrange(wanted.starts_at, wanted.ends_at, '[)')"
    " OFFSET 0) AS taken ORDER BY wanted.place, taken.starts_at, taken.id"
)


def as_arrays(rows: Sequence[tuple[int, Interval]]) -> list[str]:
    """Rooms, starts and ends: three arrays for unnest."""
    return [
        array_of(classroom_id for classroom_id, _ in rows),
        array_of(interval.starts_at for _, interval in rows),
        array_of(interval.ends_at for _, interval in rows),
    ]

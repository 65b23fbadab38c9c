"""What is in the way of room time that is wanted; availability shows the same that a booking is refused for."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from classrooms.enums import OccupancyKind
from classrooms.models import Occupancy
from classrooms.rules import NO_BUFFERS, Buffers
from kernel.campus_time import Interval, cut_per_day, days_interval, format_minute
from kernel.db.arrays import array_of
from kernel.db.batch import Statement, send
from kernel.db.overlaps import Overlaps
from kernel.db.pipeline import ResultRow
from kernel.db.querysets import statement_of


@dataclass(frozen=True)
class Obstacle:
    """A live occupancy that is in the way; without an id, one that the same request would have made.

    Of a satellite it has the id and the kind of its main row; only what is kept apart by a buffer, on whichever side,
    has the kind `buffer`.
    """

    id: int | None
    kind: str
    interval: Interval
    main_kind: str = ""
    """What it is, buffers aside."""
    via: str | None = None
    """The room that is used, where it is another one."""

    def __post_init__(self) -> None:
        if not self.main_kind:
            object.__setattr__(self, "main_kind", self.kind)

    @property
    def remoteness(self) -> tuple[bool, bool]:
        """By which one of several satellites of a use is told."""
        return self.kind == OccupancyKind.BUFFER, self.via is not None

    @property
    def peculiarity(self) -> dict[str, str]:
        """What is said of a buffer, and of what is used by way of another room; JSON, nothing of others."""
        if self.via is not None:
            return {"kind": self.kind, "via": self.via}
        return {"kind": self.kind} if self.kind == OccupancyKind.BUFFER else {}

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
            | self.peculiarity
            for piece in cut_per_day(self.interval)
        ]

    def pieces_on(self, day: date) -> list[dict[str, Any]]:
        """The same for one campus day only."""
        whole = days_interval(day, day)
        starts_at, ends_at = max(self.interval.starts_at, whole.starts_at), min(self.interval.ends_at, whole.ends_at)
        return replace(self, interval=Interval(starts_at, ends_at)).pieces() if starts_at < ends_at else []


def obstacles(
    classroom_id: int, interval: Interval, *, other_than: Iterable[int] = (), buffers: Buffers = NO_BUFFERS
) -> list[Obstacle]:
    """What is in the way of an interval in a room, by time. One query; the same that availability shows."""
    rows = obstacles_found(_in_the_way([classroom_id], interval, buffers))
    return [row for row in rows if row.id not in set(other_than)]


def asking_for_obstacles(classroom_id: int, interval: Interval, buffers: Buffers = NO_BUFFERS) -> Statement:
    """The question for `obstacles_found`."""
    return statement_of(_in_the_way([classroom_id], interval, buffers))


def obstacles_found(rows: Iterable[ResultRow]) -> list[Obstacle]:
    """What is in the way, by time; each once, as a use rather than a buffer, and in the room itself rather than via
    another one."""
    by_id: dict[int, Obstacle] = {}
    for row_id, kind, starts_at, ends_at, main_kind, via in rows:
        row = Obstacle(row_id, kind, Interval(starts_at, ends_at), main_kind, via)
        if row_id not in by_id or row.remoteness < by_id[row_id].remoteness:
            by_id[row_id] = row
    return sorted(by_id.values(), key=lambda row: (row.interval.starts_at, row.id or 0))


def obstacles_in_any(classroom_ids: Sequence[int], interval: Interval) -> list[Obstacle]:
    """What is in the way of an interval in any of some rooms, by time."""
    return obstacles_found(_in_the_way(classroom_ids, interval))


def _in_the_way(
    classroom_ids: Sequence[int], interval: Interval, buffers: Buffers = NO_BUFFERS
) -> QuerySet[Occupancy, ResultRow]:
    """Of satellites what is told of their main rows. Buffers of one's own only bookings are kept away from."""
    rows = Occupancy.objects.live().overlapping(buffers.around(interval)).filter(classroom_id__in=classroom_ids)
    main_kind = Coalesce("main__kind", "kind")
    kind: Combinable = Case(When(kind=OccupancyKind.PART, then=F("main__kind")), default=F("kind"))
    if buffers:
        meets_use = Q(Overlaps(interval.starts_at, interval.ends_at))
        rows = rows.annotate(of=main_kind).filter(
            meets_use | ~Q(Q(kind=OccupancyKind.BUFFER) | Q(of__in=[OccupancyKind.LECTURE, OccupancyKind.CLOSURE]))
        )
        kind = Case(When(meets_use, then=kind), default=Value(OccupancyKind.BUFFER))
    via = Case(When(~Q(main__classroom=F("classroom")), then=F("main__classroom__name")))
    return rows.in_order().values_list(Coalesce("main_id", "id"), kind, "starts_at", "ends_at", main_kind, via)


def obstacles_of_each(
    rows: Sequence[tuple[int, Interval]], *, buffers: Sequence[Buffers] = ()
) -> dict[int, list[Obstacle]]:
    """What is in the way of many wishes (room, interval): {place of the wish: by time}. One query."""
    return obstacles_by_place(*send(asking_for_obstacles_of_each(rows, buffers=buffers)))


def asking_for_obstacles_of_each(
    rows: Sequence[tuple[int, Interval]], *, buffers: Sequence[Buffers] = (), with_each_other: bool = False
) -> Statement:
    """The question for `obstacles_by_place`; `with_each_other`: for `earlier_places` too. `buffers`: of each wish, or
    none at all."""
    sql = OF_EACH.format(each_other=EACH_OTHER if with_each_other else "")
    return Statement(sql, (*as_arrays(rows), *as_minutes(buffers, len(rows))))


def obstacles_by_place(rows: Iterable[ResultRow]) -> dict[int, list[Obstacle]]:
    """What is in the way of each wish, by its place."""
    by_place: dict[int, list[ResultRow]] = defaultdict(list)
    for place, *row in rows:
        if row[1] != EARLIER:
            by_place[place].append(tuple(row))
    return {place: obstacles_found(of_place) for place, of_place in by_place.items()}


def earlier_places(rows: Iterable[ResultRow]) -> dict[int, list[int]]:
    """{place of a wish: those of earlier wishes that meet it in another room}, where they have a part in common."""
    by_place: dict[int, list[int]] = defaultdict(list)
    for place, earlier, kind, *_ in rows:
        if kind == EARLIER:
            by_place[place].append(earlier)
    return by_place


# OFFSET 0 keeps the planner from joining whole tables: each wish is one look into the constraint's index.
OF_EACH = """
WITH wanted AS (
    SELECT *,
           starts_at - make_interval(mins => before_minutes) AS since,
           ends_at + make_interval(mins => after_minutes) AS until
      FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::int[], %s::int[])
           WITH ORDINALITY AS wanted (room, starts_at, ends_at, before_minutes, after_minutes, place))
SELECT wanted.place - 1, coalesce(main.id, taken.id),
       CASE WHEN NOT meets_use THEN 'buffer' WHEN taken.kind = 'part' THEN main.kind ELSE taken.kind END,
       taken.starts_at, taken.ends_at, coalesce(main.kind, taken.kind), via.name
  FROM wanted
 CROSS JOIN LATERAL (
       SELECT id, kind, starts_at, ends_at, main_id,
              held.starts_at < wanted.ends_at AND held.ends_at > wanted.starts_at AS meets_use
         FROM classrooms_occupancy AS held
        WHERE held.is_live AND held.classroom_id = wanted.room
          AND tstzrange(held.starts_at, held.ends_at, '[)') && tstzrange(wanted.since, wanted.until, '[)')
       OFFSET 0) AS taken
  LEFT JOIN classrooms_occupancy AS main ON main.id = taken.main_id
  LEFT JOIN classrooms_classroom AS via ON via.id = main.classroom_id AND via.id <> wanted.room
 WHERE meets_use OR (taken.kind <> 'buffer' AND coalesce(main.kind, taken.kind) NOT IN ('lecture', 'closure'))
 {each_other}
 ORDER BY 1, 4, 2
"""
EARLIER = "earlier"
EACH_OTHER = f"""
 UNION ALL
SELECT wanted.place - 1, first.place - 1, '{EARLIER}', first.starts_at, first.ends_at, '{EARLIER}', NULL
  FROM wanted
  JOIN classrooms_roomoverlap AS overlap ON overlap.classroom_id = wanted.room
  JOIN wanted AS first ON first.room = overlap.other_id AND first.place < wanted.place
 WHERE (first.starts_at < wanted.until AND first.ends_at > wanted.since)
    OR (wanted.starts_at < first.until AND wanted.ends_at > first.since)
"""  # noqa: S608 - constants of ours
"""Of rooms that have a part in common; wishes for one room are compared by their caller."""


def as_arrays(rows: Sequence[tuple[int, Interval]]) -> list[str]:
    """Rooms, starts and ends: three arrays for unnest."""
    return [
        array_of(classroom_id for classroom_id, _ in rows),
        array_of(interval.starts_at for _, interval in rows),
        array_of(interval.ends_at for _, interval in rows),
    ]


def as_minutes(buffers: Sequence[Buffers], count: int) -> list[str]:
    """Minutes before and after each of so many rows, none where there are no buffers: two arrays for unnest."""
    of_each = buffers or [NO_BUFFERS] * count
    return [array_of(row.before_minutes for row in of_each), array_of(row.after_minutes for row in of_each)]

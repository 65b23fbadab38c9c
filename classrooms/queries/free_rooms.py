"""Which rooms are free, and which nearly are: one query however many rooms and times."""

from collections.abc import Iterable, Sequence

from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from classrooms.models import BookingHold, Occupancy
from classrooms.queries.rooms import Rooms
from classrooms.querysets import BookingHoldQuerySet, OccupancyQuerySet
from kernel.campus_time import Interval, merged
from kernel.db.batch import Statement
from kernel.db.overlaps import OVERLAP
from kernel.db.querysets import statement_of

MOST_WALKS = 60
"""So many stretches of time, a year of weeks, are walked through in all rooms at once, which costs each the same. With
more it is cheaper to ask room by room, which ends at the first use of a room."""
# OFFSET 0 keeps the planner from joining whole tables: each stretch is one walk along the starts of a day.
TAKEN = f"""
SELECT DISTINCT taken.classroom_id
  FROM unnest(%s::timestamptz[], %s::timestamptz[]) AS stretch (since, until)
 CROSS JOIN LATERAL (
       SELECT classroom_id FROM classrooms_occupancy AS held
        WHERE is_live AND {
    OVERLAP.format(starts_at="held.starts_at", ends_at="held.ends_at", since="stretch.since", until="stretch.until")
}
       OFFSET 0) AS taken
"""  # noqa: S608 - made of constants


def free_during(rooms: Rooms, *intervals: Interval) -> Rooms:
    """Active rooms with no live occupancy in any of the intervals; without intervals, all active rooms.

    One query however many rooms and intervals; these may nest, touch, repeat and come in any order.
    """
    return rooms.active().filter(~_is_taken(merged(intervals)))


def not_while(rooms: Rooms, holds: BookingHoldQuerySet[BookingHold]) -> Rooms:
    """None at all while one of the holds stands; decided in the same query."""
    return rooms.filter(~Exists(holds))


def asking_for_hold(intervals: Iterable[Interval]) -> Statement:
    """The reason of the earliest hold over any of the intervals, if there is one."""
    holds = BookingHold.objects.over_any(intervals).order_by("starts_at", "id").values_list("reason")
    return statement_of(holds[:1])


def with_clashes(rooms: Rooms, *intervals: Interval) -> Rooms:
    """Active rooms that are not free, with `clashes`: what is in the way in the intervals, each once; fewest first,
    then by their order."""
    number = Count(Coalesce("main_id", "id"), distinct=True)
    numbers = _uses(intervals).order_by().values("classroom").annotate(number=number).values("number")
    taken = rooms.active().filter(_is_taken(merged(intervals)))
    return taken.annotate(clashes=Subquery(numbers)).order_by("clashes", *(rooms.query.order_by or rooms.ORDER))


def _is_taken(stretches: Sequence[Interval]) -> Q:
    """Whether a room has a live occupancy in one of some stretches of time that do not touch."""
    if len(stretches) > MOST_WALKS:
        return Q(Exists(_uses(stretches)))
    bounds = [[each.starts_at for each in stretches], [each.ends_at for each in stretches]]
    return Q(pk__in=RawSQL(TAKEN, bounds))  # noqa: S611 - made of constants


def _uses(intervals: Iterable[Interval]) -> OccupancyQuerySet[Occupancy]:
    """What holds the room of the outer query in at least one of the intervals."""
    return Occupancy.objects.live().overlapping_any(intervals).filter(classroom=OuterRef("pk"))

"""Which rooms are free, and which nearly are: one query however many rooms and times."""

from collections.abc import Iterable

from django.db.models import Count, Exists, OuterRef, Subquery

from classrooms.models import BookingHold, Classroom, Occupancy
from classrooms.querysets import BookingHoldQuerySet, ClassroomQuerySet, OccupancyQuerySet
from kernel.campus_time import Interval

Rooms = ClassroomQuerySet[Classroom]


def free_during(rooms: Rooms, *intervals: Interval) -> Rooms:
    """Active rooms with no live occupancy in any of the intervals; without intervals, all active rooms.

    One query however many rooms and intervals; these may nest, touch, repeat and come in any order.
    """
    return rooms.active().filter(~Exists(_uses(intervals)))


def not_while(rooms: Rooms, holds: BookingHoldQuerySet[BookingHold]) -> Rooms:
    """None at all while one of the holds stands; decided in the same query."""
    return rooms.filter(~Exists(holds))


def with_clashes(rooms: Rooms, *intervals: Interval) -> Rooms:
    """Active rooms that are not free, with `clashes`: live occupancies in the intervals, fewest first."""
    uses = _uses(intervals)
    numbers = uses.order_by().values("classroom").annotate(number=Count("id")).values("number")
    return rooms.active().filter(Exists(uses)).annotate(clashes=Subquery(numbers)).order_by("clashes", *rooms.ORDER)


def _uses(intervals: Iterable[Interval]) -> OccupancyQuerySet[Occupancy]:
    """What holds the room of the outer query in at least one of the intervals."""
    return Occupancy.objects.live().overlapping_any(intervals).filter(classroom=OuterRef("pk"))

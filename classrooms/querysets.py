"""Reads that read as English. Availability, agenda and the free-room search share `overlapping`."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary
from django.db import connection
from django.db.models import Count, Exists, Func, OuterRef, QuerySet, Subquery, Value
from psycopg.types.multirange import TimestamptzMultirange
from psycopg.types.range import TimestamptzRange

from accounts.rules import Access
from classrooms.enums import OccupancyKind
from kernel.db.ranges import Interval

if TYPE_CHECKING:
    from classrooms.models import BookingHold, Classroom, Closure, Occupancy
else:
    BookingHold = Classroom = Closure = Occupancy = Any


class TsTzRange(Func):
    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class TsTzMultirange(Func):
    """Intervals as one multirange, in any order; those that touch, overlap or repeat become one."""

    template = "%(expressions)s::tstzmultirange"
    output_field = DateTimeRangeField()

    def __init__(self, intervals: Iterable[Interval]) -> None:
        ranges = [TimestamptzRange(interval.starts_at, interval.ends_at) for interval in intervals]
        super().__init__(Value(TimestamptzMultirange(ranges)))


class OccupancyQuerySet(QuerySet["Occupancy"]):
    def live(self) -> "OccupancyQuerySet":
        """Holding its room."""
        return self.filter(is_live=True)

    def overlapping(self, interval: Interval) -> "OccupancyQuerySet":
        """Sharing at least an instant with a half-open interval: touching does not count."""
        return self.filter(starts_at__lt=interval.ends_at, ends_at__gt=interval.starts_at)

    def overlapping_any(self, intervals: Iterable[Interval]) -> "OccupancyQuerySet":
        """Overlapping at least one of the intervals; where there are none, nothing does.

        Written like the exclusion constraint: within a room its index answers for a thousand intervals at once.
        """
        return self.alias(during=TsTzRange("starts_at", "ends_at", RangeBoundary())).filter(
            during__overlap=TsTzMultirange(intervals)
        )

    def beside_lectures(self, classroom_id: Any, starts_at: Any, ends_at: Any) -> "OccupancyQuerySet":
        """What a lecture in a room and time would meet: everything but lectures. The arguments may be expressions.

        Written like the exclusion constraint, whose index answers it, for many lectures in one query.
        """
        return (
            self.annotate(during=TsTzRange("starts_at", "ends_at", RangeBoundary()))
            .filter(
                classroom_id=classroom_id,
                during__overlap=TsTzRange(starts_at, ends_at, RangeBoundary()),
            )
            .exclude(kind=OccupancyKind.LECTURE)
        )

    def in_order(self) -> "OccupancyQuerySet":
        return self.order_by("starts_at", "id")


class ClassroomQuerySet(QuerySet["Classroom"]):
    def named(self, name: str) -> "Classroom | None":
        """The room with exactly this name, or None; its equipment is read when it is asked for.

        As SQL: every booking asks, and the ORM's way costs three times as much (`make bench`).
        """
        table = self.model._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(self.BOOKABLE)} FROM {table} WHERE name = %s", [name])  # noqa: S608
            row = cursor.fetchone()
        return self.model.from_db(connection.alias, self.BOOKABLE, row) if row else None

    BOOKABLE = ("id", "name", "capacity", "floor", "is_active", "auto_approve")

    def active(self) -> "ClassroomQuerySet":
        return self.filter(is_active=True)

    def on_floor(self, floor: int, *, building: str | None = None) -> "ClassroomQuerySet":
        """Of all buildings, or of the one with exactly this name."""
        return self.filter(floor=floor, **({} if building is None else {"building": building}))

    def free_during(self, *intervals: Interval) -> "ClassroomQuerySet":
        """Active rooms with no live occupancy in any of the intervals; without intervals, all active rooms.

        One query however many rooms and intervals; these may nest, touch, repeat and come in any order.
        """
        taken = self._occupancies().live().overlapping_any(intervals).filter(classroom=OuterRef("pk"))
        return self.active().filter(~Exists(taken))

    def not_while(self, holds: "BookingHoldQuerySet") -> "ClassroomQuerySet":
        """None at all while one of the holds stands; decided in the same query."""
        return self.filter(~Exists(holds))

    def with_clashes(self, *intervals: Interval) -> "ClassroomQuerySet":
        """Active rooms that are not free, with `clashes`: live occupancies in the intervals, fewest first."""
        taken = self._occupancies().live().overlapping_any(intervals).filter(classroom=OuterRef("pk"))
        counted = taken.order_by().values("classroom").annotate(number=Count("id")).values("number")
        crowded = self.active().filter(Exists(taken)).annotate(clashes=Subquery(counted))
        return crowded.order_by("clashes", *self.ORDER)

    def in_order(self) -> "ClassroomQuerySet":
        """By floor, then name with "9" before "10"."""
        return self.order_by(*self.ORDER)

    ORDER = ("floor", "name_order", "id")

    def _occupancies(self) -> OccupancyQuerySet:
        related: Any = self.model._meta.get_field("occupancies").related_model
        return OccupancyQuerySet(related)


class ClosureQuerySet(QuerySet["Closure"]):
    def standing(self) -> "ClosureQuerySet":
        """Not lifted."""
        return self.filter(occupancy__is_live=True)

    def with_api_relations(self) -> "ClosureQuerySet":
        return self.select_related("occupancy")


class BookingHoldQuerySet(QuerySet["BookingHold"]):
    def binding(self, access: Access) -> "BookingHoldQuerySet":
        """Those that keep a caller from booking: none keeps cspace."""
        return self.none() if access.is_cspace else self

    def over(self, interval: Interval) -> "BookingHoldQuerySet":
        """Sharing at least an instant with a half-open interval."""
        return self.filter(starts_at__lt=interval.ends_at, ends_at__gt=interval.starts_at)

    def over_any(self, intervals: Iterable[Interval]) -> "BookingHoldQuerySet":
        """Over at least one of the intervals."""
        return self.alias(during=TsTzRange("starts_at", "ends_at", RangeBoundary())).filter(
            during__overlap=TsTzMultirange(intervals)
        )

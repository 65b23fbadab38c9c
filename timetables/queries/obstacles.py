"""What keeps lectures from their rooms."""

from django.db.models import Exists, OuterRef, Subquery
from django.db.models.functions import Coalesce

from classrooms.models import Occupancy
from classrooms.querysets import OccupancyQuerySet
from timetables.models import CourseBooking
from timetables.queries.conflicts import MAX_LISTED, LectureConflict
from timetables.querysets import CourseBookingQuerySet

Bookings = CourseBookingQuerySet[CourseBooking]


def meeting_others(bookings: Bookings) -> Bookings:
    """Those in whose room and time something live is that is no lecture of that room."""
    return bookings.filter(Exists(_obstacles()))


def conflicts_of(bookings: Bookings) -> list[LectureConflict]:
    """Each with the earliest that is in its way, by time; at most `MAX_LISTED`. One query."""
    first = _obstacles().order_by("starts_at", "id")
    rows = (
        bookings.annotate(
            obstacle_id=Subquery(first.values_list(Coalesce("main_id", "id"))[:1]),
            obstacle_kind=Subquery(first.values_list(Coalesce("main__kind", "kind"))[:1]),
        )
        .order_by("schedule__starts_at", "pk")
        .values_list(
            "schedule__course__code",
            "classroom__name",
            "schedule__starts_at",
            "schedule__ends_at",
            "obstacle_kind",
            "obstacle_id",
            "pk",
        )
    )
    return [LectureConflict(*row) for row in rows[:MAX_LISTED]]


def _obstacles() -> OccupancyQuerySet[Occupancy]:
    """Of the booking of the outer query."""
    return Occupancy.objects.live().beside_lectures(
        OuterRef("classroom_id"), OuterRef("schedule__starts_at"), OuterRef("schedule__ends_at")
    )

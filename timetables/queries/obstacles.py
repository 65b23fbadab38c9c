"""What keeps lectures from their rooms."""

from django.db.models import Exists, OuterRef, Subquery

from classrooms.models import Occupancy
from classrooms.querysets import OccupancyQuerySet
from timetables.models import CourseBooking
from timetables.querysets import CourseBookingQuerySet

Bookings = CourseBookingQuerySet[CourseBooking]


def meeting_others(bookings: Bookings) -> Bookings:
    """Those in whose room and time something live is that is no lecture."""
    return bookings.filter(Exists(_obstacles()))


def with_first_obstacle(bookings: Bookings) -> Bookings:
    """Adds `obstacle_id` and `obstacle_kind`: the earliest that is in the way."""
    first = _obstacles().order_by("starts_at", "id")
    return bookings.annotate(
        obstacle_id=Subquery(first.values("id")[:1]), obstacle_kind=Subquery(first.values("kind")[:1])
    )


def _obstacles() -> OccupancyQuerySet[Occupancy]:
    """Of the booking of the outer query."""
    return Occupancy.objects.live().beside_lectures(
        OuterRef("classroom_id"), OuterRef("schedule__starts_at"), OuterRef("schedule__ends_at")
    )

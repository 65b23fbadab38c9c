"""Reads that read as English. Availability, agenda and the free-room search share `overlapping`."""

from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, QuerySet

from cspace.db.ranges import Interval

if TYPE_CHECKING:
    from classrooms.models import Classroom, Closure, Occupancy
else:
    Classroom = Closure = Occupancy = Any

class OccupancyQuerySet(QuerySet["Occupancy"]):
    def live(self) -> "OccupancyQuerySet":
        """Holding its room."""
        return self.filter(is_live=True)

    def overlapping(self, interval: Interval) -> "OccupancyQuerySet":
        """Sharing at least an instant with a half-open interval: touching does not count."""
        return self.filter(starts_at__lt=interval.ends_at, ends_at__gt=interval.starts_at)

    def in_order(self) -> "OccupancyQuerySet":
        return self.order_by("starts_at", "id")


class ClassroomQuerySet(QuerySet["Classroom"]):
    def active(self) -> "ClassroomQuerySet":
        return self.filter(is_active=True)

    def free_during(self, interval: Interval) -> "ClassroomQuerySet":
        """Active rooms with no live occupancy in the interval; one query however many rooms."""
        from classrooms.models import Occupancy

        taken = Occupancy.objects.live().overlapping(interval).filter(classroom=OuterRef("pk"))
        return self.active().filter(~Exists(taken))


class ClosureQuerySet(QuerySet["Closure"]):
    def standing(self) -> "ClosureQuerySet":
        """Not lifted."""
        return self.filter(occupancy__is_live=True)

    def with_api_relations(self) -> "ClosureQuerySet":
        return self.select_related("occupancy")

"""Reads that read as English. Availability and agenda share `overlapping`, free-room search has `overlapping_any`."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self

from django.contrib.postgres.fields import ArrayField, RangeBoundary
from django.db.models import QuerySet, TextField
from django.db.models.expressions import RawSQL

from accounts.rules import Access
from classrooms.enums import OccupancyKind
from kernel.campus_time import Interval
from kernel.db.expressions import TsTzMultirange, TsTzRange
from kernel.db.overlaps import Overlaps
from kernel.db.querysets import RowT


class OccupancyQuerySet(QuerySet[RowT]):
    def live(self) -> Self:
        """Holding its room."""
        return self.filter(is_live=True)

    def overlapping(self, interval: Interval) -> Self:
        """Sharing at least an instant with a half-open interval: touching does not count."""
        return self.filter(Overlaps(interval.starts_at, interval.ends_at))

    def over_after(self, instant: datetime) -> Self:
        """Ending after an instant, whenever they start."""
        return self.filter(Overlaps(instant, None))

    def overlapping_any(self, intervals: Iterable[Interval]) -> Self:
        """Overlapping at least one of the intervals; where there are none, nothing does.

        Written like the exclusion constraint: within a room its index answers for a thousand intervals at once.
        """
        return self.alias(during=TsTzRange("starts_at", "ends_at", RangeBoundary())).filter(
            during__overlap=TsTzMultirange(intervals)
        )

    def beside_lectures(self, classroom_id: Any, starts_at: Any, ends_at: Any) -> Self:
        """What a lecture in a room and time would meet: everything but lectures in this very room, and buffers, which
        give way. The arguments may be expressions.

        Written like the exclusion constraint, whose index answers it, for many lectures in one query.
        """
        return (
            self.annotate(during=TsTzRange("starts_at", "ends_at", RangeBoundary()))
            .filter(
                classroom_id=classroom_id,
                during__overlap=TsTzRange(starts_at, ends_at, RangeBoundary()),
            )
            .exclude(kind=OccupancyKind.LECTURE, main=None)
            .exclude(kind=OccupancyKind.BUFFER)
        )

    def in_order(self) -> Self:
        return self.order_by("starts_at", "id")


PARTS = """
ARRAY(SELECT part.name FROM classrooms_roompart JOIN classrooms_classroom AS part ON part.id = part_id
       WHERE whole_id = classrooms_classroom.id ORDER BY part.floor, part.name_order, part.id)
"""
"""SQL: the names of the rooms of which a room consists, in their order in lists."""


class ClassroomQuerySet(QuerySet[RowT]):
    def with_parts(self) -> Self:
        """`parts`: the names of the rooms of which each consists."""
        return self.annotate(parts=RawSQL(PARTS, [], output_field=ArrayField(TextField())))  # noqa: S611 - a constant

    def active(self) -> Self:
        return self.filter(is_active=True)

    def on_floor(self, floor: int, *, building: str | None = None) -> Self:
        """Of all buildings, or of the one with exactly this name."""
        return self.placed(floor=floor, building=building)

    def placed(self, *, floor: int | None, building: str | None) -> Self:
        """Where both are; None: anywhere."""
        place = {"floor": floor, "building": building}
        return self.filter(**{name: value for name, value in place.items() if value is not None})

    def in_order(self) -> Self:
        """By floor, then name with "9" before "10"."""
        return self.order_by(*self.ORDER)

    def seating(self, attendees: int) -> Self:
        """So many people at least; the smallest first, of the same size in their usual order."""
        return self.filter(capacity__gte=attendees).order_by("capacity", *self.ORDER)

    ORDER = ("floor", "name_order", "id")


class ClosureQuerySet(QuerySet[RowT]):
    def standing(self) -> Self:
        """Not lifted."""
        return self.filter(occupancy__is_live=True)

    def with_api_relations(self) -> Self:
        return self.select_related("occupancy")


class BookingHoldQuerySet(QuerySet[RowT]):
    def binding(self, access: Access) -> Self:
        """Those that keep a caller from booking: none keeps cspace."""
        return self.none() if access.is_cspace else self

    def over(self, interval: Interval) -> Self:
        """Sharing at least an instant with a half-open interval."""
        return self.filter(starts_at__lt=interval.ends_at, ends_at__gt=interval.starts_at)

    def over_any(self, intervals: Iterable[Interval]) -> Self:
        """Over at least one of the intervals."""
        return self.alias(during=TsTzRange("starts_at", "ends_at", RangeBoundary())).filter(
            during__overlap=TsTzMultirange(intervals)
        )

"""What of the timetable is to be seen, and in which order."""

from datetime import date
from typing import Self

from django.db.models import Q, QuerySet

from kernel.campus_time import Interval
from kernel.db.querysets import RowT

AVAILABLE_THROUGHOUT = Q(is_available=True, schedule__is_available=True, schedule__course__is_available=True)
"""Of a booking: neither it nor its schedule nor its course has been withdrawn."""


class WithdrawableQuerySet(QuerySet[RowT]):
    """Rows that can be withdrawn."""

    def available(self) -> Self:
        return self.filter(is_available=True)


class CourseQuerySet(WithdrawableQuerySet[RowT]):
    def in_order(self) -> Self:
        return self.order_by("code")

    def in_plan(self, study_plan_id: int) -> Self:
        """Not withdrawn from it."""
        return self.filter(plannings__study_plan=study_plan_id, plannings__is_available=True)


class PlannedCourseQuerySet(QuerySet[RowT]):
    def visible(self) -> Self:
        """Available, in a plan that is to be seen. Whether the course is, is another question."""
        return self.filter(
            is_available=True,
            study_plan__is_available=True,
            study_plan__unit__is_available=True,
            study_plan__semester__is_available=True,
        )


class StudyPlanQuerySet(QuerySet[RowT]):
    def available(self) -> Self:
        """Together with its unit and its semester."""
        return self.filter(is_available=True, unit__is_available=True, semester__is_available=True)

    def not_ended(self, *, today: date) -> Self:
        return self.filter(semester__ends_on__gte=today)

    def in_order(self) -> Self:
        """Newest semester first, then by unit."""
        return self.order_by("-semester__starts_on", "unit__name", "id")

    def with_api_relations(self) -> Self:
        return self.select_related("unit", "semester")


class CourseScheduleQuerySet(WithdrawableQuerySet[RowT]):
    def of_plan(self, study_plan_id: int, *, during: Interval) -> Self:
        """The lectures of the plan's available courses that begin in an interval."""
        return self.available().filter(
            course__is_available=True,
            course__plannings__study_plan=study_plan_id,
            course__plannings__is_available=True,
            starts_at__gte=during.starts_at,
            starts_at__lt=during.ends_at,
        )

    def in_order(self) -> Self:
        return self.order_by("starts_at", "ends_at", "course__code", "label", "id")


class CourseBookingQuerySet(QuerySet[RowT]):
    def available(self) -> Self:
        """Not withdrawn, in a room that is open."""
        return self.filter(is_available=True, classroom__is_active=True)

    def blocking_in_vain(self) -> Self:
        """Holding a room although they, their schedule or their course are withdrawn."""
        return self.filter(Q(occupancy__is_live=True) & ~AVAILABLE_THROUGHOUT)

    def wanting_room(self) -> Self:
        """Available throughout, but not holding their room."""
        return self.filter(Q(occupancy__is_live=False) & AVAILABLE_THROUGHOUT)

    def out_of_step(self) -> Self:
        """Either of the two."""
        return self.filter(
            (Q(occupancy__is_live=True) & ~AVAILABLE_THROUGHOUT) | (Q(occupancy__is_live=False) & AVAILABLE_THROUGHOUT)
        )

"""What of the timetable is to be seen, and in which order."""

from datetime import date
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from kernel.db.ranges import days_interval
from timetables.enums import SemesterType

if TYPE_CHECKING:
    from timetables.models import Course, CourseBooking, CourseSchedule, PlannedCourse, StudyPlan
else:
    Course = CourseBooking = CourseSchedule = PlannedCourse = StudyPlan = Any


class Visible(QuerySet[Any]):
    """Rows that can be withdrawn."""

    def available(self) -> "Visible":
        return self.filter(is_available=True)


class CourseQuerySet(QuerySet["Course"]):
    def available(self) -> "CourseQuerySet":
        return self.filter(is_available=True)

    def in_order(self) -> "CourseQuerySet":
        return self.order_by("code")

    def in_plan(self, study_plan: "StudyPlan") -> "CourseQuerySet":
        """Not withdrawn from it."""
        return self.filter(plannings__study_plan=study_plan, plannings__is_available=True)

    def with_semester_type(self) -> "CourseQuerySet":
        """Adds `semester_type`: that of the available plan with the latest fall or spring semester, else `year`."""
        planned = (
            self._related("plannings")
            .visible()
            .filter(course=OuterRef("pk"))
            .filter(study_plan__semester__type__in=[SemesterType.FALL, SemesterType.SPRING])
            .order_by("-study_plan__semester__starts_on", "-study_plan__semester_id")
        )
        newest = Subquery(planned.values("study_plan__semester__type")[:1])
        return self.annotate(semester_type=Coalesce(newest, Value(SemesterType.YEAR.value)))

    def with_teachers(self) -> "CourseQuerySet":
        """Adds `shown_teachers`: the available ones by name; one query more."""
        teachers: Any = self.model._meta.get_field("teachers").related_model
        by_name = teachers.objects.available().order_by("name", "id")
        return self.prefetch_related(Prefetch("teachers", queryset=by_name, to_attr="shown_teachers"))

    def with_schedules(self) -> "CourseQuerySet":
        """Adds `shown_schedules`, each with its `shown_bookings`; two queries more."""
        schedules = self._related("schedules").available().in_order().with_rooms()
        return self.prefetch_related(Prefetch("schedules", queryset=schedules, to_attr="shown_schedules"))

    def with_study_plans(self) -> "CourseQuerySet":
        """Adds `shown_plannings`, each with its study plan, unit and semester, newest first; one query more."""
        plannings = (
            self._related("plannings")
            .visible()
            .select_related("study_plan__unit", "study_plan__semester")
            .order_by("-study_plan__semester__starts_on", "study_plan__unit__name", "study_plan_id")
        )
        return self.prefetch_related(Prefetch("plannings", queryset=plannings, to_attr="shown_plannings"))

    def _related(self, name: str) -> Any:
        related: Any = self.model._meta.get_field(name).related_model
        return related.objects.all()


class PlannedCourseQuerySet(QuerySet["PlannedCourse"]):
    def visible(self) -> "PlannedCourseQuerySet":
        """Available, in a plan that is to be seen. Whether the course is, is another question."""
        return self.filter(
            is_available=True,
            study_plan__is_available=True,
            study_plan__unit__is_available=True,
            study_plan__semester__is_available=True,
        )


class StudyPlanQuerySet(QuerySet["StudyPlan"]):
    def available(self) -> "StudyPlanQuerySet":
        """Together with its unit and its semester."""
        return self.filter(is_available=True, unit__is_available=True, semester__is_available=True)

    def not_ended(self, *, today: date) -> "StudyPlanQuerySet":
        return self.filter(semester__ends_on__gte=today)

    def in_order(self) -> "StudyPlanQuerySet":
        """Newest semester first, then by unit."""
        return self.order_by("-semester__starts_on", "unit__name", "id")

    def with_api_relations(self) -> "StudyPlanQuerySet":
        return self.select_related("unit", "semester")


class CourseScheduleQuerySet(QuerySet["CourseSchedule"]):
    def available(self) -> "CourseScheduleQuerySet":
        return self.filter(is_available=True)

    def of_plan(self, study_plan: "StudyPlan") -> "CourseScheduleQuerySet":
        """The lectures of the plan's available courses, on the days of its semester."""
        days = days_interval(study_plan.semester.starts_on, study_plan.semester.ends_on)
        return self.available().filter(
            course__is_available=True,
            course__plannings__study_plan=study_plan,
            course__plannings__is_available=True,
            starts_at__gte=days.starts_at,
            starts_at__lt=days.ends_at,
        )

    def in_order(self) -> "CourseScheduleQuerySet":
        return self.order_by("starts_at", "ends_at", "course__code", "label", "id")

    def with_rooms(self) -> "CourseScheduleQuerySet":
        """Adds `shown_bookings`: the available ones in rooms that are, by room name; one query more."""
        bookings: Any = self.model._meta.get_field("bookings").related_model
        shown = bookings.objects.available().select_related("classroom").order_by("classroom__name")
        return self.prefetch_related(Prefetch("bookings", queryset=shown, to_attr="shown_bookings"))


class CourseBookingQuerySet(QuerySet["CourseBooking"]):
    def available(self) -> "CourseBookingQuerySet":
        """Not withdrawn, in a room that is open."""
        return self.filter(is_available=True, classroom__is_active=True)

    def blocking_in_vain(self) -> "CourseBookingQuerySet":
        """Holding a room although they, their schedule or their course are withdrawn."""
        return self.filter(Q(occupancy__is_live=True) & ~WANTED)

    def wanting_room(self) -> "CourseBookingQuerySet":
        """Available throughout, but not holding their room."""
        return self.filter(Q(occupancy__is_live=False) & WANTED)

    def out_of_step(self) -> "CourseBookingQuerySet":
        """Either of the two."""
        return self.filter((Q(occupancy__is_live=True) & ~WANTED) | (Q(occupancy__is_live=False) & WANTED))

    def meeting_others(self) -> "CourseBookingQuerySet":
        """Those in whose room and time something live is that is no lecture."""
        return self.filter(Exists(self._obstacles()))

    def with_first_obstacle(self) -> "CourseBookingQuerySet":
        """Adds `obstacle_id` and `obstacle_kind`: the earliest that is in the way."""
        first = self._obstacles().order_by("starts_at", "id")
        return self.annotate(
            obstacle_id=Subquery(first.values("id")[:1]), obstacle_kind=Subquery(first.values("kind")[:1])
        )

    def _obstacles(self) -> Any:
        occupancies: Any = self.model._meta.get_field("occupancy").related_model
        return occupancies.objects.live().beside_lectures(
            OuterRef("classroom_id"), OuterRef("schedule__starts_at"), OuterRef("schedule__ends_at")
        )


WANTED = Q(is_available=True, schedule__is_available=True, schedule__course__is_available=True)

"""Courses with what belongs to them, for those who look them up: what is withdrawn is not there."""

from django.db.models import OuterRef, Prefetch, Subquery, Value
from django.db.models.functions import Coalesce

from timetables.enums import SemesterType
from timetables.models import Course, CourseBooking, CourseSchedule, PlannedCourse, Teacher
from timetables.querysets import CourseQuerySet, CourseScheduleQuerySet

Courses = CourseQuerySet[Course]
Schedules = CourseScheduleQuerySet[CourseSchedule]


def with_semester_type(courses: Courses) -> Courses:
    """Adds `semester_type`: that of the available plan with the latest fall or spring semester, else `year`."""
    planned = (
        PlannedCourse.objects.visible()
        .filter(course=OuterRef("pk"))
        .filter(study_plan__semester__type__in=[SemesterType.FALL, SemesterType.SPRING])
        .order_by("-study_plan__semester__starts_on", "-study_plan__semester_id")
    )
    newest = Subquery(planned.values("study_plan__semester__type")[:1])
    return courses.annotate(semester_type=Coalesce(newest, Value(SemesterType.YEAR.value)))


def with_teachers(courses: Courses) -> Courses:
    """Adds `shown_teachers`: the available ones by name; one query more."""
    teachers = Teacher.objects.available().order_by("name", "id")
    return courses.prefetch_related(Prefetch("teachers", queryset=teachers, to_attr="shown_teachers"))


def with_schedules(courses: Courses) -> Courses:
    """Adds `shown_schedules`, each with its `shown_bookings`; two queries more."""
    schedules = with_rooms(CourseSchedule.objects.available().in_order())
    return courses.prefetch_related(Prefetch("schedules", queryset=schedules, to_attr="shown_schedules"))


def with_study_plans(courses: Courses) -> Courses:
    """Adds `shown_plannings`, each with its study plan, unit and semester, newest first; one query more."""
    plannings = (
        PlannedCourse.objects.visible()
        .select_related("study_plan__unit", "study_plan__semester")
        .order_by("-study_plan__semester__starts_on", "study_plan__unit__name", "study_plan_id")
    )
    return courses.prefetch_related(Prefetch("plannings", queryset=plannings, to_attr="shown_plannings"))


def with_rooms(schedules: Schedules) -> Schedules:
    """Adds `shown_bookings`: the available ones in rooms that are, by room name; one query more."""
    bookings = CourseBooking.objects.available().select_related("classroom").order_by("classroom__name")
    return schedules.prefetch_related(Prefetch("bookings", queryset=bookings, to_attr="shown_bookings"))

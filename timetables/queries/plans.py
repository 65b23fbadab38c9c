"""A study plan with everything it leads to, read in a constant number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kernel.campus_time import days_interval
from kernel.errors import NotFound
from timetables.models import Course, CourseSchedule, StudyPlan
from timetables.queries.catalogue import with_rooms, with_semester_type, with_teachers


class StudyPlanNotFound(NotFound):
    resource = "Study plan"


@dataclass(frozen=True)
class PlanTimetable:
    """`courses` with `semester_type` and `shown_teachers`, by code; `schedules` with course and `shown_bookings`."""

    plan: StudyPlan
    courses: Sequence[Any]
    schedules: Sequence[Any]


def timetable_of(plan_id: int) -> PlanTimetable:
    """An available plan with its available courses and their lectures in its semester. Five queries.

    Raises: StudyPlanNotFound.
    """
    plan = StudyPlan.objects.available().with_api_relations().filter(pk=plan_id).first()
    if plan is None:
        raise StudyPlanNotFound
    courses = with_teachers(with_semester_type(Course.objects.available().in_plan(plan.pk))).in_order()
    semester = days_interval(plan.semester.starts_on, plan.semester.ends_on)
    lectures = CourseSchedule.objects.of_plan(plan.pk, during=semester)
    schedules = with_rooms(lectures).select_related("course").in_order()
    return PlanTimetable(plan, list(courses), list(schedules))

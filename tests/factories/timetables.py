"""Courses, semesters and lectures tests are about. Through the models: services are what is tested."""

import datetime as dt
from typing import Any

from classrooms.enums import OccupancyKind
from classrooms.models import Classroom, Occupancy
from kernel.campus_time import campus_interval
from timetables.models import Course, CourseBooking, CourseSchedule, PlannedCourse, Semester, StudyPlan, Unit


def make_course(code: str = "CS-101", **fields: Any) -> Course:
    return Course.objects.create(code=code, **{"name": f"About {code}", "credits": 4} | fields)


def make_semester(name: str = "2026-2027 fall", **fields: Any) -> Semester:
    """Monday 2026-09-14 to Friday 2026-12-18."""
    times = {"type": "fall", "starts_on": dt.date(2026, 9, 14), "ends_on": dt.date(2026, 12, 18)}
    return Semester.objects.create(name=name, **times | fields)


def make_lecture(
    classroom: Classroom, course: Course, *, day: dt.date, start: int = 600, end: int = 720, label: str = "cours"
) -> CourseBooking:
    """A live lecture in a room; minutes since midnight."""
    interval = campus_interval(day, start, end)
    schedule, _ = CourseSchedule.objects.get_or_create(
        course=course, starts_at=interval.starts_at, ends_at=interval.ends_at, label=label
    )
    occupancy = Occupancy.objects.create(
        classroom=classroom, starts_at=interval.starts_at, ends_at=interval.ends_at, kind=OccupancyKind.LECTURE
    )
    return CourseBooking.objects.create(occupancy=occupancy, schedule=schedule, classroom=classroom)


def make_plan(*courses: Course, unit: str = "CS-BA3", semester: Semester | None = None, **fields: Any) -> StudyPlan:
    """A plan of some courses."""
    unit_row, _ = Unit.objects.get_or_create(name=unit)
    plan = StudyPlan.objects.create(unit=unit_row, semester=semester or make_semester(), **fields)
    PlannedCourse.objects.bulk_create(PlannedCourse(study_plan=plan, course=course) for course in courses)
    return plan

"""The objects of this wire, key by key. What is not known is left out, never null."""

from collections.abc import Iterable
from typing import Any

from classrooms.models import Classroom
from classrooms.queries.agenda import RoomUse
from dialects.occupancy import wall_clock
from dialects.occupancy.occupations import names_a_course, public_name
from kernel.campus_time import Interval
from timetables.enums import Label
from timetables.models import Course, CourseSchedule, StudyPlan, Teacher
from timetables.queries.plans import PlanTimetable

JsonObject = dict[str, Any]
LABELS = {"lecture": Label.LECTURE.value, "exercise": Label.EXERCISE.value, "project": Label.PROJECT.value}
"""Clients colour exactly these three of their own words; any other label goes out as it is stored."""
EVENT = "event"


def room_item(room: Any) -> JsonObject:
    """A room in a list."""
    has_place = room.latitude is not None and room.longitude is not None
    return {
        "name": room.name,
        "type": room.shown_type,
        **_without_blanks(building=room.building, link=room.link),
        **({"coordinates": [room.latitude, room.longitude]} if has_place else {}),
    }


def room_near(room: Classroom, distance: float | None) -> JsonObject:
    """A room in a search, with its `distance` in metres if it is known."""
    return room_item(room) | ({} if distance is None else {"distance": distance})


def room_with_booking(room: Classroom, run: Interval | None) -> JsonObject:
    """A room with its `soonest_booking` if it has one."""
    return room_item(room) | ({} if run is None else {"soonest_booking": _times(run)})


def room_page(room: Classroom, occupations: Iterable[RoomUse]) -> JsonObject:
    """A room with all that blocks it."""
    return {
        **room_item(room),
        "capacity": room.capacity,
        "level": room.floor,
        "schedules": [_occupation(use) for use in occupations],
    }


def course_item(course: Any) -> JsonObject:
    """A course in the list of courses."""
    return {
        "name": course.name,
        "code": course.code,
        "credits": course.credits,
        "semesterType": course.semester_type,
    }


def course_page(course: Any) -> JsonObject:
    """A course with its teachers, lectures and study plans."""
    return {
        **_planned_course(course),
        "schedules": [{**_lecture(row), "rooms": _rooms(row)} for row in course.shown_schedules],
        "studyplans": [study_plan_item(row.study_plan) for row in course.shown_plannings],
    }


def study_plan_item(plan: StudyPlan) -> JsonObject:
    """A study plan in a list."""
    unit, semester = plan.unit, plan.semester
    return {
        "_id": str(plan.pk),
        "unit": {"name": unit.name, "code": unit.code, **_without_blanks(section=unit.section, promo=unit.promo)},
        "semester": {"name": semester.name, "type": semester.type},
    }


def study_plan_page(timetable: PlanTimetable) -> JsonObject:
    """A study plan with its courses and their lectures."""
    item = study_plan_item(timetable.plan)
    skipped = [wall_clock.out_day(day) for day in timetable.plan.semester.skip_dates]
    return {
        **item,
        "semester": {**item["semester"], "skip_dates": skipped},
        "schedules": [
            {"course": _course_name(row.course), **_lecture(row), "rooms": _rooms(row)} for row in timetable.schedules
        ],
        "courses": [_planned_course(course) for course in timetable.courses],
    }


def _planned_course(course: Any) -> JsonObject:
    return {
        "name": course.name,
        "code": course.code,
        "credits": course.credits,
        **_without_blanks(edu_url=course.edu_url, language=course.language),
        "teachers": [_teacher(teacher) for teacher in course.shown_teachers],
    }


def _teacher(teacher: Teacher) -> JsonObject:
    return {"name": teacher.name, "people_url": teacher.people_url}


def _occupation(use: RoomUse) -> JsonObject:
    """Of a lecture it names the course; of any other use only what the public may know."""
    description = use.description
    if not names_a_course(description):
        return {"name": public_name(description), **_times(use), "label": EVENT}
    course = {"code": description.code, "name": description.title}
    return {"course": course, **_times(use), "label": _label(description.label or "")}


def _course_name(course: Course) -> JsonObject:
    return {"code": course.code, "name": course.name}


def _lecture(schedule: CourseSchedule) -> JsonObject:
    return {**_times(schedule), "label": _label(schedule.label)}


def _label(stored: str) -> str:
    return LABELS.get(stored, stored)


def _rooms(schedule: Any) -> list[JsonObject]:
    return [{"name": booking.classroom.name} for booking in schedule.shown_bookings]


def _times(span: Interval | RoomUse | CourseSchedule) -> JsonObject:
    return {"start_datetime": wall_clock.out(span.starts_at), "end_datetime": wall_clock.out(span.ends_at)}


def _without_blanks(**values: str) -> dict[str, str]:
    """Those that say something."""
    return {name: value for name, value in values.items() if value}

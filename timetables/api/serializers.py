"""Courses and study plans as the API shows them: real instants in UTC, rooms by name."""

from typing import Any

from rest_framework import serializers

from kernel.api.examples import hour_ahead
from kernel.api.fields import DateField, QueryBooleanField, TimestampField
from kernel.api.serializers import Output, Query, Shape
from kernel.campus_time import format_instant
from timetables.enums import SemesterType
from timetables.models import Course, Semester, StudyPlan, Teacher, Unit
from timetables.queries.plans import PlanTimetable


class TeacherOutput(Output):
    example = {"name": "Grace Huang", "people_url": "https://people.example.edu/grace-huang"}

    name = serializers.CharField()
    people_url = serializers.CharField(allow_null=True)

    def represent(self, instance: Teacher) -> dict[str, Any]:
        return {"name": instance.name, "people_url": instance.people_url or None}


class UnitOutput(Output):
    example = {"name": "CS-BA1", "code": "CS", "section": "Computer Science", "promo": "BA1"}

    name = serializers.CharField()
    code = serializers.CharField(allow_null=True)
    section = serializers.CharField(allow_null=True)
    promo = serializers.CharField(allow_null=True)

    def represent(self, instance: Unit) -> dict[str, Any]:
        return {
            "name": instance.name,
            "code": instance.code or None,
            "section": instance.section or None,
            "promo": instance.promo or None,
        }


class SemesterOutput(Output):
    example = {"name": "This semester", "type": "fall", "start_date": "2026-09-14", "end_date": "2027-01-01"}

    name = serializers.CharField()
    type = serializers.ChoiceField(choices=SemesterType.choices)
    start_date = DateField()
    end_date = DateField()

    def represent(self, instance: Semester) -> dict[str, Any]:
        return {
            "name": instance.name,
            "type": instance.type,
            "start_date": instance.starts_on.isoformat(),
            "end_date": instance.ends_on.isoformat(),
        }


class SemesterDetailOutput(SemesterOutput):
    """`exam_dates`: ranges of days, the first and the last, both included."""

    example = {
        **SemesterOutput.example,
        "skip_dates": ["2026-10-05"],
        "exam_dates": [["2026-12-21", "2027-01-01"]],
    }

    skip_dates = serializers.ListField(child=DateField())
    exam_dates = serializers.ListField(child=serializers.ListField(child=DateField(), min_length=2, max_length=2))

    def represent(self, instance: Semester) -> dict[str, Any]:
        return {
            **super().represent(instance),
            "skip_dates": [day.isoformat() for day in instance.skip_dates],
            "exam_dates": [[day.isoformat() for day in ends] for ends in instance.exam_dates],
        }


class StudyPlanOutput(Output):
    example = {"id": 1}

    id = serializers.IntegerField()
    unit = UnitOutput()
    semester = SemesterOutput()

    def represent(self, instance: StudyPlan) -> dict[str, Any]:
        return {
            "id": instance.pk,
            "unit": UnitOutput().represent(instance.unit),
            "semester": SemesterOutput().represent(instance.semester),
        }


class StudyPlanList(Shape):
    results = StudyPlanOutput(many=True)


class ScheduleOutput(Output):
    """One dated lecture. `label` is free text; `cours`, `exercice` and `projet` are the usual ones."""

    example = {
        "id": 1,
        "starts_at": hour_ahead(8),
        "ends_at": hour_ahead(10),
        "label": "cours",
        "classrooms": ["103"],
    }

    id = serializers.IntegerField()
    starts_at = TimestampField()
    ends_at = TimestampField()
    label = serializers.CharField()  # type: ignore[assignment]  # DRF has an attribute of the name
    classrooms = serializers.ListField(child=serializers.CharField())

    def represent(self, instance: Any) -> dict[str, Any]:
        return {
            "id": instance.pk,
            "starts_at": format_instant(instance.starts_at),
            "ends_at": format_instant(instance.ends_at),
            "label": instance.label,
            "classrooms": [booking.classroom.name for booking in instance.shown_bookings],
        }


class CourseNameOutput(Output):
    example = {"code": "CS-101", "name": "Algorithms"}

    code = serializers.CharField()
    name = serializers.CharField()

    def represent(self, instance: Course) -> dict[str, Any]:
        return {"code": instance.code, "name": instance.name}


class PlanScheduleOutput(ScheduleOutput):
    course = CourseNameOutput()

    def represent(self, instance: Any) -> dict[str, Any]:
        return {**super().represent(instance), "course": CourseNameOutput().represent(instance.course)}


class CourseItemOutput(CourseNameOutput):
    """`semester_type`: of its latest study plan in fall or spring, else `year`."""

    example = {**CourseNameOutput.example, "credits": 6, "semester_type": "fall"}

    credits = serializers.IntegerField()
    semester_type = serializers.ChoiceField(choices=SemesterType.choices)

    def represent(self, instance: Any) -> dict[str, Any]:
        return {
            **super().represent(instance),
            "credits": instance.credits,
            "semester_type": instance.semester_type,
        }


class CourseList(Shape):
    results = CourseItemOutput(many=True)


class PlannedCourseOutput(CourseItemOutput):
    example = {**CourseItemOutput.example, "edu_url": None, "language": "en"}

    edu_url = serializers.CharField(allow_null=True)
    language = serializers.CharField(allow_null=True)
    teachers = TeacherOutput(many=True)

    def represent(self, instance: Any) -> dict[str, Any]:
        return {
            **super().represent(instance),
            "edu_url": instance.edu_url or None,
            "language": instance.language or None,
            "teachers": [TeacherOutput().represent(teacher) for teacher in instance.shown_teachers],
        }


class CourseOutput(PlannedCourseOutput):
    schedules = ScheduleOutput(many=True)
    study_plans = StudyPlanOutput(many=True)

    def represent(self, instance: Any) -> dict[str, Any]:
        return {
            **super().represent(instance),
            "schedules": [ScheduleOutput().represent(schedule) for schedule in instance.shown_schedules],
            "study_plans": [StudyPlanOutput().represent(row.study_plan) for row in instance.shown_plannings],
        }


class StudyPlanDetailOutput(StudyPlanOutput):
    semester = SemesterDetailOutput()
    courses = PlannedCourseOutput(many=True)
    schedules = PlanScheduleOutput(many=True)

    def represent(self, instance: Any) -> dict[str, Any]:
        timetable: PlanTimetable = instance
        return {
            **super().represent(timetable.plan),
            "semester": SemesterDetailOutput().represent(timetable.plan.semester),
            "courses": [PlannedCourseOutput().represent(course) for course in timetable.courses],
            "schedules": [PlanScheduleOutput().represent(schedule) for schedule in timetable.schedules],
        }


class StudyPlanQuery(Query):
    current = QueryBooleanField(default=False, help_text="Only plans of semesters that have not ended")

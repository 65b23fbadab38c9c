"""Courses and their lectures. `is_available` is soft visibility: what is withdrawn stays, unseen and blocking nothing.

A lecture blocks its room exactly while its course, its schedule and its booking are all available;
`services.visibility` keeps `Occupancy.is_live` equal to that.
"""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from classrooms.models import Classroom, Occupancy
from kernel.db.expressions import ArePairs, IsAboveAll, IsBelowAll
from timetables import rules
from timetables.enums import SemesterType
from timetables.querysets import (
    CourseBookingQuerySet,
    CourseQuerySet,
    CourseScheduleQuerySet,
    PlannedCourseQuerySet,
    StudyPlanQuerySet,
    WithdrawableQuerySet,
)


class Teacher(models.Model):
    """Known by name; the page about them may be anywhere."""

    searched_fields: ClassVar[tuple[str, ...]] = ("name",)
    """Kept folded for searches (`kernel.db.searching`)."""

    name = models.CharField(max_length=rules.MAX_NAME)
    people_url = models.CharField(max_length=rules.MAX_URL, default="", blank=True)
    is_available = models.BooleanField(default=True)

    objects = WithdrawableQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["name"], name="teacher_name_is_unique"),
            models.CheckConstraint(condition=~Q(name=""), name="teacher_has_a_name"),
            models.CheckConstraint(
                condition=Q(people_url="") | Q(people_url__regex=r"^https?://"),
                name="teacher_people_url_is_a_web_address",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Course(models.Model):
    """A course, addressed by its code, case-sensitively."""

    searched_fields: ClassVar[tuple[str, ...]] = ("code", "name")
    """As a teacher's."""

    code = models.CharField(max_length=rules.MAX_CODE)
    name = models.CharField(max_length=rules.MAX_NAME)
    credits = models.IntegerField(default=0)
    edu_url = models.CharField(max_length=rules.MAX_URL, default="", blank=True)
    language = models.CharField(max_length=rules.MAX_CODE, default="", blank=True)
    teachers = models.ManyToManyField(Teacher, related_name="courses", blank=True)
    is_available = models.BooleanField(default=True)

    objects = CourseQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["code"], name="course_code_is_unique"),
            models.CheckConstraint(condition=~Q(code="") & ~Q(code__contains="/"), name="course_has_an_address"),
            models.CheckConstraint(condition=~Q(name=""), name="course_has_a_name"),
            models.CheckConstraint(condition=Q(credits__range=(0, rules.MAX_CREDITS)), name="course_credits_in_range"),
            models.CheckConstraint(
                condition=Q(edu_url="") | Q(edu_url__regex=r"^https?://"), name="course_edu_url_is_a_web_address"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Semester(models.Model):
    """The campus days on which weekly lectures take place: `starts_on` to `ends_on`, both included, without the
    `skip_dates` (holidays). On those in `exam_dates`, ranges of (first, last), there are exams."""

    name = models.CharField(max_length=rules.MAX_NAME)
    type = models.CharField(max_length=6, choices=SemesterType)
    starts_on = models.DateField()
    ends_on = models.DateField()
    skip_dates = ArrayField(models.DateField(), default=list, blank=True)
    exam_dates = ArrayField(ArrayField(models.DateField(), size=2), default=list, db_default=[], blank=True)
    is_available = models.BooleanField(default=True)

    objects = WithdrawableQuerySet.as_manager()

    class Meta:
        ordering = ["-starts_on", "name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["name"], name="semester_name_is_unique"),
            models.CheckConstraint(condition=~Q(name=""), name="semester_has_a_name"),
            models.CheckConstraint(condition=Q(type__in=SemesterType.values), name="semester_known_type"),
            models.CheckConstraint(condition=Q(starts_on__lte=F("ends_on")), name="semester_starts_before_it_ends"),
            models.CheckConstraint(
                condition=Q(exam_dates__len=0) | Q(ArePairs("exam_dates")),
                name="semester_exam_dates_are_ranges",
            ),
            models.CheckConstraint(
                condition=Q(IsBelowAll("starts_on", "exam_dates")) & Q(IsAboveAll("ends_on", "exam_dates")),
                name="semester_has_its_exam_dates",
                violation_error_message=rules.EXAMS_OUTSIDE,
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Unit(models.Model):
    """Whose study plan it is: a section and year of study, such as `IN-BA3`."""

    name = models.CharField(max_length=rules.MAX_NAME)
    code = models.CharField(max_length=rules.MAX_CODE, default="", blank=True)
    section = models.CharField(max_length=rules.MAX_NAME, default="", blank=True)
    promo = models.CharField(max_length=rules.MAX_CODE, default="", blank=True)
    is_available = models.BooleanField(default=True)

    objects = WithdrawableQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["name"], name="unit_name_is_unique"),
            models.CheckConstraint(condition=~Q(name=""), name="unit_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class StudyPlan(models.Model):
    """What a unit studies in a semester."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="study_plans")
    semester = models.ForeignKey(Semester, on_delete=models.PROTECT, related_name="study_plans")
    courses = models.ManyToManyField(Course, through="PlannedCourse", related_name="study_plans")
    is_available = models.BooleanField(default=True)

    objects = StudyPlanQuerySet.as_manager()

    class Meta:
        ordering = ["-semester__starts_on", "unit__name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["unit", "semester"], name="studyplan_one_per_unit_and_semester"),
        ]

    def __str__(self) -> str:
        return f"{self.unit}, {self.semester}"


class PlannedCourse(models.Model):
    """A course in a study plan."""

    study_plan = models.ForeignKey(StudyPlan, on_delete=models.PROTECT, related_name="planned_courses")
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="plannings")
    is_available = models.BooleanField(default=True)

    objects = PlannedCourseQuerySet.as_manager()

    class Meta:
        ordering = ["study_plan", "course__code"]
        constraints = [
            models.UniqueConstraint(fields=["study_plan", "course"], name="plannedcourse_once_per_plan"),
        ]

    def __str__(self) -> str:
        return f"{self.course.code} in {self.study_plan}"


class CourseSchedule(models.Model):
    """One dated lecture of a course, half-open instants; in no, one or several rooms."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="schedules", db_index=False)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    label = models.CharField(max_length=rules.MAX_CODE)
    is_available = models.BooleanField(default=True)

    objects = CourseScheduleQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at", "ends_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["course", "starts_at", "ends_at", "label"], name="courseschedule_once_per_course"
            ),
            models.CheckConstraint(condition=Q(starts_at__lt=F("ends_at")), name="courseschedule_starts_before_ends"),
            models.CheckConstraint(condition=~Q(label=""), name="courseschedule_has_a_label"),
        ]

    def __str__(self) -> str:
        return f"{self.label}, {self.starts_at:%Y-%m-%d %H:%M}–{self.ends_at:%H:%M}Z"


class CourseBooking(models.Model):
    """The room of a dated lecture. Its room time is its occupancy (kind `lecture`), whose id it shares."""

    occupancy = models.OneToOneField(
        Occupancy, on_delete=models.PROTECT, primary_key=True, related_name="course_booking"
    )
    schedule = models.ForeignKey(CourseSchedule, on_delete=models.PROTECT, related_name="bookings", db_index=False)
    classroom = models.ForeignKey(Classroom, on_delete=models.PROTECT, related_name="course_bookings", db_index=False)
    is_available = models.BooleanField(default=True)

    objects = CourseBookingQuerySet.as_manager()

    class Meta:
        ordering = ["occupancy"]
        constraints = [
            models.UniqueConstraint(fields=["schedule", "classroom"], name="coursebooking_once_per_lecture"),
        ]

    def __str__(self) -> str:
        return f"lecture {self.pk}"

"""Semesters, units, teachers, courses, study plans."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.postgres.forms import SimpleArrayField
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelect2MultipleWidget,
    UnfoldAdminSelect2Widget,
    UnfoldAdminTextareaWidget,
)

from kernel.admin.forms import DateFormField, NameFormField, ServiceForm
from kernel.admin.site import site
from kernel.web_addresses import NOT_A_WEB_ADDRESS, is_web_address
from timetables import rules
from timetables.admin.visibility import EditableAdmin
from timetables.models import Course, PlannedCourse, Semester, StudyPlan, Teacher, Unit
from timetables.services.editing import EDITABLE


def _name(longest: int = rules.MAX_NAME, *, required: bool = True) -> NameFormField:
    return NameFormField(max_length=longest, required=required)


def _web_address(address: str) -> None:
    if not is_web_address(address):
        raise forms.ValidationError(NOT_A_WEB_ADDRESS)


def _page() -> NameFormField:
    """The address of a page, or nothing."""
    return NameFormField(max_length=rules.MAX_URL, required=False, validators=[_web_address])


class TeacherForm(ServiceForm):
    name = _name()
    people_url = _page()


class CourseForm(ServiceForm):
    code = _name(rules.MAX_CODE)
    name = _name()
    credits = forms.IntegerField(min_value=0, max_value=rules.MAX_CREDITS, widget=UnfoldAdminIntegerFieldWidget)
    edu_url = _page()
    language = _name(rules.MAX_CODE, required=False)
    teachers = forms.ModelMultipleChoiceField(
        queryset=Teacher.objects.order_by("name", "id"), required=False, widget=UnfoldAdminSelect2MultipleWidget
    )

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"])
        if faults := rules.code_faults(code):
            raise forms.ValidationError(faults)
        return code


class DaysFormField(forms.CharField):
    """A first and a last day, both included: `YYYY-MM-DD/YYYY-MM-DD`."""

    ends = DateFormField()

    def prepare_value(self, value: Any) -> Any:
        return "/".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        ends = value if isinstance(value, list) else str(value).split("/")
        if len(ends) != 2:
            raise forms.ValidationError("A first and a last date are required, such as 2027-01-11/2027-01-29")
        return [self.ends.clean(end.strip() if isinstance(end, str) else end) for end in ends]

    def run_validators(self, value: Any) -> None:
        """Two dates have nothing of a text to be checked."""


class SemesterForm(ServiceForm):
    name = _name()
    starts_on = DateFormField()
    ends_on = DateFormField()
    skip_dates = SimpleArrayField(
        DateFormField(),
        required=False,
        max_length=366,
        widget=UnfoldAdminTextareaWidget,
        help_text="YYYY-MM-DD, separated by commas. Counts for weekly lectures imported from now on",
    )

    exam_dates = SimpleArrayField(
        DaysFormField(),
        required=False,
        max_length=50,
        widget=UnfoldAdminTextareaWidget,
        help_text="First and last days: YYYY-MM-DD/YYYY-MM-DD, separated by commas. Rules of booking go by them",
    )

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        if cleaned.get("starts_on") and cleaned.get("ends_on"):
            days = cleaned["starts_on"], cleaned["ends_on"]
            faults = rules.semester_faults(*days)
            for fault in faults:
                self.add_error("ends_on", forms.ValidationError(fault))
            for fault in [] if faults else rules.exam_faults(cleaned.get("exam_dates") or [], *days):
                self.add_error("exam_dates", forms.ValidationError(fault))
        return cleaned


class UnitForm(ServiceForm):
    name = _name()
    code = _name(rules.MAX_CODE, required=False)
    section = _name(required=False)
    promo = _name(rules.MAX_CODE, required=False)


class PlannedCourseForm(ServiceForm):
    study_plan = forms.ModelChoiceField(
        queryset=StudyPlan.objects.with_api_relations().in_order(), widget=UnfoldAdminSelect2Widget
    )
    course = forms.ModelChoiceField(queryset=Course.objects.in_order(), widget=UnfoldAdminSelect2Widget)


@admin.register(Teacher, site=site)
class TeacherAdmin(EditableAdmin):
    form = TeacherForm
    fields = EDITABLE[Teacher]
    list_display = ("name", "people_url", "is_available")
    list_filter = ("is_available",)
    search_fields = ("name",)
    ordering = ("name", "id")


@admin.register(Course, site=site)
class CourseAdmin(EditableAdmin):
    form = CourseForm
    fields = EDITABLE[Course]
    list_display = ("code", "name", "credits", "language", "is_available")
    list_filter = ("is_available", "language")
    search_fields = ("code", "name")
    ordering = ("code",)


@admin.register(Semester, site=site)
class SemesterAdmin(EditableAdmin):
    form = SemesterForm
    fields = EDITABLE[Semester]
    list_display = ("name", "type", "starts_on", "ends_on", "is_available")
    list_filter = ("type", "is_available")
    search_fields = ("name",)
    ordering = ("-starts_on", "name", "id")


@admin.register(Unit, site=site)
class UnitAdmin(EditableAdmin):
    form = UnitForm
    fields = EDITABLE[Unit]
    list_display = ("name", "code", "section", "promo", "is_available")
    list_filter = ("is_available", "section")
    search_fields = ("name", "section")
    ordering = ("name", "id")


@admin.register(StudyPlan, site=site)
class StudyPlanAdmin(EditableAdmin):
    fields = EDITABLE[StudyPlan]
    list_display = ("unit", "semester", "is_available")
    list_filter = ("is_available", "semester")
    search_fields = ("unit__name", "semester__name")
    list_select_related = ("unit", "semester")
    ordering = ("-semester__starts_on", "unit__name", "id")


@admin.register(PlannedCourse, site=site)
class PlannedCourseAdmin(EditableAdmin):
    form = PlannedCourseForm
    fields = EDITABLE[PlannedCourse]
    list_display = ("study_plan", "course", "is_available")
    list_filter = ("is_available", "study_plan__semester")
    search_fields = ("course__code", "study_plan__unit__name")
    list_select_related = ("study_plan__unit", "study_plan__semester", "course")
    ordering = ("study_plan", "course__code", "id")

"""Closures: made for some rooms or all of them, and lifted."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.widgets import UnfoldAdminSelect2MultipleWidget, UnfoldAdminSelectWidget, UnfoldBooleanWidget

from accounts.admin.acting import actor
from classrooms.models import Classroom, Closure
from classrooms.rules import MAX_REASON, START_IS_LATE
from classrooms.services.closures import close_rooms, lift_closure
from kernel import clock
from kernel.admin.asking import Step, command
from kernel.admin.forms import DateFormField, LongTextFormField, ServiceForm, WallTimeFormField
from kernel.admin.pages import ServiceAdmin
from kernel.admin.site import site
from kernel.campus_time import Interval, format_wall, format_wall_end
from kernel.history import Mention, Trace, target_of

ON_CONFLICT = [("fail", "Refuse the closure"), ("cancel", "Cancel what is registered and tell its people")]
ROW_FIELDS = ("classroom", "starts", "ends", "is_live", "is_campus_wide", "reason")
FORM_FIELDS = ("classrooms", "all_rooms", "starts_on", "start_time", "ends_on", "end_time", "reason", "on_conflict")


class ClosureForm(ServiceForm):
    """What `close_rooms` takes, in campus wall time. `interval` in the cleaned data is the time closed."""

    field_of_fault = {"starts_at": "starts_on", "ends_at": "ends_on"}

    classrooms = forms.ModelMultipleChoiceField(
        queryset=Classroom.objects.in_order(), required=False, widget=UnfoldAdminSelect2MultipleWidget
    )
    all_rooms = forms.BooleanField(required=False, label="All rooms", widget=UnfoldBooleanWidget)
    starts_on = DateFormField()
    start_time = WallTimeFormField()
    ends_on = DateFormField()
    end_time = WallTimeFormField(is_end=True)
    reason = LongTextFormField(max_length=MAX_REASON)
    on_conflict = forms.ChoiceField(
        choices=ON_CONFLICT, initial="fail", label="If something is booked", widget=UnfoldAdminSelectWidget
    )

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if (
            "classrooms" in self.cleaned_data
            and bool(self.cleaned_data["classrooms"]) == self.cleaned_data["all_rooms"]
        ):
            self.add_error("classrooms", "Choose some rooms, or all of them")
        starts_at, ends_at = self.instant_of("starts_on", "start_time"), self.instant_of("ends_on", "end_time")
        if starts_at and ends_at:
            self.cleaned_data["interval"] = Interval(starts_at, ends_at)
            if starts_at >= ends_at:
                self.add_error("starts_on", START_IS_LATE)
        return cleaned


@admin.register(Closure, site=site)
class ClosureAdmin(ServiceAdmin):
    add_form = ClosureForm
    list_display = ("number", "classroom", "starts", "ends", "is_live", "reason")
    list_filter = (("occupancy__is_live", admin.BooleanFieldListFilter), "is_campus_wide")
    search_fields = ("occupancy__classroom__name", "reason")
    list_select_related = ("occupancy__classroom",)
    ordering = ("-occupancy__starts_at", "-occupancy_id")
    actions = ("lift",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Closure | None = None) -> tuple[str, ...]:
        return FORM_FIELDS if obj is None else ROW_FIELDS

    def get_readonly_fields(self, request: HttpRequest, obj: Closure | None = None) -> tuple[str, ...]:
        return () if obj is None else ROW_FIELDS

    @admin.display(description="Number", ordering="occupancy_id")
    def number(self, closure: Closure) -> int:
        return closure.occupancy_id

    @admin.display(ordering="occupancy__classroom__name")
    def classroom(self, closure: Closure) -> str:
        return closure.occupancy.classroom.name

    @admin.display(ordering="occupancy__starts_at")
    def starts(self, closure: Closure) -> str:
        return format_wall(closure.occupancy.starts_at)

    @admin.display(ordering="occupancy__ends_at")
    def ends(self, closure: Closure) -> str:
        return format_wall_end(closure.occupancy.ends_at)

    @admin.display(boolean=True)
    def is_live(self, closure: Closure) -> bool:
        return closure.occupancy.is_live

    def trace_of(self, row: Closure) -> Trace:
        """One command closes many rooms."""
        mention = Mention(("closure.created", "closure.deleted"), {"closure_ids": [row.pk]})
        return Trace(target_of(row, self.target_noun), [mention])

    def save_model(self, request: HttpRequest, obj: Closure, form: Any, change: bool) -> None:
        values = form.cleaned_data
        rooms = Classroom.objects.in_order() if values["all_rooms"] else values["classrooms"]
        closures = form.cleaned_data["closures"] = close_rooms(
            by=actor(request),
            now=clock.now(),
            classrooms=list(rooms),
            interval=values["interval"],
            reason=values["reason"],
            cancel_registrations=values["on_conflict"] == "cancel",
            is_campus_wide=values["all_rooms"],
        )
        obj.pk = closures[0].pk

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        self.message_user(request, f"{len(form.cleaned_data['closures'])} closed.", messages.SUCCESS)

    def response_add(self, request: HttpRequest, obj: Closure, post_url_continue: str | None = None) -> HttpResponse:
        """One command makes many closures: the list shows them."""
        return HttpResponseRedirect(reverse("admin:classrooms_closure_changelist"))

    @command(description="Lift (open the room again)", done="lifted", idle="It has been lifted already")
    def lift(self, request: HttpRequest, selection: QuerySet[Closure]) -> Iterator[Step]:
        for closure in selection.select_related("occupancy__classroom"):
            lifting = partial(lift_closure, closure_id=closure.pk, classroom=closure.occupancy.classroom)
            yield Step((closure.pk,), str(closure), lifting)

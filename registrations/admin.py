"""Registrations and series: booked, moved, decided, cancelled, by the services that the API calls."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.forms import ActionForm
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelect2Widget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from accounts.admin.acting import actor
from classrooms.models import Classroom
from groups.models import Group
from kernel import clock
from kernel.admin.asking import Step, command
from kernel.admin.forms import DateFormField, LongTextFormField, ServiceForm, WallTimeFormField
from kernel.admin.pages import ReadOnlyAdmin, ServiceAdmin
from kernel.admin.site import site
from kernel.campus_time import campus_end, format_minute, format_wall
from kernel.history import Mention, Trace, target_of
from kernel.wording import WEEKDAYS, interval_in_words, span_in_words
from registrations.models import Registration, Series
from registrations.rules import MAX_DESCRIPTION, MAX_REASON, STAYS_A_GROUPS
from registrations.services.booking import Slot, book
from registrations.services.cancelling import cancel_registration
from registrations.services.changing import RegistrationChange, change_registration, slot_of
from registrations.services.deciding import approve_registration, reject_registration
from registrations.services.series_cancelling import cancel_series
from registrations.services.series_retrying import retry_skipped

FORM_FIELDS = ("classroom", "group", "date", "start_time", "end_time", "description", "attendees", "override")
ROW_FIELDS = ("status", "created_by", "created_at")
SERIES = (
    *("number", "classroom", "group", "day", "times", "starts_on", "ends_on", "description", "attendees"),
    *("source", "created_by", "created_at", "has_moved", "cancelled_from"),
)
FIELD_OF = {"day": "date", "start_minute": "start_time", "end_minute": "end_time"}
"""`RegistrationChange`'s names → the form's, where they differ."""


class RegistrationForm(ServiceForm):
    """What `book` and `change_registration` take, in campus wall time."""

    field_of_fault = {"group_id": "group"}

    classroom = forms.ModelChoiceField(queryset=Classroom.objects.in_order(), widget=UnfoldAdminSelect2Widget)
    group = forms.ModelChoiceField(queryset=Group.objects.all(), widget=UnfoldAdminSelect2Widget, required=False)
    date = DateFormField()
    start_time = WallTimeFormField()
    end_time = WallTimeFormField(is_end=True)
    description = LongTextFormField(max_length=MAX_DESCRIPTION)
    attendees = forms.IntegerField(min_value=1, required=False, widget=UnfoldAdminIntegerFieldWidget)
    override = forms.BooleanField(
        required=False,
        widget=UnfoldBooleanWidget,
        label="Go over the booking rules",
        help_text="The log says so, and which rules it were.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = Q(archived_at=None)
        if self.instance.pk is not None:
            offered |= Q(pk=self.instance.group_id)
            slot = slot_of(self.instance)
            self.initial = {
                **self.initial,
                "classroom": self.instance.occupancy.classroom_id,
                "date": slot.day,
                "start_time": slot.start_minute,
                "end_time": slot.end_minute,
            }
        groups: Any = self.fields["group"]
        groups.queryset = Group.objects.filter(offered).order_by("name", "id")
        groups.empty_label = "None: a booking of one's own"

    def clean_group(self) -> Group | None:
        """A group's booking stays a group's."""
        group: Group | None = self.cleaned_data["group"]
        if group is None and self.instance.pk is not None and self.instance.group_id is not None:
            raise forms.ValidationError(STAYS_A_GROUPS)
        return group


class ReasonedActionForm(ActionForm):
    """An action, and why: the reason goes into the log and to the person who asked for the room."""

    reason = LongTextFormField(
        max_length=MAX_REASON, label="", widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "Reason"})
    )


@admin.register(Registration, site=site)
class RegistrationAdmin(ServiceAdmin):
    form = RegistrationForm
    action_form = ReasonedActionForm
    list_display = (
        "number",
        "classroom",
        "starts",
        "ends",
        "group",
        "created_by",
        "status",
        "attendees",
        "description",
    )
    list_filter = ("status", "occupancy__classroom__floor")
    search_fields = ("occupancy__classroom__name", "group__name", "created_by__username", "description")
    list_select_related = ("occupancy__classroom", "group", "created_by")
    ordering = ("-occupancy__starts_at", "-occupancy_id")
    actions = ("approve", "reject", "cancel")

    @admin.display(description="Number", ordering="occupancy_id")
    def number(self, registration: Registration) -> int:
        return registration.occupancy_id

    @admin.display(ordering="occupancy__classroom__name")
    def classroom(self, registration: Registration) -> str:
        return registration.occupancy.classroom.name

    @admin.display(ordering="occupancy__starts_at")
    def starts(self, registration: Registration) -> str:
        return format_wall(registration.occupancy.starts_at)

    @admin.display(ordering="occupancy__ends_at")
    def ends(self, registration: Registration) -> str:
        return format_minute(campus_end(registration.occupancy.ends_at)[1])

    def get_queryset(self, request: HttpRequest) -> QuerySet[Registration]:
        return Registration.objects.with_api_relations()

    def trace_of(self, row: Registration) -> Trace:
        """A series books, changes and cancels its dates by commands of its own."""
        names = ("registration_ids", "added_ids", "changed_ids", "cancelled_ids")
        changes = [Mention((), {name: [row.pk]}, target=f"series:{row.series_id}") for name in names]
        booked = Mention(("series.created",), {"series": [{"registration_ids": [row.pk]}]})
        return Trace(target_of(row, self.target_noun), [*changes, booked] if row.series_id else [])

    def get_fields(self, request: HttpRequest, obj: Registration | None = None) -> tuple[str, ...]:
        return FORM_FIELDS if obj is None else (*FORM_FIELDS, *ROW_FIELDS)

    def get_readonly_fields(self, request: HttpRequest, obj: Registration | None = None) -> tuple[str, ...]:
        return () if obj is None else ROW_FIELDS

    def save_model(self, request: HttpRequest, obj: Registration, form: Any, change: bool) -> None:
        values = form.cleaned_data
        if change:
            # What was not touched is left out: it may have been changed by somebody else meanwhile.
            changes = {name: values[FIELD_OF.get(name, name)] for name in self._touched(form)}
            if "attendees" in changes:
                changes["attendees"] = changes["attendees"] or 0
            group_id = values["group"].pk if "group" in form.changed_data and values["group"] else None
            change_registration(
                registration_id=obj.pk,
                by=actor(request),
                now=clock.now(),
                change=RegistrationChange(group_id=group_id, is_overriding=values["override"], **changes),
            )
        else:
            booked = book(
                by=actor(request),
                now=clock.now(),
                classroom=values["classroom"],
                group_id=values["group"].pk if values["group"] else None,
                slot=Slot(values["date"], values["start_time"], values["end_time"]),
                description=values["description"],
                attendees=values["attendees"],
                is_overriding=values["override"],
            )
            obj.pk, obj.status = booked.pk, booked.status

    @staticmethod
    def _touched(form: Any) -> list[str]:
        names = ("classroom", "day", "start_minute", "end_minute", "description", "attendees")
        return [name for name in names if FIELD_OF.get(name, name) in form.changed_data]

    @command(description="Approve", done="approved", idle="It is approved already")
    def approve(self, request: HttpRequest, selection: QuerySet[Registration]) -> Iterator[Step]:
        return _decisions(request, selection, approve_registration)

    @command(description="Reject", done="rejected", idle="It is rejected already")
    def reject(self, request: HttpRequest, selection: QuerySet[Registration]) -> Iterator[Step]:
        return _decisions(request, selection, reject_registration)

    @command(description="Cancel", done="cancelled", idle="It has been cancelled already")
    def cancel(self, request: HttpRequest, selection: QuerySet[Registration]) -> Iterator[Step]:
        return _decisions(request, selection, cancel_registration)


def _decisions(request: HttpRequest, selection: QuerySet[Registration], decide: Callable[..., Any]) -> Iterator[Step]:
    reason = request.POST.get("reason", "").strip()
    for row in selection:
        slot = f"{row.occupancy.classroom.name}, {interval_in_words(row.interval)}"
        name = f"Registration {row.pk} ({row.group or row.created_by}: {slot})"
        yield Step((row.pk,), name, partial(decide, registration_id=row.pk, reason=reason))


@admin.register(Series, site=site)
class SeriesAdmin(ReadOnlyAdmin):
    list_display = ("number", "classroom", "day", "times", "starts_on", "ends_on", "group", "source", "cancelled_from")
    list_filter = ("source", "day_of_week")
    search_fields = ("classroom__name", "group__name", "created_by__username", "description")
    list_select_related = ("classroom", "group")
    ordering = ("-starts_on", "-id")
    actions = ("cancel", "retry")

    def trace_of(self, row: Series) -> Trace:
        """One command makes many series."""
        return Trace(target_of(row, self.target_noun), [Mention(("series.created",), {"series": [{"id": row.pk}]})])

    def get_fields(self, request: HttpRequest, obj: Series | None = None) -> tuple[str, ...]:
        return SERIES

    def get_readonly_fields(self, request: HttpRequest, obj: Series | None = None) -> tuple[str, ...]:
        return SERIES

    @admin.display(description="Number", ordering="id")
    def number(self, series: Series) -> int:
        return series.pk

    @admin.display(ordering="day_of_week")
    def day(self, series: Series) -> str:
        return f"{WEEKDAYS[series.day_of_week - 1]}s"

    @admin.display(ordering="start_minute")
    def times(self, series: Series) -> str:
        return span_in_words(series.start_minute, series.end_minute)

    @command(description="Cancel what lies ahead", done="cancelled", idle="Nothing of it lies ahead")
    def cancel(self, request: HttpRequest, selection: QuerySet[Series]) -> Iterator[Step]:
        for series in selection.select_related("classroom", "group"):
            yield Step((series.pk,), _name(series), partial(cancel_series, series_id=series.pk))

    @command(description="Try skipped dates again", done="tried again", idle="No date that was skipped has become free")
    def retry(self, request: HttpRequest, selection: QuerySet[Series]) -> Iterator[Step]:
        for series in selection.select_related("classroom", "group"):
            yield Step((series.pk,), _name(series), partial(retry_skipped, series_id=series.pk))


def _name(series: Series) -> str:
    return f"Series {series.pk} ({series.group.name}: {series.summary.slot})"

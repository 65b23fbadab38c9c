"""Marks: given to a group or a person, and withdrawn with a reason."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.forms import ActionForm
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelect2Widget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.admin.acting import actor
from accounts.models import User
from accounts.rules import MAX_USERNAME
from groups.models import Group
from kernel import clock
from kernel.admin.asking import Step, command
from kernel.admin.forms import LongTextFormField, NameFormField, ServiceForm
from kernel.admin.pages import ServiceAdmin
from kernel.admin.site import site
from kernel.campus_time import format_wall
from kernel.errors import UNKNOWN_USER
from policies.enums import MarkKind, OwnerKind
from policies.models import Mark
from policies.rules.marks import MAX_NOTE, MAX_POINTS, MAX_REASON
from policies.rules.scopes import Owner
from policies.services.marks import give_mark, withdraw_mark

ONE_OWNER = "Choose a group or type a username, not both"
NEEDS_REASON = "Type a reason: it goes into the log, and to those whose mark it is"
MAX_ID = 2**63 - 1
FORM_FIELDS = ("group", "username", "kind", "points", "registration_id", "note")
ROW_FIELDS = ("owner", "kind", "points", "registration", "note", "given_by", "given", "withdrawn")


class MarkForm(ServiceForm):
    """What `give_mark` takes; the username is typed, as on the page of places. `owner` in the cleaned data has it."""

    group = forms.ModelChoiceField(
        queryset=Group.objects.living().order_by("name", "id"), required=False, widget=UnfoldAdminSelect2Widget
    )
    username = forms.CharField(max_length=MAX_USERNAME, required=False, widget=UnfoldAdminTextInputWidget)
    kind = forms.ChoiceField(choices=MarkKind.choices, widget=UnfoldAdminSelectWidget)
    points = forms.IntegerField(min_value=1, max_value=MAX_POINTS, initial=1, widget=UnfoldAdminIntegerFieldWidget)
    registration_id = forms.IntegerField(
        min_value=1, max_value=MAX_ID, required=False, label="Registration", widget=UnfoldAdminIntegerFieldWidget
    )
    note = LongTextFormField(max_length=MAX_NOTE)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        group, username = self.cleaned_data.get("group"), self.cleaned_data.get("username")
        if "group" in self.cleaned_data and "username" in self.cleaned_data and bool(group) == bool(username):
            self.add_error("group", ONE_OWNER)
        elif group:
            self.cleaned_data["owner"] = Owner(OwnerKind.GROUP, group.pk)
        elif username:
            person_id = User.objects.filter(username=username, is_active=True).values_list("pk", flat=True).first()
            if person_id is None:
                self.add_error("username", UNKNOWN_USER)
            else:
                self.cleaned_data["owner"] = Owner(OwnerKind.PERSON, person_id)
        return cleaned


class WithdrawalForm(ActionForm):
    """The action, and why."""

    reason = NameFormField(
        max_length=MAX_REASON,
        label="",
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "Reason"}),
    )


@admin.register(Mark, site=site)
class MarkAdmin(ServiceAdmin):
    add_form = MarkForm
    action_form = WithdrawalForm
    list_display = ("owner", "kind", "points", "registration", "note", "given", "given_by", "withdrawn")
    list_filter = ("kind", ("withdrawn_at", admin.EmptyFieldListFilter))
    search_fields = ("group__name", "user__username", "note")
    list_select_related = ("group", "user", "given_by")
    ordering = ("-given_at", "-id")
    actions = ("withdraw",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Mark | None = None) -> tuple[str, ...]:
        return FORM_FIELDS if obj is None else ROW_FIELDS

    def get_readonly_fields(self, request: HttpRequest, obj: Mark | None = None) -> tuple[str, ...]:
        return () if obj is None else ROW_FIELDS

    @admin.display(description="Of")
    def owner(self, mark: Mark) -> str:
        return str(mark.group or mark.user)

    @admin.display(description="Registration", ordering="registration_id")
    def registration(self, mark: Mark) -> int | None:
        return mark.registration_id

    @admin.display(description="Given", ordering="given_at")
    def given(self, mark: Mark) -> str:
        return format_wall(mark.given_at)

    @admin.display(description="Withdrawn", ordering="withdrawn_at")
    def withdrawn(self, mark: Mark) -> str:
        return format_wall(mark.withdrawn_at) if mark.withdrawn_at else ""

    def save_model(self, request: HttpRequest, obj: Mark, form: Any, change: bool) -> None:
        values = form.cleaned_data
        mark = give_mark(
            by=actor(request),
            now=clock.now(),
            owner=values["owner"],
            kind=values["kind"],
            points=values["points"],
            registration_id=values["registration_id"],
            note=values["note"],
        )
        obj.pk, obj.group, obj.user = mark.pk, mark.group, mark.user

    @command(description="Withdraw (it counts no longer)", done="withdrawn", idle="It has been withdrawn already")
    def withdraw(self, request: HttpRequest, selection: QuerySet[Mark]) -> Iterator[Step]:
        reason = self._reason(request)
        for mark in selection.select_related("group", "user"):
            withdrawing = partial(withdraw_mark, mark_id=mark.pk, reason=reason)
            yield Step((mark.pk,), f"{mark.group or mark.user}: {mark}", withdrawing)

    def _reason(self, request: HttpRequest) -> str:
        """What was typed beside the action. Raises: ValidationError."""
        field = NameFormField(max_length=MAX_REASON, error_messages={"required": NEEDS_REASON})
        reason: str = field.clean(request.POST.get("reason", ""))
        return reason

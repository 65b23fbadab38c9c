"""Words that give events priority: whoever reads one here could use it, so the first two characters are shown."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelect2MultipleWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from accounts.admin.acting import actor
from calendars.admin.form_fields import STAYS, WishForm
from calendars.models import Calendar, PriorityToken
from calendars.rules import MAX_PRIORITY
from calendars.rules.tokens import hint_of
from calendars.services.priority_tokens import (
    change_priority_token,
    create_priority_token,
    delete_priority_token,
)
from kernel import clock
from kernel.admin.asking import Step, command
from kernel.admin.pages import ServiceAdmin
from kernel.admin.site import site

FORM_FIELDS = ("word", "priority", "in_calendars", "is_in_force")


class NewPriorityTokenForm(WishForm):
    field_of_fault = {"token": "word", "calendars": "in_calendars"}

    word = forms.CharField(
        max_length=100,
        label="Word",
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text="At least 8 characters without a space. An event in whose description it stands has the priority.",
    )
    priority = forms.IntegerField(min_value=1, max_value=MAX_PRIORITY, widget=UnfoldAdminIntegerFieldWidget)
    in_calendars = forms.ModelMultipleChoiceField(
        queryset=Calendar.objects.order_by("slug"),
        required=False,
        label="Calendars",
        widget=UnfoldAdminSelect2MultipleWidget,
        help_text="Leave empty: in all",
    )
    is_in_force = forms.BooleanField(required=False, initial=True, label="In force", widget=UnfoldBooleanWidget)

    def wish(self) -> dict[str, Any]:
        values = self.cleaned_data
        return {
            "token": values["word"] or None,
            "priority": values["priority"],
            "calendars": list(values["in_calendars"]),
            "is_active": values["is_in_force"],
        }


class PriorityTokenForm(NewPriorityTokenForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["in_calendars"] = list(self.instance.calendars.all()) if self.instance.pk else []
        self.initial["is_in_force"] = self.instance.is_active
        if "word" in self.fields:
            self.fields["word"].required = False
            self.fields["word"].widget.attrs["placeholder"] = f"{hint_of(self.instance.token)} is {STAYS}"


@admin.register(PriorityToken, site=site)
class PriorityTokenAdmin(ServiceAdmin):
    form = PriorityTokenForm
    add_form = NewPriorityTokenForm
    target_noun = "priority_token"
    list_display = ("hint", "priority", "where", "is_active")
    list_filter = ("is_active",)
    ordering = ("-priority", "id")
    actions = ("delete_tokens",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[PriorityToken]:
        return PriorityToken.objects.prefetch_related("calendars")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """A word could be guessed letter by letter (`?token__startswith=`)."""
        allowed = super().lookup_allowed(lookup, value, request)
        return lookup.split("__")[0] == "is_active" and bool(allowed)

    def get_fields(self, request: HttpRequest, obj: PriorityToken | None = None) -> tuple[str, ...]:
        return FORM_FIELDS

    @admin.display(description="Word")
    def hint(self, row: PriorityToken) -> str:
        return hint_of(row.token)

    @admin.display(description="Calendars")
    def where(self, row: PriorityToken) -> str:
        return ", ".join(sorted(calendar.slug for calendar in row.calendars.all())) or "all"

    @method_decorator(sensitive_post_parameters("word"))
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return super().changeform_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: PriorityToken, form: Any, change: bool) -> None:
        by, now = actor(request), clock.now()
        if change:
            row = change_priority_token(token_id=obj.pk, by=by, now=now, **form.wish())
        else:
            row = create_priority_token(by=by, now=now, **form.wish())
        obj.pk, obj.priority = row.pk, row.priority

    @command(description="Delete", done="deleted")
    def delete_tokens(self, request: HttpRequest, selection: QuerySet[PriorityToken]) -> Iterator[Step]:
        for row in selection:
            yield Step((row.pk,), f"{hint_of(row.token)}: {row}", partial(delete_priority_token, token_id=row.pk))

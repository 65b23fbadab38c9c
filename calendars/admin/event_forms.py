"""An event as a form, in campus time."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelect2Widget, UnfoldAdminTextInputWidget

from calendars.admin.form_fields import WishForm
from calendars.models import Calendar
from calendars.rules import MAX_DESCRIPTION, MAX_NAME
from calendars.rules.wishes import EventWish
from kernel.admin.forms import (
    DateFormField,
    LongTextFormField,
    MailAddressFormField,
    NameFormField,
    WallTimeFormField,
)

FORM_FIELDS = (
    *("calendar", "name", "starts_on", "start_time", "ends_on", "end_time"),
    *("description", "organizer", "rrule"),
)
MAX_RRULE = 1000


class CalendarEventForm(WishForm):
    """What `create_event` takes; `event_wish` in the cleaned data is made of it."""

    field_of_fault = {"start": "starts_on", "end": "ends_on"}

    calendar = forms.ModelChoiceField(queryset=Calendar.objects.order_by("slug"), widget=UnfoldAdminSelect2Widget)
    name = NameFormField(max_length=MAX_NAME)
    starts_on = DateFormField()
    start_time = WallTimeFormField()
    ends_on = DateFormField()
    end_time = WallTimeFormField(is_end=True)
    description = LongTextFormField(max_length=MAX_DESCRIPTION)
    organizer = MailAddressFormField(required=False, help_text="An e-mail address; leave empty: your own")
    rrule = forms.CharField(
        required=False,
        max_length=MAX_RRULE,
        label="Repeated",
        widget=UnfoldAdminTextInputWidget,
        help_text="A rule of RFC 5545, on the wall of the calendar: FREQ=WEEKLY;COUNT=10",
    )

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        starts_at, ends_at = self.instant_of("starts_on", "start_time"), self.instant_of("ends_on", "end_time")
        values = self.cleaned_data
        if starts_at is not None and ends_at is not None:
            values["event_wish"] = EventWish(
                name=values.get("name", ""),
                starts_at=starts_at,
                ends_at=ends_at,
                description=values.get("description", ""),
                organizer=values.get("organizer") or None,
                rrule=values.get("rrule", ""),
            )
        return cleaned

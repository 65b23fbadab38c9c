"""A calendar as a form: where its events come from, who uses it, and what becomes of what overlaps."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelect2Widget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from calendars.admin.form_fields import STAYS, SecretFormField, UsernamesFormField, WishForm
from calendars.enums import CalendarSource, OnOverlap
from calendars.models import MailTemplate
from calendars.rules import MAX_NAME, MAX_PRIORITY, MAX_URL
from calendars.services.calendars import PLAIN
from classrooms.models import Classroom
from groups.models import Group
from kernel.admin.forms import NameFormField
from kernel.campus_time import campus_zone

SOURCES = [
    (CalendarSource.LOCAL, "entered here"),
    (CalendarSource.ICS, "a file (.ics) that is read now and then: nothing is written there"),
    (CalendarSource.CALDAV, "a calendar on a CalDAV server: what happens here is written there too"),
]
OVERLAPS = [
    (OnOverlap.KEEP, "keep it, and let it wait for the room"),
    (OnOverlap.REJECT, "refuse it"),
]
MAX_SECRET = 1000
SECTIONS = (
    ("", ("slug", "name", "classroom", "group", "usernames", "timezone", "is_public")),
    ("Where its events come from", ("source", "source_url", "source_username", "password", "has_no_password")),
    ("What overlaps", ("on_overlap", "tentative_blocks", "auto_clear", "default_priority", "mail_template")),
)
READ_SECTION = ("Last synchronisation", ("events_page", "synced", "next_sync", "failed", "untold"))


def zones() -> list[tuple[str, str]]:
    return [(name, name) for name in sorted(available_timezones())]


def word(**kwargs: Any) -> forms.CharField:
    """One line, as it is typed."""
    return forms.CharField(widget=UnfoldAdminTextInputWidget, **kwargs)


def yes_or_no(**kwargs: Any) -> forms.BooleanField:
    return forms.BooleanField(required=False, widget=UnfoldBooleanWidget, **kwargs)


class CalendarForm(WishForm):
    """What `create_calendar` and `change_calendar` take: see `wish`."""

    field_of_fault = {"source_secret": "password"}

    slug = word(max_length=63, help_text="Its address, /api/…/events/: small letters, digits, - and _")
    name = NameFormField(max_length=MAX_NAME)
    classroom = forms.ModelChoiceField(
        queryset=Classroom.objects.in_order(),
        required=False,
        empty_label="without a room",
        widget=UnfoldAdminSelect2Widget,
        help_text="Its events take this room. With another one they give up theirs, and claim that.",
    )
    group = forms.ModelChoiceField(
        queryset=Group.objects.living().order_by("name", "id"),
        required=False,
        empty_label="without a group",
        widget=UnfoldAdminSelect2Widget,
        help_text="Its members use the calendar; for it the room is reserved.",
    )
    usernames = UsernamesFormField(label="Also used by", help_text="One username on each line")
    timezone = forms.ChoiceField(
        choices=zones,
        initial=lambda: campus_zone().key,
        widget=UnfoldAdminSelect2Widget,
        help_text="The wall on which its series are repeated and times without an offset are read",
    )
    is_public = yes_or_no(label="Strangers read what its events are called")
    source = forms.ChoiceField(
        choices=SOURCES, initial=CalendarSource.LOCAL, label="Events are", widget=UnfoldAdminSelectWidget
    )
    source_url = word(
        max_length=MAX_URL,
        required=False,
        label="URL",
        help_text="Of the file, or of the one calendar on the server; http or https",
    )
    source_username = word(max_length=MAX_NAME, required=False, label="Username there")
    password = SecretFormField(
        max_length=MAX_SECRET,
        label="Password there",
        help_text="Kept encrypted and shown to nobody. For another URL or username it is to be entered again.",
    )
    has_no_password = yes_or_no(label="Remove the kept password")
    on_overlap = forms.ChoiceField(
        choices=OVERLAPS,
        initial=OnOverlap.KEEP,
        label="A new event where the room is taken",
        widget=UnfoldAdminSelectWidget,
        help_text="Of events from elsewhere all are kept.",
    )
    tentative_blocks = yes_or_no(initial=True, label="Tentative events take the room too")
    auto_clear = yes_or_no(
        label="Cleared by itself", help_text="By manage.py clear_bookings where no calendar is named"
    )
    default_priority = forms.IntegerField(
        min_value=0,
        max_value=MAX_PRIORITY,
        initial=0,
        label="Priority",
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Of events in whose description no priority token stands",
    )
    mail_template = forms.ModelChoiceField(
        queryset=MailTemplate.objects.order_by("name"),
        required=False,
        empty_label="nobody is written to",
        widget=UnfoldAdminSelectWidget,
        help_text="What the organizer of a cleared event is written",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            self.initial.setdefault("usernames", list(self.instance.users.all()))
        if self.instance.source_secret and "password" in self.fields:
            self.fields["password"].widget.attrs["placeholder"] = STAYS

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.cleaned_data.get("password") and self.cleaned_data.get("has_no_password"):
            self.add_error("password", "Enter a password, or remove it")
        return cleaned

    def wish(self) -> dict[str, Any]:
        """The arguments of `create_calendar`; of those of `change_calendar` the ones that were touched."""
        is_new = self.instance.pk is None
        names = [name for name in PLAIN if is_new or name in self.changed_data]
        values = {name: self.cleaned_data[name] for name in names}
        if is_new or "usernames" in self.changed_data:
            values["users"] = self.cleaned_data["usernames"]
        if self.cleaned_data["password"] or self.cleaned_data["has_no_password"]:
            values["source_secret"] = self.cleaned_data["password"]
        return values

"""Events of calendars: what has become of their dates, and what is in the way of those that wait.

They are entered and deleted here; what they say is changed where they come from.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.contrib import admin
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import CharField, Count, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.http import HttpRequest
from django.utils.safestring import SafeString

from accounts.admin.acting import actor
from calendars.admin.event_dates import dates_table
from calendars.admin.event_forms import FORM_FIELDS, CalendarEventForm
from calendars.enums import OccurrenceState
from calendars.models import CalendarEvent, CalendarOccurrence, PriorityToken
from calendars.rules.priorities import masked
from calendars.services.creating import create_event, delete_event
from kernel import clock
from kernel.admin.asking import Step, command
from kernel.admin.pages import ServiceAdmin
from kernel.admin.site import site
from kernel.campus_time import format_wall, format_wall_end, format_wall_second

ROW_FIELDS = (
    *("title", "calendar", "starts", "ends", "states", "is_repeated", "rrule", "organizer", "made_at", "status"),
    *("said", "uid", "public_id", "dates"),
)
STATES = [*OccurrenceState.choices, ("none", "None of these days")]


class StateFilter(admin.SimpleListFilter):
    """Events with a date in a state."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return STATES

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "none":
            return queryset.exclude(pk__in=CalendarOccurrence.objects.values("event"))
        if self.value() in OccurrenceState.values:
            return queryset.filter(pk__in=CalendarOccurrence.objects.filter(state=self.value()).values("event"))
        return queryset


@admin.register(CalendarEvent, site=site)
class CalendarEventAdmin(ServiceAdmin):
    """Words that give priority are masked."""

    add_form = CalendarEventForm
    target_noun = "calendar_event"
    list_display = ("title", "calendar", "starts", "states", "is_repeated", "organizer")
    list_filter = (("calendar", admin.RelatedOnlyFieldListFilter), StateFilter, "is_repeated", "status")
    search_fields = ("name", "organizer", "uid", "calendar__slug")
    list_select_related = ("calendar",)
    ordering = ("-starts_at", "-id")
    actions = ("delete_events",)
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[CalendarEvent]:
        dates = CalendarOccurrence.objects.filter(event=OuterRef("pk")).order_by().values("state")
        counts = dates.annotate(said=Concat(Cast(Count("pk"), CharField()), Value(" "), "state")).order_by("state")
        words = PriorityToken.objects.order_by("pk").values("token")
        rows = CalendarEvent.objects.standing().select_related("calendar")
        return rows.annotate(date_counts=ArraySubquery(counts.values("said")), words=ArraySubquery(words))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        event = super().get_object(request, object_id, from_field)
        if event is not None:
            event.name = _without_words(event.name, event)  # pages are headed by it
        return event

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only by what the list filters on: a word in a description could be guessed letter by letter."""
        allowed = super().lookup_allowed(lookup, value, request)
        return lookup.split("__")[0] in {"calendar", "state", "is_repeated", "status"} and bool(allowed)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: CalendarEvent | None = None) -> tuple[str, ...]:
        return FORM_FIELDS if obj is None else ROW_FIELDS

    def get_readonly_fields(self, request: HttpRequest, obj: CalendarEvent | None = None) -> tuple[str, ...]:
        return () if obj is None else ROW_FIELDS

    @admin.display(description="Name", ordering="name")
    def title(self, event: CalendarEvent) -> str:
        return _without_words(event.name, event)

    @admin.display(description="Description")
    def said(self, event: CalendarEvent) -> str:
        return _without_words(event.description, event) or "–"

    @admin.display(description="Start", ordering="starts_at")
    def starts(self, event: CalendarEvent) -> str:
        return format_wall(event.starts_at)

    @admin.display(description="End", ordering="ends_at")
    def ends(self, event: CalendarEvent) -> str:
        return format_wall_end(event.ends_at)

    @admin.display(description="Created", ordering="created_at")
    def made_at(self, event: CalendarEvent) -> str:
        return format_wall_second(event.created_at)

    @admin.display(description="Dates")
    def states(self, event: Any) -> str:
        """ "1 conflicting, 12 live"."""
        return ", ".join(event.date_counts) or "none"

    @admin.display(description="Date by date")
    def dates(self, event: CalendarEvent) -> SafeString:
        return dates_table(event, now=clock.now())

    def save_model(self, request: HttpRequest, obj: CalendarEvent, form: Any, change: bool) -> None:
        values = form.cleaned_data
        entered = create_event(
            slug=values["calendar"].slug, by=actor(request), now=clock.now(), wish=values["event_wish"]
        )
        obj.pk, obj.name, obj.calendar = entered.event.pk, entered.event.name, entered.event.calendar

    @command(description="Delete (series with all of their dates)", done="deleted")
    def delete_events(self, request: HttpRequest, selection: QuerySet[CalendarEvent]) -> Iterator[Step]:
        for event in selection:
            deleting = partial(delete_event, slug=event.calendar.slug, name=event.uid)
            yield Step((event.pk,), f"{event.calendar.slug}: {_without_words(event.name, event)}", deleting)


def _without_words(text: str, event: Any) -> str:
    """Without any word that gives priority somewhere, or would if it were in force."""
    return masked(text, event.words)

"""Calendars: whose they are, where their events come from, and whether these have come."""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby
from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.debug import sensitive_post_parameters
from unfold.decorators import display

from accounts.admin.acting import actor
from calendars.admin.calendar_forms import READ_SECTION, SECTIONS, CalendarForm
from calendars.admin.clearing import clear_place, clearing_context
from calendars.admin.synchronising import SynchronisingAdmin
from calendars.enums import CalendarSource
from calendars.models import Calendar, CalendarEvent, CalendarOutbox
from calendars.services.calendars import change_calendar, create_calendar, delete_calendar
from kernel import clock
from kernel.admin.asking import Step, command
from kernel.admin.site import site
from kernel.campus_time import format_wall_second
from kernel.facts import Fact

LOCAL, IN_ORDER, NOT_YET = "local", "in order", "not yet"
FAULTY, UNTOLD, FAILED = "with faults", "not delivered", "failed"
GOOD, BAD = {LOCAL: "info", IN_ORDER: "success", NOT_YET: "warning"}, {UNTOLD: "danger", FAILED: "danger"}
COLOURS = {**GOOD, FAULTY: "warning", **BAD}
FILTERED = ("source", "classroom", "auto_clear", "is_public", "last_error")
FAR_REACHING = frozenset({"classroom", "tentative_blocks", "source", "source_url", "source_username"})
"""What moves all of its events."""


@admin.register(Calendar, site=site)
class CalendarAdmin(SynchronisingAdmin):
    """The password of a source is written and never read."""

    form = CalendarForm
    list_display = ("slug", "name", "classroom", "group", "source", "event_count", "synced", "condition")
    list_filter = (
        "source",
        ("classroom", admin.RelatedOnlyFieldListFilter),
        "auto_clear",
        "is_public",
        ("last_error", admin.EmptyFieldListFilter),
    )
    search_fields = ("slug", "name")
    list_select_related = ("classroom", "group")
    ordering = ("slug",)
    actions = ("clear", "delete_calendars")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Calendar]:
        standing = CalendarEvent.objects.standing().filter(calendar=OuterRef("pk")).order_by().values("calendar")
        counted = Subquery(standing.annotate(number=Count("pk")).values("number"))
        given_up = CalendarOutbox.objects.filter(calendar=OuterRef("pk"), done_at=None, next_try_at=None).order_by()
        untold = Subquery(given_up.values("calendar").annotate(number=Count("pk")).values("number"))
        rows = Calendar.objects.select_related(*self.list_select_related)
        return rows.annotate(event_number=Coalesce(counted, 0), untold_number=Coalesce(untold, 0))

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only by what the list filters on: a secret could be guessed letter by letter."""
        allowed = super().lookup_allowed(lookup, value, request)
        return lookup.split("__")[0] in FILTERED and bool(allowed)

    def get_fieldsets(self, request: HttpRequest, obj: Calendar | None = None) -> list[tuple[str | None, Any]]:
        sections = SECTIONS if obj is None else (*SECTIONS, READ_SECTION)
        return [(title or None, {"fields": fields}) for title, fields in sections]

    def get_readonly_fields(self, request: HttpRequest, obj: Calendar | None = None) -> tuple[str, ...]:
        return () if obj is None else READ_SECTION[1]

    @admin.display(description="Events", ordering="event_number")
    def event_count(self, calendar: Any) -> int:
        return int(calendar.event_number)

    @admin.display(description="Events")
    def events_page(self, calendar: Any) -> SafeString:
        address = reverse("admin:calendars_calendarevent_changelist")
        return format_html(
            '<a class="way" href="{}?calendar__id__exact={}">{} in the list</a>',
            address,
            calendar.pk,
            calendar.event_number,
        )

    @admin.display(description="Not delivered")
    def untold(self, calendar: Any) -> str:
        """What its server could not be told, however often it was tried."""
        if not (number := calendar.untold_number):
            return "–"
        address = reverse("admin:calendars_calendaroutbox_changelist")
        return format_html(
            '<a class="way" href="{}?calendar__id__exact={}&done_at__isempty=1">{} change{}</a>',
            address,
            calendar.pk,
            number,
            "" if number == 1 else "s",
        )

    @admin.display(description="Last synchronised", ordering="last_synced_at")
    def synced(self, calendar: Calendar) -> str:
        return format_wall_second(calendar.last_synced_at) if calendar.last_synced_at else "–"

    @admin.display(description="Next time")
    def next_sync(self, calendar: Calendar) -> str:
        return format_wall_second(calendar.next_sync_at) if calendar.next_sync_at else "–"

    @admin.display(description="Error")
    def failed(self, calendar: Calendar) -> str:
        if not calendar.failures:
            return calendar.last_error or "–"
        return f"{calendar.last_error} ({calendar.failures} in a row)"

    @display(description="State", label=COLOURS)  # type: ignore[untyped-decorator]  # unfold has no types
    def condition(self, calendar: Any) -> str:
        """What has become of the last synchronisation, in a word; the page has the sentence. Of one that has read
        everything, too, whether its server could not be told something."""
        if calendar.source == CalendarSource.LOCAL:
            return LOCAL
        if calendar.failures:
            return FAILED
        if calendar.untold_number:
            return UNTOLD
        if calendar.last_synced_at is None:
            return NOT_YET
        return FAULTY if calendar.last_error else IN_ORDER

    @method_decorator(sensitive_post_parameters("password"))
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return super().changeform_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Calendar, form: Any, change: bool) -> None:
        by, now = actor(request), clock.now()
        if change:
            calendar = change_calendar(calendar_id=obj.pk, by=by, now=now, **form.wish())
        else:
            calendar = create_calendar(by=by, now=now, **form.wish())
        obj.pk, obj.slug = calendar.pk, calendar.slug

    def reaches_further(self, facts: Sequence[Fact]) -> bool:
        """Where its events move, or others get a room by it. Not with a password: the page that asks would hold it."""
        changes = [set(fact.details.get("changes", ())) for fact in facts]
        if any("source_secret" in names for names in changes):
            return False
        return any(FAR_REACHING & names for names in changes) or any(fact.details.get("promoted") for fact in facts)

    @command(
        description="Clear bookings… (cancelled and overlapping events)",
        done="cleared",
        idle="Nothing is cancelled, and nothing overlaps that could go",
        template="admin/calendars/clearing.html",
        foreseen=clearing_context,
    )
    def clear(self, request: HttpRequest, selection: QuerySet[Calendar]) -> Iterator[Step]:
        """Those of one room together: one transaction for each room."""
        calendars = sorted(selection.select_related("classroom"), key=_place)
        for _, group in groupby(calendars, key=_place):
            of_room = list(group)
            ids = tuple(calendar.pk for calendar in of_room)
            room = of_room[0].classroom
            slugs = ", ".join(calendar.slug for calendar in of_room)
            yield Step(ids, f"{room}: {slugs}" if room else slugs, partial(clear_place, calendar_ids=ids))

    @command(description="Delete (with all of its events)", done="deleted")
    def delete_calendars(self, request: HttpRequest, selection: QuerySet[Calendar]) -> Iterator[Step]:
        for calendar in selection:
            yield Step((calendar.pk,), calendar.slug, partial(delete_calendar, calendar_id=calendar.pk))


def _place(calendar: Calendar) -> tuple[int, int]:
    """Rooms ascending, behind the calendars without one."""
    return (0, calendar.pk) if calendar.classroom_id is None else (calendar.classroom_id, 0)

"""What CalDAV servers are still to be told, and why they could not be."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from calendars.models import CalendarOutbox
from calendars.services.outbox import try_again
from kernel.admin.asking import Step, command
from kernel.admin.pages import ReadOnlyAdmin
from kernel.admin.site import site
from kernel.campus_time import format_wall_second
from kernel.history import Trace

FIELDS = ("number", "calendar", "operation", "uid", "attempts", "next_try", "told", "last_error")


@admin.register(CalendarOutbox, site=site)
class CalendarOutboxAdmin(ReadOnlyAdmin):
    list_display = FIELDS
    list_filter = (
        ("calendar", admin.RelatedOnlyFieldListFilter),
        "operation",
        ("done_at", admin.EmptyFieldListFilter),
        ("last_error", admin.EmptyFieldListFilter),
    )
    search_fields = ("uid", "calendar__slug")
    list_select_related = ("calendar",)
    ordering = ("-id",)
    actions = ("try_again",)
    show_full_result_count = False

    def get_fields(self, request: HttpRequest, obj: CalendarOutbox | None = None) -> tuple[str, ...]:
        return FIELDS

    def get_readonly_fields(self, request: HttpRequest, obj: CalendarOutbox | None = None) -> tuple[str, ...]:
        return FIELDS

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only by what the list filters on: a calendar has secrets."""
        allowed = super().lookup_allowed(lookup, value, request)
        return lookup.split("__")[0] in {"calendar", "operation", "done_at", "last_error"} and bool(allowed)

    def trace_of(self, row: Any) -> Trace:
        return Trace(f"calendar:{row.calendar_id}")

    @admin.display(description="Number", ordering="id")
    def number(self, row: CalendarOutbox) -> int:
        return row.pk

    @admin.display(description="Next try", ordering="next_try_at")
    def next_try(self, row: CalendarOutbox) -> str:
        return "–" if row.done_at else _moment(row.next_try_at)

    @admin.display(description="Told", ordering="done_at")
    def told(self, row: CalendarOutbox) -> str:
        return _moment(row.done_at)

    @command(description="Try again", done="to be tried again")
    def try_again(self, request: HttpRequest, selection: QuerySet[CalendarOutbox]) -> Iterator[Step]:
        for row in selection.select_related("calendar"):
            yield Step((row.pk,), f"{row.calendar}: {row}", partial(try_again, entry_id=row.pk))


def _moment(moment: datetime | None) -> str:
    return format_wall_second(moment) if moment else "–"

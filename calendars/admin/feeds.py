"""Addresses at which calendar programs subscribe: of what, and since when. Whoever knows one may read it."""

from django.contrib import admin
from django.http import HttpRequest

from calendars.models import CalendarFeed
from kernel.admin.pages import ReadOnlyAdmin
from kernel.admin.site import site
from kernel.campus_time import format_wall_second

FIELDS = ("number", "subject", "made_at")


@admin.register(CalendarFeed, site=site)
class FeedAdmin(ReadOnlyAdmin):
    """Everything but the token."""

    list_display = FIELDS
    search_fields = ("subject",)
    ordering = ("subject",)

    def get_fields(self, request: HttpRequest, obj: CalendarFeed | None = None) -> tuple[str, ...]:
        return FIELDS

    def get_readonly_fields(self, request: HttpRequest, obj: CalendarFeed | None = None) -> tuple[str, ...]:
        return FIELDS

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """A token could be guessed letter by letter (`?token__startswith=`)."""
        return False

    @admin.display(description="Number", ordering="id")
    def number(self, feed: CalendarFeed) -> int:
        return feed.pk

    @admin.display(description="Made", ordering="created_at")
    def made_at(self, feed: CalendarFeed) -> str:
        return format_wall_second(feed.created_at)

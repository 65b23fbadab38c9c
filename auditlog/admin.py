from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from auditlog.models import LogEntry
from kernel.admin.pages import ReadOnlyAdmin
from kernel.admin.sentences import folded_details, sentence
from kernel.admin.site import site
from kernel.campus_time import campus_zone, format_wall_second
from kernel.history import Trace


@admin.register(LogEntry, site=site)
class LogEntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "what", "actor", "target", "in_full")
    list_filter = ("action",)
    search_fields = ("target__icontains", "action__icontains", "actor__username__icontains")
    list_select_related = ("actor",)
    ordering = ("-created_at", "-id")

    def get_fields(self, request: HttpRequest, obj: LogEntry | None = None) -> tuple[str, ...]:
        return ("at", "what", "action", "actor", "target", "in_full")

    def get_readonly_fields(self, request: HttpRequest, obj: LogEntry | None = None) -> tuple[str, ...]:
        return self.get_fields(request, obj)

    def trace_of(self, row: LogEntry) -> Trace:
        """What else happened to the same thing."""
        return Trace(row.target)

    @admin.display(description=f"Time ({campus_zone().key})", ordering="created_at")
    def at(self, entry: LogEntry) -> str:
        return format_wall_second(entry.created_at)

    @admin.display(description="What", ordering="action")
    def what(self, entry: LogEntry) -> str:
        return sentence(entry.action, entry.details)

    @admin.display(description="Details")
    def in_full(self, entry: LogEntry) -> SafeString:
        return folded_details(entry.details)

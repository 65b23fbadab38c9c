from django.contrib import admin

from auditlog.models import LogEntry
from kernel.admin.pages import ReadOnlyAdmin
from kernel.admin.site import site


@admin.register(LogEntry, site=site)
class LogEntryAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "action", "actor", "target", "details")
    list_filter = ("action",)
    search_fields = ("target", "action", "actor__username")
    list_select_related = ("actor",)
    ordering = ("-created_at", "-id")

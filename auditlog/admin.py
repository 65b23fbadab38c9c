from django.contrib import admin

from auditlog.models import LogEntry
from cspace.admin.pages import ReadOnlyAdmin
from cspace.admin.site import site


@admin.register(LogEntry, site=site)
class LogEntryAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "action", "actor", "target", "details")
    list_filter = ("action",)
    search_fields = ("target", "action", "actor__username")
    list_select_related = ("actor",)
    ordering = ("-created_at", "-id")

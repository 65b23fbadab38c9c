from django.contrib import admin

from kernel.admin.pages import ReadOnlyAdmin
from kernel.admin.site import site
from notifications.models import Notification


@admin.register(Notification, site=site)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "user", "status", "kind", "description")
    list_filter = ("status",)
    search_fields = ("user__username", "description")
    list_select_related = ("user",)
    ordering = ("-created_at", "-id")

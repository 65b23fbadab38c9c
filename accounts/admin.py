"""People: looked at, and ended or given back their access."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.models import User
from accounts.services.people import change_user
from cspace import clock
from cspace.admin import ReadOnlyAdmin, site


@admin.register(User, site=site)
class UserAdmin(ReadOnlyAdmin):
    list_display = ("username", "display_name", "is_active", "is_superuser", "date_joined")
    list_filter = ("is_active", "is_superuser")
    search_fields = ("username", "display_name")
    ordering = ("username", "id")
    exclude = ("password", "user_permissions", "groups", "last_login")
    actions = ("deactivate", "activate")

    @admin.action(description="Deactivate (ends every session at once)")
    def deactivate(self, request: HttpRequest, chosen: Any) -> None:
        self._set_active(request, chosen, is_active=False)

    @admin.action(description="Activate")
    def activate(self, request: HttpRequest, chosen: Any) -> None:
        self._set_active(request, chosen, is_active=True)

    def _set_active(self, request: HttpRequest, chosen: Any, *, is_active: bool) -> None:
        for user in chosen:
            self.attempt(
                request,
                user.username,
                lambda pk=user.pk: change_user(user_id=pk, by=request.user, now=clock.now(), is_active=is_active),
            )

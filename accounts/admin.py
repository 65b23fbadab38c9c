"""People: looked at, and ended or given back their access."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from accounts.models import User
from accounts.services.people import change_user
from accounts.services.sessions import count_login_try
from cspace import clock
from cspace.admin import ReadOnlyAdmin, site
from cspace.errors import RateLimited


class ThrottledLogin(AdminAuthenticationForm):
    """The admin's login counts against the same limits as the API's."""

    def clean(self) -> Any:
        try:
            count_login_try(
                username=str(self.cleaned_data.get("username", "")),
                address=self.request.META.get("REMOTE_ADDR") if self.request else None,
                now=clock.now(),
            )
        except RateLimited as refusal:
            raise ValidationError(refusal.message) from refusal
        return super().clean()

    def confirm_login_allowed(self, user: Any) -> None:
        """Active and in cspace; the message is the one for a wrong password."""
        if not (user.is_active and user.access.is_cspace):
            raise self.get_invalid_login_error()


site.login_form = ThrottledLogin


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

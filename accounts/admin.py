"""People: looked at, and ended or given back their access."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from unfold.forms import AdminOwnPasswordChangeForm

from accounts.api.cookies import client_address
from accounts.models import User
from accounts.services.people import change_user, set_password
from accounts.services.sessions import count_login_failure, count_login_try
from cspace import clock
from cspace.admin import ReadOnlyAdmin, site
from cspace.errors import RateLimited


class ThrottledLogin(AdminAuthenticationForm):
    """The admin's login counts against the same limits as the API's."""

    def clean(self) -> Any:
        try:
            count_login_try(
                username=str(self.cleaned_data.get("username", "")),
                address=client_address(self.request) if self.request else None,
                now=clock.now(),
            )
        except RateLimited as refusal:
            raise ValidationError(refusal.message) from refusal
        try:
            return super().clean()
        except ValidationError:
            self._count_failure()
            raise

    def _count_failure(self) -> None:
        try:
            count_login_failure(now=clock.now())
        except RateLimited as refusal:
            raise ValidationError(refusal.message) from refusal

    def confirm_login_allowed(self, user: Any) -> None:
        """Active and in cspace; the message is the one for a wrong password."""
        if not (user.is_active and user.access.is_cspace):
            raise self.get_invalid_login_error()


class OwnPassword(AdminOwnPasswordChangeForm):  # type: ignore[misc]
    """One's own password, set by the service."""

    def save(self, commit: bool = True) -> User:
        changed = set_password(
            user_id=self.user.pk, by=self.user, now=clock.now(), password=self.cleaned_data["new_password1"]
        )
        # The view keeps this one browser logged in by the hash it finds here.
        self.user.password = changed.password
        return changed


site.login_form = ThrottledLogin
site.password_form = OwnPassword


@admin.register(User, site=site)
class UserAdmin(ReadOnlyAdmin):
    list_display = ("username", "display_name", "is_active", "is_superuser", "date_joined")
    list_filter = ("is_active", "is_superuser")
    search_fields = ("username", "display_name")
    ordering = ("username", "id")
    exclude = ("password", "user_permissions", "groups", "last_login")
    actions = ("deactivate", "activate")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only by what the list filters on: `?password__startswith=` would spell out a hash."""
        return lookup.split("__")[0] in self.list_filter and super().lookup_allowed(
            lookup,
            value,
            request,  # type: ignore[arg-type]
        )

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

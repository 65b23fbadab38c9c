"""Access keys: who has them, since when and until when. What opens is kept nowhere, so nothing of it is shown."""

from django.contrib import admin
from django.http import HttpRequest

from accounts.models import AccessKey
from kernel.admin.pages import ReadOnlyAdmin
from kernel.admin.site import site


@admin.register(AccessKey, site=site)
class AccessKeyAdmin(ReadOnlyAdmin):
    """To look at: a person's keys end with his sessions, a group's by another one or with the group."""

    target_noun = "access_key"
    list_display = ("scope", "holder", "issued_by", "created_at", "expires_at", "revoked_at")
    list_filter = ("scope", ("revoked_at", admin.EmptyFieldListFilter))
    list_select_related = ("user", "issued_by")
    search_fields = ("user__username",)
    ordering = ("-id",)
    fields = readonly_fields = list_display

    @admin.display(description="Opens for")
    def holder(self, key: AccessKey) -> str:
        """Groups stand above this app: it knows their numbers."""
        return f"Group {key.group_id}" if key.user is None else key.user.username

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only by what the list filters on: `?digest__startswith=` would spell out a digest."""
        allowed = super().lookup_allowed(lookup, value, request)
        return lookup.split("__")[0] in {"scope", "revoked_at"} and bool(allowed)

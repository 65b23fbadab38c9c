"""Groups and who is in them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from cspace import clock
from cspace.admin import ReadOnlyAdmin, site
from groups.models import Group, UserGroup
from groups.services.groups import archive_group
from groups.services.members import remove_member


class PlaceInline(admin.TabularInline):  # type: ignore[type-arg]
    model = UserGroup
    fields = readonly_fields = ("user", "permissions")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return site.has_permission(request)


@admin.register(Group, site=site)
class GroupAdmin(ReadOnlyAdmin):
    list_display = ("name", "is_system", "archived_at")
    search_fields = ("name",)
    ordering = ("name", "id")
    inlines = (PlaceInline,)
    actions = ("archive",)

    @admin.action(description="Archive (cancels what the group has booked)")
    def archive(self, request: HttpRequest, chosen: Any) -> None:
        for group in chosen:
            self.attempt(
                request, group.name, lambda pk=group.pk: archive_group(group_id=pk, by=request.user, now=clock.now())
            )


@admin.register(UserGroup, site=site)
class UserGroupAdmin(ReadOnlyAdmin):
    list_display = ("group", "user", "permissions")
    list_filter = ("permissions",)
    search_fields = ("group__name", "user__username")
    list_select_related = ("group", "user")
    ordering = ("group__name", "id")
    actions = ("remove",)

    @admin.action(description="Remove from the group")
    def remove(self, request: HttpRequest, chosen: Any) -> None:
        for place in chosen:
            self.attempt(
                request,
                str(place),
                lambda pk=place.pk: remove_member(user_group_id=pk, by=request.user, now=clock.now()),
            )

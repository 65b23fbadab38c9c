"""Groups and who is in them."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import CharField, ModelChoiceField, ValidationError
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminSelect2Widget, UnfoldAdminTextInputWidget

from accounts.admin.acting import actor
from accounts.rules import MAX_USERNAME
from groups.models import Group, UserGroup
from groups.rules import MAX_NAME, name_faults
from groups.services.groups import archive_group, create_group
from groups.services.members import add_member, change_permissions, remove_member
from kernel import clock
from kernel.admin.asking import Step, command
from kernel.admin.forms import NameFormField, ServiceForm
from kernel.admin.pages import ServiceAdmin
from kernel.admin.site import site


class PlaceInline(admin.TabularInline):  # type: ignore[type-arg]  # generic in the stubs only
    """To look at; places are given and taken on their own page."""

    model = UserGroup
    fields = readonly_fields = ("user", "permissions")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return site.has_permission(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[UserGroup]:
        return UserGroup.objects.with_api_relations().order_by("user__username")


class NewGroupForm(ServiceForm):
    name = NameFormField(max_length=MAX_NAME)

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if faults := name_faults(name):
            raise ValidationError(faults)
        return name


@admin.register(Group, site=site)
class GroupAdmin(ServiceAdmin):
    """A group is made and archived, never renamed: its name is in the log."""

    add_form = NewGroupForm
    list_display = ("name", "is_system", "archived_at")
    list_filter = ("is_system", ("archived_at", admin.EmptyFieldListFilter))
    search_fields = ("name",)
    ordering = ("name", "id")
    actions = ("archive",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Group | None = None) -> tuple[str, ...]:
        return ("name",) if obj is None else ("name", "is_system", "archived_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Group | None = None) -> tuple[str, ...]:
        return () if obj is None else ("name", "is_system", "archived_at")

    def get_inlines(self, request: HttpRequest, obj: Group | None) -> list[type[PlaceInline]]:
        return [] if obj is None else [PlaceInline]

    def save_model(self, request: HttpRequest, obj: Group, form: Any, change: bool) -> None:
        obj.pk = create_group(by=actor(request), now=clock.now(), name=form.cleaned_data["name"]).pk

    @command(description="Archive (cancels what the group has booked)", done="archived")
    def archive(self, request: HttpRequest, selection: QuerySet[Group]) -> Iterator[Step]:
        for group in selection:
            yield Step((group.pk,), group.name, partial(archive_group, group_id=group.pk))


class NewPlaceForm(ServiceForm):
    """The username is typed: a campus has more people than a list can show."""

    group = ModelChoiceField(queryset=Group.objects.living().order_by("name", "id"), widget=UnfoldAdminSelect2Widget)
    username = CharField(max_length=MAX_USERNAME, widget=UnfoldAdminTextInputWidget)


@admin.register(UserGroup, site=site)
class UserGroupAdmin(ServiceAdmin):
    add_form = NewPlaceForm
    target_noun = "user_group"
    list_display = ("group", "user", "permissions")
    list_filter = ("permissions",)
    search_fields = ("group__name", "user__username")
    list_select_related = ("group", "user")
    ordering = ("group__name", "id")
    actions = ("remove",)

    def get_fields(self, request: HttpRequest, obj: UserGroup | None = None) -> tuple[str, ...]:
        return ("group", "username", "permissions") if obj is None else ("group", "user", "permissions")

    def get_readonly_fields(self, request: HttpRequest, obj: UserGroup | None = None) -> tuple[str, ...]:
        return () if obj is None else ("group", "user")

    def save_model(self, request: HttpRequest, obj: UserGroup, form: Any, change: bool) -> None:
        values = form.cleaned_data
        by, now, permissions = actor(request), clock.now(), values["permissions"]
        if change:
            change_permissions(user_group_id=obj.pk, by=by, now=now, permissions=permissions)
        else:
            place = add_member(
                group_id=values["group"].pk, by=by, now=now, username=values["username"], permissions=permissions
            )
            obj.pk, obj.user = place.pk, place.user

    @command(description="Remove from the group", done="removed")
    def remove(self, request: HttpRequest, selection: QuerySet[UserGroup]) -> Iterator[Step]:
        for place in selection.select_related("group", "user"):
            yield Step((place.pk,), str(place), partial(remove_member, user_group_id=place.pk))

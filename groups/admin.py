"""Groups and who is in them."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.contrib import admin
from django.contrib.postgres.forms import SimpleArrayField
from django.db.models import QuerySet
from django.forms import CharField, ModelChoiceField, ValidationError
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminSelect2Widget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from accounts.admin.acting import actor
from accounts.rules import MAX_USERNAME
from groups.models import Group, UserGroup
from groups.rules import (
    MAX_CODE,
    MAX_KIND,
    MAX_NAME,
    MAX_TAG,
    MAX_TAGS,
    code_faults,
    kind_faults,
    name_faults,
    tags_faults,
)
from groups.services.groups import archive_group, change_group, create_group
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


class TagsFormField(SimpleArrayField):
    """One tag on each line; lines without any are passed over."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            NameFormField(max_length=MAX_TAG),
            delimiter="\n",
            max_length=MAX_TAGS,
            required=False,
            widget=UnfoldAdminTextareaWidget,
            help_text=f"Free labels that rules of booking go by, one on each line; at most {MAX_TAGS}",
            **kwargs,
        )

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            value = "\n".join(line for line in value.splitlines() if line.strip())
        return list(super().to_python(value))


class GroupForm(NewGroupForm):
    tags = TagsFormField()
    kind = NameFormField(
        max_length=MAX_KIND, required=False, help_text="What rules of booking go by: society, or nothing"
    )
    code = NameFormField(
        max_length=MAX_CODE, required=False, help_text="What other programs call the group by, or nothing"
    )

    def clean_kind(self) -> str:
        kind = str(self.cleaned_data["kind"])
        if faults := kind_faults(kind):
            raise ValidationError(faults)
        return kind

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"])
        if faults := code_faults(code or None):
            raise ValidationError(faults)
        return code

    def clean_tags(self) -> list[str]:
        tags: list[str] = self.cleaned_data["tags"]
        if faults := tags_faults(tags):
            raise ValidationError(faults)
        return tags


@admin.register(Group, site=site)
class GroupAdmin(ServiceAdmin):
    """The history of a group knows the names that it had."""

    add_form = NewGroupForm
    form = GroupForm
    list_display = ("name", "kind", "code", "labels", "is_system", "archived_at")
    list_filter = ("is_system", ("archived_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "code")
    ordering = ("name", "id")
    actions = ("archive",)

    @admin.display(description="Tags")
    def labels(self, group: Group) -> str:
        return ", ".join(group.tags)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What is archived stays as it was."""
        return super().has_change_permission(request, obj) and (obj is None or obj.archived_at is None)

    def get_fields(self, request: HttpRequest, obj: Group | None = None) -> tuple[str, ...]:
        return ("name",) if obj is None else ("name", "tags", "kind", "code", "is_system", "archived_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Group | None = None) -> tuple[str, ...]:
        return () if obj is None else ("is_system", "archived_at")

    def get_inlines(self, request: HttpRequest, obj: Group | None) -> list[type[PlaceInline]]:
        return [] if obj is None else [PlaceInline]

    def save_model(self, request: HttpRequest, obj: Group, form: Any, change: bool) -> None:
        by, now = actor(request), clock.now()
        if change:
            values = {name: form.cleaned_data[name] for name in form.changed_data}
            change_group(group_id=obj.pk, by=by, now=now, **values)
        else:
            obj.pk = create_group(by=by, now=now, name=form.cleaned_data["name"]).pk

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

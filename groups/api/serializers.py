"""The wire format of groups and user-groups."""

from typing import Any

from rest_framework import serializers

from cspace.api.fields import ChoiceField, NameField, TextField
from cspace.api.serializers import Input, Output
from groups.enums import Permissions
from groups.models import Group, UserGroup
from groups.rules import MAX_NAME, name_faults


class GroupInput(Input):
    name = NameField(max_length=MAX_NAME)

    def cross_check(self, values: Any) -> dict[str, list[str]]:
        faults = name_faults(values["name"]) if "name" in values else []
        return {"name": faults} if faults else {}


class MemberInput(Input):
    username = TextField(max_length=150, allow_blank=False)
    permissions = ChoiceField(choices=Permissions.choices, default=Permissions.MEMBER)


class PermissionsInput(Input):
    permissions = ChoiceField(choices=Permissions.choices)


class GroupOutput(Output):
    id = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()

    def represent(self, instance: Group) -> dict[str, Any]:
        return {"id": instance.pk, "name": instance.name}


class GroupList(serializers.Serializer):  # type: ignore[type-arg]
    results = GroupOutput(many=True)


class OwnGroupOutput(Output):
    """A group of mine: `id` is the group's."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    permissions = serializers.ChoiceField(choices=Permissions.choices)

    def represent(self, instance: UserGroup) -> dict[str, Any]:
        return {"id": instance.group_id, "name": instance.group.name, "permissions": instance.permissions}


class OwnGroupList(serializers.Serializer):  # type: ignore[type-arg]
    results = OwnGroupOutput(many=True)


class MemberOutput(Output):
    """A row of a group's detail."""

    user_group_id = serializers.IntegerField()
    user_id = serializers.IntegerField()
    username = serializers.CharField()
    permissions = serializers.ChoiceField(choices=Permissions.choices)

    def represent(self, instance: UserGroup) -> dict[str, Any]:
        return {
            "user_group_id": instance.pk,
            "user_id": instance.user_id,
            "username": instance.user.username,
            "permissions": instance.permissions,
        }


class GroupDetail(serializers.Serializer):  # type: ignore[type-arg]
    id = serializers.IntegerField()
    name = serializers.CharField()
    results = MemberOutput(many=True)


class AddedMemberOutput(Output):
    user_group_id = serializers.IntegerField(allow_null=True)
    username = serializers.CharField()
    group_id = serializers.IntegerField()
    permissions = serializers.ChoiceField(choices=Permissions.choices)

    def represent(self, instance: UserGroup) -> dict[str, Any]:
        return {
            "user_group_id": instance.pk,
            "username": instance.user.username,
            "group_id": instance.group_id,
            "permissions": instance.permissions,
        }


class UserGroupRowOutput(MemberOutput):
    """A row of all groups' members."""

    group_id = serializers.IntegerField()

    def represent(self, instance: UserGroup) -> dict[str, Any]:
        return {**super().represent(instance), "group_id": instance.group_id}


class UserGroupList(serializers.Serializer):  # type: ignore[type-arg]
    results = UserGroupRowOutput(many=True)


class UserGroupOutput(Output):
    id = serializers.IntegerField()
    username = serializers.CharField()
    permissions = serializers.ChoiceField(choices=Permissions.choices)
    group = GroupOutput()

    def represent(self, instance: UserGroup) -> dict[str, Any]:
        return {
            "id": instance.pk,
            "username": instance.user.username,
            "permissions": instance.permissions,
            "group": {"id": instance.group_id, "name": instance.group.name},
        }

"""The wire format of groups and user-groups."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from accounts.models import User
from accounts.rules import MAX_USERNAME
from groups.enums import Permissions
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
from kernel.api.fields import ChoiceField, NameField, TextField, TimestampField
from kernel.api.serializers import Input, Output, Shape
from kernel.errors import UNKNOWN_USER, Faults

MAX_TOKEN = 100


class GroupInput(Input):
    example = {"name": "chess-club"}

    name = NameField(max_length=MAX_NAME)

    def cross_check(self, values: Any) -> dict[str, list[str]]:
        faults = name_faults(values["name"]) if "name" in values else []
        return {"name": faults} if faults else {}


class GroupChangeInput(GroupInput):
    """`code`: null takes it away."""

    example = {"name": "522", "tags": ["gold", "music"], "kind": "society", "code": "chess"}

    tags = serializers.ListField(child=NameField(max_length=MAX_TAG), max_length=MAX_TAGS)
    kind = NameField(max_length=MAX_KIND, allow_blank=True)
    code = NameField(max_length=MAX_CODE, allow_null=True)

    def cross_check(self, values: Any) -> dict[str, list[str]]:
        judges = {"tags": tags_faults, "kind": kind_faults, "code": code_faults}
        faults = {name: judge(values[name]) for name, judge in judges.items() if name in values}
        return super().cross_check(values) | {name: sentences for name, sentences in faults.items() if sentences}


class MemberInput(Input):
    example = {"username": "stranger", "permissions": "member"}

    username = TextField(max_length=MAX_USERNAME, allow_blank=False)
    permissions = ChoiceField(choices=Permissions.choices, default=Permissions.MEMBER)

    def further_faults(self, values: Mapping[str, Any]) -> Faults:
        if "username" not in values or User.objects.filter(username=values["username"]).exists():
            return {}
        return {"username": [UNKNOWN_USER]}


class PermissionsInput(Input):
    example = {"permissions": "admin"}

    permissions = ChoiceField(choices=Permissions.choices)


class GroupOutput(Output):
    example = {"id": 2, "name": "522"}
    generated = frozenset({"id"})

    id = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()

    def represent(self, instance: Group) -> dict[str, Any]:
        return {"id": instance.pk, "name": instance.name}


class TaggedGroupOutput(GroupOutput):
    """`tags` are free labels of cspace; the `kind` of an ordinary group is ""."""

    example = {**GroupOutput.example, "tags": [], "kind": "", "code": None}

    tags = serializers.ListField(child=serializers.CharField())
    kind = serializers.CharField()
    code = serializers.CharField(allow_null=True)

    def represent(self, instance: Group) -> dict[str, Any]:
        labels = {"tags": list(instance.tags), "kind": instance.kind, "code": instance.code}
        return super().represent(instance) | labels


class GroupList(Shape):
    results = TaggedGroupOutput(many=True)


class OwnGroupOutput(Output):
    """A group of mine: `id` is the group's."""

    example = {"id": 2, "name": "522", "permissions": "member"}

    id = serializers.IntegerField()
    name = serializers.CharField()
    permissions = serializers.ChoiceField(choices=Permissions.choices)

    def represent(self, instance: UserGroup) -> dict[str, Any]:
        return {"id": instance.group_id, "name": instance.group.name, "permissions": instance.permissions}


class OwnGroupList(Shape):
    results = OwnGroupOutput(many=True)


class MemberOutput(Output):
    """A row of a group's detail."""

    example = {"user_group_id": 5, "user_id": 4, "username": "john_doe", "permissions": "member"}

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


class GroupDetail(Shape):
    example = TaggedGroupOutput.example

    id = serializers.IntegerField()
    name = serializers.CharField()
    results = MemberOutput(many=True)
    tags = serializers.ListField(child=serializers.CharField())
    kind = serializers.CharField()
    code = serializers.CharField(allow_null=True)


class JoinTokenOutput(Shape):
    example = {"token": "5f0c1d7a9e3b2846f1a0c9d8e7b6a5f4c3d2e1f0", "expires_at": "2026-01-27T02:00:00Z"}
    generated = frozenset({"token"})

    token = serializers.CharField(allow_null=True)
    expires_at = TimestampField()


class JoinInput(Input):
    example = {"token": JoinTokenOutput.example["token"]}

    token = TextField(allow_blank=False, max_length=MAX_TOKEN)


class AddedMemberOutput(Output):
    example = {"user_group_id": 10, "username": "stranger", "group_id": 2, "permissions": "member"}
    generated = frozenset({"user_group_id"})

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

    example = {**MemberOutput.example, "group_id": 2}

    group_id = serializers.IntegerField()

    def represent(self, instance: UserGroup) -> dict[str, Any]:
        return {**super().represent(instance), "group_id": instance.group_id}


class UserGroupList(Shape):
    results = UserGroupRowOutput(many=True)


class UserGroupOutput(Output):
    example = {"id": 5, "username": "john_doe", "permissions": "admin"}

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

"""The wire format of marks."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.queries.people import asking_for_active_people
from kernel.api.examples import this_moment
from kernel.api.fields import ChoiceField, IdField, IntegerField, NameField, TextField, TimestampField
from kernel.api.serializers import Input, Output, Query, Shape
from kernel.campus_time import format_instant
from kernel.db.batch import ask
from kernel.errors import UNKNOWN_USER, Faults
from policies.enums import MarkKind, OwnerKind
from policies.models import Mark
from policies.rules.marks import MAX_NOTE, MAX_POINTS, MAX_REASON, ONE_OWNER
from policies.rules.scopes import Owner
from policies.services.marks import mark_faults


@extend_schema_field(OpenApiTypes.STR)
class MarkedPersonField(serializers.Field[int, Any, str, Any]):
    """A username in, the id of a person who is active inside."""

    default_error_messages = {"invalid": "A username is required", "unknown": UNKNOWN_USER}

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, str):
            self.fail("invalid")
        for _, user_id in ask(asking_for_active_people([data])):
            return int(user_id)
        self.fail("unknown")

    def to_representation(self, value: Any) -> str:
        return str(value)


def owners_named(values: Mapping[str, Any]) -> list[Owner]:
    """Whom the values of a body name; just one, if it is valid."""
    ids = {OwnerKind.GROUP: values.get("group_id"), OwnerKind.PERSON: values.get("username")}
    return [Owner(kind, owner_id) for kind, owner_id in ids.items() if owner_id is not None]


class MarkInput(Input):
    """`POST /marks/`: for a group or for a person."""

    example = {"group_id": 2, "kind": "no_show", "points": 2, "note": "The room stood empty all evening"}

    group_id = IdField(required=False, allow_null=True)
    username = MarkedPersonField(required=False, allow_null=True)
    kind = ChoiceField(choices=MarkKind.choices)
    points = IntegerField(min_value=1, max_value=MAX_POINTS)
    registration_id = IdField(required=False, allow_null=True)
    note = TextField(max_length=MAX_NOTE, required=False)

    def cross_check(self, values: Mapping[str, Any]) -> Faults:
        owners = [name for name in ("group_id", "username") if self.initial_data.get(name) is not None]
        return {} if len(owners) == 1 else {"non_field_errors": [ONE_OWNER]}

    def further_faults(self, values: Mapping[str, Any]) -> Faults:
        owners = owners_named(values)
        return mark_faults(owners[0] if len(owners) == 1 else None, values.get("registration_id"))


class MarkOutput(Output):
    """What is held against a group or a person; of `group_id` and `username` one is null. `given_by` is null where the
    system itself has given it."""

    example = {
        **MarkInput.example,
        "id": 12,
        "username": None,
        "registration_id": None,
        "given_by": "jane_doe",
        "given_at": this_moment,
    }
    generated = frozenset({"id", "given_at"})

    id = serializers.IntegerField(allow_null=True)
    group_id = serializers.IntegerField(allow_null=True)
    username = serializers.CharField(allow_null=True)
    kind = serializers.ChoiceField(choices=MarkKind.choices)
    points = serializers.IntegerField()
    registration_id = serializers.IntegerField(allow_null=True)
    note = serializers.CharField()
    given_by = serializers.CharField(allow_null=True)
    given_at = TimestampField(allow_null=True)

    def represent(self, instance: Mark) -> dict[str, Any]:
        return {
            "id": instance.pk,
            "group_id": instance.group_id,
            "username": instance.user.username if instance.user else None,
            "kind": instance.kind,
            "points": instance.points,
            "registration_id": instance.registration_id,
            "note": instance.note,
            "given_by": instance.given_by.username if instance.given_by else None,
            "given_at": format_instant(instance.given_at),
        }


class MarkList(Shape):
    results = MarkOutput(many=True)


class WithdrawalQuery(Query):
    """Why a mark is withdrawn."""

    example = {"reason": "They were ill"}

    reason = NameField(max_length=MAX_REASON)

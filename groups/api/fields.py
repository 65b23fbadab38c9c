"""A group in a body, by its id, together with the right to act for it."""

from collections.abc import Mapping
from typing import Any

from rest_framework.fields import empty

from groups.models import Group
from groups.rules import UNKNOWN_GROUP
from kernel.api.fields import IdField
from kernel.errors import Faults, PermissionDenied


class OwnGroupIdField(IdField):
    """The id of a group the caller may act for: his own, or any for cspace.

    A foreign group is a 403, before any other fault of the body; one that does not exist a fault of the field.
    For cspace the service decides whether the group exists, under its lock. `present_group_id` in the context is
    the group the thing belongs to already: who has left it may still repeat it.
    """

    default_error_messages = {"unknown": UNKNOWN_GROUP}

    def run_validation(self, data: Any = empty) -> Any:
        group_id = super().run_validation(data)
        access = self.context["access"]
        is_kept = group_id == self.context.get("present_group_id")
        if group_id is None or is_kept or access.is_cspace or access.is_member_of(group_id):
            return group_id
        if Group.objects.living().filter(pk=group_id).exists():
            raise PermissionDenied
        self.fail("unknown")


def unknown_group_faults(values: Mapping[str, Any]) -> Faults:
    """For the `further_faults` of a body with an `OwnGroupIdField`: what else the service would say of the group."""
    group_id = values.get("group_id")
    if group_id is None or Group.objects.living().filter(pk=group_id).exists():
        return {}
    return {"group_id": [UNKNOWN_GROUP]}

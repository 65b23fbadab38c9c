"""Reads that read as English."""

from functools import cache
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet

from accounts.rules import Access
from kernel.facts import PeopleQuery

if TYPE_CHECKING:
    from groups.models import Group, UserGroup
else:
    Group = UserGroup = Any


class GroupQuerySet(QuerySet["Group"]):
    def living(self) -> "GroupQuerySet":
        """Not archived."""
        return self.filter(archived_at=None)


class UserGroupQuerySet(QuerySet["UserGroup"]):
    def living(self) -> "UserGroupQuerySet":
        """In groups that are not archived."""
        return self.filter(group__archived_at=None)

    def visible_to(self, access: Access) -> "UserGroupQuerySet":
        """cspace sees all; others the rows of their own groups."""
        return self if access.is_cspace else self.filter(group_id__in=access.group_ids)

    def with_api_relations(self) -> "UserGroupQuerySet":
        return self.select_related("user", "group")

    def in_cspace(self) -> "UserGroupQuerySet":
        """The active members of the system group."""
        return self.filter(group__is_system=True, user__is_active=True)

    def of_active_people(self) -> "UserGroupQuerySet":
        return self.filter(user__is_active=True)

    def user_ids(self) -> QuerySet["UserGroup", int]:
        """Only the user ids: a query other statements can be built on."""
        return self.order_by().values_list("user_id", flat=True)


@cache
def cspace_people() -> PeopleQuery:
    """The active members of the system group, as recipients of a notice."""
    from groups.models import UserGroup  # the models are built from this module

    return PeopleQuery.of(UserGroup.objects.in_cspace().user_ids())

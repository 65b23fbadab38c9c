"""Reads that read as English."""

from typing import Self

from django.db.models import QuerySet

from accounts.rules import Access
from kernel.db.querysets import RowT


class GroupQuerySet(QuerySet[RowT]):
    def living(self) -> Self:
        """Not archived."""
        return self.filter(archived_at=None)


class UserGroupQuerySet(QuerySet[RowT]):
    def living(self) -> Self:
        """In groups that are not archived."""
        return self.filter(group__archived_at=None)

    def visible_to(self, access: Access) -> Self:
        """cspace sees all; others the rows of their own groups."""
        return self if access.is_cspace else self.filter(group_id__in=access.group_ids)

    def with_api_relations(self) -> Self:
        return self.select_related("user", "group")

    def in_cspace(self) -> Self:
        """The active members of the system group."""
        return self.filter(group__is_system=True, user__is_active=True)

    def of_active_people(self) -> Self:
        return self.filter(user__is_active=True)

    def user_ids(self) -> QuerySet[RowT, int]:
        """Only the user ids: a query other statements can be built on."""
        return self.order_by().values_list("user_id", flat=True)

"""How other domains hold a group while they act for it."""

from collections.abc import Iterable

from django.db import connection

from groups.models import Group
from groups.rules import UNKNOWN_GROUP
from kernel.db.loading import instance_of
from kernel.errors import Invalid, InvalidState

COLUMNS = ("id", "name", "is_system")


class GroupIsArchived(InvalidState):
    message = "The group has been archived"


def hold_group(group_id: int) -> Group:
    """The living group, held FOR SHARE until the transaction ends: it cannot be archived meanwhile.

    Raises:
        Invalid: there is no such group (any more); under `group_id`.
    """
    groups = hold_groups([group_id])
    if not groups:
        raise Invalid({"group_id": [UNKNOWN_GROUP]})
    return groups[group_id]


def hold_groups(group_ids: Iterable[int]) -> dict[int, Group]:
    """Several living groups by id, held the same way, in ascending order; unknown ids are missing."""
    # FOR SHARE is not in the ORM; the archiving side takes FOR NO KEY UPDATE, which waits for it.
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(COLUMNS)} FROM groups_group WHERE id = ANY(%s) AND archived_at IS NULL"  # noqa: S608
            " ORDER BY id FOR SHARE",
            [sorted(set(group_ids))],
        )
        groups = [instance_of(Group, dict(zip(COLUMNS, row, strict=True))) for row in cursor.fetchall()]
    return {group.pk: group for group in groups}

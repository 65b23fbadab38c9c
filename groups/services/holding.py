"""How other domains hold a group while they act for it."""

from cspace.errors import Invalid
from groups.models import Group

UNKNOWN_GROUP = "Unknown group"


def hold_group(group_id: int) -> Group:
    """The living group, held FOR SHARE until the transaction ends: it cannot be archived meanwhile.

    Raises:
        Invalid: there is no such group (any more); under `group_id`.
    """
    # FOR SHARE is not in the ORM; the archiving side takes FOR NO KEY UPDATE, which waits for it.
    found = list(
        Group.objects.raw(
            "SELECT id, name, is_system FROM groups_group WHERE id = %s AND archived_at IS NULL FOR SHARE", [group_id]
        )
    )
    if not found:
        raise Invalid({"group_id": [UNKNOWN_GROUP]})
    return found[0]

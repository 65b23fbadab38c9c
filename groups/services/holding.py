"""How other domains hold a group while they act for it."""

from django.db import connection

from cspace.errors import Invalid
from groups.models import Group

UNKNOWN_GROUP = "Unknown group"


def hold_group(group_id: int) -> Group:
    """The living group, held FOR SHARE until the transaction ends: it cannot be archived meanwhile.

    Raises:
        Invalid: there is no such group (any more); under `group_id`.
    """
    # FOR SHARE is not in the ORM; the archiving side takes FOR NO KEY UPDATE, which waits for it.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, name, is_system FROM groups_group WHERE id = %s AND archived_at IS NULL FOR SHARE", [group_id]
        )
        row = cursor.fetchone()
    if row is None:
        raise Invalid({"group_id": [UNKNOWN_GROUP]})
    return Group.from_db(connection.alias, ["id", "name", "is_system"], row)

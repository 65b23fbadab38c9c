"""How other domains hold a group while they act for it."""

from collections.abc import Iterable

from groups.models import Group
from groups.queries.places import GROUP
from groups.rules import UNKNOWN_GROUP
from kernel.db.batch import Statement, ask, send
from kernel.db.loading import instance_of
from kernel.db.pipeline import ResultRow, ResultRows
from kernel.errors import Invalid, InvalidState

LIVING = f"SELECT {', '.join(GROUP)} FROM groups_group WHERE archived_at IS NULL"  # noqa: S608


class GroupIsArchived(InvalidState):
    message = "The group has been archived"


def asking_for_group(group_id: int) -> Statement:
    """The question for `living_group` and `group_with_id`."""
    return Statement(f"{LIVING} AND id = %s", (group_id,))


def asking_for_groups(group_ids: Iterable[int]) -> Statement:
    """The query of living groups by their ids, each a row that begins with its id."""
    return Statement(f"{LIVING} AND id = ANY(%s)", (sorted(set(group_ids)),))


def living_group(group_id: int) -> Group:
    """The living group as it is now, not held.

    Raises:
        Invalid: as `hold_group`.
    """
    group = group_with_id(group_id)
    if group is None:
        raise Invalid({"group_id": [UNKNOWN_GROUP]})
    return group


def group_with_id(group_id: int) -> Group | None:
    """The same, or None."""
    rows = ask(asking_for_group(group_id))
    return _group(rows[0]) if rows else None


def hold_group(group_id: int) -> Group:
    """The living group, held FOR SHARE until the transaction ends: it cannot be archived meanwhile.

    Raises:
        Invalid: there is no such group (any more); under `group_id`.
    """
    groups = hold_groups([group_id])
    if not groups:
        raise Invalid({"group_id": [UNKNOWN_GROUP]})
    return groups[group_id]


def holding_group(group_id: int) -> Statement:
    """What holds a group in the same way, if it lives, for a batch."""
    return Statement(HOLD, (group_id,))


HOLD = "SELECT FROM groups_group WHERE id = %s AND archived_at IS NULL FOR SHARE"
GROUP_ACTED_FOR = (
    "(SELECT id FROM groups_group WHERE id = %s::bigint AND name = %s AND archived_at IS NULL"
    " AND (%s::boolean OR EXISTS (SELECT FROM groups_usergroup WHERE group_id = groups_group.id"
    " AND user_id = %s::bigint)))"
)
"""SQL: the id of a group by id and name, null unless it lives under that name and somebody may act for it: he is cspace
(is he?), or (his id) a member of it."""


def id_of_group(group_id: int | None) -> Statement:
    """The query of the id of a group, if there is one, archived or not: for what is locked by it."""
    return Statement("SELECT id FROM groups_group WHERE id = %s", (group_id,))


def hold_groups(group_ids: Iterable[int]) -> dict[int, Group]:
    """Several living groups by id, held the same way, in ascending order; unknown ids are missing."""
    (rows,) = send(holding_groups(group_ids))
    return groups_held(rows)


def holding_groups(group_ids: Iterable[int] | Statement) -> Statement:
    """The same for a batch: groups by their ids, or those that a query names when it is carried out."""
    # FOR SHARE is not in the ORM; the archiving side takes FOR NO KEY UPDATE, which waits for it.
    if isinstance(group_ids, Statement):
        return Statement(f"{LIVING} AND id IN ({group_ids.sql}) ORDER BY id FOR SHARE", group_ids.parameters)
    return Statement(f"{LIVING} AND id = ANY(%s) ORDER BY id FOR SHARE", (sorted(set(group_ids)),))


def groups_held(rows: ResultRows) -> dict[int, Group]:
    """The groups that are held, by id."""
    return {row[0]: _group(row) for row in rows}


def _group(row: ResultRow) -> Group:
    return instance_of(Group, dict(zip(GROUP, row, strict=True)))

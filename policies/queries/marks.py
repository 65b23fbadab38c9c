"""Marks that stand: lists of them, and what of them a booking goes by."""

from datetime import datetime

from django.db.models import QuerySet

from accounts.models import User
from groups.models import Group
from kernel.db.batch import Statement
from kernel.db.loading import instance_of
from kernel.db.pipeline import ResultRows
from policies.enums import OwnerKind
from policies.models import Mark
from policies.rules.scopes import Owner
from policies.rules.wishes import MarkGathered

COLUMNS = {OwnerKind.GROUP: "group_id", OwnerKind.PERSON: "user_id"}
GATHERED = {
    kind: f"SELECT points, given_at FROM policies_mark WHERE {column} = %s AND given_at >= %s AND withdrawn_at IS NULL"  # noqa: S608
    " ORDER BY given_at, id"
    for kind, column in COLUMNS.items()
}
MARKED = {
    OwnerKind.GROUP: "SELECT id, name, archived_at IS NULL FROM groups_group WHERE id = %s",
    OwnerKind.PERSON: "SELECT id, username, is_active FROM accounts_user WHERE id = %s",
}


def marks_of(owner: Owner) -> QuerySet[Mark]:
    """Those that stand, newest first, with what their representation shows."""
    standing = Mark.objects.filter(**{COLUMNS[owner.kind]: owner.id}, withdrawn_at=None)
    return standing.select_related("group", "user", "given_by").order_by("-given_at", "-id")


def is_standing(mark_id: int) -> bool:
    """Whether there is such a mark, and nobody has withdrawn it."""
    return Mark.objects.filter(pk=mark_id, withdrawn_at=None).exists()


def asking_for_marks(owner: Owner, since: datetime) -> Statement:
    """The question for `marks_in`: those of an owner that stand, from an instant on."""
    return Statement(GATHERED[owner.kind], (owner.id, since))


def marks_in(rows: ResultRows) -> list[MarkGathered]:
    """What was gathered, by time."""
    return [MarkGathered(points, given_at) for points, given_at in rows]


def asking_for_marked(owner: Owner) -> Statement:
    """The question for `marked_in`."""
    return Statement(MARKED[owner.kind], (owner.id,))


def marked_in(owner: Owner, rows: ResultRows) -> tuple[Group | User | None, bool]:
    """The group or the person that is to have a mark, None if there is none; and whether it is neither archived nor
    deactivated."""
    for owner_id, name, is_present in rows:
        if owner.kind == OwnerKind.GROUP:
            return instance_of(Group, {"id": owner_id, "name": name}), is_present
        return instance_of(User, {"id": owner_id, "username": name}), is_present
    return None, False

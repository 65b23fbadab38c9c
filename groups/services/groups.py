"""Making, changing and archiving groups."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings

from accounts.enums import KeyScope
from accounts.models import User
from accounts.rules import check_cspace
from accounts.services.access_keys import revoke_keys
from groups.facts import GroupArchived, GroupArchiving, GroupChanged, GroupCreated, GroupRelabelling
from groups.models import Group, UserGroup
from groups.queries.places import asking_for_places, renew_access
from groups.rules import SOCIETY, code_faults, kind_faults, name_faults, name_key, tag_key, tags_faults
from groups.services.holding import LIVING, groups_held
from kernel.changes import Changes, changes_between
from kernel.db.batch import Statement, send
from kernel.db.constraints import naming
from kernel.db.pipeline import ResultRows
from kernel.db.transactions import transactional
from kernel.errors import AlreadyExists, Invalid, NotFound, PermissionDenied
from kernel.facts import cascade, publish

CHANGEABLE: dict[str, Callable[[Any], list[str]]] = {
    "name": name_faults,
    "tags": tags_faults,
    "kind": kind_faults,
    "code": code_faults,
}
"""What may be changed of a group, and what keeps a value from being it."""


class GroupNameIsTaken(AlreadyExists):
    message = "A group with this name already exists"
    field = "name"


class GroupCodeIsTaken(AlreadyExists):
    message = "A group with this code already exists"
    field = "code"


class GroupNotFound(NotFound):
    resource = "Group"


@transactional
def create_group(*, by: User, now: datetime, name: str) -> Group:
    """A new ordinary group. Publishes `GroupCreated`. Raises: PermissionDenied, Invalid (`name`), GroupNameIsTaken."""
    check_cspace(by.access)
    if faults := name_faults(name):
        raise Invalid({"name": faults})
    with naming({"group_living_name_is_unique": GroupNameIsTaken()}):
        group = Group.objects.create(name=name, name_key=name_key(name))
    publish(GroupCreated(actor_id=by.pk, occurred_at=now, group_id=group.pk, name=group.name))
    return group


@transactional
def change_group(
    *,
    group_id: int,
    by: User,
    now: datetime,
    name: str | None = None,
    tags: Sequence[str] | None = None,
    kind: str | None = None,
    code: str | None = None,
) -> Group:
    """Another name, other tags, another kind or code; None stays as it is, a code of "" is taken away. What is no
    society any more has no society's key. Publishes `GroupChanged`, nothing for a no-op.

    Before its kind or its tags are others, `GroupRelabelling` is asked.

    Raises: PermissionDenied (not cspace, or another name for the system group), GroupNotFound,
    Invalid (`name`, `tags`, `kind`, `code`), GroupNameIsTaken, GroupCodeIsTaken.
    """
    check_cspace(by.access)
    group = lock_group(group_id)
    wish: dict[str, Any] = {} if name is None else {"name": name}
    wish |= {} if tags is None else {"tags": list(tags)}
    wish |= {} if kind is None else {"kind": tag_key(kind)}
    wish |= {} if code is None else {"code": code or None}
    changes = changes_between({key: getattr(group, key) for key in CHANGEABLE}, wish)
    if not changes:
        return group
    if group.is_system and "name" in changes:  # it would leave its name to others
        raise PermissionDenied
    _check(changes)
    _ask_for_labels(group, changes, by=by, now=now)
    _write_changes(group, changes)
    publish(GroupChanged(actor_id=by.pk, occurred_at=now, group_id=group.pk, name=group.name, changes=changes))
    return group


def _check(changes: Changes) -> None:
    """Raises: Invalid."""
    faults = {key: CHANGEABLE[key](new) for key, (_, new) in changes.items()}
    if any(faults.values()):
        raise Invalid({key: sentences for key, sentences in faults.items() if sentences})


def _ask_for_labels(group: Group, changes: Changes, *, by: User, now: datetime) -> None:
    """What goes by the group's kind and tags follows them."""
    if changes.keys().isdisjoint(("kind", "tags")):
        return
    (kind, tags) = (changes.get(key, [None, getattr(group, key)])[1] for key in ("kind", "tags"))
    cascade(GroupRelabelling(actor_id=by.pk, occurred_at=now, group_id=group.pk, kind=kind, tags=tuple(tags)))
    if group.kind == SOCIETY != kind:
        revoke_keys(scope=KeyScope.SOCIETY, now=now, by=by, group_id=group.pk)


def _write_changes(group: Group, changes: Changes) -> None:
    """Raises: GroupNameIsTaken, GroupCodeIsTaken."""
    columns = {key: new for key, (_, new) in changes.items()}
    if "name" in columns:
        columns["name_key"] = name_key(columns["name"])
    if "tags" in columns:
        columns["tag_keys"] = [tag_key(tag) for tag in columns["tags"]]
    if "code" in columns:
        columns["code_key"] = columns["code"] and name_key(columns["code"])
    for column, value in columns.items():
        setattr(group, column, value)
    taken = {"group_living_name_is_unique": GroupNameIsTaken(), "group_living_code_is_unique": GroupCodeIsTaken()}
    with naming(taken):
        group.save(update_fields=list(columns))


@transactional
def archive_group(*, group_id: int, by: User, now: datetime) -> None:
    """Take a group out of use: what it still holds is cancelled in the same transaction, its keys are revoked, its name
    and its code are free again.

    Publishes `GroupArchived` with what `GroupArchiving` was answered.
    Raises: PermissionDenied (not cspace, or the system group), GroupNotFound.
    """
    check_cspace(by.access)
    group = lock_group(group_id)
    if group.is_system:
        raise PermissionDenied
    cancelled_targets = cascade(GroupArchiving(actor_id=by.pk, occurred_at=now, group_id=group.pk))
    revoke_keys(scope=None, now=now, by=by, group_id=group.pk)
    group.archived_at = now
    group.save(update_fields=["archived_at"])
    publish(
        GroupArchived(
            actor_id=by.pk,
            occurred_at=now,
            group_id=group.pk,
            name=group.name,
            cancelled_targets=tuple(cancelled_targets),
            member_ids=tuple(UserGroup.objects.filter(group=group).user_ids()),
        )
    )


def lock_group(group_id: int) -> Group:
    """The living group, locked FOR NO KEY UPDATE until the transaction ends: one change of its people at a time.

    Raises: GroupNotFound.
    """
    return group_in(*send(locking_group(group_id)))


def lock_group_acted_in(group_id: int, by: User) -> Group:
    """The same, with the actor's authority as it is under the lock. Raises: GroupNotFound."""
    rows, places = send(locking_group(group_id), asking_for_places(by))
    group = group_in(rows)
    renew_access(by, places)
    return group


def locking_group(group_id: int | Statement) -> Statement:
    """The same for a batch: a group by its id, or one that a query names when it is carried out; read by `group_in`."""
    query = group_id if isinstance(group_id, Statement) else Statement("SELECT %s::bigint", (group_id,))
    lock = "" if "skip-group-lock" in settings.CSPACE_TEST_FAULTS else " FOR NO KEY UPDATE"
    return Statement(f"{LIVING} AND id = ({query.sql}){lock}", query.parameters)


def group_in(rows: ResultRows) -> Group:
    """The group that is locked. Raises: GroupNotFound."""
    for group in groups_held(rows).values():
        return group
    raise GroupNotFound

"""Making and archiving groups."""

from datetime import datetime

from django.conf import settings

from accounts.models import User
from accounts.rules import check_cspace
from groups.facts import GroupArchived, GroupArchiving, GroupCreated
from groups.models import Group, UserGroup
from groups.rules import name_faults, name_key
from kernel.db.constraints import naming
from kernel.db.transactions import transactional
from kernel.errors import AlreadyExists, Invalid, NotFound, PermissionDenied
from kernel.facts import cascade, publish


class GroupNameIsTaken(AlreadyExists):
    message = "A group with this name already exists"
    field = "name"


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
def archive_group(*, group_id: int, by: User, now: datetime) -> None:
    """Take a group out of use: what it still holds is cancelled in the same transaction, its name is free again.

    Publishes `GroupArchived` with what `GroupArchiving` was answered.
    Raises: PermissionDenied (not cspace, or the system group), GroupNotFound.
    """
    check_cspace(by.access)
    group = lock_group(group_id)
    if group.is_system:
        raise PermissionDenied
    cancelled_targets = cascade(GroupArchiving(actor_id=by.pk, occurred_at=now, group_id=group.pk))
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
    groups = Group.objects.living().filter(pk=group_id)
    if "skip-group-lock" not in settings.CSPACE_TEST_FAULTS:
        groups = groups.select_for_update(no_key=True)
    group = groups.first()
    if group is None:
        raise GroupNotFound
    return group

"""Who belongs to a group, and as what."""

from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from accounts.queries.campus_admins import asking_for_campus_admin, is_any
from accounts.services.people import CampusNeedsAnAdmin, holding_campus_admins, renew_power
from groups import rules
from groups.enums import Permissions
from groups.facts import MemberAdded, MemberPermissionsChanged, MemberRemoved
from groups.models import UserGroup
from groups.queries.places import (
    asking_for_candidate,
    asking_for_others,
    asking_for_place,
    asking_for_places,
    candidate_in,
    group_of_place,
    in_system_group,
    place_in,
    renew_access,
)
from groups.services.groups import group_in, locking_group
from kernel.db.batch import Statement, put_off, send
from kernel.db.ids import next_id
from kernel.db.transactions import transactional
from kernel.errors import UNKNOWN_USER, AlreadyExists, Invalid, InvalidState, NotFound, PermissionDenied
from kernel.facts import publish


class UserIsAMember(AlreadyExists):
    message = "This user is already in the group"
    field = "username"


class GroupNeedsAnAdmin(InvalidState):
    message = "A group with other members needs at least one admin"


class UserGroupNotFound(NotFound):
    resource = "User group"


@transactional
def add_member(*, group_id: int, by: User, now: datetime, username: str, permissions: str) -> UserGroup:
    """Put somebody into a group. Publishes `MemberAdded`.

    Raises: GroupNotFound, PermissionDenied, Invalid (`username` unknown), UserIsAMember.
    """
    rows, places, candidate = send(
        locking_group(group_id),
        asking_for_places(by),  # what was read before the lock may have been taken away meanwhile
        asking_for_candidate(group_id, username),
    )
    group = group_in(rows)
    renew_access(by, places)
    if not rules.may_change_members(by.access, group.pk, is_system=group.is_system):
        raise PermissionDenied
    user, is_member = candidate_in(candidate)
    if user is None:
        raise Invalid({"username": [UNKNOWN_USER]})
    if is_member:
        raise UserIsAMember
    place = UserGroup(id=next_id(UserGroup._meta.db_table), group=group, user=user, permissions=permissions)
    put_off(Statement(INSERT, (place.pk, group.pk, user.pk, permissions)))
    publish(MemberAdded(membership=place.summary, actor_id=by.pk, occurred_at=now))
    return place


@transactional
def change_permissions(*, user_group_id: int, by: User, now: datetime, permissions: str) -> UserGroup:
    """Make somebody admin or member. Publishes `MemberPermissionsChanged`, nothing for a no-op.

    Raises: UserGroupNotFound, PermissionDenied, GroupNeedsAnAdmin, CampusNeedsAnAdmin.
    """
    place, others = _locked_place(user_group_id, by)
    if not rules.may_change_members(by.access, place.group_id, is_system=place.group.is_system):
        raise PermissionDenied
    previous = place.permissions
    if previous == permissions:
        return place
    if permissions != Permissions.ADMIN:
        others.check_not_last_admin(place)
    _write(Statement(UPDATE, (permissions, place.pk)), place)
    place.permissions = permissions
    publish(MemberPermissionsChanged(membership=place.summary, actor_id=by.pk, occurred_at=now, previous=previous))
    return place


@transactional
def remove_member(*, user_group_id: int, by: User, now: datetime) -> None:
    """Take somebody out of a group; everybody may leave. Publishes `MemberRemoved`.

    Raises: UserGroupNotFound, PermissionDenied, GroupNeedsAnAdmin, CampusNeedsAnAdmin.
    """
    place, others = _locked_place(user_group_id, by)
    if not rules.may_remove(by.access, place.group_id, is_system=place.group.is_system, user_id=place.user_id):
        raise PermissionDenied
    others.check_not_last_admin(place)
    _write(Statement(DELETE, (place.pk,)), place)
    publish(MemberRemoved(membership=place.summary, actor_id=by.pk, occurred_at=now))


INSERT = "INSERT INTO groups_usergroup (id, group_id, user_id, permissions) VALUES (%s, %s, %s, %s)"
UPDATE = "UPDATE groups_usergroup SET permissions = %s WHERE id = %s"
DELETE = "DELETE FROM groups_usergroup WHERE id = %s"


@dataclass(frozen=True)
class _Others:
    """Who else is in a group."""

    has_members: bool
    has_active_admins: bool

    def check_not_last_admin(self, place: UserGroup) -> None:
        """Only active people count: nobody else could undo it. Raises: GroupNeedsAnAdmin."""
        is_active_admin = place.permissions == Permissions.ADMIN and place.user.is_active
        if is_active_admin and self.has_members and not self.has_active_admins:
            raise GroupNeedsAnAdmin


def _locked_place(user_group_id: int, by: User) -> tuple[UserGroup, _Others]:
    """The place, read under its group's lock, and with it the actor's authority and who else is there; one batch."""
    rows, *_, power, places, place_rows, others = send(
        locking_group(group_of_place(user_group_id)),
        *holding_campus_admins(by, where=in_system_group(user_group_id)),
        asking_for_places(by),
        asking_for_place(user_group_id),
        asking_for_others(user_group_id),
    )
    try:
        group = group_in(rows)
    except NotFound as error:
        raise UserGroupNotFound from error
    if group.is_system:
        renew_power(by, power)
    renew_access(by, places)
    place = place_in(place_rows)
    if place is None:
        raise UserGroupNotFound
    return place, _Others(*others[0])


def _write(change: Statement, place: UserGroup) -> None:
    """Carry out a change of a place, at the latest with the COMMIT; where it takes power over the campus, at once.

    Raises: CampusNeedsAnAdmin, where nobody else has it.
    """
    if place.permissions == Permissions.ADMIN and place.group.is_system:
        _, admins = send(change, asking_for_campus_admin())
        if not is_any(admins):
            raise CampusNeedsAnAdmin
    else:
        put_off(change)

"""Who belongs to a group, and as what."""

from datetime import datetime

from accounts.models import User
from accounts.queries.campus_admins import has_campus_admin
from accounts.services.people import CampusNeedsAnAdmin, hold_campus_admins
from groups import rules
from groups.enums import Permissions
from groups.facts import MemberAdded, MemberPermissionsChanged, MemberRemoved
from groups.models import UserGroup
from groups.services.groups import lock_group
from kernel.db.constraints import naming
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
    group = lock_group(group_id)
    by.forget_access()  # what was read before the lock may have been taken away meanwhile
    if not rules.may_change_members(by.access, group.pk, is_system=group.is_system):
        raise PermissionDenied
    user = User.objects.filter(username=username).first()
    if user is None:
        raise Invalid({"username": [UNKNOWN_USER]})
    with naming({"usergroup_one_place_per_group": UserIsAMember()}):
        place = UserGroup.objects.create(group=group, user=user, permissions=permissions)
    publish(MemberAdded(membership=place.summary, actor_id=by.pk, occurred_at=now))
    return place


@transactional
def change_permissions(*, user_group_id: int, by: User, now: datetime, permissions: str) -> UserGroup:
    """Make somebody admin or member. Publishes `MemberPermissionsChanged`, nothing for a no-op.

    Raises: UserGroupNotFound, PermissionDenied, GroupNeedsAnAdmin, CampusNeedsAnAdmin.
    """
    place = _locked_place(user_group_id, by)
    if not rules.may_change_members(by.access, place.group_id, is_system=place.group.is_system):
        raise PermissionDenied
    previous = place.permissions
    if previous == permissions:
        return place
    if permissions != Permissions.ADMIN:
        _check_not_last_admin(place)
    place.permissions = permissions
    place.save(update_fields=["permissions"])
    if previous == Permissions.ADMIN:
        _check_campus_goes_on(place)
    publish(MemberPermissionsChanged(membership=place.summary, actor_id=by.pk, occurred_at=now, previous=previous))
    return place


@transactional
def remove_member(*, user_group_id: int, by: User, now: datetime) -> None:
    """Take somebody out of a group; everybody may leave. Publishes `MemberRemoved`.

    Raises: UserGroupNotFound, PermissionDenied, GroupNeedsAnAdmin, CampusNeedsAnAdmin.
    """
    place = _locked_place(user_group_id, by)
    if not rules.may_remove(by.access, place.group_id, is_system=place.group.is_system, user_id=place.user_id):
        raise PermissionDenied
    _check_not_last_admin(place)
    fact = MemberRemoved(membership=place.summary, actor_id=by.pk, occurred_at=now)
    place.delete()
    if fact.membership.permissions == Permissions.ADMIN:
        _check_campus_goes_on(place)
    publish(fact)


def _locked_place(user_group_id: int, by: User) -> UserGroup:
    """The place, read again under its group's lock, and with it the actor's authority."""
    group_id = UserGroup.objects.filter(pk=user_group_id).values_list("group_id", flat=True).first()
    if group_id is None:
        raise UserGroupNotFound
    try:
        group = lock_group(group_id)
    except NotFound as error:
        raise UserGroupNotFound from error
    if group.is_system:
        hold_campus_admins(by)
    by.forget_access()
    place = UserGroup.objects.with_api_relations().filter(pk=user_group_id).first()
    if place is None:
        raise UserGroupNotFound
    return place


def _check_not_last_admin(place: UserGroup) -> None:
    """Only active people count: nobody else could undo it. Raises: GroupNeedsAnAdmin."""
    if place.permissions != Permissions.ADMIN or not place.user.is_active:
        return
    others = UserGroup.objects.filter(group_id=place.group_id).exclude(pk=place.pk)
    if others.exists() and not others.of_active_people().filter(permissions=Permissions.ADMIN).exists():
        raise GroupNeedsAnAdmin


def _check_campus_goes_on(place: UserGroup) -> None:
    """For an admin's place that has just been changed or taken. Raises: CampusNeedsAnAdmin."""
    if place.group.is_system and not has_campus_admin():
        raise CampusNeedsAnAdmin

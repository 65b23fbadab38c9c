"""Groups that people come into because their identity provider has them in one of its own (`SSO_GROUPS`)."""

from django.conf import settings

from accounts.facts import PersonSigningOn
from accounts.models import User
from groups.enums import Permissions
from groups.facts import MemberAdded
from groups.models import Group, UserGroup
from groups.queries.places import asking_for_own_place
from groups.rules import name_key
from groups.services.groups import locking_group
from groups.services.holding import groups_held
from groups.services.members import INSERT
from kernel.db.batch import Statement, put_off, send
from kernel.db.ids import next_id
from kernel.facts import on_cascade, publish


def connect() -> None:
    """Have whoever signs on put into his groups. Called from `AppConfig.ready`."""
    on_cascade(PersonSigningOn, join_by_provider)


def join_by_provider(signing_on: PersonSigningOn) -> list[str]:
    """Make somebody a member of the groups that stand for those of his provider; who is in one, stays what he is, and
    nobody is taken out. The system group is nobody's by this. Publishes `MemberAdded` for each; returns their targets.
    """
    his = {name.casefold() for name in signing_on.provider_groups}
    keys = {name_key(ours) for theirs, ours in settings.SSO_GROUPS.items() if theirs.casefold() in his}
    if not keys:
        return []
    user = User.objects.get(pk=signing_on.user_id)
    ids = Group.objects.filter(name_key__in=keys, archived_at=None, is_system=False).order_by("id").values_list("id")
    return [target for (group_id,) in ids if (target := _join(group_id, user, signing_on))]


def _join(group_id: int, user: User, signing_on: PersonSigningOn) -> str | None:
    rows, places = send(
        locking_group(group_id), asking_for_own_place(user, Statement("SELECT %s::bigint", (group_id,)))
    )
    groups = groups_held(rows)
    if places or not groups:  # he is in it, or it has just been archived
        return None
    (group,) = groups.values()
    place = UserGroup(id=next_id(UserGroup._meta.db_table), group=group, user=user, permissions=Permissions.MEMBER)
    put_off(Statement(INSERT, (place.pk, group.pk, user.pk, place.permissions)))
    publish(MemberAdded(membership=place.summary, actor_id=user.pk, occurred_at=signing_on.occurred_at))
    return f"group:{group.pk}"

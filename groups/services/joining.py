"""Coming into a group by a key that one of its admins has given out: whoever has it, as a member, for seven days."""

from datetime import datetime, timedelta

from accounts.enums import DeadKey, KeyScope
from accounts.models import User
from accounts.queries.access_keys import asking_for_key, group_of_key, key_in
from accounts.services.access_keys import IssuedKey, issue_key
from groups import rules
from groups.enums import Permissions
from groups.facts import MemberAdded
from groups.models import UserGroup
from groups.queries.places import asking_for_own_place
from groups.queries.who_lets_in import asking_who_lets_in
from groups.services.groups import group_in, lock_group_acted_in, locking_group
from groups.services.members import INSERT
from kernel.db.batch import Statement, put_off, send
from kernel.db.ids import next_id
from kernel.db.transactions import transactional
from kernel.errors import Invalid, PermissionDenied
from kernel.facts import publish

LIFETIME = timedelta(days=7)
NO_KEY, EXPIRED = "This token lets nobody into a group", "This token has expired"


@transactional
def issue_join_token(*, group_id: int, by: User, now: datetime) -> IssuedKey:
    """A token by which people come into the group; the one before is dead. Publishes as `issue_key`.

    Raises: GroupNotFound, PermissionDenied (`rules.may_let_in`).
    """
    group = lock_group_acted_in(group_id, by)
    if not rules.may_let_in(by.access, group.pk, is_system=group.is_system):
        raise PermissionDenied
    return issue_key(scope=KeyScope.JOIN, by=by, now=now, group_id=group.pk, lifetime=LIFETIME)


@transactional
def join_group(*, token: str, by: User, now: datetime) -> UserGroup:
    """Make the actor a member of the group that has given out the token; who is in it already, stays what he is.
    Publishes `MemberAdded`, nothing for a no-op.

    Raises: Invalid (`token`): it is none, or is dead: whoever has given it out may let nobody in any more.
    """
    of_key = group_of_key(token, KeyScope.JOIN)
    groups, keys, issuers, places = send(
        locking_group(of_key),
        asking_for_key(token),  # under the lock of its group it is neither replaced nor revoked
        asking_who_lets_in(token),
        asking_for_own_place(by, of_key),
    )
    holder = key_in(keys, now)
    if not groups or not issuers or holder == DeadKey.INVALID:
        raise Invalid({"token": [NO_KEY]})
    if holder == DeadKey.EXPIRED:
        raise Invalid({"token": [EXPIRED]})
    group = group_in(groups)
    for place_id, permissions in places:
        return UserGroup(id=place_id, group=group, user=by, permissions=permissions)
    place = UserGroup(id=next_id(UserGroup._meta.db_table), group=group, user=by, permissions=Permissions.MEMBER)
    put_off(Statement(INSERT, (place.pk, group.pk, by.pk, place.permissions)))
    publish(MemberAdded(membership=place.summary, actor_id=by.pk, occurred_at=now))
    return place

"""Tokens by which programs book for a society (contract of the Roomie dialect, §5)."""

from datetime import datetime, timedelta

from accounts.enums import KeyScope
from accounts.models import User
from accounts.services.access_keys import IssuedKey, issue_key
from groups.rules import SOCIETY
from groups.services.groups import lock_group_acted_in
from kernel.db.transactions import transactional
from kernel.errors import NotFound, PermissionDenied

LIFETIME = timedelta(hours=100 * 24)


class SocietyNotFound(NotFound):
    resource = "Society"


@transactional
def issue_society_token(*, group_id: int, by: User, now: datetime) -> IssuedKey:
    """A new token of a society, by one of its presidents, who are its admins; the one before is dead.

    Publishes as `issue_key`. Raises: GroupNotFound, SocietyNotFound (a group of another kind), PermissionDenied.
    """
    group = lock_group_acted_in(group_id, by)
    if group.kind != SOCIETY:
        raise SocietyNotFound
    if not by.access.is_admin_of(group.pk):
        raise PermissionDenied
    return issue_key(scope=KeyScope.SOCIETY, by=by, now=now, group_id=group.pk, lifetime=LIFETIME)

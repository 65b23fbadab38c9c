"""Who comes in by single sign-on whatever groups the identity provider has him in."""

from datetime import datetime

from accounts.facts import WhitelistedForSso, WithdrawnFromSso
from accounts.models import SsoWhitelist, User
from accounts.rules import check_cspace
from kernel.db.constraints import naming
from kernel.db.transactions import transactional
from kernel.errors import AlreadyExists, NotFound
from kernel.facts import publish


class IsWhitelisted(AlreadyExists):
    message = "This address is on the list already"
    field = "eppn"


class NotWhitelisted(NotFound):
    resource = "Entry"


@transactional
def add_to_whitelist(*, eppn: str, by: User, now: datetime) -> SsoWhitelist:
    """Let somebody in, as the provider calls him. Publishes `WhitelistedForSso`.

    Raises: PermissionDenied (not cspace), IsWhitelisted (in whatever case).
    """
    check_cspace(by.access)
    with naming({"ssowhitelist_once_each": IsWhitelisted()}):
        entry = SsoWhitelist.objects.create(eppn=eppn, added_by=by, added_at=now)
    publish(WhitelistedForSso(actor_id=by.pk, occurred_at=now, entry_id=entry.pk))
    return entry


@transactional
def take_off_whitelist(*, entry_id: int, by: User, now: datetime) -> None:
    """Let him in no longer, unless a group of his does; who is logged in stays so. Publishes `WithdrawnFromSso`.

    Raises: PermissionDenied (not cspace), NotWhitelisted.
    """
    check_cspace(by.access)
    deleted, _ = SsoWhitelist.objects.filter(pk=entry_id).delete()
    if not deleted:
        raise NotWhitelisted
    publish(WithdrawnFromSso(actor_id=by.pk, occurred_at=now, entry_id=entry_id))

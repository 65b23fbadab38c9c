"""Keys that are shown instead of a password: those of people, of societies, and those that let people into a group.

One mechanism for all: 40 hex digits by chance, which are told once; of these only the SHA-256 is kept. A person's keys
add up and last until he logs out; of a group each scope has one, and a new one takes the place of the former in one
statement, so that no two live, however many are asked for at once.
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from accounts.enums import KeyScope
from accounts.facts import AccessKeyIssued, AccessKeyReplaced, AccessKeyRevoked
from accounts.models import AccessKey, User
from accounts.queries.people import person_called
from accounts.rules import digest_of
from accounts.services.login_limits import login_try
from accounts.services.sessions import check_credentials
from kernel.db.batch import Statement, send
from kernel.db.deletion import delete_in_portions
from kernel.db.transactions import transactional
from kernel.errors import PermissionDenied
from kernel.facts import publish, publish_many

KEPT_FOR = timedelta(days=30)
"""Of a key that opens nothing any more: a program that looks in once a month is still told that its key has expired.
Afterwards it is one that nobody knows."""
TOKEN_BYTES = 20
"""Of chance: 40 hex digits."""
ISSUE = """
INSERT INTO accounts_accesskey
       (digest, scope, user_id, token_version, group_id, issued_by_id, created_at, expires_at)
VALUES (%s::bytea, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (scope, group_id) WHERE revoked_at IS NULL AND group_id IS NOT NULL
DO UPDATE SET digest = excluded.digest, issued_by_id = excluded.issued_by_id, created_at = excluded.created_at,
              expires_at = excluded.expires_at
RETURNING id, xmax <> 0
"""
"""A row that is new has no `xmax`; one that was there is locked by this transaction."""
REVOKE = """
UPDATE accounts_accesskey SET revoked_at = %s
 WHERE user_id IS NOT DISTINCT FROM %s AND group_id IS NOT DISTINCT FROM %s AND revoked_at IS NULL
   AND scope = coalesce(%s, scope)
RETURNING id, scope
"""


@dataclass(frozen=True)
class IssuedKey:
    token: str = field(repr=False)
    """40 lowercase hex digits; nobody can be told them again."""
    expires_at: datetime | None


@transactional
def issue_key(
    *,
    scope: KeyScope,
    by: User,
    now: datetime,
    user_id: int | None = None,
    group_id: int | None = None,
    lifetime: timedelta | None = None,
    token: str | None = None,
) -> IssuedKey:
    """A new key of a person or of a group, whose former one of this scope opens nothing from the commit on.

    `by`: for a person's key himself, as he was read when he was found to be it: what has ended his sessions since, has
    ended the key too. Whether he may have a group's key is asked before. `lifetime`: None is without end.
    `token`: one that nobody can guess, where it has to follow from something; else it is made by chance.

    Publishes `AccessKeyIssued`, or `AccessKeyReplaced`. Raises: PermissionDenied (somebody else's key).
    """
    if user_id is not None and user_id != by.pk:
        raise PermissionDenied
    token, expires_at = token or secrets.token_hex(TOKEN_BYTES), None if lifetime is None else now + lifetime
    version = None if user_id is None else by.token_version
    row = (digest_of(token), scope.value, user_id, version, group_id, by.pk, now, expires_at)
    (((key_id, is_replaced),),) = send(Statement(ISSUE, row))
    kind = AccessKeyReplaced if is_replaced else AccessKeyIssued
    publish(kind(actor_id=by.pk, occurred_at=now, key_id=key_id, scope=scope.value, user_id=user_id, group_id=group_id))
    return IssuedKey(token, expires_at)


@transactional
def revoke_keys(
    *, scope: KeyScope | None, now: datetime, by: User, user_id: int | None = None, group_id: int | None = None
) -> int:
    """End all keys that a person or a group has of a scope, or (None) of any; how many there were. They open nothing
    from the commit on.

    Publishes `AccessKeyRevoked` for each.
    """
    (rows,) = send(Statement(REVOKE, (now, user_id, group_id, scope)))
    publish_many(
        [
            AccessKeyRevoked(
                actor_id=by.pk, occurred_at=now, key_id=key_id, scope=of_scope, user_id=user_id, group_id=group_id
            )
            for key_id, of_scope in sorted(rows)
        ]
    )
    return len(rows)


def forget_dead_keys(*, now: datetime) -> int:
    """Delete keys that were revoked or have expired `KEPT_FOR` ago; how many there were. Done once an hour.

    When a person's keys have died by `token_version` nothing says; so old ones go, which are told apart by nobody.
    """
    since = now - KEPT_FOR
    owner = User.objects.filter(pk=OuterRef("user"))
    has_outlived = Exists(owner.filter(token_version__gt=OuterRef("token_version")))
    is_over = Q(revoked_at__lt=since) | Q(expires_at__lt=since) | (Q(created_at__lt=since) & has_outlived)
    return delete_in_portions(AccessKey.objects.filter(is_over))


def log_in_for_key(
    *, name: str, password: str, now: datetime, address: str | None = None, device: str | None = None
) -> tuple[User, IssuedKey]:
    """A new key for whoever knows the password of a username, or of the one person with an address.

    Publishes `AccessKeyIssued`. Raises: NotAuthenticated (the failure is counted), RateLimited, Unavailable.
    """
    user = check_login(name=name, password=password, now=now, address=address, device=device)
    return user, issue_key(scope=KeyScope.USER, by=user, now=now, user_id=user.pk)


def check_login(
    *, name: str, password: str, now: datetime, address: str | None = None, device: str | None = None
) -> User:
    """Whoever knows the password of a username, or of the one person with an address.

    Raises: NotAuthenticated (the failure is counted), RateLimited, Unavailable.
    """
    person = person_called(name)
    username = name if person is None else person.username
    with login_try(username=username, address=address, device=device, now=now):
        return check_credentials(username=username, password=password)

"""Keys that are shown instead of a password: those of people, of their scripts, of societies, and those that let people
into a group.

One mechanism for all: 40 hex digits by chance, which are told once; of these only the SHA-256 is kept. A person's keys
add up and last until he logs out, those of his scripts until they are revoked; of a group each scope has one, and a new
one takes the place of the former in one statement, so that no two live, however many are asked for at once.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from accounts.enums import ApiPermission, KeyScope
from accounts.facts import AccessKeyIssued, AccessKeyReplaced, AccessKeyRevoked
from accounts.models import AccessKey, User
from accounts.queries.access_keys import standing_api_key
from accounts.queries.people import person_called
from accounts.rules import MIN_TOKEN, api_key_faults, check_cspace, digest_of, name_of_digest, prefix_of
from accounts.services.login_limits import login_try
from accounts.services.sessions import check_credentials
from kernel.db.batch import Statement, send
from kernel.db.deletion import delete_in_portions
from kernel.db.transactions import transactional
from kernel.errors import UNKNOWN_USER, AlreadyExists, Invalid, InvalidState, NotFound, PermissionDenied
from kernel.facts import publish, publish_many
from kernel.names import one_line
from kernel.throttling import Try, try_of

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
ISSUE_TO_SCRIPT = """
INSERT INTO accounts_accesskey
       (digest, scope, user_id, issued_by_id, created_at, expires_at, name, prefix, permissions)
VALUES (%s::bytea, %s, %s, %s, %s, %s, %s, %s, %s::text[])
ON CONFLICT (digest) DO NOTHING
RETURNING id
"""
NOTE_USE = """
UPDATE accounts_accesskey SET last_used_at = %s
 WHERE id = (SELECT id FROM accounts_accesskey
              WHERE id = %s AND (last_used_at IS NULL OR last_used_at <= %s)
                FOR NO KEY UPDATE SKIP LOCKED)
"""
"""Nobody waits for it: who has the row is noting a use, or ends the key."""
NOTED_EVERY = timedelta(minutes=1)
REVOKE = """
UPDATE accounts_accesskey SET revoked_at = %s
 WHERE user_id IS NOT DISTINCT FROM %s AND group_id IS NOT DISTINCT FROM %s AND revoked_at IS NULL
   AND scope = coalesce(%s, scope)
RETURNING id, scope
"""


class TokenIsTaken(AlreadyExists):
    message = "Some key has this token already: choose another one"
    field = "token"


class ApiKeyNotFound(NotFound):
    resource = "API key"


class NotAnApiKey(InvalidState):
    message = (
        "Only API keys are revoked one by one: those of a person end with his sessions, those of a group by another one"
        " or with the group"
    )


@dataclass(frozen=True)
class IssuedKey:
    token: str = field(repr=False)
    """40 lowercase hex digits, or what somebody has typed; nobody can be told it again."""
    expires_at: datetime | None
    key_id: int


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
    return IssuedKey(token, expires_at, key_id)


@transactional
def issue_api_key(
    *,
    by: User,
    now: datetime,
    user_id: int,
    name: str,
    permissions: Collection[str],
    lifetime: timedelta | None = None,
    token: str | None = None,
) -> IssuedKey:
    """A key for a script of somebody active. `permissions`: of `ApiPermission`; `lifetime`: None is without end;
    `token`: as somebody wants it, else it is made by chance.

    Publishes `AccessKeyIssued`. Raises: PermissionDenied (somebody else's, and not cspace), Invalid (`name`,
    `permissions`, `expires_at`, `token`, `user`), TokenIsTaken.
    """
    if user_id != by.pk:
        check_cspace(by.access)
    name, least = one_line(name), 1 if settings.DEBUG else MIN_TOKEN
    if faults := api_key_faults(name=name, permissions=permissions, lifetime=lifetime, token=token, min_token=least):
        raise Invalid(faults)
    if not User.objects.filter(pk=user_id, is_active=True).exists():
        raise Invalid({"user": [UNKNOWN_USER]})
    token, expires_at = token or secrets.token_hex(TOKEN_BYTES), None if lifetime is None else now + lifetime
    permissions = tuple(each.value for each in ApiPermission if each in permissions)
    row = (digest_of(token), KeyScope.API.value, user_id, by.pk, now, expires_at, name, prefix_of(token))
    # The unique digest decides between those who want the same token at once.
    (rows,) = send(Statement(ISSUE_TO_SCRIPT, (*row, list(permissions))))
    if not rows:
        raise TokenIsTaken
    ((key_id,),) = rows
    about = _about_api_key(key_id, user_id, name)
    publish(AccessKeyIssued(actor_id=by.pk, occurred_at=now, permissions=permissions, **about))
    return IssuedKey(token, expires_at, key_id)


@transactional
def revoke_api_key(*, by: User, now: datetime, key_id: int) -> None:
    """End one API key: it opens nothing from the commit on. Publishes `AccessKeyRevoked`, nothing for a no-op.

    Raises: ApiKeyNotFound, PermissionDenied (somebody else's, and not cspace), NotAnApiKey.
    """
    key = AccessKey.objects.select_for_update(no_key=True).filter(pk=key_id).first()
    if key is None:
        raise ApiKeyNotFound
    if key.user_id != by.pk:
        check_cspace(by.access)
    if key.scope != KeyScope.API:
        raise NotAnApiKey
    if key.revoked_at is not None:
        return
    key.revoked_at = now
    key.save(update_fields=["revoked_at"])
    publish(AccessKeyRevoked(actor_id=by.pk, occurred_at=now, **_about_api_key(key.pk, key.user_id, key.name)))


def _about_api_key(key_id: int, user_id: int | None, name: str) -> dict[str, Any]:
    """What the facts about one tell of it."""
    return {"key_id": key_id, "scope": KeyScope.API.value, "user_id": user_id, "group_id": None, "name": name}


def noting_use(key_id: int, now: datetime) -> Statement:
    """That an API key is used, for a batch: written at most once a minute, and nobody waits for the row. Who holds his
    transaction for long sends it by itself, or puts it off to the COMMIT: until then the key cannot be revoked."""
    return Statement(NOTE_USE, (now, key_id, now - NOTED_EVERY))


def api_key_try(token: str, *, now: datetime) -> Try | None:
    """One call by an API key that lives, for the throttle `api_key`; None where nothing is counted. Its statement may
    travel with the question whose the key is."""
    return try_of("api_key", name_of_digest(token), now=now, standing=standing_api_key(token))


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

    When a person's keys have died by `token_version` nothing says; so old ones go, which are told apart by nobody. API
    keys have none, and live on.
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

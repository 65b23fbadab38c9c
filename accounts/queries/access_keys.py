"""Whose an access key is that somebody shows, and whether it opens anything."""

from dataclasses import dataclass
from datetime import datetime

from accounts.enums import DeadKey, KeyScope
from accounts.rules import digest_of
from kernel.db.batch import Statement
from kernel.db.pipeline import ResultRows

BY_DIGEST = """
SELECT access.scope, access.user_id, access.group_id, access.expires_at,
       access.revoked_at IS NULL
       AND (access.user_id IS NULL
            OR person.is_active AND coalesce(access.token_version, person.token_version) = person.token_version)
  FROM accounts_accesskey AS access LEFT JOIN accounts_user AS person ON person.id = access.user_id
 WHERE access.digest = %s::bytea
"""
API_KEY_BY_DIGEST = """
SELECT FROM accounts_accesskey AS access
 WHERE access.digest = %s::bytea AND access.scope = 'api' AND access.revoked_at IS NULL
"""
GROUP_BY_DIGEST = "SELECT group_id FROM accounts_accesskey WHERE digest = %s::bytea AND scope = %s"


@dataclass(frozen=True)
class KeyHolder:
    """Who has given out a key: a person for himself, or a group."""

    scope: KeyScope
    user_id: int | None
    group_id: int | None


def asking_for_key(token: str) -> Statement:
    """The question for `key_in`. What is compared is the digest: how long that takes tells nothing of the token."""
    return Statement(BY_DIGEST, (digest_of(token),))


def standing_api_key(token: str) -> Statement:
    """A condition for statements that travel beside the question whose an API key is: whether it is one that lives."""
    return Statement(API_KEY_BY_DIGEST, (digest_of(token),))


def group_of_key(token: str, scope: KeyScope) -> Statement:
    """The query of the id of the group that has given it out for that, dead or not: for what is locked by it."""
    return Statement(GROUP_BY_DIGEST, (digest_of(token), scope.value))


def key_in(rows: ResultRows, now: datetime) -> KeyHolder | DeadKey:
    """Whose the key is; or why it opens nothing: revoked, replaced, of somebody deactivated or unknown; expired."""
    if not rows:
        return DeadKey.INVALID
    scope, user_id, group_id, expires_at, is_live = rows[0]
    if not is_live:
        return DeadKey.INVALID
    if expires_at is not None and expires_at <= now:
        return DeadKey.EXPIRED
    return KeyHolder(KeyScope(scope), user_id, group_id)

"""Who calls by an API key, what the key permits, and what its user may do: one query."""

from dataclasses import dataclass
from datetime import datetime

from accounts.enums import ApiPermission
from accounts.models import User
from accounts.rules import digest_of
from groups.queries.key_bearers import PERSON, person_in
from kernel.db.batch import Statement
from kernel.db.pipeline import ResultRows

HOLDER = f"""
SELECT access.id, access.permissions, access.expires_at, place.group_id, place.permissions, team.is_system,
       {", ".join(f"person.{column}" for column in PERSON)}
  FROM accounts_accesskey AS access
  JOIN accounts_user AS person ON person.id = access.user_id
  LEFT JOIN (groups_usergroup AS place JOIN groups_group AS team ON team.id = place.group_id
                                                                AND team.archived_at IS NULL)
    ON place.user_id = person.id
 WHERE access.digest = %s::bytea AND access.scope = 'api' AND access.revoked_at IS NULL AND person.is_active
"""  # noqa: S608  # constants of ours


@dataclass(frozen=True)
class ApiKeyHolder:
    """Whose script calls: `user` has his `access`. What it may is what both he and the key may."""

    key_id: int
    permissions: frozenset[ApiPermission]
    user: User


def asking_for_api_key(token: str) -> Statement:
    """The question for `api_key_in`. What is compared is the digest: how long that takes tells nothing of the token."""
    return Statement(HOLDER, (digest_of(token),))


def api_key_in(rows: ResultRows, now: datetime) -> ApiKeyHolder | None:
    """Whose the key is; None where it opens nothing: no API key, revoked, expired, of somebody inactive."""
    if not rows:
        return None
    key_id, permissions, expires_at, _, _, _, *person = rows[0]
    if expires_at is not None and expires_at <= now:
        return None
    places = [row[3:6] for row in rows if row[3] is not None]
    return ApiKeyHolder(key_id, frozenset(map(ApiPermission, permissions)), person_in(tuple(person), places))

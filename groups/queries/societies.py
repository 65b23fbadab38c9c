"""Societies, by their code or by the token that one of their presidents has been told."""

from datetime import datetime

from accounts.enums import DeadKey
from accounts.rules import digest_of
from groups.models import Group
from groups.queries.places import GROUP
from groups.rules import SOCIETY, code_faults, name_key
from kernel.db.batch import Statement
from kernel.db.loading import instance_of
from kernel.db.pipeline import ResultRows
from kernel.text import has_forbidden_text

COLUMNS = ", ".join(f"team.{column}" for column in GROUP)
BY_CODE = f"SELECT {COLUMNS} FROM groups_group AS team WHERE code_key = %s AND kind = %s AND archived_at IS NULL"  # noqa: S608
BY_TOKEN = f"""
SELECT access.revoked_at IS NULL AND team.kind = %s AND team.archived_at IS NULL, access.expires_at, {COLUMNS}
  FROM accounts_accesskey AS access JOIN groups_group AS team ON team.id = access.group_id
 WHERE access.digest = %s::bytea AND access.scope = 'society'
"""  # noqa: S608  # constants of ours


def asking_for_society(code: str) -> Statement:
    """The question for `society_in`: the living society of this code, whatever its case."""
    is_none = has_forbidden_text(code) or code_faults(code)
    return Statement(BY_CODE, (None if is_none else name_key(code), SOCIETY))


def society_in(rows: ResultRows) -> Group | None:
    """The society that the question was answered with."""
    return instance_of(Group, dict(zip(GROUP, rows[0], strict=True))) if rows else None


def asking_for_society_of_token(token: str) -> Statement:
    """The question for `society_of_token_in`."""
    return Statement(BY_TOKEN, (SOCIETY, digest_of(token)))


def society_of_token_in(rows: ResultRows, now: datetime) -> Group | DeadKey:
    """The society that a token acts for; or why it does for none: it is no society's, replaced, or of one that is
    archived or none any more; expired."""
    if not rows:
        return DeadKey.INVALID
    is_live, expires_at, *values = rows[0]
    if not is_live:
        return DeadKey.INVALID
    if expires_at <= now:
        return DeadKey.EXPIRED
    society: Group = instance_of(Group, dict(zip(GROUP, values, strict=True)))
    return society

"""Tickets that open one stream each (contract live.md §1): an `EventSource` cannot send an `Authorization` header."""

import secrets
from datetime import datetime, timedelta

from accounts.rules import Claims, digest_of
from kernel.db.batch import Statement
from kernel.db.transactions import transact
from kernel.errors import NotAuthenticated

TICKET_SECONDS = 30
TICKET_BYTES = 32
"""Of chance in a ticket's text."""
FORGET = "DELETE FROM accounts_streamticket WHERE user_id = %s AND expires_at < %s"
KEEP = """
INSERT INTO accounts_streamticket (digest, user_id, token_version, family, session_expires_at, expires_at)
VALUES (%s::bytea, %s, %s, %s, %s, %s)
"""
REDEEM = """
DELETE FROM accounts_streamticket WHERE digest = %s::bytea
RETURNING user_id, token_version, family, session_expires_at, expires_at
"""


def issue_ticket(claims: Claims, *, now: datetime) -> str:
    """A ticket for whoever is logged in by these claims; his old ones that nobody has used are forgotten."""
    text = secrets.token_urlsafe(TICKET_BYTES)
    expires_at = now + timedelta(seconds=TICKET_SECONDS)
    row = (digest_of(text), claims.user_id, claims.token_version, claims.family, claims.expires_at, expires_at)
    transact(Statement(FORGET, (claims.user_id, now)), Statement(KEEP, row))
    return text


def redeem_ticket(text: str, *, now: datetime) -> Claims:
    """The claims of a ticket, which nobody can use again. Whether their session still stands is asked by others.

    Raises:
        NotAuthenticated: `token_invalid`: there is none, or it has been used; `token_expired`.
    """
    (rows,) = transact(Statement(REDEEM, (digest_of(text),)))
    if not rows:
        raise NotAuthenticated("token_invalid")
    user_id, token_version, family, session_expires_at, expires_at = rows[0]
    if min(expires_at, session_expires_at) <= now:
        raise NotAuthenticated("token_expired")
    return Claims(user_id, token_version, family, session_expires_at)

"""How far logins by sid have come."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from accounts.enums import LoginStatus
from accounts.rules import KNOWN_TIME, PENDING_TIME, name_of_digest
from kernel.db.arrays import Word, array_of
from kernel.db.batch import Statement, ask

LOGINS = """
SELECT encode(digest, 'hex'), status, completed_at, created_at FROM accounts_loginsession
 WHERE digest IN (SELECT decode(name, 'hex') FROM unnest(%s::text[]) AS asked (name)) AND created_at > %s
"""


@dataclass(frozen=True)
class Login:
    """`status`: failed too where nobody has completed it in time. `since`: since when it is so."""

    status: LoginStatus
    since: datetime


def logins_of(sids: Iterable[str], *, now: datetime) -> dict[str, Login]:
    """Those of the logins that are known (still), by sid."""
    sid_of = {name_of_digest(sid): sid for sid in sids}
    rows = ask(Statement(LOGINS, (array_of(map(Word, sid_of)), now - KNOWN_TIME))) if sid_of else []
    return {sid_of[name]: _login(status, completed_at, begun, now) for name, status, completed_at, begun in rows}


def login_of(sid: str, *, now: datetime) -> Login | None:
    return logins_of([sid], now=now).get(sid)


def _login(status: str, completed_at: datetime | None, begun: datetime, now: datetime) -> Login:
    over_at = begun + PENDING_TIME
    if status == LoginStatus.PENDING and over_at <= now:
        return Login(LoginStatus.FAILED, over_at)
    return Login(LoginStatus(status), completed_at or begun)

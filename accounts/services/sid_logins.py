"""Logging in by sid: a program begins a login, a person completes it in a browser, the program is told.

Whoever knows the sid is told who has logged in, and his key: so a sid is 282 bits of chance, of which only the SHA-256
is kept. The key is not kept either: it follows from the sid and `SECRET_KEY`, so that it can be told again for as long
as the row is there, and by nobody who reads the table.
"""

import secrets
from datetime import datetime, timedelta
from string import ascii_lowercase

from django.core import signing
from django.utils.crypto import salted_hmac

from accounts.enums import KeyScope, LoginStatus
from accounts.models import LoginSession, User
from accounts.rules import KNOWN_TIME, PENDING_TIME, digest_of, name_of_digest
from accounts.services.access_keys import TOKEN_BYTES, issue_key
from kernel.db.batch import Statement, ask
from kernel.db.deletion import delete_in_portions
from kernel.db.transactions import transact, transactional
from kernel.errors import InvalidState

SID_LETTERS = 60
LOGIN_WORD = "login"
"""What a trigger says of a login that has ended, before its digest."""
KEY_SALT, TICKET_SALT = "accounts.sid_key", "accounts.login_ticket"
TICKET_TIME = timedelta(seconds=60)
MAX_TICKET = 1_000
BEGIN = "INSERT INTO accounts_loginsession (digest, status, created_at) VALUES (%s::bytea, %s, %s)"
COMPLETE = """
UPDATE accounts_loginsession SET status = %s, user_id = %s, completed_at = %s
 WHERE digest = %s::bytea AND status = %s AND created_at > %s
RETURNING digest
"""


class LoginIsOver(InvalidState):
    message = "This login is unknown, has been completed, or was begun too long ago: please begin anew"


def begin_login(*, now: datetime) -> str:
    """The sid of a new login: 60 lowercase letters. Nothing about the campus changes: it is not logged."""
    sid = "".join(secrets.choice(ascii_lowercase) for _ in range(SID_LETTERS))
    transact(Statement(BEGIN, (digest_of(sid), LoginStatus.PENDING.value, now)))
    return sid


@transactional
def complete_login(sid: str, *, user: User | None, now: datetime) -> None:
    """End a login that waits: somebody has logged in, or (None) whoever has tried may not. Whoever waits is told.

    Publishes `AccessKeyIssued`, for the key that the program is told. Raises: LoginIsOver.
    """
    status = LoginStatus.FAILED if user is None else LoginStatus.LOGGED_IN
    row = (status.value, user and user.pk, now, digest_of(sid), LoginStatus.PENDING.value, now - PENDING_TIME)
    if not ask(Statement(COMPLETE, row)):
        raise LoginIsOver
    if user is not None:
        issue_key(scope=KeyScope.USER, by=user, now=now, user_id=user.pk, token=key_of(sid))


def key_of(sid: str) -> str:
    """The key that a login ends in: 40 lowercase hex digits."""
    return salted_hmac(KEY_SALT, sid, algorithm="sha256").digest()[:TOKEN_BYTES].hex()


def ticket_for(sid: str, user: User, *, now: datetime) -> str:
    """Says for a minute, to the page that completes this login, who has just logged in."""
    content = [name_of_digest(sid), user.pk, user.token_version, int(now.timestamp())]
    return signing.Signer(salt=TICKET_SALT).sign_object(content)


def user_of_ticket(ticket: str, sid: str, *, now: datetime) -> User | None:
    """The active person whom a ticket of this login says; None where it says none, or no longer."""
    if len(ticket) > MAX_TICKET:
        return None
    try:
        digest, user_id, token_version, issued_at = signing.Signer(salt=TICKET_SALT).unsign_object(ticket)
    except (signing.BadSignature, ValueError):
        return None
    if digest != name_of_digest(sid) or now.timestamp() >= issued_at + TICKET_TIME.total_seconds():
        return None
    return User.objects.filter(pk=user_id, token_version=token_version, is_active=True).first()


def forget_logins(*, now: datetime) -> int:
    """Delete the logins of which nobody is told any more; how many there were. Done once a minute."""
    return delete_in_portions(LoginSession.objects.filter(created_at__lte=now - KNOWN_TIME))

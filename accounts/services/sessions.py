"""Logging in, exchanging refresh tokens, logging out.

A login starts a *family* of refresh tokens; each is exchanged once, for exactly one successor. Which of
several simultaneous exchanges wins is decided by one conditional UPDATE. A token that comes again after
that is either an honest repeat (a lost response, a second tab) or a thief: see `exchange`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, check_password
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import F

from accounts.facts import RefreshReused
from accounts.models import RefreshSession, User
from accounts.services.login_limits import login_try
from accounts.services.tokens import issue_access, sign_refresh
from kernel.auth_trail import AuthEvent, record
from kernel.db.deletion import delete_in_portions
from kernel.db.transactions import transactional
from kernel.errors import NotAuthenticated
from kernel.facts import publish

REPEAT_WINDOW = timedelta(seconds=10)
"""How long the previous token may come again while its successor is unused: lost responses, parallel tabs."""
MAX_PASSWORD_LENGTH = 4096


@dataclass(frozen=True)
class Tokens:
    """What a login or an exchange gives. `refresh` is None where the cookie stays as it is."""

    access: str
    refresh: str | None
    refresh_expires_at: datetime
    user_id: int


def check_credentials(*, username: str, password: str) -> User:
    """The active user with this name and password. Exactly one hash is computed, whatever is wrong.

    Raises:
        NotAuthenticated: `invalid_credentials`, one answer for all causes.
    """
    user = User.objects.filter(username=username).first()
    # Without a user there is no hash to compare with; Django then computes one all the same, so that the time an answer
    # takes does not tell whether the name exists.
    is_right = check_password(password, user.password if user else UNUSABLE_PASSWORD_PREFIX)
    if user is None or not is_right or not user.is_active:
        cause = "unknown_name" if user is None else "deactivated" if is_right else "wrong_password"
        raise NotAuthenticated("invalid_credentials", cause=cause, user_id=user.pk if user else None)
    return user


def log_in(
    *,
    username: str,
    password: str,
    now: datetime,
    user_agent: str = "",
    address: str | None = None,
    device: str | None = None,
) -> Tokens:
    """Start a session family. Not logged: nothing about the campus changes. `device` as in `login_try`.

    Raises:
        NotAuthenticated: `invalid_credentials`; the failure is counted.
        RateLimited, Unavailable: as `login_try`.
    """
    with login_try(username=username, address=address, device=device, now=now):
        user = check_credentials(username=username, password=password)
    return start_session(user, now=now, user_agent=user_agent, address=address)


@transactional
def start_session(user: User, *, now: datetime, user_agent: str = "", address: str | None = None) -> Tokens:
    """Start a session family of somebody who has shown who he is. Not logged, as `log_in`."""
    session = RefreshSession.objects.create(
        jti=uuid4(),
        family=uuid4(),
        user=user,
        token_version=user.token_version,
        issued_at=_whole_seconds(now),
        expires_at=_whole_seconds(now) + timedelta(days=settings.CSPACE_REFRESH_IDLE_DAYS),
        family_expires_at=now + timedelta(days=settings.CSPACE_REFRESH_FAMILY_DAYS),
        user_agent=user_agent[:300],
        address=address,
    )
    return Tokens(issue_access(user, family=session.family), sign_refresh(session), session.expires_at, user.pk)


def exchange(*, jti: UUID, now: datetime) -> Tokens:
    """A new access token for a refresh token and, where tokens rotate, its successor.

    Publishes `RefreshReused` when a used token comes again outside the repeat window or after its successor
    was used; the family is then revoked, and that is committed although the answer is a refusal.

    Raises:
        NotAuthenticated: `session_revoked` (also where the session or its user is no more) or `token_expired`.
    """
    outcome = _exchange(jti, now)
    if isinstance(outcome, NotAuthenticated):
        raise outcome
    return outcome


@transactional
def _exchange(jti: UUID, now: datetime) -> Tokens | NotAuthenticated:
    session = RefreshSession.objects.select_related("user").filter(pk=jti).first()
    if session is None:
        return NotAuthenticated("session_revoked", cause="unknown_session")
    user = session.user
    # Of the family, not of this row: a logout does not see a successor that is just being inserted.
    is_ended = RefreshSession.objects.filter(family=session.family, revoked_at__isnull=False).exists()
    if is_ended or not user.is_active or user.token_version != session.token_version:
        cause = "session_revoked" if user.is_active else "deactivated"
        return NotAuthenticated("session_revoked", cause=cause, user_id=user.pk)
    if min(session.expires_at, session.family_expires_at) <= now:
        return NotAuthenticated("token_expired", user_id=user.pk)
    access = issue_access(user, family=session.family)
    if not settings.CSPACE_ROTATE_REFRESH:
        return Tokens(access, None, session.expires_at, user.pk)
    # The conditional UPDATE is the race's referee: of any number of exchanges one finds it unused.
    if _take(jti, now):
        successor = _succeed(session, now)
        return Tokens(access, sign_refresh(successor), successor.expires_at, user.pk)
    return _repeat_or_reuse(jti, user, access, now)


def _take(jti: UUID, now: datetime) -> bool:
    """Mark a session as exchanged; whether it was this call that did."""
    unused = RefreshSession.objects.filter(pk=jti, used_at=None, revoked_at=None)
    if "skip-conditional-refresh" in settings.CSPACE_TEST_FAULTS:
        return unused.exists() and bool(RefreshSession.objects.filter(pk=jti).update(used_at=now))
    return bool(unused.update(used_at=now))


def _succeed(session: RefreshSession, now: datetime) -> RefreshSession:
    issued = _whole_seconds(now)
    successor = RefreshSession.objects.create(
        jti=uuid4(),
        family=session.family,
        user=session.user,
        token_version=session.token_version,
        issued_at=issued,
        expires_at=min(issued + timedelta(days=settings.CSPACE_REFRESH_IDLE_DAYS), session.family_expires_at),
        family_expires_at=session.family_expires_at,
        user_agent=session.user_agent,
        address=session.address,
    )
    RefreshSession.objects.filter(pk=session.pk).update(successor_jti=successor.pk)
    return successor


def _repeat_or_reuse(jti: UUID, user: User, access: str, now: datetime) -> Tokens | NotAuthenticated:
    """An honest repeat gets the same successor again; anything else ends the family."""
    session = RefreshSession.objects.filter(pk=jti).first()
    if session is None:  # deleted with its user, while this exchange waited for the row
        return NotAuthenticated("session_revoked")
    successors = RefreshSession.objects.filter(used_at=None, revoked_at=None)
    successor = successors.filter(pk=session.successor_jti).first() if session.successor_jti else None
    if session.used_at and now - session.used_at <= REPEAT_WINDOW and successor and not session.revoked_at:
        return Tokens(access, sign_refresh(successor), successor.expires_at, user.pk)
    if end_families([session.family], now=now):
        publish(RefreshReused(actor_id=None, occurred_at=now, user_id=user.pk, username=user.username))
    return NotAuthenticated("session_revoked", cause="reused", user_id=user.pk)


@transactional
def end_families(families: Collection[UUID], *, now: datetime) -> int:
    """End session families; their access tokens are refused from the commit on. Returns how many rows were live."""
    return RefreshSession.objects.filter(family__in=families, revoked_at=None).update(revoked_at=now)


@transactional
def end_all_sessions(*, user: User, now: datetime) -> None:
    """End every session of a user at once (password change, deactivation). The caller publishes why."""
    User.objects.filter(pk=user.pk).update(token_version=F("token_version") + 1)
    RefreshSession.objects.filter(user=user, revoked_at=None).update(revoked_at=now)
    user.refresh_from_db(fields=["token_version"])
    transaction.on_commit(partial(record, AuthEvent.SESSIONS_ENDED, user_id=user.pk))


def forget_expired_sessions(*, now: datetime) -> int:
    """Delete the rows of families that ended; how many there were. Done once an hour."""
    return delete_in_portions(RefreshSession.objects.filter(family_expires_at__lt=now))


def forget_expired_admin_sessions(*, now: datetime) -> int:
    """Delete the sessions of the admin that were idle for too long; how many there were. Done once an hour."""
    return delete_in_portions(Session.objects.filter(expire_date__lt=now))


def _whole_seconds(instant: datetime) -> datetime:
    return instant.replace(microsecond=0)

"""Who is logged in, and what he is told of himself. What he may do follows from his groups; nobody is given a role."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest

from accounts.enums import KeyScope
from accounts.services.access_keys import log_in_for_key, revoke_keys
from groups.queries.key_bearers import KeyBearer, key_bearer
from kernel.auth_trail import AuthEvent, record, recording_refusals
from kernel.errors import NotAuthenticated, PermissionDenied
from kernel.requests import client_address, name_actor
from policies.enums import OwnerKind, QuotaUnit
from policies.queries.quotas import quotas_of
from policies.queries.rulebook import kept_rulebook
from policies.rules.scopes import Owner, Party

SCHEME = "token"
NO_QUOTA_MINUTES = 7 * 24 * 60
"""What is left to whom no quota limits: a week has no more."""


def bearer_of(authorization: str, *, now: datetime) -> KeyBearer:
    """Whose `Authorization: Token <40 hex>` it is. Raises: NotAuthenticated."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != SCHEME or not token.strip():
        raise NotAuthenticated("missing")
    return key_bearer(token.strip(), now=now)


def log_in(request: HttpRequest, *, name: str, password: str, now: datetime) -> tuple[KeyBearer, str]:
    """Who logs in, and his new key; those of his other devices stay. Raises: NotAuthenticated, RateLimited."""
    with recording_refusals(AuthEvent.LOGIN_FAILED, AuthEvent.LOGIN_THROTTLED, name=name):
        user, key = log_in_for_key(name=name, password=password, now=now, address=client_address(request))
    record(AuthEvent.LOGIN, user_id=user.pk, name=name)
    name_actor(request, user.pk)
    return key_bearer(key.token, now=now), key.token


def log_out(request: HttpRequest, *, now: datetime) -> None:
    """End all keys of whoever shows one of his; nobody else is refused. Raises: PermissionDenied (a society's key)."""
    try:
        bearer = bearer_of(request.headers.get("Authorization", ""), now=now)
    except NotAuthenticated:
        return
    if bearer.society is not None:
        raise PermissionDenied
    name_actor(request, bearer.user.pk)
    revoke_keys(scope=KeyScope.USER, by=bearer.user, now=now, user_id=bearer.user.pk)
    record(AuthEvent.LOGOUT, user_id=bearer.user.pk)


def session_of(bearer: KeyBearer, *, now: datetime) -> dict[str, Any]:
    """What a person is told of himself, without his token."""
    return {
        "groups": _groups(bearer),
        "email": bearer.user.email,
        "societies": [[society.name, society.code] for society in bearer.societies],
        "quota_left": NO_QUOTA_MINUTES if bearer.is_unlimited else quota_left(bearer.user.pk, now=now),
    }


def _groups(bearer: KeyBearer) -> list[str]:
    is_in = {
        "Group_1": bearer.is_unlimited,
        "Group_2": True,
        "Group_3": bool(bearer.societies),
        "Group_4": any(society.has_president for society in bearer.societies),
    }
    return [name for name, is_his in is_in.items() if is_his]


def quota_left(user_id: int, *, now: datetime) -> int:
    """The minutes that he may still book for himself in the present period; of several quotas the least."""
    rows = [
        row for row in quotas_of(Owner(OwnerKind.PERSON, user_id), now, now=now) if row["unit"] == QuotaUnit.MINUTES
    ]
    himself = Party(user_id)
    his = {rule.id for rule in kept_rulebook().quotas if rule.who.includes(himself)}
    return min((row["left"] for row in rows if row["rule_id"] in his), default=NO_QUOTA_MINUTES)

"""Access tokens: short-lived, signed, naming a user, the version of his sessions and the session family.

They say who is asking, never what he may do: authority is read from the database on each request.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import jwt
from django.conf import settings
from rest_framework_simplejwt.exceptions import ExpiredTokenError, TokenBackendError, TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, Token

from accounts.models import RefreshSession, User
from accounts.rules import Claims
from accounts.services.keys import RING
from kernel.errors import NotAuthenticated

MAX_GENUINE = 10_000
"""How many verified tokens are remembered, the oldest forgotten first."""
SECONDS_OF_GRACE: float = api_settings.LEEWAY
MAX_ID, MAX_VERSION = 2**63 - 1, 2**31 - 1


class _TokenOfAccess(AccessToken):
    _token_backend = RING


class _Refresh(RefreshToken):
    _token_backend = RING


@dataclass(frozen=True)
class RefreshClaims:
    """What a genuine refresh token says: which session it is, of which family."""

    jti: UUID
    family: UUID


def issue_access(user: User, *, family: UUID) -> str:
    """A signed access token for `user` within a session family."""
    token = _TokenOfAccess()
    token["user_id"] = user.pk
    token["tv"] = user.token_version
    token["family"] = str(family)
    return str(token)


def read_access(text: str, *, now: datetime) -> Claims:
    """The claims of a genuine access token that has not expired.

    A signature that has been verified is not verified again while the token lasts: most requests repeat one.

    Raises:
        NotAuthenticated: `token_expired` or `token_invalid`.
    """
    claims = _genuine.claims_of(text, now.timestamp())
    if claims is not None:
        return claims
    try:
        payload = _payload(_TokenOfAccess, text)
    except ExpiredTokenError as error:
        raise NotAuthenticated("token_expired") from error
    except (TokenError, OverflowError) as error:
        raise NotAuthenticated("token_invalid") from error
    claims = _claims(payload)
    _genuine.keep(text, claims, expires_at=payload["exp"])
    return claims


class _GenuineTokens:
    """The access tokens that this process has lately verified: {(keys, token): (claims, when it expires)}.

    Part of what they are found by are the keys, so that none outlives the key that it was signed with.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tokens: OrderedDict[tuple[Any, str], tuple[Claims, float]] = OrderedDict()

    def claims_of(self, text: str, at: float) -> Claims | None:
        """None, if it is not known or has expired: then the library says what is wrong with it."""
        claims, expires_at = self._tokens.get(self._key(text), (None, 0))
        return claims if expires_at + SECONDS_OF_GRACE > at else None

    def keep(self, text: str, claims: Claims, *, expires_at: float) -> None:
        with self._lock:
            self._tokens[self._key(text)] = claims, expires_at
            if len(self._tokens) > MAX_GENUINE:
                self._tokens.popitem(last=False)

    @staticmethod
    def _key(text: str) -> tuple[Any, str]:
        return (settings.CSPACE_JWT_KEY, tuple(settings.CSPACE_JWT_KEY_FALLBACKS)), text


_genuine = _GenuineTokens()


def read_expired_access(text: str) -> Claims:
    """The claims of a genuine access token, expired or not: good enough to log out with, nothing else.

    Raises:
        NotAuthenticated: `token_invalid`.
    """
    try:
        payload = jwt.decode(
            text,
            RING.get_verifying_key(text),
            algorithms=[api_settings.ALGORITHM],
            issuer=api_settings.ISSUER,
            audience=api_settings.AUDIENCE,
            leeway=api_settings.LEEWAY,
            options={"verify_exp": False, "require": ["exp", "jti"]},
        )
    except (jwt.PyJWTError, TokenBackendError, OverflowError, ValueError) as error:
        raise NotAuthenticated("token_invalid") from error
    if payload.get("token_type") != AccessToken.token_type or type(payload["exp"]) is not int:
        raise NotAuthenticated("token_invalid")
    return _claims(payload)


def _payload(kind: Callable[..., Token], text: str) -> dict[str, Any]:
    """What a token says, once its signature and its time are checked."""
    payload: dict[str, Any] = kind(text).payload
    return payload


def _claims(payload: dict[str, Any]) -> Claims:
    user_id, version = payload.get("user_id"), payload.get("tv")
    if type(user_id) is not int or type(version) is not int:
        raise NotAuthenticated("token_invalid")
    if not (0 < user_id <= MAX_ID and 0 <= version <= MAX_VERSION):
        raise NotAuthenticated("token_invalid")
    try:
        return Claims(user_id, version, UUID(payload.get("family")), _instant(payload["exp"]))
    except (ValueError, TypeError, AttributeError) as error:
        raise NotAuthenticated("token_invalid") from error


def _instant(seconds: float) -> datetime:
    """Raises: ValueError, OverflowError: it lies outside the years that there are."""
    return datetime.fromtimestamp(seconds, UTC)


def sign_refresh(session: RefreshSession) -> str:
    """The cookie's content for a session. Deterministic: the same session gives the same token."""
    token = _Refresh()
    token.payload = {
        "token_type": RefreshToken.token_type,
        "jti": session.jti.hex,
        "family": str(session.family),
        "iat": int(session.issued_at.timestamp()),
        "exp": int(session.expires_at.timestamp()),
        "iss": api_settings.ISSUER,
        "aud": api_settings.AUDIENCE,
    }
    return str(token)


def read_refresh(text: str) -> RefreshClaims:
    """The claims of a genuine, unexpired refresh token.

    Raises:
        NotAuthenticated: `token_expired` or `token_invalid`.
    """
    try:
        payload = _payload(_Refresh, text)
        return RefreshClaims(jti=UUID(payload.get("jti")), family=UUID(payload.get("family")))
    except ExpiredTokenError as error:
        raise NotAuthenticated("token_expired") from error
    except (TokenError, OverflowError, ValueError, TypeError, AttributeError) as error:
        raise NotAuthenticated("token_invalid") from error

"""The trace that authentication leaves: a log line for whoever logs in, logs out, or is refused.

A line names a person by id. A name that was tried is never written, since it may be somebody's password in the wrong
field: its keyed hash tells whether two tries were for the same name.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

from django.utils.crypto import salted_hmac

from kernel.errors import NotAuthenticated, RateLimited
from kernel.requests import client_address, present_request, request_id_of

logger = logging.getLogger("cspace.auth")
SALT = "cspace.auth_trail"
HASH_LENGTH = 16


class AuthEvent(StrEnum):
    """What a line is about, beside the facts about people (`user.password_set`, `auth.refresh_reuse`, …)."""

    LOGIN = "auth.login"
    LOGIN_FAILED = "auth.login_failed"
    LOGIN_THROTTLED = "auth.login_throttled"
    LOGOUT = "auth.logout"
    LOGOUT_REFUSED = "auth.logout_refused"
    REFRESH = "auth.refresh"
    REFRESH_REFUSED = "auth.refresh_refused"
    REFRESH_THROTTLED = "auth.refresh_throttled"
    SESSIONS_ENDED = "auth.sessions_ended"
    SESSION_EXPIRED = "auth.session_expired"
    DENIED = "auth.denied"
    ORIGIN_REFUSED = "auth.origin_refused"


HARMLESS = frozenset({AuthEvent.LOGIN, AuthEvent.LOGOUT, AuthEvent.REFRESH, AuthEvent.SESSION_EXPIRED})


def record(event: AuthEvent, *, user_id: int | None = None, name: str | None = None, **more: Any) -> None:
    """Write the line of one event, with the address and the id of the present request.

    `name`: what somebody called himself; `more`: what else is known, no secret and no name.
    """
    write(event, logging.INFO if event in HARMLESS else logging.WARNING, user_id=user_id, name=name, **more)


def write(
    event: str, level: int = logging.INFO, *, user_id: int | None = None, name: str | None = None, **more: Any
) -> None:
    """The same for what is no `AuthEvent`: a fact's own word."""
    request = present_request()
    values = {
        "user_id": user_id,
        "name_hash": None if name is None else name_hash(name),
        "address": client_address(request) if request else None,
        "request_id": request_id_of(request) if request else None,
        **more,
    }
    logger.log(level, event, extra={key: value for key, value in values.items() if value is not None})


def name_hash(name: str) -> str:
    """The same for the same name in any case, and worth nothing without `SECRET_KEY`."""
    digest = salted_hmac(SALT, name.casefold().encode("utf-8", "replace"), algorithm="sha256")
    return digest.hexdigest()[:HASH_LENGTH]


@contextmanager
def recording_refusals(refused: AuthEvent, throttled: AuthEvent | None = None, **more: Any) -> Iterator[None]:
    """Write a line when what is inside refuses because of who asks, or how often."""
    try:
        yield
    except NotAuthenticated as refusal:
        record(refused, user_id=refusal.user_id, reason=refusal.cause, **more)
        raise
    except RateLimited:
        if throttled is not None:
            record(throttled, **more)
        raise

"""Somebody has signed on: who of us that is, the session that begins, and where he is led."""

from collections.abc import Callable
from contextlib import suppress

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from accounts.api.cookies import put_cookie
from accounts.api.pages import HEADERS
from accounts.models import User
from accounts.services.identities import Identity, NotAdmitted, UnknownIdentity, is_admitted, person_of
from accounts.services.sessions import start_session
from accounts.services.sid_logins import LoginIsOver, complete_login, ticket_for
from kernel import clock
from kernel.auth_trail import AuthEvent, record
from kernel.languages import language_wished_for
from kernel.requests import client_address, name_actor
from sso.failures import NOT_ADMITTED, UNKNOWN, SignOnFailed

SidIn = Callable[[str, HttpRequest], str | None]
"""The sid of a login that a program waits for, where an address is the one that completes it; None of any other."""


def complete(request: HttpRequest, identity: Identity, target: str, *, via: str, sid: str | None) -> HttpResponse:
    """Lead him to `target`, with the cookie of a new session; or with a ticket, where a program waits for him (`sid`):
    then the program is logged in, and this browser is not. Raises: SignOnFailed.
    """
    now = clock.now()
    try:
        user = _person(request, identity)
    except SignOnFailed as failure:
        if sid and failure.reason == NOT_ADMITTED:
            _tell_program(sid)
        raise
    name_actor(request, user.pk)
    if sid:
        return HttpResponseRedirect(f"{target}&ticket={ticket_for(sid, user, now=now)}", headers=HEADERS)
    tokens = start_session(
        user, now=now, user_agent=request.headers.get("User-Agent", ""), address=client_address(request)
    )
    record(AuthEvent.LOGIN, user_id=user.pk, via=via)
    response = HttpResponseRedirect(target, headers=HEADERS)
    if tokens.refresh is not None:
        put_cookie(response, tokens.refresh, expires_at=tokens.refresh_expires_at, now=now)
    return response


def _tell_program(sid: str) -> None:
    """That it waits in vain: the login is over, as where a proxy has named somebody who may not."""
    with suppress(LoginIsOver):
        complete_login(sid, user=None, now=clock.now())


def _person(request: HttpRequest, identity: Identity) -> User:
    """Raises: SignOnFailed."""
    if settings.SSO_ALLOWED_GROUPS and not is_admitted(identity, settings.SSO_ALLOWED_GROUPS):
        raise SignOnFailed(NOT_ADMITTED)
    language = language_wished_for(request.headers.get("Accept-Language", ""))
    try:
        return person_of(identity, now=clock.now(), language=language)
    except NotAdmitted:
        raise SignOnFailed(NOT_ADMITTED) from None
    except UnknownIdentity:
        raise SignOnFailed(UNKNOWN) from None

"""What stands around our few addresses, and around no other: the state of a login that has begun."""

import re
from collections.abc import Callable
from typing import Any

from allauth.account.middleware import AccountMiddleware
from allauth.socialaccount.internal.statekit import STATE_TTL, STATES_SESSION_KEY
from django.conf import settings
from django.contrib.sessions.exceptions import SessionInterrupted
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from sso.configuration import PREFIX

COOKIE = "sso_state"
COOKIES = (COOKIE, "saml-acs-session")
"""Ours, and the one by which allauth keeps an answer by SAML until the browser shows the state to it."""
KEY = re.compile(r"[a-z0-9]{8,40}", re.ASCII)


class StateMiddleware(SessionMiddleware):
    """A session that nobody is logged in by: it holds what has to come back from the provider, for ten minutes at most,
    and is gone when nothing has to any more. It has a cookie of its own, so that the admin's sessions are not touched.
    """

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        serve: Callable[[HttpRequest], Any] = self.get_response
        if request.path_info.startswith(PREFIX):
            serve = super().__call__
        response: HttpResponseBase = serve(request)
        return response

    def process_request(self, request: HttpRequest) -> None:
        for name in COOKIES:
            if not KEY.fullmatch(request.COOKIES.get(name, "")):
                request.COOKIES.pop(name, None)  # no key of a session: the database would not even be asked
        request.session = self.SessionStore(request.COOKIES.get(COOKIE))

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:  # type: ignore[override]  # any response passes through
        # The provider's answer may come to the one of two tabs while the other still waits for its own.
        if request.session.session_key and not request.session.get(STATES_SESSION_KEY):
            request.session.flush()
        try:
            response = super().process_response(request, response)  # type: ignore[arg-type]  # it sets headers only
        except SessionInterrupted:  # the other tab has ended it
            request.session.flush()
        response.cookies.pop(settings.SESSION_COOKIE_NAME, None)
        for morsel in response.cookies.values():  # allauth's own, of an answer by SAML, can be read by scripts
            morsel["httponly"] = True
        key = request.session.session_key
        if key:
            _put_cookie(response, key, STATE_TTL)
        elif COOKIE in request.COOKIES:
            _put_cookie(response, "", 0)
        return response


class SignOnMiddleware:
    """allauth's own, which has it know the present request."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response
        self._known_to_allauth = AccountMiddleware(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        is_ours = request.path_info.startswith(PREFIX)
        response: HttpResponseBase = (self._known_to_allauth if is_ours else self.get_response)(request)
        return response


def _put_cookie(response: HttpResponseBase, value: str, seconds: int) -> None:
    response.set_cookie(
        COOKIE, value, max_age=seconds, path=PREFIX, secure=settings.IS_PRODUCTION, httponly=True, samesite="Lax"
    )

"""Who asks for calendars: somebody who has logged in, or a script of his by an API key (contract Room Booking §8)."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from rest_framework.request import Request

from accounts.enums import ApiPermission
from accounts.models import User
from accounts.services.access_keys import api_key_try, noting_use
from groups.api.authentication import AccessTokenAuthentication, token_of
from groups.queries.api_keys import ApiKeyHolder, api_key_in, asking_for_api_key
from kernel import clock
from kernel.api.ahead import Asker
from kernel.auth_trail import AuthEvent, recording_refusals
from kernel.db.batch import ask, look_ahead, send
from kernel.errors import NotAuthenticated, PermissionDenied
from kernel.requests import name_actor

OPENED_BY: Sequence[Mapping[str, Sequence[str]]] = ({"bearer": []}, {"apiKey": []})
"""The security schemes, as operations declare them."""
ACCESS_TOKEN = re.compile(r"eyJ[\w-]*\.[\w-]+\.[\w-]*", re.ASCII)
"""Signed, hence of three parts, the first of which begins with `{"`."""


class KeyOrTokenAuthentication(AccessTokenAuthentication):
    """`Authorization: Bearer <access>`, or `Bearer <api key>` of a key that may have to do with events."""

    def authenticate(self, request: Request) -> Any:
        """Raises: NotAuthenticated; PermissionDenied: it is a key for something else; RateLimited."""
        key = _key_of(request)
        return super().authenticate(request) if key is None else _identify(request, key)

    def asker(self, request: Request) -> Asker | None:
        """Whose a key is, is not known before it has been asked."""
        return super().asker(request) if _key_of(request) is None else None


def _key_of(request: Request) -> str | None:
    token = token_of(request)
    return None if token is None or ACCESS_TOKEN.fullmatch(token) else token


def _identify(request: Request, key: str) -> tuple[User, ApiKeyHolder]:
    now = clock.now()
    attempt, question = api_key_try(key, now=now), asking_for_api_key(key)
    with recording_refusals(AuthEvent.DENIED):
        if attempt is not None:
            look_ahead([attempt.statement, question])
            attempt.count()
        holder = api_key_in(ask(question), now)
        if holder is None:
            raise NotAuthenticated("token_invalid")
    name_actor(request, holder.user.pk)
    if ApiPermission.EVENTS not in holder.permissions:
        raise PermissionDenied
    send(noting_use(holder.key_id, now))
    return holder.user, holder

"""Bearer tokens over HTTP."""

from typing import Any

from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts.models import User
from accounts.rules import Claims
from accounts.services.tickets import redeem_ticket
from accounts.services.tokens import read_access
from groups.queries.who_is_asking import asking, load_user, standing
from kernel import clock
from kernel.api.ahead import Asker
from kernel.auth_trail import AuthEvent, recording_refusals
from kernel.errors import NotAuthenticated
from kernel.requests import name_actor

SCHEME = "bearer"


class AccessTokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <access>`. A deactivated user, a changed password or a logout counts at once."""

    claims: Claims | None = None
    """What the token of the present request says, once it has been found genuine: a request has an instance of its own.
    """

    def authenticate(self, request: Request) -> tuple[User, Claims] | None:
        if self.claims is not None:
            return _identify(request, self.claims)
        token = token_of(request)
        if token is not None:
            return identify(request, token)
        ticket = _ticket_of(request)
        return None if ticket is None else _identify_by_ticket(request, ticket)

    def asker(self, request: Request) -> Asker | None:
        """Who asks, if his token is genuine: whether it still stands is asked together with what he asks for."""
        token = token_of(request)
        if token is None:
            return None
        try:
            self.claims = claims = read_access(token, now=clock.now())
        except NotAuthenticated:
            return None
        return Asker(claims.user_id, question=asking(claims), standing=standing(claims))

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def token_of(request: Request) -> str | None:
    """What stands behind `Bearer`."""
    scheme, _, text = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    return text.strip() if scheme.lower() == SCHEME else None


def _ticket_of(request: Request) -> str | None:
    """`?ticket=`, where the view opens a stream."""
    takes_tickets = getattr(request.parser_context.get("view"), "takes_tickets", False)
    return request.query_params.get("ticket") if takes_tickets else None


def _identify_by_ticket(request: Request, ticket: str) -> tuple[User, Claims]:
    with recording_refusals(AuthEvent.DENIED):
        claims = redeem_ticket(ticket, now=clock.now())
    return _identify(request, claims)


def identify(request: HttpRequest | Request, token: str) -> tuple[User, Claims]:
    """Who an access token stands for; he is named in the access line. A refusal leaves a line of its own.

    Raises:
        NotAuthenticated
    """
    with recording_refusals(AuthEvent.DENIED):
        claims = read_access(token, now=clock.now())
    return _identify(request, claims)


def _identify(request: HttpRequest | Request, claims: Claims) -> tuple[User, Claims]:
    with recording_refusals(AuthEvent.DENIED):
        user = load_user(claims)
    name_actor(request, user.pk)
    return user, claims


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = "groups.api.authentication.AccessTokenAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}

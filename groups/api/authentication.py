"""Bearer tokens over HTTP."""

from typing import Any

from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts.models import User
from accounts.rules import Claims
from accounts.services.tokens import read_access
from groups.queries.who_is_asking import load_user
from kernel.auth_trail import AuthEvent, recording_refusals
from kernel.requests import name_actor

SCHEME = "bearer"


class AccessTokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <access>`. A deactivated user, a changed password or a logout counts at once."""

    def authenticate(self, request: Request) -> tuple[User, Claims] | None:
        header = request.headers.get("Authorization", "")
        scheme, _, text = header.partition(" ")
        if not header or scheme.lower() != SCHEME:
            return None
        return identify(request, text.strip())

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def identify(request: HttpRequest | Request, token: str) -> tuple[User, Claims]:
    """Who an access token stands for; he is named in the access line. A refusal leaves a line of its own.

    Raises:
        NotAuthenticated
    """
    with recording_refusals(AuthEvent.DENIED):
        claims = read_access(token)
        user = load_user(claims)
    name_actor(request, user.pk)
    return user, claims


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = "groups.api.authentication.AccessTokenAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}

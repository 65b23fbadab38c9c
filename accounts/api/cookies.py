"""The refresh cookie, and who may make a browser send it."""

from datetime import datetime

from django.conf import settings
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from kernel.auth_trail import AuthEvent, record
from kernel.errors import NotAuthenticated, PermissionDenied

NAME = "refresh_token"
PATH = "/api/v1/auth/"
MAX_ORIGIN = 200


def put_cookie(response: HttpResponseBase, token: str, *, expires_at: datetime, now: datetime) -> None:
    """`refresh_token=…; HttpOnly; Path=/api/v1/auth/; SameSite=Lax` and, in production, `Secure`."""
    response.set_cookie(
        NAME,
        token,
        max_age=max(0, int((expires_at - now).total_seconds())),
        path=PATH,
        secure=settings.IS_PRODUCTION,
        httponly=True,
        samesite="Lax",
    )


def clear_cookie(response: HttpResponseBase) -> None:
    """Have the browser forget it."""
    response.set_cookie(NAME, "", max_age=0, path=PATH, secure=settings.IS_PRODUCTION, httponly=True, samesite="Lax")


def read_cookie(request: Request) -> str | None:
    """The refresh token of the request, None if there is none.

    Raises:
        NotAuthenticated: two cookies of the name: a sibling host may have planted one.
    """
    names = [part.strip().partition("=")[0] for part in request.META.get("HTTP_COOKIE", "").split(";")]
    if names.count(NAME) > 1:
        raise NotAuthenticated("token_invalid")
    return request.COOKIES.get(NAME) or None


def check_origin(request: Request) -> None:
    """Refuse a browser's request from a foreign page. No header at all (curl) is allowed.

    `Origin` decides where it is sent, which browsers do with every POST: it must be this very host, without a
    step down from https, or stand in `CSPACE_CORS_ORIGINS`. Only without it is `Sec-Fetch-Site` asked, and
    there `same-site` is foreign too: a sibling host is another origin.

    Raises:
        PermissionDenied
    """
    origin = request.headers.get("Origin")
    if origin is None:
        is_own = request.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin")
    else:
        host = request.get_host().lower()
        own = {f"https://{host}", f"{request.scheme}://{host}"}
        is_own = origin in settings.CORS_ALLOWED_ORIGINS or origin.lower() in own
    if not is_own:
        record(AuthEvent.ORIGIN_REFUSED, origin=(origin or "")[:MAX_ORIGIN])
        raise PermissionDenied

"""What stands around every request: the log line, the headers, the envelope, the path.

An API request runs no session, CSRF or message middleware: those serve the admin only.
"""

import logging
import re
import secrets
import sys
import time
from collections.abc import Callable
from io import BytesIO
from typing import Any

from corsheaders.middleware import CorsMiddleware
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.exceptions import SessionInterrupted
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.handlers.wsgi import WSGIRequest
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.security import SecurityMiddleware
from django.utils.cache import patch_vary_headers
from django.utils.html import escape
from django.views.defaults import server_error as django_server_error
from whitenoise.middleware import WhiteNoiseMiddleware

from dialects.dialect import SlashRule
from dialects.registry import dialect_of, is_own_answer
from kernel.api.errors import envelope_for_exception, envelope_for_status, refusal_in, refusal_of
from kernel.errors import Unavailable
from kernel.requests import Handling, actor_id_of, name_request
from kernel.text import has_forbidden_text
from sso.configuration import PREFIX as SIGN_ON_PREFIX

GetResponse = Callable[[HttpRequest], HttpResponseBase]
access_log = logging.getLogger("cspace.access")
REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
ADMIN_PREFIX, STATIC_PREFIX, API_PREFIX = "/admin/", "/static/", "/api/"
PAGE_PREFIXES = (ADMIN_PREFIX, STATIC_PREFIX, "/api/docs/", *([SIGN_ON_PREFIX] if settings.SSO_PROVIDERS else []))
UNKNOWN_ROUTE = "/api/unknown-route/"
OUR_SLASHES = SlashRule()
API_POLICY = "default-src 'none'; frame-ancestors 'none'"
PAGE_POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "script-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
)
STATIC_POLICY = "frame-ancestors 'none'"
"""No more: the page of the Occupancy client, which fetches from other servers, brings the rest of its policy along."""


class RequestLogMiddleware:
    """Gives each request an id (`X-Request-ID`) and writes one access line, by route template."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        from_caller = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = from_caller if REQUEST_ID.fullmatch(from_caller) else secrets.token_hex(16)
        name_request(request, request_id)
        began = time.perf_counter()
        with Handling(request):
            response = self.get_response(request)
        response["X-Request-ID"] = request_id
        match = request.resolver_match
        access_log.info(
            "request",
            extra={
                "request_id": request_id,
                "method": request.method,
                "route": match.route if match else None,
                "status": response.status_code,
                "ms": round((time.perf_counter() - began) * 1000, 1),
                "user_id": actor_id_of(request),
            },
        )
        return response


class HeadersMiddleware:
    """The headers of every answer: what a page may do, no frames, no guessing of types, nothing personal in a cache.

    Outside whatever answers by itself, so that a refused host, an unknown route and a static file have them too.
    Django's own security headers are therefore set here once more; what an answer already has stays.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self._usual = {
            (policy, is_secure): _usual_headers(policy, is_secure=is_secure)
            for policy in (STATIC_POLICY, PAGE_POLICY, API_POLICY)
            for is_secure in (False, True)
        }

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        headers: Any = response.headers
        # All at once: checked and set one by one they take as long as a statement of PostgreSQL.
        headers._store = self._usual[_content_policy(request), request.is_secure()] | headers._store
        return response


def _usual_headers(policy: str, *, is_secure: bool) -> dict[str, tuple[str, str]]:
    """What is said of every answer, as Django keeps headers: what its middleware says of an empty one, and ours."""
    scheme = "https" if is_secure else "http"
    request = WSGIRequest({"REQUEST_METHOD": "GET", "wsgi.input": BytesIO(), "wsgi.url_scheme": scheme})
    response = HttpResponse()
    del response["Content-Type"]
    SecurityMiddleware(lambda _: response).process_response(request, response)
    ours = {"Content-Security-Policy": policy, "X-Frame-Options": "DENY", "Cache-Control": "private, no-store"}
    return {name.lower(): (name, value) for name, value in [*response.items(), *ours.items()]}


def _content_policy(request: HttpRequest) -> str:
    if request.path_info.startswith(STATIC_PREFIX):
        return STATIC_POLICY
    return PAGE_POLICY if _is_page(request) else API_POLICY


def _is_page(request: HttpRequest) -> bool:
    """Shown by a browser: what goes wrong there is HTML."""
    path, dialect = request.path_info, dialect_of(request)
    return path.startswith(PAGE_PREFIXES) if dialect is None else dialect.is_page(path)


class EnvelopeMiddleware:
    """The error envelope for what never reached a view of ours: bad hosts, unknown routes, crashes.

    On the path of a dialect too: `DialectMiddleware`, which stands outside, then puts it into that dialect's.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        is_bare = response.status_code >= 400 and not _is_worded(request, response)
        return envelope_for_status(request, response) if is_bare and not _is_page(request) else response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return page_for_exception(error) if _is_page(request) else envelope_for_exception(request, error)


def _is_worded(request: HttpRequest, response: HttpResponseBase) -> bool:
    """Whether an answer that is no success says all it has to.

    On a dialect's path that is told by who made it, because its own may have any type; elsewhere by the type.
    """
    if dialect_of(request) is None:
        return response.headers.get("Content-Type") == "application/json"
    return refusal_in(response) is not None or is_own_answer(request, response)


def page_for_exception(error: Exception) -> HttpResponse | None:
    """What a page says while the server cannot serve it; None for whatever else went wrong there."""
    refusal = refusal_of(error)
    if not isinstance(refusal, Unavailable):
        return None
    sentence = escape(refusal.message)
    page = f'<!doctype html><html lang="en"><title>{sentence}</title><h1>Not now</h1><p>{sentence}.</p></html>'
    return HttpResponse(page, status=503, headers={"Retry-After": str(refusal.retry_after)})


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's `handler500`, for what went wrong in a middleware, where no `process_exception` is called."""
    error = sys.exc_info()[1]
    page = page_for_exception(error) if isinstance(error, Exception) and _is_page(request) else None
    return page or django_server_error(request)


class HttpsMiddleware(SecurityMiddleware):
    """Django's redirect to https. Its headers are set further out (`HeadersMiddleware`), on every answer."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:  # type: ignore[override]  # any response passes through
        return response


class ApiCorsMiddleware(CorsMiddleware):
    """The origins of `CSPACE_CORS_ORIGINS`, for the API and for each dialect that does not answer for itself."""

    def is_enabled(self, request: HttpRequest) -> bool:
        dialect = dialect_of(request)
        return request.path_info.startswith(API_PREFIX) if dialect is None else dialect.cors is None

    def add_response_headers(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Who names no origin is told only that the answer depends on it."""
        if "HTTP_ORIGIN" in request.META:
            return super().add_response_headers(request, response)
        if self.is_enabled(request):
            patch_vary_headers(response, ("origin",))
        return response


class PathMiddleware:
    """Every path of an API answers with and without its trailing slash, directly (contract §0).

    An encoded slash or NUL is never a separator of ours: where the server shows the undecoded path, such
    a request is an unknown route instead of somebody else's. A host that is not ours is refused (400).
    A dialect may have other rules for its slashes.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path, dialect = request.path_info, dialect_of(request)
        if dialect is not None or path.startswith(API_PREFIX):
            request.get_host()
            slashes = dialect.slashes if dialect else OUR_SLASHES
            if has_forbidden_text(path) or (_has_encoded_slash(request) and not slashes.is_encoded_in_names):
                request.path_info = UNKNOWN_ROUTE
            elif slashes.is_optional and not path.endswith("/"):
                request.path_info += "/"
        return self.get_response(request)


def _has_encoded_slash(request: HttpRequest) -> bool:
    raw = request.META.get("REQUEST_URI") or request.META.get("RAW_URI") or ""
    return "%2f" in raw.partition("?")[0].lower()


class _AdminOnly:
    """Mixed in before a Django middleware: for every other path the request passes untouched."""

    prefix = ADMIN_PREFIX
    get_response: Any

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        serve: GetResponse = self.get_response
        if request.path_info.startswith(self.prefix):
            serve = super().__call__  # type: ignore[misc]  # of the middleware it is mixed into
        return serve(request)


class AdminStaticFilesMiddleware(_AdminOnly, WhiteNoiseMiddleware):
    prefix = STATIC_PREFIX


class AdminSessionMiddleware(_AdminOnly, SessionMiddleware):
    """Each answer to somebody who is logged in begins the idle time anew.

    Django's own setting for it reads the session after the view too, where a database that does not answer would make a
    500 of a 503. Here an answer that is there is given, whatever becomes of the idle time.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:  # type: ignore[override]  # any response passes through
        session = request.session
        is_only_renewed = response.status_code < 500 and session.accessed and not session.modified
        if is_only_renewed:
            session.modified = not session.is_empty()
        try:
            return super().process_response(request, response)  # type: ignore[arg-type]  # it sets headers only
        except (DatabaseError, SessionInterrupted):
            if not is_only_renewed:
                raise
            return response


class AdminCsrfMiddleware(_AdminOnly, CsrfViewMiddleware):
    def process_view(self, request: HttpRequest, *view: Any) -> HttpResponseForbidden | None:
        if request.path_info.startswith(self.prefix):
            return super().process_view(request, *view)
        return None


class AdminAuthenticationMiddleware(_AdminOnly, AuthenticationMiddleware):
    def process_view(self, request: HttpRequest, *view: Any) -> HttpResponseBase | None:
        return None


class AdminMessageMiddleware(_AdminOnly, MessageMiddleware):
    pass

"""What stands around the calls of a dialect, and around what never reached one: its CORS and its envelope."""

import json
from collections.abc import Callable

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

from dialects.dialect import ANY_ORIGIN, Cors, Dialect
from dialects.registry import dialect_of
from kernel.api.errors import refusal_in


class DialectMiddleware:
    """Every answer on a dialect's path may be read by the origins that it allows, and is refused in its words.

    Outside the middleware that answers by itself, so that a refused host, an encoded slash and a crash are answered
    like the rest.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        dialect = dialect_of(request)
        if dialect is None:
            return self.get_response(request)
        cors = dialect.cors() if dialect.cors else None
        is_preflight = request.method == "OPTIONS" and _has_our_host(request)
        response = _preflight(cors) if cors and is_preflight else self.get_response(request)
        _reword(response, dialect)
        if cors:
            _open(request, response, cors)
        return response


def _has_our_host(request: HttpRequest) -> bool:
    try:
        request.get_host()
    except DisallowedHost:
        return False
    return True


def _preflight(cors: Cors) -> HttpResponse:
    response = HttpResponse(status=204)
    del response["Content-Type"]
    response["Access-Control-Allow-Methods"] = ", ".join(cors.methods)
    response["Access-Control-Allow-Headers"] = ", ".join(cors.headers)
    response["Access-Control-Max-Age"] = str(cors.max_age_seconds)
    return response


def _reword(response: HttpResponseBase, dialect: Dialect) -> None:
    """Put a refusal in CSpace's envelope into the dialect's, headers kept. Whatever else it is stays."""
    refusal = refusal_in(response)
    if refusal is None or not isinstance(response, HttpResponse):
        return
    response.status_code, body = dialect.envelope(refusal)
    response.content = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    if "WWW-Authenticate" in response:
        response["WWW-Authenticate"] = dialect.challenge


def _open(request: HttpRequest, response: HttpResponseBase, cors: Cors) -> None:
    """Say which origins may read the answer, and which of its headers."""
    if cors.exposed:
        response["Access-Control-Expose-Headers"] = ", ".join(cors.exposed)
    if ANY_ORIGIN in cors.origins:
        response["Access-Control-Allow-Origin"] = ANY_ORIGIN
        return
    patch_vary_headers(response, ["Origin"])
    origin = request.headers.get("Origin")
    if origin is not None and origin in cors.origins:
        response["Access-Control-Allow-Origin"] = origin

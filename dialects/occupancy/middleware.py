"""What stands around the calls of this dialect, and around what never reached one: CORS, and its own envelope."""

import re
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

from dialects.occupancy.envelope import to_message

OURS = re.compile(r"/api/(?:courses|studyplans|rooms)(?:/|\Z)")
ANY_ORIGIN = "*"


class OccupancyMiddleware:
    """Every answer below the three prefixes may be read by other origins, and each refusal is a `message`.

    Outside the middleware that answers by itself, so that a refused host, an encoded slash and a crash are answered
    like the rest.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        # PathMiddleware rewrites the path of what it refuses.
        if not OURS.match(request.path_info):
            return self.get_response(request)
        is_preflight = request.method == "OPTIONS" and _is_ours(request)
        response = _preflight() if is_preflight else self.get_response(request)
        if response.status_code >= 400 and isinstance(response, HttpResponse):
            to_message(response)
        _open(request, response)
        return response


def _is_ours(request: HttpRequest) -> bool:
    """Sent to a host name of ours."""
    try:
        request.get_host()
    except DisallowedHost:
        return False
    return True


def _preflight() -> HttpResponse:
    response = HttpResponse(status=204)
    del response["Content-Type"]
    response["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
    response["Access-Control-Allow-Headers"] = (
        "Content-Type, Authorization" if settings.OCCUPANCY_REQUIRE_LOGIN else "Content-Type"
    )
    response["Access-Control-Max-Age"] = "86400"
    return response


def _open(request: HttpRequest, response: HttpResponseBase) -> None:
    """Say which origins may read the answer; never with credentials."""
    if ANY_ORIGIN in settings.OCCUPANCY_CORS_ORIGINS:
        response["Access-Control-Allow-Origin"] = ANY_ORIGIN
        return
    patch_vary_headers(response, ["Origin"])
    origin = request.headers.get("Origin")
    if origin in settings.OCCUPANCY_CORS_ORIGINS:
        response["Access-Control-Allow-Origin"] = origin

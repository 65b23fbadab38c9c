"""The WSGI entry point: `granian --interface wsgi cspace.wsgi:application`."""

import logging
import os
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from io import BytesIO
from typing import Any

import django
from django.conf import settings
from django.core.cache import close_caches
from django.core.handlers.base import reset_urlconf
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, reset_queries
from django.http import HttpRequest
from django.urls import ResolverMatch, get_resolver
from django.utils.http import parse_header_parameters

LONGEST_REMEMBERED = 200
"""Characters of a path whose route is remembered."""


class Utf8Request(WSGIRequest):
    """Django's, which would decode queries and forms by whatever codec a caller names, `base64` too, and fail where no
    middleware is around it yet."""

    def _set_content_type_params(self, meta: Mapping[str, Any]) -> None:
        self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))


class RememberingHandler(WSGIHandler):
    """Django's, which finds the route of a path it has met lately at once."""

    request_class = Utf8Request

    def resolve_request(self, request: HttpRequest) -> ResolverMatch:
        path = request.path_info
        find = _remembered_route if len(path) <= LONGEST_REMEMBERED else get_resolver().resolve
        request.resolver_match = find(path)
        return request.resolver_match


@lru_cache(maxsize=2000)
def _remembered_route(path: str) -> ResolverMatch:
    """Raises: Resolver404, anew each time."""
    return get_resolver().resolve(path)


def leave_out_what_is_never_needed() -> None:
    """Django looks after each request for what requests may leave behind. Here that is one thing, a connection.

    No cache is open, no request has routes of its own, and what a connection is asked at the end of one request need
    not be asked at the beginning of the next. Statements are kept for a developer only.
    """
    request_finished.disconnect(close_caches)
    request_finished.disconnect(reset_urlconf)
    request_started.disconnect(close_old_connections)
    if not settings.DEBUG:
        request_started.disconnect(reset_queries)
    # No line of the log shows where, in which thread or by which process it was written: logging need not find out.
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cspace.settings")
django.setup(set_prefix=False)
leave_out_what_is_never_needed()
serve = RememberingHandler()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Calls Django, which reads no body without a Content-Length. A chunked body comes without one, so its length is
    measured here.

    At most one byte more is read than a body may have: Django then refuses it as too large.
    """
    if environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked" and environ.get("wsgi.input_terminated"):
        body = environ["wsgi.input"].read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        environ |= {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}
    return serve(environ, start_response)

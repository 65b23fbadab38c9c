"""Which dialects there are, and whose a request is."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, include, path, re_path

from dialects.dialect import Dialect
from dialects.occupancy.dialect import DIALECT as OCCUPANCY
from kernel.errors import NotFound

DIALECTS: tuple[Dialect, ...] = (OCCUPANCY,)
"""Where the paths of two meet, the first of them has the call."""
KEPT_AS = "cspace.dialect"


def dialect_of(request: HttpRequest) -> Dialect | None:
    """Whose call a request is; None for CSpace's own.

    Decided once, by the path it came with: `PathMiddleware` changes the path of what it refuses.
    """
    if KEPT_AS not in request.META:
        request.META[KEPT_AS] = dialect_at(request.path_info)
    dialect: Dialect | None = request.META[KEPT_AS]
    return dialect


def dialect_at(path_info: str) -> Dialect | None:
    """Whose a path is, with its last slash or without; None for CSpace's own."""
    return next((dialect for dialect in DIALECTS if dialect.owns(path_info)), None)


def routes() -> list[URLPattern | URLResolver]:
    """The calls of every dialect, each dialect's followed by the refusal of all else on its paths."""
    return [
        route
        for dialect in DIALECTS
        for route in (path("", include(dialect.urls)), re_path(f"^(?:{dialect.paths})", no_such_call))
    ]


def no_such_call(request: HttpRequest) -> HttpResponseBase:
    raise NotFound("Endpoint")

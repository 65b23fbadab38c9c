"""Which dialects there are, and whose a path is."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, include, path, re_path

from dialects.dialect import Dialect
from dialects.occupancy.dialect import DIALECT as OCCUPANCY
from kernel.errors import NotFound

DIALECTS: tuple[Dialect, ...] = (OCCUPANCY,)
"""The first whose a path is has it."""


def dialect_of(path_info: str) -> Dialect | None:
    """Whose a path is; None for CSpace's own. With or without its last slash it is the same one's."""
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

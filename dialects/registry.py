"""Which dialects there are, and whose a request is."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.urls import Resolver404, ResolverMatch, URLPattern, URLResolver, include, path, re_path

from dialects.dialect import Dialect
from dialects.occupancy.dialect import DIALECT as OCCUPANCY
from dialects.room_booking.dialect import DIALECT as ROOM_BOOKING
from dialects.roomie.dialect import DIALECT as ROOMIE
from kernel.errors import NotFound

DIALECTS: tuple[Dialect, ...] = (OCCUPANCY, ROOMIE, ROOM_BOOKING)
"""Where the paths of two meet, the first of them has the call."""
KEPT_AS, ANSWER_KEPT_AS = "cspace.dialect", "cspace.dialect_answer"


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


def sid_in(target: str, request: HttpRequest) -> str | None:
    """The sid of the login that an address completes; None where no dialect has such an address."""
    return next((sid for dialect in DIALECTS if dialect.sid_in and (sid := dialect.sid_in(target, request))), None)


def documents() -> dict[str, str]:
    """{how it is called: its path} of every OpenAPI document that a dialect publishes."""
    return {dialect.name.replace("_", " ").title(): dialect.document for dialect in DIALECTS if dialect.document}


def is_own_answer(request: HttpRequest, response: HttpResponseBase) -> bool:
    """Whether a call of a dialect has answered so itself: then nobody words it anew, whatever its type and status.

    Not what an exception or a middleware has made, and not the empty 405 with which Django's `View` and `require_GET`
    answer in the call's place.
    """
    if isinstance(response, HttpResponseNotAllowed) and not response.content:
        return False
    return request.META.get(ANSWER_KEPT_AS) is response


class _Calls(URLResolver):
    """The routes of a dialect, which remember what their view returned: no middleware sees who made an answer.

    They answer on its own paths alone: what was refused on any other, nobody would word.
    """

    def __init__(self, dialect: Dialect) -> None:
        super().__init__(path("", include(dialect.urls)).pattern, dialect.urls)
        self._dialect = dialect

    def resolve(self, path: str) -> ResolverMatch:
        if dialect_at(f"/{path}") is not self._dialect:
            raise Resolver404({"path": path})
        match = super().resolve(path)
        match.func = _remembering(match.func)
        return match


def _remembering(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    @wraps(view)
    def answer(request: HttpRequest, *parts: Any, **names: Any) -> HttpResponseBase:
        response = view(request, *parts, **names)
        request.META[ANSWER_KEPT_AS] = response
        return response

    return answer


def routes() -> list[URLPattern | URLResolver]:
    """The calls of every dialect, each dialect's followed by the refusal of all else on its paths."""
    return [
        route
        for dialect in DIALECTS
        for route in (
            _Calls(dialect),
            re_path(f"^(?:{dialect.paths})", no_such_call),
        )
    ]


def no_such_call(request: HttpRequest) -> HttpResponseBase:
    raise NotFound("Endpoint")

"""What a dialect declares, so that the layers around its calls know no dialect by name."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import HttpRequest

from kernel.api.errors import Refusal

ANY_ORIGIN = "*"


@dataclass(frozen=True)
class Cors:
    """Which other origins may read the answers, never with credentials, and what a preflight allows them to send."""

    origins: Collection[str]
    """Exact ones, each of which is echoed; or `ANY_ORIGIN`."""
    methods: Sequence[str]
    headers: Sequence[str]
    exposed: Sequence[str] = ()
    max_age_seconds: int = 86_400


@dataclass(frozen=True)
class SlashRule:
    """What the slashes of a path mean. By default as in `/api/v1`."""

    is_optional: bool = True
    """Each path answers with and without its last slash, directly: routes are written with it. Else only as routed."""
    is_encoded_in_names: bool = False
    """`%2F` is a character of a name: routes see it decoded. Else a path with one is an unknown call."""


@dataclass(frozen=True)
class Dialect:
    """Another published API. `DIALECT` of the package's `dialect` module; `dialects.registry` lists them."""

    name: str
    """Of its own, of small letters and `_`: by it the production proxy knows it."""
    paths: str
    """Which paths are its own: a regular expression for their beginning, without the first slash. See `below`."""
    urls: str
    """The module of its routes, written from the root. Any other of its paths is an unknown call."""
    envelope: Callable[[Refusal], tuple[int, Mapping[str, Any]]]
    """Status and body of a refusal. What a call of the dialect has worded itself stays as it is."""
    cors: Callable[[], Cors] | None = None
    """Called at each request, because settings decide. A dialect without it may be read by who may read `/api/v1`."""
    challenge: str = "Bearer"
    """The scheme that a 401 asks for."""
    slashes: SlashRule = SlashRule()
    sid_in: Callable[[str, HttpRequest], str | None] | None = None
    """The sid of a login that a program waits for, where an address is the one of its own that completes it, by a
    ticket of `accounts.services.sid_logins`; None of any other."""
    pages: str | None = None
    """Which of its paths, written like `paths`, show pages: these keep their own errors, and the headers of pages."""
    document: str | None = None
    """The path of its OpenAPI document, where it publishes one: the page at `/api/docs/` shows it beside CSpace's."""

    def owns(self, path: str) -> bool:
        return bool(self._own.match(path))

    def is_page(self, path: str) -> bool:
        return self._pages is not None and bool(self._pages.match(path))

    @cached_property
    def _own(self) -> re.Pattern[str]:
        return re.compile(f"/(?:{self.paths})")

    @cached_property
    def _pages(self) -> re.Pattern[str] | None:
        return re.compile(f"/(?:{self.pages})") if self.pages else None


def below(*places: str) -> str:
    """The `paths` that are one of the places, or lie below one: `below("api/rooms")` has `/api/rooms/A`."""
    return rf"(?:{'|'.join(map(re.escape, places))})(?:/|\Z)"

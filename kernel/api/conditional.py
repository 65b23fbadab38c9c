"""Reads that a reader may keep and ask again whether they still hold (RFC 9110 §13.1)."""

import hashlib
import re
from functools import cached_property, lru_cache
from uuid import UUID

from django.utils.http import parse_etags
from rest_framework.request import Request
from rest_framework.response import Response

from kernel.api.rendering import Rendered

CACHE_CONTROL = "private, no-cache"
"""Kept by the reader alone, and asked for each time."""
ANY = "*"
VERSION = re.compile("[0-9a-f]{32}")
LONGEST_REMEMBERED = 200
"""Characters of an `If-None-Match`: one tag or two."""


def with_etag(request: Request, response: Response) -> Response:
    """304 without a body for whoever would read the same again.

    The tag is a hash of the very answer, links and numbers included, so it changes exactly when the answer of this
    address for this person does; nothing has to remember what a change may have touched.
    """
    response.data = rendered = Rendered(response.data)
    return unless_known(request, hashlib.sha256(rendered.content).hexdigest()[:32], response)


class VersionTags:
    """Tags made of the version (`kernel.db.versions`) of what an address shows.

    `shape`: what else the answer depends on, its columns for one. Who may not read it gets no tag; if what is shown
    depends on who asks, that belongs here too.
    """

    def __init__(self, request: Request, shape: str) -> None:
        self._request = request
        text = f"{request.get_full_path()}\n{shape}"
        self._kind = hashlib.sha256(text.encode()).hexdigest()[:16]

    @cached_property
    def known(self) -> list[UUID]:
        """The versions of which the reader has this address."""
        tags = (tag.split(".") for tag in known_tags(self._request) if tag.count(".") == 1)
        return [UUID(version) for version, kind in tags if kind == self._kind and VERSION.fullmatch(version)]

    def of(self, version: UUID) -> str:
        """The tag of a version."""
        return f"{version.hex}.{self._kind}"


def unless_known(request: Request, opaque: str, response: Response) -> Response:
    """An answer with its tag, or the 304 to one who has it."""
    if is_known(request, opaque):
        response = Response(status=304)
    response["ETag"] = f'W/"{opaque}"'
    response["Cache-Control"] = CACHE_CONTROL
    return response


def known_tags(request: Request) -> list[str]:
    """The tags that the reader has, without quotes; compared weakly: `W/"x"` and `"x"` are the same."""
    return [tag.removeprefix("W/").strip('"') for tag in _if_none_match(request) if tag != ANY]


def is_known(request: Request, opaque: str) -> bool:
    """Whether the reader has the answer of this tag."""
    return _if_none_match(request) == (ANY,) or opaque in known_tags(request)


def _if_none_match(request: Request) -> tuple[str, ...]:
    text = request.META.get("HTTP_IF_NONE_MATCH", "")
    return _tags_in(text) if len(text) <= LONGEST_REMEMBERED else tuple(parse_etags(text))


@lru_cache(maxsize=1000)
def _tags_in(text: str) -> tuple[str, ...]:
    return tuple(parse_etags(text))

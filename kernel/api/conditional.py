"""Reads that a reader may keep and ask again whether they still hold (RFC 9110 §13.1)."""

import hashlib

from django.utils.http import parse_etags
from rest_framework.request import Request
from rest_framework.response import Response

from kernel.api.rendering import Rendered

CACHE_CONTROL = "private, no-cache"
"""Kept by the reader alone, and asked for each time."""
ANY = "*"


def with_etag(request: Request, response: Response) -> Response:
    """304 without a body for whoever would read the same again.

    The tag is a hash of the very answer, links and numbers included, so it changes exactly when the answer of this
    address for this person does; nothing has to remember what a change may have touched.
    """
    response.data = rendered = Rendered(response.data)
    digest = hashlib.sha256(rendered.content).hexdigest()[:32]
    return tagged(request, response, digest)


def tagged(request: Request, response: Response, opaque: str) -> Response:
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
    return _if_none_match(request) == [ANY] or opaque in known_tags(request)


def _if_none_match(request: Request) -> list[str]:
    return parse_etags(request.META.get("HTTP_IF_NONE_MATCH", ""))

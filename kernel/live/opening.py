"""How a view opens a stream: it answers 200, and the web server goes on from there (`serving.streaming`).

So everything that may be refused is refused as everywhere: by the same permissions, parsers, throttles and envelope.
"""

from django.http import HttpRequest
from rest_framework.request import Request

from kernel.errors import Unavailable
from kernel.live.streams import Opening, StreamPlaces

PLACES, PROMISE, OPENING = "cspace.live.places", "cspace.live.promise", "cspace.live.opening"
"""Where the environment of a request has the places of its process, of which feed one is promised, what is offered."""


def reserve(request: HttpRequest | Request, feed: str = "") -> None:
    """Have a place promised, before anything is used up by which somebody may come in. `feed`: of one that may have
    fewer than there are.

    Raises:
        Unavailable: this process serves no streams, or has no place for one more.
    """
    places: StreamPlaces | None = request.META.get(PLACES)
    if places is None:
        raise Unavailable("Streams are served elsewhere: this process answers requests only")
    places.promise(feed)
    request.META[PROMISE] = feed


def offer(request: HttpRequest | Request, opening: Opening) -> None:
    """Have the answer to this request, which has a place, become a stream, if it has the status of its form."""
    request.META[OPENING] = opening

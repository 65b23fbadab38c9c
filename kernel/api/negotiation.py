"""Which representation an `Accept` gets. REST framework decides; what it has decided is remembered."""

from collections.abc import Iterable

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

MAX_REMEMBERED = 1000
LONGEST_REMEMBERED = 200
"""Characters of an `Accept`. Browsers and clients send few, and short ones."""

_remembered: dict[tuple[str, tuple[type[BaseRenderer], ...]], tuple[int, str]] = {}
"""{(Accept, kinds of renderers): (place of the renderer, media type)}."""


class RememberedNegotiation(DefaultContentNegotiation):
    """Reads each `Accept` once: weighing one that says nothing but JSON took longer than making the JSON."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderers = list(renderers)
        accept = request.META.get("HTTP_ACCEPT", "*/*")
        kinds = accept, tuple(map(type, renderers))
        if (place := _remembered.get(kinds)) is not None:
            return renderers[place[0]], place[1]
        renderer, media_type = super().select_renderer(request, renderers, format_suffix)
        if len(accept) <= LONGEST_REMEMBERED and len(_remembered) < MAX_REMEMBERED:
            _remembered[kinds] = renderers.index(renderer), media_type
        return renderer, media_type

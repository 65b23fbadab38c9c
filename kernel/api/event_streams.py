"""Views that open an event stream: refused as any request, answered by the web server (`kernel.live.opening`)."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from kernel.api.rendering import FastJSONRenderer
from kernel.api.serializers import Query
from kernel.api.viewsets import DocumentViewSet
from kernel.live.opening import offer, reserve
from kernel.live.streams import Opening
from kernel.live.wire import CONTENT_TYPE

EVENT_STREAM = "text/event-stream"
EVENTS: Any = {(200, EVENT_STREAM): {"type": "string"}}
"""What an operation that opens a stream answers."""


class StreamQuery(Query):
    """`ticket` stands for an `Authorization`."""

    ticket = serializers.CharField(required=False)


class EventStream(BaseRenderer):
    """For whoever asks for nothing else. What is rendered is the beginning, and the beginning is empty."""

    media_type = EVENT_STREAM
    format = "events"
    charset = "utf-8"

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        return b""


class StreamViewSet(DocumentViewSet):
    """Who may read and what he wishes is found out once; then the stream goes on without a thread."""

    http_method_names = ["get"]
    opens_streams = True
    """The production proxy sends these elsewhere (`manage.py write_proxy`)."""
    renderer_classes = [FastJSONRenderer, EventStream]
    takes_tickets = True
    """Whether `?ticket=` stands for an `Authorization` (`groups.api.authentication`)."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """What is refused whoever asks is refused before a ticket is used up. Raises: Unavailable."""
        if request.method != "GET":
            self.http_method_not_allowed(request)
        reserve(request)
        super().initial(request, *args, **kwargs)

    def stream(self, request: Request, feed: str, wish: Any = None) -> HttpResponse:
        """The answer that becomes a stream of this feed, for whoever asks."""
        session: Any = request.auth
        expires_at = session.expires_at if session else None
        offer(request, Opening(feed, wish, request.user.pk, session, expires_at))
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return HttpResponse(content_type=CONTENT_TYPE, headers=headers)  # REST framework's has no type without a body

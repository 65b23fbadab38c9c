"""One's own notifications as an event stream (contract live.md §1)."""

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from kernel.api.event_streams import EVENTS, StreamQuery, StreamViewSet
from kernel.api.operations import Operation
from kernel.api.permissions import LoggedIn
from kernel.errors import Invalid
from notifications.streams import NoticeFeed

LAST_EVENT_ID = "last_event_id"
NO_ID = "Must be the id of a notification"
MAX_ID = 2**63 - 1


class NoticeStreamQuery(StreamQuery):
    """`last_event_id` stands for the header `Last-Event-ID`."""

    last_event_id = serializers.CharField(required=False)


class NoticeStreamViewSet(StreamViewSet):
    tag = "notifications"

    @Operation(
        LoggedIn,
        parameters=[NoticeStreamQuery],
        responses=EVENTS,
        description=(
            "`hello` with the number of unread ones comes first, then `notification` with each new one as the list"
            " shows it, `status` when one has been marked anywhere, and `bye` with a `reason` before the server closes"
            " the stream. Whoever comes back with `Last-Event-ID` is told what he has missed, or `reset` if that is"
            " too much."
        ),
    )
    def stream_own(self, request: Request) -> HttpResponse:
        return self.stream(request, NoticeFeed.name, self._last_event_id(request))

    def _last_event_id(self, request: Request) -> int | None:
        """What the reader has seen last; the header counts more than the query. Raises: Invalid."""
        text = request.META.get("HTTP_LAST_EVENT_ID") or self.query(NoticeStreamQuery).get(LAST_EVENT_ID)
        if text is None:
            return None
        is_number = text.isascii() and text.isdigit() and len(text) <= len(str(MAX_ID))
        if not is_number or int(text) > MAX_ID:
            raise Invalid({LAST_EVENT_ID: [NO_ID]})
        return int(text)

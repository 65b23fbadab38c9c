"""One's own notifications (contract §8)."""

from rest_framework.request import Request
from rest_framework.response import Response

from kernel.api.conditional import with_etag
from kernel.api.filters import filtered
from kernel.api.operations import Operation
from kernel.api.permissions import LoggedIn
from kernel.api.viewsets import ApiViewSet
from notifications.api.filters import NotificationFilter
from notifications.api.serializers import (
    NotificationOutput,
    NotificationPage,
    StatusInput,
    StatusOutput,
    UpdatedOutput,
)
from notifications.enums import NotificationStatus
from notifications.models import Notification
from notifications.querysets import NotificationQuerySet
from notifications.services import NotificationNotFound, mark, read_all


class NotificationViewSet(ApiViewSet):
    tag = "notifications"

    @Operation(LoggedIn, parameters=[NotificationFilter], responses={200: NotificationPage, 304: None})
    def list(self, request: Request) -> Response:
        own = self._own()
        rows = filtered(NotificationFilter, own.order_by("-created_at", "-id"), request)
        # One statement counts for the page and for the badge: this list is polled by every open page.
        numbers, status = own.numbers(), request.query_params.get("status")
        count = numbers.get(status, 0) if status else sum(numbers.values())
        response = self.listing(rows, NotificationOutput, always_paged=True, count=count)
        response.data["unread_count"] = numbers.get(NotificationStatus.UNREAD, 0)
        return with_etag(request, response)

    @Operation(LoggedIn, request=StatusInput, responses=StatusOutput)
    def partial_update(self, request: Request, pk: int) -> Response:
        if not self._own().filter(pk=pk).exists():
            raise NotificationNotFound
        row = mark(notification_id=pk, by_id=self.caller_id, status=self.body(StatusInput)["status"])
        return Response({"id": row.pk, "status": row.status})

    @Operation(LoggedIn, responses=UpdatedOutput)
    def read_all(self, request: Request) -> Response:
        return Response({"updated": read_all(by_id=self.caller_id)})

    def _own(self) -> NotificationQuerySet[Notification]:
        return Notification.objects.filter(user_id=self.caller_id)

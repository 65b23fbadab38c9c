"""One's own notifications (contract §8)."""

from functools import cached_property

from rest_framework.request import Request
from rest_framework.response import Response

from kernel.api.conditional import VersionTags, unless_known
from kernel.api.filters import filtered
from kernel.api.operations import Operation
from kernel.api.pagination import DEFAULT_PER_PAGE, PageRequest, asked_page, page_body, places_of
from kernel.api.permissions import LoggedIn
from kernel.api.viewsets import ApiViewSet
from kernel.db.batch import Statement
from notifications.api.filters import NotificationFilter
from notifications.api.serializers import NotificationPage, StatusInput, StatusOutput, UpdatedOutput
from notifications.models import Notification
from notifications.queries.inbox import INBOX, asking_for_inbox, asking_for_own, inbox, is_own
from notifications.services import NotificationNotFound, mark, read_all


class NotificationViewSet(ApiViewSet):
    tag = "notifications"

    @Operation(
        LoggedIn,
        parameters=[NotificationFilter],
        responses={200: NotificationPage, 304: None},
        ahead=lambda view: [view.question_of_list],
    )
    def list(self, request: Request) -> Response:
        own = inbox(self.question_of_list)
        if own.version in self._tags.known:
            response = Response(status=304)
        else:
            body = page_body(own.notices, self._page, request, "results", count=own.number)
            response = Response({**body, "unread_count": own.unread})
        return unless_known(request, self._tags.of(own.version), response)

    @cached_property
    def question_of_list(self) -> Statement:
        """What `list` asks: the caller's notices, unless they are of a version that he has. Raises: Invalid."""
        known_versions, places = self._tags.known, places_of(self._page)
        return asking_for_inbox(self._reader_id, status=self._status, places=places, versions=known_versions)

    @property
    def _reader_id(self) -> int:
        """The caller, known before it is known whether his token still stands."""
        return self.asker.user_id if self.asker else self.caller_id

    @cached_property
    def _status(self) -> str | None:
        """The one asked for. Raises: Invalid."""
        if "status" in self.request.query_params:  # to find that there is nothing to filter by costs more than to read
            filtered(NotificationFilter, Notification.objects.none(), self.request)
        return self.request.query_params.get("status") or None

    @cached_property
    def _page(self) -> PageRequest:
        """The one asked for, or the first. Raises: Invalid."""
        return asked_page(self.request) or PageRequest(1, DEFAULT_PER_PAGE)

    @cached_property
    def _tags(self) -> VersionTags:
        return VersionTags(self.request, f"{self._reader_id}\n{INBOX}")

    @Operation(
        LoggedIn,
        request=StatusInput,
        responses=StatusOutput,
        ahead=lambda view, pk: [asking_for_own(pk, view.asker.user_id)],
    )
    def partial_update(self, request: Request, pk: int) -> Response:
        if not is_own(pk, self.caller_id):
            raise NotificationNotFound
        status = self.body(StatusInput)["status"]
        mark(notification_id=pk, by_id=self.caller_id, status=status)
        return Response({"id": pk, "status": status})

    @Operation(LoggedIn, responses=UpdatedOutput)
    def read_all(self, request: Request) -> Response:
        return Response({"updated": read_all(by_id=self.caller_id)})

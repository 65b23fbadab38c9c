"""Reads of notifications."""

from typing import TYPE_CHECKING, Any

from django.db.models import Count, QuerySet

if TYPE_CHECKING:
    from notifications.models import Notification
else:
    Notification = Any


class NotificationQuerySet(QuerySet["Notification"]):
    def numbers(self) -> dict[str, int]:
        """{status: how many}, one statement; a status without any is absent."""
        return dict(self.order_by().values_list("status").annotate(Count("pk")))

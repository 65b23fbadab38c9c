"""Reads of notifications."""

from django.db.models import Count, QuerySet

from kernel.db.querysets import RowT


class NotificationQuerySet(QuerySet[RowT]):
    def numbers(self) -> dict[str, int]:
        """{status: how many}, one statement; a status without any is absent."""
        return dict(self.order_by().values_list("status").annotate(Count("pk")))

"""The filters of the change log."""

import django_filters
from django.db.models import QuerySet

from auditlog.models import LogEntry
from kernel.api.filters import FilterSet


class LogFilter(FilterSet):
    action = django_filters.CharFilter(method="with_action")
    user = django_filters.CharFilter(field_name="actor__username")

    def with_action(self, rows: QuerySet[LogEntry], name: str, value: str) -> QuerySet[LogEntry]:
        """`registration.approved`, or as a prefix `registration.`."""
        return rows.filter(action__startswith=value) if value.endswith(".") else rows.filter(action=value)

"""The change log over HTTP (contract §9)."""

import django_filters
from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from auditlog.api.serializers import LogEntryOutput, LogPage
from auditlog.models import LogEntry
from kernel.api.filters import FilterSet, filtered
from kernel.api.operations import Operation
from kernel.api.permissions import InCSpace
from kernel.api.viewsets import ApiViewSet


class LogFilter(FilterSet):
    action = django_filters.CharFilter(method="with_action")
    user = django_filters.CharFilter(field_name="actor__username")

    def with_action(self, rows: QuerySet[LogEntry], name: str, value: str) -> QuerySet[LogEntry]:
        """`registration.approved`, or as a prefix `registration.`."""
        return rows.filter(action__startswith=value) if value.endswith(".") else rows.filter(action=value)


class LogViewSet(ApiViewSet):
    tag = "logs"

    @Operation(InCSpace, parameters=[LogFilter], responses=LogPage)
    def list(self, request: Request) -> Response:
        rows = LogEntry.objects.select_related("actor").order_by("-created_at", "-id")
        return self.listing(filtered(LogFilter, rows, request), LogEntryOutput, always_paged=True)

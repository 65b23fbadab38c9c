"""The change log over HTTP (contract §9)."""

from rest_framework.request import Request
from rest_framework.response import Response

from auditlog.api.filters import LogFilter
from auditlog.api.serializers import LogEntryOutput, LogPage
from auditlog.models import LogEntry
from kernel.api.filters import filtered
from kernel.api.operations import Operation
from kernel.api.permissions import InCSpace
from kernel.api.viewsets import ApiViewSet


class LogViewSet(ApiViewSet):
    tag = "logs"

    @Operation(InCSpace, parameters=[LogFilter], responses=LogPage)
    def list(self, request: Request) -> Response:
        rows = LogEntry.objects.select_related("actor").order_by("-created_at", "-id")
        return self.listing(filtered(LogFilter, rows, request), LogEntryOutput, always_paged=True)

"""The draw over HTTP: held, looked up, downloaded byte for byte, and gone on from (contract of the draw, §6)."""

from hashlib import sha256
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from drf_spectacular.types import OpenApiTypes
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.viewsets import CallerViewSet
from allocations.api.draw_serializers import (
    AlternativeList,
    AlternativeOutput,
    AlternativesQuery,
    DistributeInput,
    DistributeOutput,
    DrawOutput,
    PromotedList,
    PromotedOutput,
)
from allocations.api.entry_serializers import EntryOutput
from allocations.enums import EventStatus
from allocations.queries import publishing
from allocations.queries.alternatives import alternatives
from allocations.queries.entries import entry_of_event
from allocations.queries.events import event_with_id
from allocations.queries.publishing import Document
from allocations.services.after_draw import EventIsNotDistributed, EventIsOver, withdraw_entry
from allocations.services.distributing import (
    EventIsNotClosed,
    ListIsNotPublished,
    PublicValueDiffers,
    distribute,
)
from allocations.services.progress import EventIsCancelled
from allocations.services.promoting import promote
from kernel import clock
from kernel.api.operations import Operation
from kernel.api.permissions import InCSpace, LoggedIn
from kernel.api.rendering import FastJSONRenderer
from kernel.api.viewsets import DocumentViewSet
from kernel.campus_time import campus_date

TSV = "text/tab-separated-values"
PYTHON = "text/x-python"


class Tsv(BaseRenderer):
    """Named for the negotiation only: documents are sent as they are."""

    media_type = TSV
    format = "tsv"


class Python(BaseRenderer):
    media_type = PYTHON
    format = "py"


class DrawViewSet(CallerViewSet):
    tag = "draws"

    @Operation(
        InCSpace,
        request=DistributeInput,
        responses=DistributeOutput,
        conflicts=[EventIsNotClosed, EventIsCancelled, ListIsNotPublished, PublicValueDiffers],
        resource="Allocation event",
    )
    def distribute(self, request: Request, pk: int) -> Response:
        event, is_practice = event_with_id(pk), self.is_dry
        draw = distribute(
            event_id=event.pk,
            by=self.caller,
            now=clock.now(),
            public_value=self.body(DistributeInput).get("public_value"),
            is_practice=is_practice,
        )
        was_drawn_before = event.status == EventStatus.DISTRIBUTED
        practice = {"practice": True} if is_practice and not was_drawn_before else {}
        return Response({**DistributeOutput(draw).data, **practice})

    @Operation(LoggedIn, responses=DrawOutput, resource="Allocation event")
    def retrieve(self, request: Request, pk: int) -> Response:
        return Response(publishing.record(event_with_id(pk)))

    @Operation(
        InCSpace, responses=PromotedList, conflicts=[EventIsNotDistributed, EventIsOver], resource="Allocation event"
    )
    def promote(self, request: Request, pk: int) -> Response:
        promotions = promote(event_id=event_with_id(pk).pk, by=self.caller, now=clock.now())
        return Response({"results": [PromotedOutput(row).data for row in promotions]})

    @Operation(
        LoggedIn,
        responses=EntryOutput,
        conflicts=[EventIsNotDistributed],
        resource="Allocation registration",
        outcome={"status": "withdrawn", "is_pending": False},
    )
    def withdraw(self, request: Request, event_id: int, pk: int) -> Response:
        event_with_id(event_id)
        entry = withdraw_entry(event_id=event_id, entry_id=pk, by=self.caller, now=clock.now())
        return Response(EntryOutput(entry).data)

    @Operation(
        LoggedIn,
        parameters=[AlternativesQuery],
        responses=AlternativeList,
        is_paged=True,
        conflicts=[EventIsNotDistributed],
        resource="Allocation registration",
    )
    def alternatives(self, request: Request, event_id: int, pk: int) -> Response:
        event = event_with_id(event_id)
        entry = entry_of_event(event.pk, pk, self.access)
        limit = self.query(AlternativesQuery)["limit"]
        if event.status != EventStatus.DISTRIBUTED:
            raise EventIsNotDistributed
        slots = alternatives(event, entry, first=campus_date(clock.now()), limit=limit)
        return self.listing(slots, AlternativeOutput)


class DrawDocumentViewSet(DocumentViewSet):
    """Exact bytes with their SHA-256 as the ETag."""

    tag = "draws"
    renderer_classes = [FastJSONRenderer, Tsv, Python]

    @Operation(LoggedIn, responses={(200, TSV): OpenApiTypes.STR}, resource="Allocation event")
    def manifest(self, request: Request, pk: int) -> HttpResponseBase:
        return _document_response(request, publishing.manifest(event_with_id(pk)), TSV)

    @Operation(LoggedIn, responses={(200, TSV): OpenApiTypes.STR}, resource="Allocation event")
    def result(self, request: Request, pk: int) -> HttpResponseBase:
        return _document_response(request, publishing.result(event_with_id(pk)), TSV)

    @Operation(LoggedIn, responses={(200, PYTHON): OpenApiTypes.STR}, resource="Allocation event")
    def verifier(self, request: Request, pk: int) -> HttpResponseBase:
        event_with_id(pk)
        source = publishing.VERIFIER.read_bytes()
        return _document_response(request, Document(source, sha256(source).hexdigest()), PYTHON)


def _document_response(request: Request, document: Document, content_type: str) -> HttpResponseBase:
    tag = f'"{document.sha256}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    response = HttpResponse(document.data, content_type=content_type, headers=headers)
    conditional: Any = get_conditional_response(request, etag=tag, response=response)
    return response if conditional is None else conditional

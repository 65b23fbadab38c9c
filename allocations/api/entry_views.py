"""Entries of the draw over HTTP (contract §6)."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from allocations.api.entry_serializers import (
    DrawnEntryOutput,
    EntryChangeInput,
    EntryInput,
    EntryList,
    EntryOutput,
    FiledEntryOutput,
    ListedEntryOutput,
)
from allocations.api.filters import EntryFilter
from allocations.models import AllocationRegistration
from allocations.queries.entries import entry_of_event
from allocations.queries.events import event_with_id
from allocations.queries.outlook import outlook
from allocations.services.deciding import EntryIsWithdrawn, approve_entry, reject_entry
from allocations.services.entries import (
    EntryIsDecided,
    EventIsNotOpen,
    Wish,
    WishIsFiled,
    WishOverlapsAnother,
    change_entry,
    delete_entry,
    file_entry,
)
from classrooms.api.examples import room_taken
from kernel import clock
from kernel.api.filters import filtered
from kernel.api.permissions import InAnyGroup, InCSpace, LoggedIn
from kernel.api.schema import filter_parameters
from kernel.api.viewsets import ApiViewSet
from kernel.errors import LimitReached, PermissionDenied

Decision = Callable[..., AllocationRegistration]


@extend_schema(tags=["allocation events"])
class AllocationRegistrationViewSet(ApiViewSet):
    permissions = {
        "list": LoggedIn,
        "create": InAnyGroup,
        "retrieve": LoggedIn,
        "update": LoggedIn,
        "partial_update": LoggedIn,
        "destroy": LoggedIn,
        "approve": InCSpace,
        "reject": InCSpace,
    }
    conflicts = {
        "create": [EventIsNotOpen, LimitReached, WishIsFiled, WishOverlapsAnother],
        "update": [EventIsNotOpen, EntryIsDecided, LimitReached, WishIsFiled, WishOverlapsAnother],
        "partial_update": [EventIsNotOpen, EntryIsDecided, LimitReached, WishIsFiled, WishOverlapsAnother],
        "destroy": [EventIsNotOpen, EntryIsDecided],
        "approve": [EntryIsWithdrawn, room_taken],
        "reject": [EntryIsWithdrawn],
    }
    outcomes = {
        "approve": {"status": "approved", "is_pending": False},
        "reject": {"status": "rejected", "is_pending": False, "reason": "REJECTED_BY_ADMIN"},
    }

    @extend_schema(parameters=filter_parameters(EntryFilter), responses=EntryList)
    def list(self, request: Request, event_id: int) -> Response:
        event_with_id(event_id)
        access = request.user.access
        if request.query_params.get("user") and not access.is_cspace:
            raise PermissionDenied
        own = AllocationRegistration.objects.of_event(event_id).visible_to(access).with_api_relations().order_by("id")
        return self.listing(filtered(EntryFilter, own, request), ListedEntryOutput, key="registrations")

    @extend_schema(request=EntryInput, responses={201: FiledEntryOutput})
    def create(self, request: Request, event_id: int) -> Response:
        event_with_id(event_id)
        wish = _wish(self.body(EntryInput))
        entry = file_entry(event_id=event_id, by=request.user, now=clock.now(), wish=wish)
        answer = FiledEntryOutput(entry, context={"outlook": outlook(entry.event, entry)}).data
        return self.created(answer, f"/api/v1/allocation-events/{event_id}/registrations/{entry.pk}/")

    @extend_schema(responses=DrawnEntryOutput)
    def retrieve(self, request: Request, event_id: int, pk: int) -> Response:
        return Response(DrawnEntryOutput(entry_of_event(event_id, pk, request.user.access)).data)

    @extend_schema(request=EntryChangeInput, responses=EntryOutput)
    def update(self, request: Request, event_id: int, pk: int) -> Response:
        entry_of_event(event_id, pk, request.user.access)
        wish = _wish(self.changes(EntryChangeInput))
        entry = change_entry(event_id=event_id, entry_id=pk, by=request.user, now=clock.now(), wish=wish)
        return Response(EntryOutput(entry).data)

    @extend_schema(request=EntryChangeInput, responses=EntryOutput)
    def partial_update(self, request: Request, event_id: int, pk: int) -> Response:
        return self.update(request, event_id, pk)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, event_id: int, pk: int) -> Response:
        delete_entry(event_id=event_id, entry_id=pk, by=request.user, now=clock.now())
        return Response(status=204)

    @extend_schema(request=None, responses=EntryOutput)
    def approve(self, request: Request, event_id: int, pk: int) -> Response:
        return self._decide(request, event_id, pk, approve_entry)

    @extend_schema(request=None, responses=EntryOutput)
    def reject(self, request: Request, event_id: int, pk: int) -> Response:
        return self._decide(request, event_id, pk, reject_entry)

    def _decide(self, request: Request, event_id: int, pk: int, decide: Decision) -> Response:
        entry = decide(event_id=event_id, entry_id=pk, by=request.user, now=clock.now())
        return Response(EntryOutput(entry).data)


def _wish(body: dict[str, Any]) -> Wish:
    """The validated body as a wish: `choice: null` takes the entry out of its choice."""
    if "choice" in body:
        body = {**body, "choice": body["choice"] or 0}
    return Wish(**body)

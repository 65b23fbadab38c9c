"""Entries of the draw over HTTP (contract §6)."""

from collections.abc import Callable
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.viewsets import CallerViewSet
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
from allocations.queries.entries import asking_for_entry, entry_of_event
from allocations.queries.events import asking_for_event, event_with_id
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
from classrooms.api.fields import room_named_in
from groups.api.permissions import InAnyGroup
from kernel import clock
from kernel.api.filters import filtered
from kernel.api.operations import Operation
from kernel.api.permissions import InCSpace, LoggedIn
from kernel.errors import LimitReached, PermissionDenied


class AllocationRegistrationViewSet(CallerViewSet):
    tag = "allocation events"

    @Operation(LoggedIn, parameters=[EntryFilter], responses=EntryList, resource="Allocation event")
    def list(self, request: Request, event_id: int) -> Response:
        event_with_id(event_id)
        access = self.access
        if request.query_params.get("user") and not access.is_cspace:
            raise PermissionDenied
        own = AllocationRegistration.objects.of_event(event_id).visible_to(access).with_api_relations().order_by("id")
        return self.listing(filtered(EntryFilter, own, request), ListedEntryOutput, key="registrations")

    @Operation(
        InAnyGroup,
        request=EntryInput,
        responses={201: FiledEntryOutput},
        conflicts=[EventIsNotOpen, LimitReached, WishIsFiled, WishOverlapsAnother],
        resource="Allocation event",
        ahead=lambda view, event_id: [asking_for_event(event_id), *room_named_in(view.body_at_a_glance())],
    )
    def create(self, request: Request, event_id: int) -> Response:
        event_with_id(event_id)
        wish = _wish(self.body(EntryInput))
        entry = file_entry(event_id=event_id, by=self.caller, now=clock.now(), wish=wish)
        answer = FiledEntryOutput(entry, context={"outlook": outlook(entry.event, entry)}).data
        return self.created(answer, f"/api/v1/allocation-events/{event_id}/registrations/{entry.pk}/")

    @Operation(LoggedIn, responses=DrawnEntryOutput, ahead=lambda view, event_id, pk: [asking_for_entry(event_id, pk)])
    def retrieve(self, request: Request, event_id: int, pk: int) -> Response:
        return Response(DrawnEntryOutput(entry_of_event(event_id, pk, self.access)).data)

    @Operation(
        LoggedIn,
        request=EntryChangeInput,
        responses=EntryOutput,
        conflicts=[EventIsNotOpen, EntryIsDecided, LimitReached, WishIsFiled, WishOverlapsAnother],
        ahead=lambda view, event_id, pk: [asking_for_entry(event_id, pk), *room_named_in(view.body_at_a_glance())],
    )
    def update(self, request: Request, event_id: int, pk: int) -> Response:
        entry_of_event(event_id, pk, self.access)
        wish = _wish(self.changes(EntryChangeInput))
        entry = change_entry(event_id=event_id, entry_id=pk, by=self.caller, now=clock.now(), wish=wish)
        return Response(EntryOutput(entry).data)

    partial_update = update

    @Operation(
        LoggedIn,
        responses={204: None},
        conflicts=[EventIsNotOpen, EntryIsDecided],
        ahead=lambda view, event_id, pk: [asking_for_entry(event_id, pk)],
    )
    def destroy(self, request: Request, event_id: int, pk: int) -> Response:
        entry_of_event(event_id, pk, self.access)  # whose it is not, waits for nobody
        delete_entry(event_id=event_id, entry_id=pk, by=self.caller, now=clock.now())
        return Response(status=204)

    @Operation(
        InCSpace,
        responses=EntryOutput,
        conflicts=[EntryIsWithdrawn, room_taken],
        outcome={"status": "approved", "is_pending": False},
    )
    def approve(self, request: Request, event_id: int, pk: int) -> Response:
        return self._decide(request, event_id, pk, approve_entry)

    @Operation(
        InCSpace,
        responses=EntryOutput,
        conflicts=[EntryIsWithdrawn],
        outcome={"status": "rejected", "is_pending": False, "reason": "REJECTED_BY_ADMIN"},
    )
    def reject(self, request: Request, event_id: int, pk: int) -> Response:
        return self._decide(request, event_id, pk, reject_entry)

    def _decide(
        self, request: Request, event_id: int, pk: int, decide: Callable[..., AllocationRegistration]
    ) -> Response:
        entry = decide(event_id=event_id, entry_id=pk, by=self.caller, now=clock.now())
        return Response(EntryOutput(entry).data)


def _wish(body: dict[str, Any]) -> Wish:
    """The validated body as a wish: null takes the entry out of its `choice`, and forgets how many come."""
    return Wish(**body | {name: body[name] or 0 for name in ("choice", "attendees") if name in body})

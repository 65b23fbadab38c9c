"""Allocation events over HTTP (contract §6)."""

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.viewsets import CallerViewSet
from allocations.api.event_serializers import (
    WEIGHTS_SCHEMA,
    EventChangeInput,
    EventInput,
    EventList,
    EventOutput,
    ListedEventOutput,
    WeightsInput,
)
from allocations.api.room_serializers import (
    AgendaEntryOutput,
    RoomAgendaOutput,
    RoomQuery,
    UnavailableDatesOutput,
    UnavailableDatesQuery,
)
from allocations.models import AllocationEvent, AllocationRegistration
from allocations.queries.events import event_with_id
from allocations.queries.outlook import occupied_dates
from allocations.services.events import (
    EventIsNotChangeable,
    EventIsNotDeletable,
    EventIsOpen,
    WeightsAreFixed,
    change_event,
    create_event,
    delete_event,
    set_weights,
)
from allocations.services.progress import (
    EventHasNotBegun,
    EventIsCancelled,
    EventIsDistributed,
    cancel_event,
    end_event,
)
from kernel import clock
from kernel.api.operations import Operation
from kernel.api.permissions import InCSpace, LoggedIn


class AllocationEventViewSet(CallerViewSet):
    tag = "allocation events"

    @Operation(LoggedIn, responses=EventList)
    def list(self, request: Request) -> Response:
        return self.listing(AllocationEvent.objects.without_manifest().newest_first(), ListedEventOutput)

    @Operation(InCSpace, request=EventInput, responses={201: EventOutput})
    def create(self, request: Request) -> Response:
        event = create_event(by=self.caller, now=clock.now(), **self.body(EventInput))
        return self.created(EventOutput(event).data, f"/api/v1/allocation-events/{event.pk}/")

    @Operation(LoggedIn, responses=EventOutput)
    def retrieve(self, request: Request, pk: int) -> Response:
        return Response(EventOutput(event_with_id(pk)).data)

    @Operation(InCSpace, request=EventChangeInput, responses=EventOutput, conflicts=[EventIsOpen, EventIsNotChangeable])
    def update(self, request: Request, pk: int) -> Response:
        event_with_id(pk)
        change = self.changes(EventChangeInput)
        return Response(EventOutput(change_event(event_id=pk, by=self.caller, now=clock.now(), **change)).data)

    partial_update = update

    @Operation(InCSpace, responses={204: None}, conflicts=[EventIsNotDeletable])
    def destroy(self, request: Request, pk: int) -> Response:
        delete_event(event_id=pk, by=self.caller, now=clock.now())
        return Response(status=204)

    @Operation(
        InCSpace, responses=EventOutput, conflicts=[EventHasNotBegun, EventIsCancelled], outcome={"status": "closed"}
    )
    def end(self, request: Request, pk: int) -> Response:
        return Response(EventOutput(end_event(event_id=pk, by=self.caller, now=clock.now())).data)

    @Operation(
        InCSpace,
        responses=EventOutput,
        conflicts=[EventIsDistributed],
        outcome={"status": "cancelled"},
        reveals=("draw", "seed"),
    )
    def cancel(self, request: Request, pk: int) -> Response:
        return Response(EventOutput(cancel_event(event_id=pk, by=self.caller, now=clock.now())).data)

    @Operation(
        InCSpace,
        request={"application/json": WEIGHTS_SCHEMA},
        responses=EventOutput,
        conflicts=[WeightsAreFixed],
        outcome={"weights": WEIGHTS_SCHEMA["example"]},
    )
    def weights(self, request: Request, pk: int) -> Response:
        event_with_id(pk)
        event = set_weights(event_id=pk, by=self.caller, now=clock.now(), **self.body(WeightsInput))
        return Response(EventOutput(event).data)

    @Operation(LoggedIn, parameters=[UnavailableDatesQuery], responses=UnavailableDatesOutput, is_paged=True)
    def unavailable_dates(self, request: Request, pk: int) -> Response:
        event = event_with_id(pk)
        query = self.query(UnavailableDatesQuery, event=event)
        dates = occupied_dates(
            query["classroom"].pk,
            query.get("start_date", event.target_starts_on),
            query.get("end_date", event.target_ends_on),
            start_minute=query["start_time"],
            end_minute=query["end_time"],
        )
        response = self.listing([day.isoformat() for day in dates], key="unavailable_dates")
        response.data = {"classroom": query["classroom"].name, **response.data}
        return response

    @Operation(InCSpace, parameters=[RoomQuery], responses=RoomAgendaOutput, is_paged=True)
    def room_agenda(self, request: Request, pk: int) -> Response:
        event_with_id(pk)
        classroom = self.query(RoomQuery)["classroom"]
        rows = AllocationRegistration.objects.of_event(pk).standing().filter(classroom=classroom)
        response = self.listing(rows.with_api_relations().by_day_and_time(), AgendaEntryOutput, key="registrations")
        response.data = {"classroom": classroom.name, **response.data}
        return response

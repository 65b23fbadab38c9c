"""Registrations over HTTP (contract §5 and `users/me/registrations/` of §2)."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.viewsets import CallerViewSet
from classrooms.api.examples import room_taken
from classrooms.api.fields import room_named_in
from groups.api.permissions import InAnyGroup
from groups.services.holding import GroupIsArchived, asking_for_group
from kernel import clock
from kernel.api.fields import MAX_ID
from kernel.api.filters import filtered
from kernel.api.operations import Operation
from kernel.api.pagination import asked_page, places_of
from kernel.api.permissions import InCSpace, LoggedIn
from kernel.db.batch import Statement
from registrations.api.filters import RegistrationFilter
from registrations.api.serializers import (
    DecisionInput,
    ListedRegistrationOutput,
    OwnRegistrationList,
    OwnRegistrationsQuery,
    RegistrationChangeInput,
    RegistrationInput,
    RegistrationList,
    RegistrationOutput,
    change_of,
)
from registrations.models import Registration
from registrations.queries.own_registrations import asking_for_own_registrations, own_registrations
from registrations.queries.registrations import asking_for_registration, registration_with_id
from registrations.services.booking import Slot, book
from registrations.services.cancelling import cancel_registration
from registrations.services.changing import RegistrationIsRejected, change_registration
from registrations.services.deciding import (
    RoomIsNotOpen,
    SeriesEndsBefore,
    SeriesHasNoDate,
    SeriesIsCancelled,
    approve_registration,
    reject_registration,
)
from registrations.services.registration_holding import (
    RegistrationHasStarted,
    RegistrationIsCancelled,
    RegistrationNotFound,
    check_visible,
)


def room_and_group(body: Mapping[str, Any]) -> list[Statement]:
    """What a booking with this body will ask: for the room by name, for the group by id."""
    group_id = body.get("group_id")
    groups = [asking_for_group(group_id)] if type(group_id) is int and 0 < group_id <= MAX_ID else []
    return [*room_named_in(body), *groups]


class RegistrationViewSet(CallerViewSet):
    tag = "registrations"

    @Operation(InCSpace, parameters=[RegistrationFilter], responses=RegistrationList)
    def list(self, request: Request) -> Response:
        rows = filtered(RegistrationFilter, Registration.objects.with_api_relations().in_order(), request)
        return self.listing(rows, ListedRegistrationOutput, key="registrations")

    @Operation(
        InAnyGroup,
        request=RegistrationInput,
        responses={201: RegistrationOutput},
        conflicts=[room_taken],
        ahead=lambda view: room_and_group(view.body_at_a_glance()),
    )
    def create(self, request: Request) -> Response:
        wish = self.body(RegistrationInput)
        registration = book(
            by=self.caller,
            now=clock.now(),
            classroom=wish["classroom"],
            group_id=wish["group_id"],
            slot=Slot(wish["date"], wish["start_time"], wish["end_time"]),
            description=wish.get("description", ""),
            attendees=wish.get("attendees"),
        )
        return self.created(RegistrationOutput(registration).data, f"/api/v1/registrations/{registration.pk}/")

    @Operation(LoggedIn, responses=RegistrationOutput, ahead=lambda view, pk: [asking_for_registration(pk)])
    def retrieve(self, request: Request, pk: int) -> Response:
        return Response(RegistrationOutput(self._visible(pk)).data)

    @Operation(
        LoggedIn,
        request=RegistrationChangeInput,
        responses=RegistrationOutput,
        conflicts=[room_taken, RegistrationHasStarted, RegistrationIsRejected],
        ahead=lambda view, pk: [asking_for_registration(pk), *room_named_in(view.body_at_a_glance())],
    )
    def update(self, request: Request, pk: int) -> Response:
        before = self._visible(pk)
        wish = self.changes(RegistrationChangeInput, registration=before, present_group_id=before.group_id)
        registration = change_registration(registration_id=pk, by=self.caller, now=clock.now(), change=change_of(wish))
        return Response(RegistrationOutput(registration).data)

    partial_update = update

    @Operation(LoggedIn, responses={204: None}, conflicts=[RegistrationHasStarted])
    def destroy(self, request: Request, pk: int) -> Response:
        cancel_registration(registration_id=pk, by=self.caller, now=clock.now())
        return Response(status=204)

    @Operation(
        InCSpace,
        request=DecisionInput,
        responses=RegistrationOutput,
        conflicts=[
            room_taken,
            RegistrationIsCancelled,
            GroupIsArchived,
            RoomIsNotOpen,
            SeriesIsCancelled,
            SeriesEndsBefore,
            SeriesHasNoDate,
        ],
        outcome={"status": "approved"},
        ahead=lambda view, pk: [asking_for_registration(pk)],
    )
    def approve(self, request: Request, pk: int) -> Response:
        return self._decide(pk, approve_registration)

    @Operation(
        InCSpace,
        request=DecisionInput,
        responses=RegistrationOutput,
        conflicts=[RegistrationIsCancelled],
        outcome={"status": "rejected"},
        ahead=lambda view, pk: [asking_for_registration(pk)],
    )
    def reject(self, request: Request, pk: int) -> Response:
        return self._decide(pk, reject_registration)

    def _decide(self, pk: int, decide: Callable[..., Registration]) -> Response:
        self._visible(pk)
        reason = self.body(DecisionInput).get("reason", "")
        registration = decide(registration_id=pk, by=self.caller, now=clock.now(), reason=reason)
        return Response(RegistrationOutput(registration).data)

    def _visible(self, pk: int) -> Registration:
        registration = registration_with_id(pk)
        if registration is None:
            raise RegistrationNotFound
        check_visible(registration, self.access)
        return registration


class OwnRegistrationViewSet(CallerViewSet):
    tag = "users"

    @Operation(
        LoggedIn,
        parameters=[OwnRegistrationsQuery],
        responses=OwnRegistrationList,
        ahead=lambda view: [view.question_of_list],
    )
    def list(self, request: Request) -> Response:
        rows, count = own_registrations(self.question_of_list)
        return self.listing_of(rows, count=count)

    @cached_property
    def question_of_list(self) -> Statement:
        """What `list` asks. Raises: ValidationError, Invalid."""
        query = self.query(OwnRegistrationsQuery)
        user_id = self.asker.user_id if self.asker else self.caller.pk
        return asking_for_own_registrations(
            user_id,
            query["status"],
            now=clock.now(),
            most=query.get("limit"),
            places=places_of(asked_page(self.request)),
        )

"""Registrations over HTTP (contract §5 and `users/me/registrations/` of §2)."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.viewsets import CallerViewSet
from classrooms.api.examples import room_taken
from classrooms.api.fields import room_named_in
from groups.services.holding import GroupIsArchived
from kernel import clock
from kernel.api.filters import filtered
from kernel.api.operations import Operation
from kernel.api.pagination import asked_page, places_of
from kernel.api.permissions import InCSpace, LoggedIn
from kernel.db.batch import Statement
from registrations.api.ahead import asking_before_booking
from registrations.api.filters import RegistrationFilter
from registrations.api.permissions import MayBook
from registrations.api.serializers import (
    ApprovalInput,
    BrokenRuleOutput,
    CancellationQuery,
    DecidersRegistrationOutput,
    DecisionInput,
    ListedRegistrationOutput,
    OwnRegistrationList,
    OwnRegistrationsQuery,
    ProspectOutput,
    RegistrationChangeInput,
    RegistrationInput,
    RegistrationList,
    RegistrationOutput,
    change_of,
)
from registrations.models import Registration
from registrations.queries.own_registrations import asking_for_own_registrations, own_registrations
from registrations.queries.registrations import asking_for_registration, registration_with_id
from registrations.services.booking import BookingRequest, Slot, make_booking
from registrations.services.cancelling import cancel_registration
from registrations.services.changing import RegistrationIsRejected, change_registration
from registrations.services.checking import check_wish
from registrations.services.deciding import (
    RoomIsNotOpen,
    SeriesEndsBefore,
    SeriesHasNoDate,
    SeriesIsCancelled,
    approve_registration,
    reject_registration,
)
from registrations.services.judging import PolicyBroken
from registrations.services.registration_holding import (
    RegistrationHasStarted,
    RegistrationIsCancelled,
    RegistrationNotFound,
    check_visible,
)


def rule_broken() -> PolicyBroken:
    """The usual example of a refusal by a rule of the house."""
    return PolicyBroken([BrokenRuleOutput.example])


def request_in(values: Mapping[str, Any]) -> BookingRequest:
    """The booking that the validated values of a body ask for."""
    return BookingRequest(
        classroom=values["classroom"],
        group_id=values["group_id"],
        slot=Slot(values["date"], values["start_time"], values["end_time"]),
        description=values.get("description", ""),
        attendees=values.get("attendees"),
        is_overriding=values.get("override", False),
    )


class RegistrationViewSet(CallerViewSet):
    tag = "registrations"

    @Operation(InCSpace, parameters=[RegistrationFilter], responses=RegistrationList)
    def list(self, request: Request) -> Response:
        rows = filtered(RegistrationFilter, Registration.objects.with_api_relations().in_order(), request)
        return self.listing(rows, ListedRegistrationOutput, key="registrations")

    @Operation(
        MayBook,
        request=RegistrationInput,
        responses={201: RegistrationOutput},
        conflicts=[rule_broken, room_taken],
        ahead=asking_before_booking,
    )
    def create(self, request: Request) -> Response:
        wish = request_in(self.body(RegistrationInput))
        registration = make_booking(by=self.caller, now=clock.now(), request=wish)
        return self.created(self._shown(registration), f"/api/v1/registrations/{registration.pk}/")

    @Operation(
        LoggedIn,
        request=RegistrationInput,
        responses=ProspectOutput,
        ahead=asking_before_booking,
    )
    def check(self, request: Request) -> Response:
        wish = request_in(self.body(RegistrationInput))
        return Response(ProspectOutput(check_wish(by=self.caller, now=clock.now(), request=wish)).data)

    @Operation(LoggedIn, responses=RegistrationOutput, ahead=lambda view, pk: [asking_for_registration(pk)])
    def retrieve(self, request: Request, pk: int) -> Response:
        return Response(self._shown(self._visible(pk)))

    @Operation(
        LoggedIn,
        request=RegistrationChangeInput,
        responses=RegistrationOutput,
        conflicts=[rule_broken, room_taken, RegistrationHasStarted, RegistrationIsRejected],
        ahead=lambda view, pk: [asking_for_registration(pk), *room_named_in(view.body_at_a_glance())],
    )
    def update(self, request: Request, pk: int) -> Response:
        before = self._visible(pk)
        wish = self.changes(RegistrationChangeInput, registration=before, present_group_id=before.group_id)
        registration = change_registration(registration_id=pk, by=self.caller, now=clock.now(), change=change_of(wish))
        return Response(self._shown(registration))

    partial_update = update

    @Operation(
        LoggedIn,
        parameters=[CancellationQuery],
        responses={204: None},
        conflicts=[rule_broken, RegistrationHasStarted],
    )
    def destroy(self, request: Request, pk: int) -> Response:
        is_overriding = self.query(CancellationQuery).get("override", False)
        cancel_registration(registration_id=pk, by=self.caller, now=clock.now(), is_overriding=is_overriding)
        return Response(status=204)

    @Operation(
        InCSpace,
        request=ApprovalInput,
        responses=RegistrationOutput,
        conflicts=[
            rule_broken,
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
        self._visible(pk)
        body = self.body(ApprovalInput)
        registration = approve_registration(
            registration_id=pk,
            by=self.caller,
            now=clock.now(),
            reason=body.get("reason", ""),
            is_overriding=body.get("override", False),
        )
        return Response(self._shown(registration))

    @Operation(
        InCSpace,
        request=DecisionInput,
        responses=RegistrationOutput,
        conflicts=[RegistrationIsCancelled],
        outcome={"status": "rejected"},
        ahead=lambda view, pk: [asking_for_registration(pk)],
    )
    def reject(self, request: Request, pk: int) -> Response:
        self._visible(pk)
        reason = self.body(DecisionInput).get("reason", "")
        registration = reject_registration(registration_id=pk, by=self.caller, now=clock.now(), reason=reason)
        return Response(self._shown(registration))

    def _shown(self, registration: Registration) -> dict[str, Any]:
        """To whom decides on it, with the rules for which he has to."""
        shape = DecidersRegistrationOutput if self.access.is_cspace else RegistrationOutput
        picture: dict[str, Any] = shape(registration).data
        return picture

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

"""The wire format of registrations: documented names outside, ours inside."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from classrooms.api.fields import ClassroomField
from classrooms.api.serializers import SlotQuery
from groups.api.fields import OwnGroupIdField, unknown_group_faults
from kernel.api.examples import this_moment
from kernel.api.fields import (
    BooleanField,
    ChoiceField,
    DateField,
    EndTimeField,
    QueryBooleanField,
    QueryIntegerField,
    TextField,
    TimeField,
    TimestampField,
)
from kernel.api.serializers import Input, Output, Query, Shape
from kernel.campus_time import format_instant
from kernel.errors import Faults
from policies.enums import Effect, LimitType
from registrations.api.fields import AttendeesField, attendees_in_change
from registrations.enums import RegistrationStatus
from registrations.models import Registration
from registrations.queries.own_registrations import wall_times
from registrations.rules import MAX_DESCRIPTION, MAX_REASON, STAYS_A_GROUPS, booking_faults
from registrations.services.changing import RegistrationChange, change_faults, check_may_move
from registrations.services.checking import BookingProspect


class RegistrationInput(Input):
    """`POST /registrations/`."""

    example = {
        "classroom": "Room A",
        "group_id": 2,
        **SlotQuery.example,
        "description": "Team meeting",
        "attendees": 12,
    }

    classroom = ClassroomField()
    group_id = OwnGroupIdField(allow_null=True)
    date = DateField()
    start_time = TimeField()
    end_time = EndTimeField()
    description = TextField(max_length=MAX_DESCRIPTION, required=False)
    attendees = AttendeesField()
    override = BooleanField(required=False)

    def cross_check(self, values: Mapping[str, Any]) -> Faults:
        return booking_faults(
            now=self.context["now"],
            day=values.get("date"),
            start_minute=values.get("start_time"),
            end_minute=values.get("end_time"),
            room=values.get("classroom"),
            description=values.get("description", ""),
            attendees=values.get("attendees"),
        )

    def further_faults(self, values: Mapping[str, Any]) -> Faults:
        return unknown_group_faults(values)


class RegistrationChangeInput(RegistrationInput):
    """`PUT /registrations/{id}/`: what is absent stays as it is, and only the lock shows what it is."""

    example = {"start_time": "13:00", "end_time": "15:00"}

    def cross_check(self, values: Mapping[str, Any]) -> Faults:
        is_to_be_nobodys = "group_id" in values and values["group_id"] is None
        is_a_groups = self.context["registration"].group_id is not None
        return {"group_id": [STAYS_A_GROUPS]} if is_to_be_nobodys and is_a_groups else {}

    def further_faults(self, values: Mapping[str, Any]) -> Faults:
        registration, change = self.context["registration"], change_of(values)
        check_may_move(registration, change, self.context["access"])
        malformed = set(self.initial_data) - set(values)
        faults = change_faults(registration, change, self.context["now"], malformed=malformed)
        return {**super().further_faults(values), **faults}


def change_of(values: Mapping[str, Any]) -> RegistrationChange:
    """The change that the validated values of a body ask for."""
    return RegistrationChange(
        classroom=values.get("classroom"),
        group_id=values.get("group_id"),
        day=values.get("date"),
        start_minute=values.get("start_time"),
        end_minute=values.get("end_time"),
        description=values.get("description"),
        attendees=attendees_in_change(values),
        is_overriding=values.get("override", False),
    )


class DecisionInput(Input):
    """`POST /registrations/{id}/approve|reject/`."""

    example = {"reason": "As agreed with the office"}

    reason = TextField(max_length=MAX_REASON, required=False)


class ApprovalInput(DecisionInput):
    """`POST /registrations/{id}/approve/`."""

    override = BooleanField(required=False)


class CancellationQuery(Query):
    """`DELETE /registrations/{id}/`."""

    override = QueryBooleanField(required=False)


def _broken_rules(registration: Registration) -> dict[str, Any]:
    """Of one that waits because of them."""
    is_waiting = registration.status == RegistrationStatus.PENDING and registration.broken_rules
    return {"broken_rules": registration.broken_rules} if is_waiting else {}


class BrokenRuleOutput(Shape):
    """A rule that a booking breaks; the numbers where it counts something."""

    example = {
        "rule_id": 7,
        "type": "quota",
        "effect": "refuse",
        "sentence": "At most 12 hours a week for each group",
        "limit": 720,
        "used": 660,
        "wanted": 120,
    }

    rule_id = serializers.IntegerField()
    type = serializers.ChoiceField(choices=LimitType.choices)
    effect = serializers.ChoiceField(choices=Effect.choices)
    sentence = serializers.CharField()
    limit = serializers.IntegerField(required=False)
    used = serializers.IntegerField(required=False)
    wanted = serializers.IntegerField(required=False)


class ProspectOutput(Output):
    """What would become of a booking."""

    example = {"allowed": True, "needs_approval": False, "rules": [], "conflicts": []}

    allowed = serializers.BooleanField()
    needs_approval = serializers.BooleanField()
    rules = BrokenRuleOutput(many=True)
    conflicts = serializers.ListField(child=serializers.DictField())

    def represent(self, instance: BookingProspect) -> dict[str, Any]:
        return {
            "allowed": instance.is_allowed,
            "needs_approval": instance.needs_approval,
            "rules": instance.rules,
            "conflicts": instance.conflicts,
        }


class RegistrationOutput(Output):
    """One registration, in full."""

    example = {
        **RegistrationInput.example,
        "id": 100,
        "reserved_group": "522",
        "status": "pending",
        "created_by": "john_doe",
        "created_at": this_moment,
        "series_id": None,
    }
    generated = frozenset({"id", "created_at"})

    id = serializers.IntegerField(allow_null=True)
    classroom = serializers.CharField()
    group_id = serializers.IntegerField(allow_null=True)
    reserved_group = serializers.CharField(allow_null=True)
    date = DateField()
    start_time = TimeField()
    end_time = EndTimeField()
    description = serializers.CharField()
    attendees = serializers.IntegerField(allow_null=True)
    status = serializers.ChoiceField(choices=RegistrationStatus.choices)
    created_by = serializers.CharField()
    created_at = TimestampField(allow_null=True)
    series_id = serializers.IntegerField(allow_null=True)

    def represent(self, instance: Registration) -> dict[str, Any]:
        return {
            "id": instance.pk,
            "classroom": instance.occupancy.classroom.name,
            "group_id": instance.group_id,
            "reserved_group": None if instance.group is None else instance.group.name,
            **wall_times(instance.interval),
            "description": instance.description,
            "attendees": instance.attendees,
            "status": instance.status,
            "created_by": instance.created_by.username,
            "created_at": format_instant(instance.created_at),
            "series_id": instance.series_id,
        }


class DecidersRegistrationOutput(RegistrationOutput):
    """The same for who decides: with the rules for which a decision is wanted, if there are any."""

    broken_rules = BrokenRuleOutput(many=True, required=False)

    def represent(self, instance: Registration) -> dict[str, Any]:
        return {**super().represent(instance), **_broken_rules(instance)}


class ListedRegistrationOutput(Output):
    """One row of `GET /registrations/`."""

    example = {**RegistrationOutput.example, "reserved_by": "John Doe"}

    id = serializers.IntegerField()
    classroom = serializers.CharField()
    date = DateField()
    start_time = TimeField()
    end_time = EndTimeField()
    reserved_by = serializers.CharField()
    reserved_group = serializers.CharField(allow_null=True)
    description = serializers.CharField()
    attendees = serializers.IntegerField(allow_null=True)
    status = serializers.ChoiceField(choices=RegistrationStatus.choices)
    series_id = serializers.IntegerField(allow_null=True)
    broken_rules = BrokenRuleOutput(many=True, required=False)

    def represent(self, instance: Registration) -> dict[str, Any]:
        return {
            "id": instance.pk,
            "classroom": instance.occupancy.classroom.name,
            **wall_times(instance.interval),
            "reserved_by": instance.created_by.display_name,
            "reserved_group": None if instance.group is None else instance.group.name,
            "description": instance.description,
            "attendees": instance.attendees,
            "status": instance.status,
            "series_id": instance.series_id,
            **_broken_rules(instance),
        }


class OwnRegistrationOutput(Shape):
    """One row of `GET /users/me/registrations/`."""

    example = RegistrationOutput.example

    id = serializers.IntegerField()
    reserved_group = serializers.CharField(allow_null=True)
    classroom = serializers.CharField()
    date = DateField()
    start_time = TimeField()
    end_time = EndTimeField()
    status = serializers.ChoiceField(choices=RegistrationStatus.choices)
    description = serializers.CharField()
    attendees = serializers.IntegerField(allow_null=True)
    series_id = serializers.IntegerField(allow_null=True)


class RegistrationList(Shape):
    registrations = ListedRegistrationOutput(many=True)


class OwnRegistrationList(Shape):
    results = OwnRegistrationOutput(many=True)


class OwnRegistrationsQuery(Query):
    status = ChoiceField(choices=["upcoming", "past", "all"], default="all")
    limit = QueryIntegerField(min_value=1, max_value=100, required=False)

"""The wire format of entries, which the documents call allocation registrations."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from allocations.api.draw_serializers import OutcomeOutput
from allocations.enums import EntryStatus, Reason
from allocations.models import AllocationRegistration
from allocations.queries.outcomes import outcome_of
from allocations.queries.outlook import Outlook
from allocations.rules import MAX_CHOICE, MAX_RANK, entry_faults
from classrooms.api.fields import ClassroomField
from groups.api.fields import OwnGroupIdField, unknown_group_faults
from kernel.api.examples import days_on
from kernel.api.fields import DateField, EndTimeField, IntegerField, TextField, TimeField
from kernel.api.serializers import Input, Output, Shape
from kernel.campus_time import format_minute
from kernel.errors import Faults
from registrations.api.fields import AttendeesField
from registrations.rules import MAX_DESCRIPTION


class EntryChangeInput(Input):
    """`PUT …/registrations/{id}/`: what is absent stays as it is."""

    example = {"start_time": "09:10", "end_time": "11:20"}

    group_id = OwnGroupIdField()
    classroom = ClassroomField()
    start_time = TimeField(source="start_minute")
    end_time = EndTimeField(source="end_minute")
    day_of_week = IntegerField(min_value=1, max_value=7)
    description = TextField(max_length=MAX_DESCRIPTION, required=False)
    rank = IntegerField(min_value=1, max_value=MAX_RANK, required=False)
    choice = IntegerField(min_value=1, max_value=MAX_CHOICE, allow_null=True, required=False)
    attendees = AttendeesField()


class EntryInput(EntryChangeInput):
    """`POST …/registrations/`."""

    example = {
        "group_id": 2,
        "classroom": "Room A",
        "start_time": "09:10",
        "end_time": "10:20",
        "day_of_week": 3,
        "description": "Research project meetings",
        "attendees": 12,
    }

    def cross_check(self, values: Mapping[str, Any]) -> Faults:
        return entry_faults(
            start_minute=values.get("start_minute"),
            end_minute=values.get("end_minute"),
            room=values.get("classroom"),
            description=values.get("description", ""),
            attendees=values.get("attendees"),
        )

    def further_faults(self, values: Mapping[str, Any]) -> Faults:
        return unknown_group_faults(values)


class ListedEntryOutput(Output):
    """One row of `GET …/registrations/`."""

    example = {
        **EntryInput.example,
        "id": 200,
        "is_pending": True,
        "reserved_group": "522",
        "status": "pending",
    }

    id = serializers.IntegerField()
    is_pending = serializers.BooleanField()
    classroom = serializers.CharField()
    start_time = TimeField()
    end_time = EndTimeField()
    day_of_week = serializers.IntegerField()
    reserved_group = serializers.CharField()
    description = serializers.CharField()
    attendees = serializers.IntegerField(allow_null=True)
    status = serializers.ChoiceField(choices=EntryStatus.choices)

    def represent(self, instance: AllocationRegistration) -> dict[str, Any]:
        return {
            "id": instance.pk,
            "is_pending": instance.is_pending,
            "classroom": instance.classroom.name,
            "start_time": format_minute(instance.start_minute),
            "end_time": format_minute(instance.end_minute),
            "day_of_week": instance.day_of_week,
            "reserved_group": instance.group.name,
            "description": instance.description,
            "attendees": instance.attendees,
            "status": instance.status,
        }


class EntryList(Shape):
    registrations = ListedEntryOutput(many=True)


class EntryOutput(Output):
    """One entry, in full. `choice` is null where the wish stands alone, `reason` where nothing speaks against it."""

    example = {
        **ListedEntryOutput.example,
        "event_id": 1,
        "reason": None,
        "rank": 1,
        "choice": None,
    }
    generated = frozenset({"id"})

    id = serializers.IntegerField(allow_null=True)
    event_id = serializers.IntegerField()
    classroom = serializers.CharField()
    group_id = serializers.IntegerField()
    reserved_group = serializers.CharField()
    start_time = TimeField()
    end_time = EndTimeField()
    day_of_week = serializers.IntegerField()
    description = serializers.CharField()
    attendees = serializers.IntegerField(allow_null=True)
    status = serializers.ChoiceField(choices=EntryStatus.choices)
    is_pending = serializers.BooleanField()
    reason = serializers.ChoiceField(choices=Reason.choices, allow_null=True)
    rank = serializers.IntegerField()
    choice = serializers.IntegerField(allow_null=True)

    def represent(self, instance: AllocationRegistration) -> dict[str, Any]:
        return {
            "id": instance.pk,
            "event_id": instance.event_id,
            "classroom": instance.classroom.name,
            "group_id": instance.group_id,
            "reserved_group": instance.group.name,
            "start_time": format_minute(instance.start_minute),
            "end_time": format_minute(instance.end_minute),
            "day_of_week": instance.day_of_week,
            "description": instance.description,
            "attendees": instance.attendees,
            "status": instance.status,
            "is_pending": instance.is_pending,
            "reason": instance.reason or None,
            "rank": instance.rank,
            "choice": instance.choice or None,
        }


class DrawnEntryOutput(EntryOutput):
    """`GET …/registrations/{id}/`: with the outcome of the draw, null before it."""

    outcome = OutcomeOutput(allow_null=True)

    def represent(self, instance: AllocationRegistration) -> dict[str, Any]:
        outcome = outcome_of(instance, instance.event)
        return {**super().represent(instance), "outcome": outcome and OutcomeOutput(outcome).data}


@extend_schema_serializer(component_name="SkippedDate")
class PreviewedSkip(Shape):
    example = {"date": days_on(14), "why": "booked"}

    date = DateField()
    why = serializers.ChoiceField(choices=["closed", "booked"])


class Preview(Shape):
    """What the entry can expect as the room is booked now: dates without closures, and those nothing is booked on."""

    example = {"open_dates": [days_on(7), days_on(14)], "kept_dates": [days_on(7)]}

    open_dates = serializers.ListField(child=DateField())
    kept_dates = serializers.ListField(child=DateField())
    skipped = PreviewedSkip(many=True)


class FiledEntryOutput(EntryOutput):
    """The answer to filing."""

    preview = Preview()

    def represent(self, instance: AllocationRegistration) -> dict[str, Any]:
        outlook: Outlook = self.context["outlook"]
        return {
            **super().represent(instance),
            "preview": {
                "open_dates": [day.isoformat() for day in outlook.open_dates],
                "kept_dates": [day.isoformat() for day in outlook.kept_dates],
                "skipped": [{"date": day.isoformat(), "why": why} for day, why in outlook.skipped],
            },
        }

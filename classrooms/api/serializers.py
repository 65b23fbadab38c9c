"""The wire format of rooms and closures; of questions about room time the slot."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from classrooms.api.fields import ClassroomsField, PartsField
from classrooms.models import Classroom, Closure
from classrooms.queries.rooms import VIEW
from classrooms.rules import (
    CAPACITIES,
    FLOORS,
    MAX_BUILDING,
    MAX_LINK,
    MAX_NAME,
    MAX_REASON,
    MAX_TYPE,
    closure_faults,
    equipment_faults,
    name_faults,
    place_faults,
    slot_faults,
)
from classrooms.services.rooms import PLACE
from kernel.api.examples import day_ahead, hour_ahead
from kernel.api.fields import (
    BooleanField,
    ChoiceField,
    DateField,
    EndTimeField,
    IntegerField,
    NameField,
    NumberField,
    TextField,
    TimeField,
    TimestampField,
)
from kernel.api.serializers import Input, Output, Query, Shape
from kernel.campus_time import format_instant
from kernel.errors import Faults

EQUIPMENT = {"projector": 1, "whiteboard": 2, "chair": 30}
"""Of the examples."""


@extend_schema_field({"type": "object", "additionalProperties": True, "example": EQUIPMENT})
class EquipmentField(serializers.Field[dict[str, Any], Any, Any, Any]):
    """Counts by key and the optional box on the floor plan."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if faults := equipment_faults(data):
            raise serializers.ValidationError(faults)
        return dict(data)

    def to_representation(self, value: Any) -> Any:
        return value


class ClassroomChangeInput(Input):
    """`PUT /classrooms/{name}/`. A name may be repeated, not changed."""

    example = {"capacity": 32, "equipment": EQUIPMENT}

    name = NameField(required=False)
    capacity = IntegerField(min_value=CAPACITIES[0], max_value=CAPACITIES[-1])
    floor = IntegerField(min_value=FLOORS[0], max_value=FLOORS[-1])
    equipment = EquipmentField(required=False)
    is_active = BooleanField(required=False)
    auto_approve = BooleanField(required=False)
    type = NameField(max_length=MAX_TYPE, allow_blank=True, required=False)
    building = NameField(max_length=MAX_BUILDING, allow_blank=True, required=False)
    link = NameField(max_length=MAX_LINK, allow_blank=True, required=False)
    latitude = NumberField(min_value=-90, max_value=90, allow_null=True, required=False)
    longitude = NumberField(min_value=-180, max_value=180, allow_null=True, required=False)
    parts = PartsField(required=False)

    def cross_check(self, values: Mapping[str, Any]) -> Faults:
        classroom = self.context["classroom"]
        faults = place_faults({name: values.get(name, getattr(classroom, name)) for name in PLACE})
        if "name" in values and values["name"] != classroom.name:
            faults["name"] = ["A classroom cannot be renamed"]
        return faults


class ClassroomInput(ClassroomChangeInput):
    """`POST /classrooms/`."""

    example = {
        "name": "Room C",
        "capacity": 30,
        "floor": 2,
        "equipment": EQUIPMENT,
        "auto_approve": False,
        "type": "seminar",
        "building": "Main",
        "link": "https://rooms.example.edu/Room%20C",
        "latitude": 25.0173,
        "longitude": 121.5397,
    }

    name = NameField(max_length=MAX_NAME)

    def cross_check(self, values: Mapping[str, Any]) -> Faults:
        faults = place_faults(values)
        if "name" in values and (of_name := name_faults(values["name"])):
            faults["name"] = of_name
        return faults


class ClassroomOutput(Output):
    example = {
        "id": 3,
        "name": "Room A",
        "capacity": 30,
        "floor": 1,
        "equipment": EQUIPMENT,
        "is_active": True,
        "auto_approve": False,
        "type": "seminar",
        "building": "Main",
        "link": "https://rooms.example.edu/Room%20A",
        "latitude": 25.0173,
        "longitude": 121.5399,
        "parts": [],
    }
    generated = frozenset({"id"})

    id = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()
    capacity = serializers.IntegerField()
    floor = serializers.IntegerField()
    equipment = EquipmentField()
    is_active = serializers.BooleanField()
    auto_approve = serializers.BooleanField()
    type = serializers.CharField()
    building = serializers.CharField()
    link = serializers.CharField()
    latitude = serializers.FloatField(allow_null=True)
    longitude = serializers.FloatField(allow_null=True)
    parts = PartsField()

    def represent(self, instance: Classroom) -> dict[str, Any]:
        return {name: getattr(instance, name) for name in VIEW}


class ClassroomList(Shape):
    results = ClassroomOutput(many=True)


class SlotQuery(Query):
    """A wanted date and span, under the same rules as a booking."""

    example = {"date": day_ahead, "start_time": "10:00", "end_time": "12:00"}

    date = DateField()
    start_time = TimeField()
    end_time = EndTimeField()

    def cross_check(self, values: Mapping[str, Any]) -> Faults:
        return slot_faults(
            now=self.context["now"],
            day=values.get("date"),
            start_minute=values.get("start_time"),
            end_minute=values.get("end_time"),
        )


class ClosureInput(Input):
    example = {"starts_at": hour_ahead(8), "ends_at": hour_ahead(18), "reason": "New projectors", "on_conflict": "fail"}

    starts_at = TimestampField()
    ends_at = TimestampField()
    reason = TextField(max_length=MAX_REASON, required=False)
    on_conflict = ChoiceField(choices=["fail", "cancel"], default="fail")

    def cross_check(self, values: Mapping[str, Any]) -> Faults:
        starts_at, ends_at = values.get("starts_at"), values.get("ends_at")
        return closure_faults(starts_at, ends_at) if starts_at and ends_at else {}


class CampusClosureInput(ClosureInput):
    example = {**ClosureInput.example, "classrooms": ["101", "102"]}

    classrooms = ClassroomsField()


class ClosureOutput(Output):
    example = {"id": 120, "starts_at": hour_ahead(8), "ends_at": hour_ahead(18), "reason": "New projectors"}
    generated = frozenset({"id"})

    id = serializers.IntegerField(allow_null=True)
    starts_at = TimestampField()
    ends_at = TimestampField()
    reason = serializers.CharField(allow_null=True)

    def represent(self, instance: Closure) -> dict[str, Any]:
        return {
            "id": instance.pk,
            "starts_at": format_instant(instance.occupancy.starts_at),
            "ends_at": format_instant(instance.occupancy.ends_at),
            "reason": instance.reason,
        }


class PublicClosureOutput(ClosureOutput):
    """For anonymous readers: `reason` is null, like the agenda's `description`."""

    def represent(self, instance: Closure) -> dict[str, Any]:
        return {**super().represent(instance), "reason": None}


class ClosureList(Shape):
    results = ClosureOutput(many=True)

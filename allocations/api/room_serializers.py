"""The wire format of what an allocation event means for one room: its entries there, and the dates that are taken."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from allocations.models import AllocationEvent, AllocationRegistration
from allocations.rules import MAX_TARGET_DAYS
from classrooms.api.fields import ClassroomField
from classrooms.rules import time_faults
from kernel.api.examples import days_on
from kernel.api.fields import DateField, EndTimeField, TimeField
from kernel.api.serializers import Output, Query, Shape
from kernel.campus_time import MINUTES_PER_DAY, format_minute
from kernel.dates import days_faults, year_faults
from kernel.errors import Faults


class RoomQuery(Query):
    """`…/room-agenda/`."""

    example = {"classroom": "Room A"}

    classroom = ClassroomField()


class UnavailableDatesQuery(RoomQuery):
    """`…/unavailable-dates/`: without bounds the event's target range; the given range is not clipped to it."""

    start_date = DateField(required=False)
    end_date = DateField(required=False)
    start_time = TimeField(default=0)
    end_time = EndTimeField(default=MINUTES_PER_DAY)

    def cross_check(self, values: Mapping[str, Any]) -> Faults:
        event: AllocationEvent = self.context["event"]
        first = values.get("start_date", event.target_starts_on)
        last = values.get("end_date", event.target_ends_on)
        days = {name: values[name] for name in ("start_date", "end_date") if name in values}
        faults = year_faults(days) or days_faults(first, last, most_days=MAX_TARGET_DAYS)
        return faults | time_faults(values.get("start_time", 0), values.get("end_time", MINUTES_PER_DAY))


class UnavailableDatesOutput(Shape):
    example = {"classroom": "Room A", "unavailable_dates": [days_on(7)]}

    classroom = serializers.CharField()
    unavailable_dates = serializers.ListField(child=DateField())


class AgendaEntryOutput(Output):
    """One row of `…/room-agenda/`."""

    example = {
        "id": 200,
        "is_pending": True,
        "start_time": "09:10",
        "end_time": "10:20",
        "day_of_week": 3,
        "reserved_by": "John Doe",
        "reserved_group": "522",
        "description": "Research project meetings",
    }

    id = serializers.IntegerField()
    is_pending = serializers.BooleanField()
    start_time = TimeField()
    end_time = EndTimeField()
    day_of_week = serializers.IntegerField()
    reserved_by = serializers.CharField()
    reserved_group = serializers.CharField()
    description = serializers.CharField()

    def represent(self, instance: AllocationRegistration) -> dict[str, Any]:
        return {
            "id": instance.pk,
            "is_pending": instance.is_pending,
            "start_time": format_minute(instance.start_minute),
            "end_time": format_minute(instance.end_minute),
            "day_of_week": instance.day_of_week,
            "reserved_by": instance.created_by.display_name,
            "reserved_group": instance.group.name,
            "description": instance.description,
        }


class RoomAgendaOutput(Shape):
    example = {"classroom": "Room A"}

    classroom = serializers.CharField()
    registrations = AgendaEntryOutput(many=True)

"""The wire format of availability and of the search for free rooms."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from classrooms.api.filters import ClassroomFilter
from classrooms.api.serializers import ClassroomOutput, SlotQuery
from classrooms.enums import OccupancyKind, Why
from classrooms.models import Classroom
from kernel.api.fields import DateField, EndTimeField, QueryBooleanField, QueryIntegerField, TimeField
from kernel.api.filters import list_faults
from kernel.api.serializers import Shape
from kernel.errors import Faults

MAX_WEEKLY_DAYS = 366
ONE_OF_TWO = "Cannot stand beside group_id"


class BookerQuery(SlotQuery):
    """A slot, and for whom it is looked for, if that is said: for a group, or for the caller alone."""

    may_forbid = True

    group_id = QueryIntegerField(min_value=1, required=False)
    individual = QueryBooleanField(default=False)
    attendees = QueryIntegerField(min_value=1, required=False)

    def cross_check(self, values: Mapping[str, Any]) -> Faults:
        faults = dict(super().cross_check(values))
        if values.get("individual") and "group_id" in values:
            faults["individual"] = [ONE_OF_TWO]
        return faults


class AvailabilityQuery(BookerQuery):
    """`GET /classrooms/{name}/availability/`."""


class FreeQuery(BookerQuery):
    """`GET /classrooms/free/`: the slot, or every week of it until a date. Beside it stand the filters of rooms."""

    example = {**SlotQuery.example, "attendees": 25}

    weekly_until = DateField(required=False)
    suggest = QueryBooleanField(default=False)
    explain = QueryBooleanField(default=False)

    def cross_check(self, values: Mapping[str, Any]) -> Faults:
        faults = dict(super().cross_check(values))
        day, until = values.get("date"), values.get("weekly_until")
        if day and until and not 0 <= (until - day).days <= MAX_WEEKLY_DAYS:
            faults["weekly_until"] = [f"Must be on or after the date, at most {MAX_WEEKLY_DAYS} days later"]
        return faults

    def further_faults(self, values: Mapping[str, Any]) -> Faults:
        return list_faults(ClassroomFilter(data=self.initial_data, queryset=Classroom.objects.none()))


class ConflictOutput(Shape):
    example = {"id": 100, "start_time": "09:00", "end_time": "11:00"}

    id = serializers.IntegerField()
    start_time = TimeField()
    end_time = EndTimeField()
    kind = serializers.ChoiceField(
        choices=[kind for kind in OccupancyKind.choices if kind[0] != OccupancyKind.PART], required=False
    )
    via = serializers.CharField(required=False)


class MetRuleOutput(Shape):
    """A booking rule that the wish breaks, as refusals name it; the numbers where it counts something."""

    example = {
        "rule_id": 7,
        "type": "no_booking",
        "effect": "refuse",
        "sentence": "No bookings of Room A",
    }

    rule_id = serializers.IntegerField()
    type = serializers.CharField()
    effect = serializers.CharField()
    sentence = serializers.CharField()
    limit = serializers.IntegerField(required=False)
    used = serializers.IntegerField(required=False)
    wanted = serializers.IntegerField(required=False)


class AvailabilityOutput(Shape):
    example = {"classroom": "Room A", **SlotQuery.example, "is_available": False}

    classroom = serializers.CharField()
    date = DateField()
    start_time = TimeField()
    end_time = EndTimeField()
    is_available = serializers.BooleanField()
    conflicts = ConflictOutput(many=True)
    reason = serializers.CharField(required=False)
    rules = MetRuleOutput(many=True, required=False)


class SuggestionOutput(Shape):
    classroom = serializers.CharField()
    date = DateField()
    start_time = TimeField()
    end_time = EndTimeField()
    clashes = serializers.IntegerField()


class UnavailableOutput(Shape):
    """A room that cannot be had."""

    example = {"classroom": "Room B", "why": "booked", "sentence": "Taken on 2026-02-01 from 09:00 to 11:00"}

    classroom = serializers.CharField()
    why = serializers.ChoiceField(choices=Why.choices)
    sentence = serializers.CharField()


class FreeOutput(Shape):
    results = ClassroomOutput(many=True)
    suggestions = SuggestionOutput(many=True, required=False)
    reason = serializers.CharField(required=False)
    unavailable = UnavailableOutput(many=True, required=False)
    unavailable_count = serializers.IntegerField(required=False)

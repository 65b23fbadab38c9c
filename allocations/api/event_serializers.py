"""The wire format of allocation events: documented names outside, ours inside."""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from allocations.enums import Balance, EventStatus, OnConflict, Tie
from allocations.models import AllocationEvent
from allocations.queries.manifest import weights_of
from allocations.rules import (
    ALGORITHM,
    MAX_LIMIT,
    MAX_PUBLIC_SOURCE,
    MAX_WEIGHT,
    event_faults,
)
from kernel.api.examples import days_on, hour_ahead, moment_ago
from kernel.api.fields import (
    BooleanField,
    ChoiceField,
    DateField,
    IntegerField,
    NameField,
    TimestampField,
)
from kernel.api.serializers import NOT_AN_OBJECT, Input, Output, Shape
from kernel.campus_time import MINUTES_PER_DAY, format_instant
from kernel.errors import Faults

GROUP_ID = re.compile(r"[1-9][0-9]{0,17}")
WEIGHTS_SCHEMA = {
    "type": "object",
    "additionalProperties": {"type": "integer", "minimum": 1, "maximum": MAX_WEIGHT},
    "example": {"2": 2},
}


class EventChangeInput(Input):
    """`PUT /allocation-events/{id}/`: what is absent stays as it is, and only the lock shows what it is."""

    example = {"target_end_date": days_on(126)}

    registration_start = TimestampField()
    registration_end = TimestampField()
    target_start_date = DateField(source="target_starts_on")
    target_end_date = DateField(source="target_ends_on")
    balance = ChoiceField(choices=Balance.choices, required=False)
    conflict = ChoiceField(choices=OnConflict.choices, required=False)
    tie = ChoiceField(choices=Tie.choices, required=False)
    min_percent = IntegerField(min_value=1, max_value=100, required=False)
    max_wins_per_group = IntegerField(min_value=1, max_value=MAX_LIMIT, allow_null=True, required=False)
    max_entries_per_group = IntegerField(min_value=1, max_value=MAX_LIMIT, allow_null=True, required=False)
    max_minutes_per_entry = IntegerField(min_value=1, max_value=MINUTES_PER_DAY, allow_null=True, required=False)
    hold_singles = BooleanField(required=False)
    public_source = NameField(max_length=MAX_PUBLIC_SOURCE, allow_blank=True, required=False)


class EventInput(EventChangeInput):
    """`POST /allocation-events/`."""

    example = {
        "registration_start": moment_ago,
        "registration_end": hour_ahead(12),
        "target_start_date": days_on(7),
        "target_end_date": days_on(118),
        "max_entries_per_group": 5,
    }

    def cross_check(self, values: Mapping[str, Any]) -> Faults:
        return event_faults(
            registration_start=values.get("registration_start"),
            registration_end=values.get("registration_end"),
            target_starts_on=values.get("target_starts_on"),
            target_ends_on=values.get("target_ends_on"),
        )


@extend_schema_field(WEIGHTS_SCHEMA)
class WeightsField(serializers.Field[Mapping[int, int], Any, dict[str, int], Any]):
    """{group id: weight}, the ids as strings."""

    def to_representation(self, value: Mapping[int, int]) -> dict[str, int]:
        return {str(group): weight for group, weight in value.items()}


class WeightsInput(Input):
    """`PUT /allocation-events/{id}/weights/`: the body itself is {group id: 1…8}."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, Mapping):
            raise ValidationError({"non_field_errors": [NOT_AN_OBJECT]})
        weight = IntegerField(min_value=1, max_value=MAX_WEIGHT)
        faults: dict[str, Any] = {}
        weights: dict[int, int] = {}
        for key, value in data.items():
            if not GROUP_ID.fullmatch(key):
                faults[key] = ["The id of a group is required"]
                continue
            try:
                weights[int(key)] = weight.run_validation(value)
            except ValidationError as error:
                faults[key] = error.detail
        if faults:
            raise ValidationError(faults)
        return {"weights": weights}


class ListedEventOutput(Output):
    """One row of `GET /allocation-events/`."""

    example = {
        "id": 1,
        "status": "open",
        "registration_start": moment_ago,
        "registration_end": hour_ahead(12),
    }
    generated = frozenset({"id"})

    id = serializers.IntegerField(allow_null=True)
    status = serializers.ChoiceField(choices=EventStatus.choices)
    registration_start = TimestampField()
    registration_end = TimestampField()

    def represent(self, instance: AllocationEvent) -> dict[str, Any]:
        return {
            "id": instance.pk,
            "status": instance.status,
            "registration_start": format_instant(instance.registration_start),
            "registration_end": format_instant(instance.registration_end),
        }


class DrawSummary(Shape):
    """What is public about the draw at any time. `seed` is null until the event is distributed or cancelled."""

    example = {
        "algorithm": ALGORITHM,
        "commitment": sha256(bytes(32)).hexdigest(),
        "seed": None,
        "public_source": None,
        "manifest_sha256": None,
        "distributed_at": None,
    }
    generated = frozenset({"commitment"})

    algorithm = serializers.CharField()
    commitment = serializers.CharField(allow_null=True)
    seed = serializers.CharField(allow_null=True)
    public_source = serializers.CharField(allow_null=True)
    manifest_sha256 = serializers.CharField(allow_null=True)
    distributed_at = TimestampField(allow_null=True)


class EventOutput(ListedEventOutput):
    """One event, in full."""

    example = {
        **ListedEventOutput.example,
        "target_start_date": days_on(7),
        "target_end_date": days_on(118),
        "balance": "minutes",
        "conflict": "skip",
        "tie": "ticket",
        "min_percent": 50,
        "max_wins_per_group": None,
        "max_entries_per_group": None,
        "max_minutes_per_entry": None,
        "hold_singles": False,
        "weights": {},
    }

    target_start_date = DateField()
    target_end_date = DateField()
    balance = serializers.ChoiceField(choices=Balance.choices)
    conflict = serializers.ChoiceField(choices=OnConflict.choices)
    tie = serializers.ChoiceField(choices=Tie.choices)
    min_percent = serializers.IntegerField()
    max_wins_per_group = serializers.IntegerField(allow_null=True)
    max_entries_per_group = serializers.IntegerField(allow_null=True)
    max_minutes_per_entry = serializers.IntegerField(allow_null=True)
    hold_singles = serializers.BooleanField()
    weights = WeightsField()
    draw = DrawSummary()

    def represent(self, instance: AllocationEvent) -> dict[str, Any]:
        return {
            **super().represent(instance),
            "target_start_date": instance.target_starts_on.isoformat(),
            "target_end_date": instance.target_ends_on.isoformat(),
            "balance": instance.balance,
            "conflict": instance.conflict,
            "tie": instance.tie,
            "min_percent": instance.min_percent,
            "max_wins_per_group": instance.max_wins_per_group,
            "max_entries_per_group": instance.max_entries_per_group,
            "max_minutes_per_entry": instance.max_minutes_per_entry,
            "hold_singles": instance.hold_singles,
            "weights": {str(group): weight for group, weight in weights_of(instance).items()},
            "draw": _draw_summary(instance),
        }


class EventList(Shape):
    results = ListedEventOutput(many=True)


def _draw_summary(event: AllocationEvent) -> dict[str, Any]:
    draw = getattr(event, "draw", None) if event.status == EventStatus.DISTRIBUTED else None
    seed = draw.seed if draw else event.secret.seed if event.status == EventStatus.CANCELLED else None
    return {
        "algorithm": ALGORITHM,
        "commitment": event.commitment,
        "seed": bytes(seed).hex() if seed is not None else None,
        "public_source": event.public_source or None,
        "manifest_sha256": draw.manifest_sha256 if draw else event.frozen_manifest_sha256 or None,
        "distributed_at": format_instant(draw.created_at) if draw else None,
    }

"""The wire format of quotas."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kernel.api.examples import this_moment
from kernel.api.fields import DateField, TimestampField
from kernel.api.serializers import Output, Query, Shape
from kernel.campus_time import format_instant
from kernel.dates import year_faults
from kernel.errors import Faults
from policies.api.serializers import PartField
from policies.enums import QuotaUnit


class QuotaQuery(Query):
    date = DateField(required=False)

    def cross_check(self, values: Mapping[str, Any]) -> Faults:
        return year_faults({"date": values.get("date")})


@extend_schema_field({"oneOf": [{"type": "string"}, {"type": "object", "additionalProperties": {"type": "integer"}}]})
class PeriodField(PartField):
    """A word ("week"), or {"days": 14}."""


class QuotaOutput(Output):
    example = {
        "rule_id": 7,
        "sentence": "At most 12 hours a week for each group",
        "per": "week",
        "unit": "minutes",
        "limit": 720,
        "used": 120,
        "left": 600,
        "from": this_moment,
        "until": this_moment,
    }

    rule_id = serializers.IntegerField()
    sentence = serializers.CharField()
    per = PeriodField()
    unit = serializers.ChoiceField(choices=QuotaUnit.choices)
    limit = serializers.IntegerField()
    used = serializers.IntegerField()
    left = serializers.IntegerField()
    until = TimestampField(allow_null=True)

    def get_fields(self) -> dict[str, Any]:
        """`from` is a word of Python."""
        fields = super().get_fields()
        until = fields.pop("until")
        return {**fields, "from": TimestampField(allow_null=True), "until": until}

    def represent(self, instance: Mapping[str, Any]) -> dict[str, Any]:
        ends = {name: instance[name] and format_instant(instance[name]) for name in ("from", "until")}
        return {**instance, **ends}


class QuotaList(Shape):
    results = QuotaOutput(many=True)

"""The wire format of booking rules."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kernel.api.fields import BooleanField, ChoiceField, NameField, QueryBooleanField
from kernel.api.serializers import Input, Output, Query, Shape
from kernel.errors import Faults, Invalid
from policies.enums import Effect
from policies.queries.rulebook import NamedRule
from policies.rules.reading import MAX_NAME
from policies.services.booking_rules import read_rule, shown_rule

EXAMPLE = {
    "name": "Twelve hours a week",
    "is_active": True,
    "effect": "refuse",
    "who": {"kind": "everybody"},
    "where": {"kind": "everywhere"},
    "during": {"period": "term"},
    "at": {"weekdays": [2, 3, 4, 5, 6], "from": "18:00", "until": "23:00"},
    "limit": {"type": "quota", "minutes": 720, "per": "week", "counts": "takes_place_in", "of": "group"},
}
SENTENCE = "At most 12 hours a week for each group, in term time, on Mon–Fri 18:00–23:00"


@extend_schema_field(OpenApiTypes.OBJECT)
class PartField(serializers.Field[Any, Any, Any, Any]):
    """A part of a rule, which is read with the others (`read_rule`)."""

    def to_internal_value(self, data: Any) -> Any:
        return data

    def to_representation(self, value: Any) -> Any:
        return value


class BookingRuleInput(Input):
    """A rule, whole: a PUT says all of it again."""

    example = EXAMPLE

    name = NameField(max_length=MAX_NAME)
    is_active = BooleanField(required=False)
    effect = ChoiceField(choices=Effect.choices, required=False)
    who = PartField()
    where = PartField()
    during = PartField(required=False, allow_null=True)
    at = PartField(required=False, allow_null=True)
    limit = PartField()

    def further_faults(self, values: Mapping[str, Any]) -> Faults:
        try:
            read_rule(self.initial_data)
        except Invalid as error:
            return {name: found for name, found in error.details.items() if name.split(".")[0] in values}
        return {}


class BookingRuleOutput(Output):
    example = {"id": 7, "sentence": SENTENCE, **EXAMPLE}
    generated = frozenset({"id"})

    id = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()
    sentence = serializers.CharField()
    is_active = serializers.BooleanField()
    effect = serializers.ChoiceField(choices=Effect.choices)
    who = PartField()
    where = PartField()
    during = PartField(allow_null=True)
    at = PartField(allow_null=True)
    limit = PartField()

    def represent(self, instance: NamedRule) -> dict[str, Any]:
        shown = shown_rule(instance)
        return {"id": instance.rule.id, "name": shown.pop("name"), "sentence": instance.rule.sentence, **shown}


class BookingRuleList(Shape):
    results = BookingRuleOutput(many=True)


class BookingRulesQuery(Query):
    all = QueryBooleanField(required=False)

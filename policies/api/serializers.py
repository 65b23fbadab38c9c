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
from policies.services.booking_rules import read_rule, shown_rule, unknown_faults

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
    """A rule. What a PUT does not say stays as it is; a part that it says, it says whole."""

    example = EXAMPLE

    name = NameField(max_length=MAX_NAME)
    is_active = BooleanField(required=False)
    effect = ChoiceField(choices=Effect.choices, required=False)
    who = PartField()
    where = PartField()
    during = PartField(required=False, allow_null=True)
    at = PartField(required=False, allow_null=True)
    limit = PartField()

    def cross_check(self, values: Mapping[str, Any]) -> Faults:
        """What is wrong with the parts, and with the rule that they make, beside the fields that are malformed."""
        malformed = {
            name
            for name, field in self.fields.items()
            if name not in values and (name in self.initial_data or (field.required and not self.partial))
        }
        try:
            read_rule(self._whole)
        except Invalid as error:
            return {name: faults for name, faults in error.details.items() if name.split(".")[0] not in malformed}
        return {}

    def further_faults(self, values: Mapping[str, Any]) -> Faults:
        return unknown_faults(self._whole)

    @property
    def _whole(self) -> Mapping[str, Any]:
        """What the body says, and of a rule that it changes the rest (`present` in the context)."""
        return {**self.context.get("present", {}), **self.initial_data}


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
        rule = shown_rule(instance)
        return {"id": instance.rule.id, "name": rule.pop("name"), "sentence": instance.rule.sentence, **rule}


class BookingRuleList(Shape):
    results = BookingRuleOutput(many=True)


class BookingRulesQuery(Query):
    """All of them are cspace's to see."""

    may_forbid = True

    all = QueryBooleanField(required=False)

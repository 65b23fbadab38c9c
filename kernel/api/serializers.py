"""The two kinds of serializer: what comes in (strict, all faults at once) and what goes out."""

import threading
from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import Model
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.fields import SkipField

from kernel.errors import Faults

READ = ("initial_data", "_context", "_validated_data", "_errors")
"""What an instance knows of what it has read."""
_threads = threading.local()
NOT_AN_OBJECT = "A JSON object is required"
NOT_A_KEY = "There is no such key"
MOST_OF_A_NAME = 100
"""Characters of a key that nobody knows."""


class Input(serializers.Serializer[Any]):
    """A request body. Unknown keys are ignored; every fault is reported, not only the first kind.

    `cross_check` sees the fields that are well-formed, even while others are not, so that
    "start before end" and "unknown classroom" arrive in one answer.
    """

    example: ClassVar[Mapping[str, Any]] = {}
    """For the published schema: see `kernel.api.examples`."""
    refuses_unknown: ClassVar[bool] = False
    """Whether a key that is none of the fields is a fault, not passed over."""

    @classmethod
    def read(cls, data: Any, context: Mapping[str, Any], *, partial: bool = False) -> tuple[dict[str, Any], Any]:
        """(What the data says, the faults by field). One of the two is empty.

        By an instance that this thread keeps: to copy and bind the declared fields costs more than to read a plain body
        with them. It forgets what it has read.
        """
        store: dict[tuple[type[Input], bool], Input] = vars(_threads).setdefault("inputs", {})
        # Taken out, not only looked up: a body that is read while another one of its kind is needs an instance too.
        instance = store.pop((cls, partial), None) or cls(partial=partial)
        instance.initial_data, instance._context = data, context
        try:
            is_valid = instance.is_valid()
            return (dict(instance.validated_data), {}) if is_valid else ({}, dict(instance.errors))
        finally:
            for name in READ:
                vars(instance).pop(name, None)
            store[cls, partial] = instance

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, Mapping):
            raise ValidationError({"non_field_errors": [NOT_AN_OBJECT]})
        values: dict[str, Any] = {}
        faults: dict[str, list[Any]] = {}
        for field in self._writable_fields:
            try:
                values[str(field.source)] = field.run_validation(field.get_value(data))
            except ValidationError as error:
                faults |= _faults_by_name(str(field.field_name), error.detail)
            except SkipField:
                pass
        if self.refuses_unknown:
            _add(faults, {name[:MOST_OF_A_NAME]: [NOT_A_KEY] for name in data if name not in self.fields})
        _add(faults, self.cross_check(values))
        if faults:
            _add(faults, self.further_faults(values))
            raise ValidationError(faults)
        return values

    def cross_check(self, values: Mapping[str, Any]) -> Faults:
        """Faults of the well-formed values taken together, from the pure rules."""
        return {}

    def further_faults(self, values: Mapping[str, Any]) -> Faults:
        """Asked only when the answer is a refusal anyway: faults that otherwise the service finds on its way."""
        return {}


class Query(Input):
    """The query string of an operation. Absent and empty parameters are the same; a write refuses the empty ones
    (`kernel.api.query_strings`)."""

    may_forbid: ClassVar[bool] = False
    """Whether it can name what is not for everybody who may ask."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        return super().to_internal_value({name: value for name, value in data.items() if value != ""})


class Shape(serializers.Serializer[Any]):
    # What goes out, by its fields. No docstring: the published schema would show it with every shape that has none.

    example: ClassVar[Mapping[str, Any]] = {}
    """For the published schema: see `kernel.api.examples`."""
    generated: ClassVar[frozenset[str]] = frozenset()
    """The fields whose values come into being with the thing: null in a dry run that makes it."""
    perhaps_generated: ClassVar[Mapping[str, type[Model]]] = {}
    """{field: model}: ids of rows, some there before, some made on the way: null in a dry run where it made them."""


class Output(Shape):
    """A representation: the fields say the shape (they are the published schema), `represent` fills it.

    Plain dictionaries, because building a field-by-field serializer for 600 rows costs more than the query.
    """

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return self.represent(instance)

    def represent(self, instance: Any) -> dict[str, Any]:
        """The documented keys, in the documented order."""
        raise NotImplementedError


class Page(Shape):
    """What stands around the rows of a list that is always paged."""

    example = {"count": 1, "next": None, "previous": None}

    count = serializers.IntegerField()
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)


def _add(faults: dict[str, list[Any]], more: Faults) -> None:
    for name, sentences in more.items():
        faults.setdefault(name, []).extend(ErrorDetail(sentence, "invalid") for sentence in sentences)


def _faults_by_name(name: str, detail: Any) -> dict[str, list[Any]]:
    """The faults of a field by name; those of objects in a list are called `items.3.start_time`."""
    if isinstance(detail, list) and any(isinstance(part, Mapping) for part in detail):
        detail = {str(place): part for place, part in enumerate(detail) if part}
    if not isinstance(detail, Mapping):
        return {name: detail if isinstance(detail, list) else [detail]}
    faults: dict[str, list[Any]] = {}
    for inner, part in detail.items():
        faults |= _faults_by_name(name if inner == "non_field_errors" else f"{name}.{inner}", part)
    return faults

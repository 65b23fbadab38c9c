"""The published schema: every operation documents its refusals with the one envelope, and what writes accept."""

import re
from inspect import cleandoc
from typing import Any, Literal, cast

from django.conf import settings
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import force_instance
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer
from rest_framework import serializers

from kernel.api.examples import example_of
from kernel.api.filters import FilterSet
from kernel.api.operations import WRITES, Operation, operation_of
from kernel.api.pagination import DEFAULT_PER_PAGE, MAX_PER_PAGE
from kernel.api.permissions import PublicRead
from kernel.api.refusals import Endpoint, body_of, queries_of, refusals_for, statuses_of
from kernel.api.serializers import Query, Shape
from kernel.api.viewsets import ApiViewSet
from kernel.errors import ErrorCode

EXAMPLE = "DemoCampus"
CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")
PAGING = (
    ("page", {"type": "integer", "minimum": 1}),
    ("per_page", {"type": "integer", "minimum": 1, "maximum": MAX_PER_PAGE, "default": DEFAULT_PER_PAGE}),
)


class ErrorEnvelope(Shape):
    """Every answer that is not a success."""

    error = serializers.CharField()
    code = serializers.ChoiceField(choices=[(code.value, code.value) for code in ErrorCode])
    details = serializers.DictField(required=False)


class EnvelopeAutoSchema(AutoSchema):
    """Reads each operation's declaration, and adds what holds for all: refusals, paging, idempotency and dry runs."""

    @property
    def viewset(self) -> ApiViewSet:
        return cast(ApiViewSet, self.view)

    @property
    def operation(self) -> Operation:
        return operation_of(type(self.viewset), self.viewset.action)

    @property
    def endpoint(self) -> Endpoint:
        """The operation where it is served."""
        return Endpoint(
            operation=self.operation,
            method=self.method,
            path=self.path,
            action=self.viewset.action,
            noun=" ".join(self._noun()).capitalize(),
            methods={method.upper() for method in self.viewset.action_map},
            is_repeatable=self.viewset.repeatable,
            takes_keys=self.viewset.repeatable and self.viewset.takes_keys,
        )

    def get_operation_id(self) -> str:
        """`registration_approve`: the noun of the view and its action."""
        return "_".join([*self._noun(), self.viewset.action])

    def get_tags(self) -> list[str]:
        return [self.viewset.tag]

    def get_description(self) -> str:  # type: ignore[override]  # as drf-spectacular itself has it
        """Of the operation, else of its viewset, else of all."""
        return self.operation.description or cleandoc(type(self.viewset).__doc__ or ApiViewSet.__doc__ or "")

    def get_auth(self) -> list[Any]:
        """The bearer; where the campus opens its reads, nobody is somebody too."""
        if self.operation.auth is not None:
            return list(self.operation.auth)
        schemes: list[Any] = list(super().get_auth())
        is_open = self.operation.permission is PublicRead and settings.CSPACE_PUBLIC_READS
        return [*schemes, {}] if is_open else schemes

    def get_request_serializer(self) -> Any:
        """A PUT merges (contract §0): nothing in it is required."""
        kind = self.operation.request
        return kind(partial=True) if self.method == "PUT" and isinstance(kind, type) else kind

    def get_response_serializers(self) -> Any:
        return self.operation.responses

    def get_override_parameters(self) -> list[Any]:
        parameters: list[Any] = []
        for kind in self.operation.parameters:
            parameters += [kind] if issubclass(kind, Query) else _filter_parameters(kind)
        if self.endpoint.is_list:
            parameters += [_query(name, schema, "Asks for paging") for name, schema in PAGING]
        if self.method in WRITES and self.viewset.repeatable:
            parameters.append(_query("dry_run", {"type": "boolean"}, "Check everything, change nothing"))
            if self.method == "POST" and self.viewset.takes_keys:
                parameters.append(
                    OpenApiParameter(
                        "Idempotency-Key",
                        {"type": "string", "minLength": 1, "maxLength": 128, "pattern": r"^[ -~]*$"},
                        OpenApiParameter.HEADER,
                        description="The same key again gets the stored answer, for 24 hours",
                    )
                )
        return parameters

    def _noun(self) -> list[str]:
        """The words a viewset is called by: its name without `ViewSet`."""
        return CAPITAL.sub(" ", type(self.viewset).__name__.removesuffix("ViewSet")).lower().split()

    def _is_list_view(self, serializer: Any = None) -> bool:
        """Never: every list is declared with the object that stands around it."""
        return False

    def _get_parameters(self) -> list[Any]:
        """With an example where one is needed to try the operation out."""
        examples = dict(self.viewset.path_example)
        for query in queries_of(self.operation):
            examples |= example_of(query)
        parameters: list[Any] = super()._get_parameters()
        return [
            parameter | {"example": examples[parameter["name"]]} if parameter["name"] in examples else parameter
            for parameter in parameters
        ]

    def _get_examples(
        self, serializer: Any, direction: str, media_type: str, status_code: str | None = None, extras: Any = None
    ) -> dict[str, Any]:
        if isinstance(serializer, ErrorEnvelope):
            return {name: {"value": body} for name, body in refusals_for(str(status_code), self.endpoint).items()}
        body = body_of(self.operation)
        body_example = example_of(body) if body is not None else {}
        if isinstance(serializer, dict):  # a body that only a schema describes
            body_example = serializer.get("example", {})
        if direction == "request":
            return {EXAMPLE: {"value": body_example}}
        if isinstance(serializer, PolymorphicProxySerializer):
            serializer = force_instance(serializer.serializers[0])
        if not isinstance(serializer, serializers.Serializer):
            return {}  # nothing, or a document that is no JSON
        # What was asked for is what the answer shows.
        answer = example_of(serializer)
        values = body_example | dict(self.operation.outcome)
        return {EXAMPLE: {"value": answer | {name: values[name] for name in values if name in answer}}}

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for status in statuses_of(self.endpoint):
            if status not in bodies:
                bodies[status] = self._get_response_for_code(  # type: ignore[no-untyped-call]  # drf-spectacular's
                    ErrorEnvelope, status, direction=direction
                )
        return bodies


def _filter_parameters(kind: type[FilterSet]) -> list[OpenApiParameter]:
    return [_filter_parameter(name, item) for name, item in kind.base_filters.items()]


def _filter_parameter(name: str, item: Any) -> OpenApiParameter:
    choices = [value for value, _ in item.extra.get("choices") or []]
    kinds: dict[str, Any] = {
        "IdFilter": {"type": "integer", "minimum": 1},
        "NumberFilter": OpenApiTypes.INT,
        "DateFilter": OpenApiTypes.DATE,
    }
    return OpenApiParameter(name, kinds.get(type(item).__name__, OpenApiTypes.STR), enum=choices or None)


def _query(name: str, schema: dict[str, Any], description: str) -> OpenApiParameter:
    return OpenApiParameter(name, schema, OpenApiParameter.QUERY, description=description)

"""The published schema: every operation documents its refusals with the one envelope, and what writes accept."""

import re
from typing import Any, Literal, cast

from django.conf import settings
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import force_instance
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer
from rest_framework import serializers

from kernel.api.examples import example_of
from kernel.api.filters import FilterSet
from kernel.api.pagination import DEFAULT_PER_PAGE, MAX_PER_PAGE
from kernel.api.permissions import LoggedIn, PublicRead
from kernel.api.refusals import WITH_BODY, body_of, refusals_for
from kernel.api.serializers import Query
from kernel.errors import ErrorCode

EXAMPLE = "DemoCampus"
ROOM = "Room A"
COURSE = "CS-101"
CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class ErrorEnvelope(serializers.Serializer):  # type: ignore[type-arg]
    """Every answer that is not a success."""

    error = serializers.CharField()
    code = serializers.ChoiceField(choices=[(code.value, code.value) for code in ErrorCode])
    details = serializers.DictField(required=False)


class EnvelopeAutoSchema(AutoSchema):
    """Adds to each operation what holds for all: refusals, paging, idempotency and dry runs."""

    def get_override_parameters(self) -> list[Any]:
        parameters: list[Any] = list(super().get_override_parameters() or [])
        action = getattr(self.view, "action", "")
        if action == "list":
            parameters += [
                _query("page", {"type": "integer", "minimum": 1}, "Asks for paging"),
                _query(
                    "per_page",
                    {"type": "integer", "minimum": 1, "maximum": MAX_PER_PAGE, "default": DEFAULT_PER_PAGE},
                    "Asks for paging",
                ),
            ]
        if self.method in WRITES and getattr(self.view, "repeatable", False):
            parameters.append(_query("dry_run", {"type": "boolean"}, "Check everything, change nothing"))
            if self.method == "POST":
                parameters.append(
                    OpenApiParameter(
                        "Idempotency-Key",
                        {"type": "string", "minLength": 1, "maxLength": 128, "pattern": r"^[ -~]*$"},
                        OpenApiParameter.HEADER,
                        description="The same key again gets the stored answer, for 24 hours",
                    )
                )
        return parameters

    def get_operation_id(self) -> str:
        """`registration_approve`: the noun of the view and its action."""
        view: Any = self.view
        noun = CAPITAL.sub("_", type(view).__name__.removesuffix("ViewSet")).lower()
        return f"{noun}_{view.action}"

    def _is_list_view(self, serializer: Any = None) -> bool:
        """Never: every list is declared with the object that stands around it."""
        return False

    def get_auth(self) -> list[Any]:
        """The bearer; where the campus opens its reads, nobody is somebody too."""
        schemes: list[Any] = list(super().get_auth())
        is_open = self._permission() is PublicRead and settings.CSPACE_PUBLIC_READS
        return [*schemes, {}] if is_open else schemes

    def _get_parameters(self) -> list[Any]:
        """With an example where one is needed to try the operation out."""
        examples = {"name": ROOM, "code": COURSE}
        for asked in self.get_override_parameters():
            if isinstance(asked, type) and issubclass(asked, Query):
                examples |= example_of(asked())
        parameters: list[Any] = super()._get_parameters()
        return [
            parameter | {"example": examples[parameter["name"]]} if parameter["name"] in examples else parameter
            for parameter in parameters
        ]

    def _get_examples(
        self, serializer: Any, direction: str, media_type: str, status_code: str | None = None, extras: Any = None
    ) -> dict[str, Any]:
        if isinstance(serializer, ErrorEnvelope):
            return {name: {"value": body} for name, body in refusals_for(str(status_code), self).items()}
        body, view = body_of(self), cast(Any, self.view)
        sent = example_of(body) if body is not None else {}
        if isinstance(serializer, dict):  # a body that only a schema describes
            sent = serializer.get("example", {})
        if direction == "request":
            return {EXAMPLE: {"value": sent}}
        if isinstance(serializer, PolymorphicProxySerializer):
            serializer = force_instance(serializer.serializers[0])  # type: ignore[no-untyped-call]
        if not isinstance(serializer, serializers.Serializer):
            return {}  # nothing, or a document that is no JSON
        # What was asked for is what the answer shows.
        shown = example_of(serializer)
        told = sent | view.outcomes.get(view.action, {})
        return {EXAMPLE: {"value": shown | {name: told[name] for name in told if name in shown}}}

    def _get_request_for_media_type(self, serializer: Any, direction: str = "request") -> Any:
        """A PUT merges (contract §0): nothing in it is required."""
        if self.method == "PUT":
            serializer = force_instance(serializer)  # type: ignore[no-untyped-call]
            if isinstance(serializer, serializers.Serializer):
                serializer.partial = True
        return super()._get_request_for_media_type(serializer, direction)  # type: ignore[no-untyped-call]

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for status in self._refusals():
            if status not in bodies:
                bodies[status] = self._get_response_for_code(  # type: ignore[no-untyped-call]
                    ErrorEnvelope, status, direction=direction
                )
        return bodies

    def _refusals(self) -> list[str]:
        """The statuses this operation may refuse with."""
        view: Any = self.view
        statuses = ["400", "405", "406", "500", "503"]
        is_own_reading = self._permission() in (LoggedIn, PublicRead) and self.method == "GET" and not self._has_path()
        statuses += ["401"] if is_own_reading else ["401", "403"]
        statuses += ["404"] if self._has_path() or view.action == "list" or self.named_by_query() else []
        statuses += ["413", "415"] if self.method in WITH_BODY else []
        statuses += ["429"] if self.method in WRITES else []
        statuses += ["409"] if refusals_for("409", self) else []
        return sorted(set(statuses))

    def named_by_query(self) -> str | None:
        """What a question without an id in its path is about, if there may be none of it."""
        view: Any = self.view
        is_question = self.method == "GET" and view.action != "list" and not self._has_path()
        return view.resources.get(view.action) if is_question else None

    def _has_path(self) -> bool:
        return "{" in self.path

    def _permission(self) -> Any:
        view: Any = self.view
        return view.permissions.get(view.action)


def filter_parameters(kind: type[FilterSet]) -> list[OpenApiParameter]:
    """A list's filters, for `extend_schema(parameters=…)`."""
    return [_filter_parameter(name, item) for name, item in kind.base_filters.items()]


def _filter_parameter(name: str, item: Any) -> OpenApiParameter:
    choices = [value for value, _ in item.extra.get("choices") or []]
    kinds: dict[str, Any] = {"IdFilter": OpenApiTypes.INT, "DateFilter": OpenApiTypes.DATE}
    return OpenApiParameter(name, kinds.get(type(item).__name__, OpenApiTypes.STR), enum=choices or None)


def _query(name: str, schema: dict[str, Any], description: str) -> OpenApiParameter:
    return OpenApiParameter(name, schema, OpenApiParameter.QUERY, description=description)

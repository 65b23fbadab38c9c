"""Examples of every refusal, made from the errors themselves, so that schema and answers say the same."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework import exceptions, serializers

from kernel.api.errors import envelope_of
from kernel.api.parsers import PayloadTooLarge
from kernel.api.permissions import Anyone
from kernel.api.serializers import NOT_AN_OBJECT, Query
from kernel.errors import Invalid, NotAuthenticated, NotFound, PermissionDenied, RateLimited, Unavailable
from kernel.idempotency import IdempotencyKeyReused
from kernel.text import FORBIDDEN_TEXT_MESSAGE

WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
REQUEST_ID = "9f1c7a52e0b84d6fa3c5d2b18e47a690"
RESOURCES = {"{id}": None, "{event_id}": "Allocation event", "{name}": "Classroom", "{code}": "Course"}
"""What a part of a path names, the most particular first; None: what the view is about."""


class InternalError(Exception):
    """Stands for whatever goes wrong on our side."""


def refusals_for(status: str, operation: AutoSchema) -> dict[str, dict[str, Any]]:
    """{name of the error: envelope}: what this operation may refuse with under `status`."""
    return {type(error).__name__: envelope_of(error, request_id=REQUEST_ID) for error in ERRORS[status](operation)}


def _invalid(operation: AutoSchema) -> Iterable[Exception]:
    """A fault anybody can provoke: something missing, or nonsense where the operation takes anything at all."""
    view: Any = operation.view
    body, queries = body_of(operation), [kind() for kind in _declared(operation) if _is_query(kind)]
    required = [name for asked in queries for name, field in asked.fields.items() if field.required]
    if body is not None:
        required = [name for name, field in body.fields.items() if field.required and operation.method == "POST"]
        faults = {name: ["This field is required."] for name in required} or {"non_field_errors": [NOT_AN_OBJECT]}
    elif required:
        faults = {name: ["This field is required."] for name in required}
    elif view.action == "list" and not queries:
        faults = {"page": ["Must be 1 or more"]}
    elif operation.method != "GET" and view.repeatable:
        faults = {"dry_run": ["Must be true or false"]}
    else:
        faults = {"non_field_errors": [FORBIDDEN_TEXT_MESSAGE]}
    return [Invalid(faults)]


def _not_authenticated(operation: AutoSchema) -> Iterable[Exception]:
    view: Any = operation.view
    is_login = view.permissions.get(view.action) is Anyone and body_of(operation) is not None
    return [NotAuthenticated("invalid_credentials" if is_login else "missing")]


def _not_found(operation: AutoSchema) -> Iterable[Exception]:
    view: Any = operation.view
    noun = operation.get_operation_id().removesuffix(f"_{view.action}").replace("_", " ").capitalize()
    for part, resource in RESOURCES.items():
        if part in operation.path:
            return [NotFound(resource or view.resources.get(view.action, noun))]
    return [NotFound(cast(Any, operation).named_by_query() or "Page")]


def _not_allowed(operation: AutoSchema) -> Iterable[Exception]:
    view: Any = operation.view
    unused = next(method for method in ("DELETE", "PUT", "PATCH", "POST") if method.lower() not in view.action_map)
    return [exceptions.MethodNotAllowed(unused)]


def _conflicts(operation: AutoSchema) -> Iterable[Exception]:
    view: Any = operation.view
    errors = [make() for make in view.conflicts.get(view.action, ())]
    return [*errors, IdempotencyKeyReused()] if operation.method == "POST" and view.repeatable else errors


ERRORS: Mapping[str, Callable[[AutoSchema], Iterable[Exception]]] = {
    "400": _invalid,
    "401": _not_authenticated,
    "403": lambda operation: [PermissionDenied()],
    "404": _not_found,
    "405": _not_allowed,
    "406": lambda operation: [exceptions.NotAcceptable()],
    "409": _conflicts,
    "413": lambda operation: [PayloadTooLarge()],
    "415": lambda operation: [exceptions.UnsupportedMediaType("text/plain")],
    "429": lambda operation: [RateLimited(retry_after=1)],
    "500": lambda operation: [InternalError()],
    "503": lambda operation: [Unavailable()],
}


def body_of(operation: AutoSchema) -> serializers.Serializer[Any] | None:
    """The request body's serializer, of several the first; None where there is no body."""
    kind: Any = operation.get_request_serializer() if operation.method in WITH_BODY else None
    kind = kind.serializers[0] if isinstance(kind, PolymorphicProxySerializer) else kind
    return kind() if isinstance(kind, type) else None


def _declared(operation: AutoSchema) -> list[Any]:
    """The parameters an operation declares, `Query` classes among them."""
    return list(operation.get_override_parameters())


def _is_query(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Query)

"""Examples of every refusal, made from the errors themselves, so that schema and answers say the same."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework import exceptions

from kernel.api.errors import envelope_of
from kernel.api.operations import WRITES, Operation
from kernel.api.parsers import PayloadTooLarge
from kernel.api.permissions import Anyone, HoldsToken, LoggedIn, PublicRead
from kernel.api.serializers import NOT_AN_OBJECT, Input, Query
from kernel.errors import Invalid, NotAuthenticated, NotFound, PermissionDenied, RateLimited, Unavailable
from kernel.idempotency import IdempotencyKeyReused
from kernel.text import FORBIDDEN_TEXT_MESSAGE

WITH_BODY = WRITES - {"DELETE"}
REQUEST_ID = "9f1c7a52e0b84d6fa3c5d2b18e47a690"


class InternalError(Exception):
    """Stands for whatever goes wrong on our side."""


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """An operation where it is served."""

    operation: Operation
    method: str
    path: str
    action: str
    noun: str
    """Of the viewset: "Allocation event"."""
    methods: Collection[str]
    """All that its path takes."""
    is_repeatable: bool
    takes_keys: bool

    @property
    def has_path(self) -> bool:
        """Whether an id or a name stands in the path, which there may be none of."""
        return "{" in self.path

    @property
    def is_list(self) -> bool:
        return self.action == "list" or self.operation.is_paged

    @property
    def named_by_query(self) -> str | None:
        """What a question without an id in its path is about, if there may be none of it."""
        is_question = self.method == "GET" or self.operation.permission is HoldsToken
        if self.is_list or self.has_path or not is_question:
            return None
        return self.operation.resource


def statuses_of(endpoint: Endpoint) -> list[str]:
    """The statuses an operation may refuse with."""
    statuses = {"400", "401", "403", "405", "406", "429", "500", "503"}
    is_own_reading = endpoint.operation.permission in (LoggedIn, PublicRead) and endpoint.method == "GET"
    may_forbid = any(getattr(kind, "may_forbid", False) for kind in endpoint.operation.parameters)
    if is_own_reading and not endpoint.has_path and not may_forbid:
        statuses -= {"403"}
    if endpoint.operation.permission is HoldsToken:
        statuses -= {"401", "403"}
    if endpoint.has_path or endpoint.is_list or endpoint.named_by_query:
        statuses |= {"404"}
    if endpoint.method in WITH_BODY:
        statuses |= {"413", "415"}
    if refusals_for("409", endpoint):
        statuses |= {"409"}
    return sorted(statuses)


def refusals_for(status: str, endpoint: Endpoint) -> dict[str, dict[str, Any]]:
    """{name of the error: envelope}: what an operation may refuse with under `status`."""
    return {type(error).__name__: envelope_of(error, request_id=REQUEST_ID) for error in ERRORS[status](endpoint)}


def body_of(operation: Operation) -> Input | None:
    """The serializer of what is sent, of several the first; None for nothing and for what only a schema describes."""
    kind: Any = operation.request
    kind = kind.serializers[0] if isinstance(kind, PolymorphicProxySerializer) else kind
    return kind() if isinstance(kind, type) else None


def queries_of(operation: Operation) -> list[Query]:
    """The serializers of its query string."""
    return [kind() for kind in operation.parameters if issubclass(kind, Query)]


def _invalid(endpoint: Endpoint) -> Iterable[Exception]:
    """A fault anybody can provoke: something missing, or nonsense where the operation takes anything at all."""
    body, queries = body_of(endpoint.operation), queries_of(endpoint.operation)
    required = [name for query in queries for name, field in query.fields.items() if field.required]
    if body is not None:
        required = [name for name, field in body.fields.items() if field.required and endpoint.method == "POST"]
        faults = {name: ["This field is required."] for name in required} or {"non_field_errors": [NOT_AN_OBJECT]}
    elif required:
        faults = {name: ["This field is required."] for name in required}
    elif endpoint.is_list and not queries:
        faults = {"page": ["Must be 1 or more"]}
    elif endpoint.method != "GET" and endpoint.is_repeatable:
        faults = {"dry_run": ["Must be true or false"]}
    else:
        faults = {"non_field_errors": [FORBIDDEN_TEXT_MESSAGE]}
    return [Invalid(faults)]


def _not_authenticated(endpoint: Endpoint) -> Iterable[Exception]:
    is_login = endpoint.operation.permission is Anyone and body_of(endpoint.operation) is not None
    return [NotAuthenticated("invalid_credentials" if is_login else "missing")]


def _not_found(endpoint: Endpoint) -> Iterable[Exception]:
    if endpoint.has_path:
        return [NotFound(endpoint.operation.resource or endpoint.noun)]
    return [NotFound(endpoint.named_by_query or "Page")]


def _not_allowed(endpoint: Endpoint) -> Iterable[Exception]:
    unused = next(method for method in ("DELETE", "PUT", "PATCH", "POST") if method not in endpoint.methods)
    return [exceptions.MethodNotAllowed(unused)]


def _conflicts(endpoint: Endpoint) -> Iterable[Exception]:
    errors = [make() for make in endpoint.operation.conflicts]
    return [*errors, IdempotencyKeyReused()] if endpoint.method == "POST" and endpoint.takes_keys else errors


ERRORS: Mapping[str, Callable[[Endpoint], Iterable[Exception]]] = {
    "400": _invalid,
    "401": _not_authenticated,
    "403": lambda endpoint: [PermissionDenied()],
    "404": _not_found,
    "405": _not_allowed,
    "406": lambda endpoint: [exceptions.NotAcceptable()],
    "409": _conflicts,
    "413": lambda endpoint: [PayloadTooLarge()],
    "415": lambda endpoint: [exceptions.UnsupportedMediaType("text/plain")],
    "429": lambda endpoint: [RateLimited(retry_after=1)],
    "500": lambda endpoint: [InternalError()],
    "503": lambda endpoint: [Unavailable()],
}

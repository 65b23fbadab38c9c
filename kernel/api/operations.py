"""What an action of a viewset says of itself, once: permissions, published schema and refusals are read from here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from functools import partial, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from kernel.api.ahead import Questions
from kernel.api.filters import FilterSet
from kernel.api.permissions import Undeclared
from kernel.api.serializers import Input, Query, Shape
from kernel.errors import DomainError

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
"""The methods that change something."""

P = ParamSpec("P")
R = TypeVar("R")
Action = Callable[Concatenate[Any, Request, P], R]
"""A method of a viewset: the request and what stands in the path in, an answer out."""
Handler = Callable[[], Response]
"""An action with all it is called with."""

RequestBody = type[Input] | PolymorphicProxySerializer | Mapping[str, Mapping[str, Any]] | None
"""An input, one of several, {media type: schema}, or nothing."""
Answer = type[Shape] | PolymorphicProxySerializer | None
"""A shape, one of several, or nothing."""


@dataclass(frozen=True)
class Operation:
    """Declares one action of an `ApiViewSet` and has it carried out as all are: `@Operation(LoggedIn, responses=…)`."""

    permission: type[BasePermission]
    _: KW_ONLY
    request: RequestBody = None
    responses: Answer | Mapping[int, Answer] | Mapping[tuple[int, str], Any] = None
    """The answer to a success, {status: answer}, or {(status, media type): its schema}."""
    parameters: Sequence[type[Query] | type[FilterSet]] = ()
    """What may stand in the query string, beside what may stand in all."""
    conflicts: Sequence[Callable[[], DomainError]] = ()
    """What makes each 409 it may refuse with."""
    resource: str | None = None
    """What the last id or name of its path (without one: its query) names, where that is not the viewset's noun."""
    outcome: Mapping[str, Any] = field(default_factory=dict)
    """What it makes of the usual example of its answer."""
    reveals: tuple[str, str] | None = None
    """(object, field) of its answer that is secret until it is carried out, hence null in a dry run."""
    description: str = ""
    is_paged: bool = False
    """Whether its rows may be asked for by page, although its action is not called `list`."""
    ahead: Questions | None = None
    """What it is sure to ask, given the view and the path (`kernel.api.ahead`)."""
    auth: Sequence[Mapping[str, Sequence[str]]] | None = None
    """The security schemes that open it, where that is not the bearer."""

    def shapes(self, status: int) -> Sequence[type[Shape]]:
        """What an answer of this status may look like."""
        answer: Any = self.responses.get(status) if isinstance(self.responses, dict) else self.responses
        if answer is None:
            return []
        return list(answer.serializers) if isinstance(answer, PolymorphicProxySerializer) else [answer]

    def __call__(self, action: Action[P, R]) -> Action[P, R]:
        @wraps(action)
        def perform(view: Any, request: Request, /, *args: P.args, **kwargs: P.kwargs) -> R:
            answer: R = view.perform(self, partial(action, view, request, *args, **kwargs))
            return answer

        vars(perform)["operation"] = self
        return perform


UNDECLARED = Operation(Undeclared)


def operation_of(viewset: type, action: str | None) -> Operation:
    """How a viewset declares an action; `UNDECLARED`, which is open to nobody, where it does not."""
    declared: Operation = getattr(getattr(viewset, action or "", None), "operation", UNDECLARED)
    return declared

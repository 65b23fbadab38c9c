"""What goes wrong is `{"detail": …}` on this wire: a text or, of values that cannot be taken, all that is wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from kernel.api.errors import Refusal
from kernel.errors import DomainError, ErrorCode

WORDS: Mapping[int, str] = {
    HTTPStatus.UNAUTHORIZED: "Unauthorized",
    HTTPStatus.FORBIDDEN: "Forbidden",
    HTTPStatus.NOT_FOUND: "Not Found",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Internal Server Error",
}
"""By status: that is all that is said."""
BODY, QUERY = "body", "query"


class NotAnObject(DomainError):
    """The body is no JSON, or no object of it: 400."""

    code = ErrorCode.VALIDATION_ERROR


@dataclass(frozen=True)
class ValueFault:
    """What is wrong with one value. `type`: in the words of pydantic, such as `missing` or `datetime_parsing`."""

    type: str
    place: tuple[str, ...]
    """`body` or `query`, and the name of the field."""
    sentence: str

    @property
    def item(self) -> dict[str, Any]:
        return {"type": self.type, "loc": list(self.place), "msg": self.sentence}


class WrongValues(Exception):
    """Values that cannot be taken: 422."""

    def __init__(self, faults: Sequence[ValueFault]) -> None:
        super().__init__("; ".join(f"{'.'.join(fault.place)}: {fault.type}" for fault in faults))
        self.faults = faults

    @property
    def body(self) -> dict[str, Any]:
        return {"detail": [fault.item for fault in self.faults]}


def envelope(refusal: Refusal) -> tuple[int, dict[str, str]]:
    """`{"detail": "<text>"}`. What is wrong with a request as a whole stands among the details of CSpace's."""
    sentences = refusal.details.get("non_field_errors")
    return refusal.status, {"detail": WORDS.get(refusal.status) or (sentences[0] if sentences else refusal.error)}

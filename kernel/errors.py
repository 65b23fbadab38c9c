"""Errors are values: a code, a sentence the caller can act on, and details.

Services raise them, `kernel.api.errors` turns each into the documented envelope, once.
A domain module subclasses the kind it needs and names the broken rule (`RoomAlreadyBooked`).
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from itertools import islice
from typing import Any, ClassVar

Faults = Mapping[str, Sequence[str]]
"""{field: [sentence, …]}; faults of the body as a whole stand under `non_field_errors`."""

UNKNOWN_USER = "Unknown user"
"""Of a username, in a body as in a filter."""

MAX_LISTED = 200
"""How many conflicts, faulty fields and sentences of one field a refusal lists: all that an ordinary series meets, and
no megabyte for a request of hundreds."""

MAX_NAME, MAX_SENTENCE = 100, 500
"""Characters of a field's name and of a sentence about it, which may repeat what was sent."""


class ErrorCode(StrEnum):
    """The `code` of the error envelope (contract §0)."""

    VALIDATION_ERROR = "VALIDATION_ERROR"
    NOT_AUTHENTICATED = "NOT_AUTHENTICATED"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    NOT_FOUND = "NOT_FOUND"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    NOT_ACCEPTABLE = "NOT_ACCEPTABLE"
    PAYLOAD_TOO_LARGE = "PAYLOAD_TOO_LARGE"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
    RATE_LIMITED = "RATE_LIMITED"
    CONFLICT = "CONFLICT"
    POLICY = "POLICY"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    LIMIT_REACHED = "LIMIT_REACHED"
    INVALID_STATE = "INVALID_STATE"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INTERNAL_ERROR = "INTERNAL_ERROR"
    SERVICE_UNAVAILABLE = "SERVICE_UNAVAILABLE"


class DomainError(Exception):
    """A refusal with a reason. `details` must be JSON."""

    code: ErrorCode = ErrorCode.INTERNAL_ERROR
    message: str = "The request could not be carried out"

    def __init__(self, message: str | None = None, *, details: Mapping[str, Any] | None = None) -> None:
        self.message = message or type(self).message
        self.details: dict[str, Any] = dict(details or {})
        super().__init__(self.message)


class Invalid(DomainError):
    """The input breaks rules. `details` = {field: [sentences]}.

    Of more than `MAX_LISTED` fields, or sentences of a field, the first are listed and the rest is counted.
    """

    code = ErrorCode.VALIDATION_ERROR
    message = "Validation failed"

    def __init__(self, faults: Faults) -> None:
        # What the caller calls a field may be as long as the body, in which case no field of ours is meant.
        listed = {name[:MAX_NAME]: _bounded(faults[name]) for name in islice(faults, MAX_LISTED)}
        if rest := len(faults) - len(listed):
            listed["non_field_errors"] = [*listed.get("non_field_errors", ()), f"and {rest} more fields"]
        super().__init__(details=listed)


def _bounded(sentences: Sequence[str]) -> list[str]:
    listed = [text if len(text) <= MAX_SENTENCE else f"{text[:MAX_SENTENCE]}…" for text in sentences[:MAX_LISTED]]
    rest = len(sentences) - len(listed)
    return [*listed, f"and {rest} more"] if rest else listed


class NotAuthenticated(DomainError):
    """Nobody, or nobody any more. `reason` is one of the contract's `details.reason` words.

    `cause` and `user_id` are for the log alone: more than the caller may learn.
    """

    code = ErrorCode.NOT_AUTHENTICATED
    message = "Authentication credentials were not provided"

    def __init__(self, reason: str, *, cause: str = "", user_id: int | None = None) -> None:
        super().__init__(details={"reason": reason})
        self.cause, self.user_id = cause or reason, user_id


class PermissionDenied(DomainError):
    code = ErrorCode.PERMISSION_DENIED
    message = "You do not have permission to perform this action"


class NotFound(DomainError):
    """`NotFound("Registration")` reads "Registration not found", and so does a subclass with this `resource`."""

    code = ErrorCode.NOT_FOUND
    resource: ClassVar[str] = "Object"

    def __init__(self, resource: str | None = None) -> None:
        super().__init__(f"{resource or self.resource} not found")


class AlreadyExists(DomainError):
    """A name, a membership or a wish is taken. `details` = {field: [message]}, where a subclass names its `field`."""

    code = ErrorCode.ALREADY_EXISTS
    message = "It already exists"
    field: ClassVar[str | None] = None

    def __init__(self, message: str | None = None) -> None:
        sentence = message or self.message
        super().__init__(sentence, details={self.field: [sentence]} if self.field else None)


class LimitReached(DomainError):
    code = ErrorCode.LIMIT_REACHED
    message = "A limit has been reached"


class InvalidState(DomainError):
    """The thing is not in a state that allows this."""

    code = ErrorCode.INVALID_STATE
    message = "The current state does not allow this"


class Conflict(DomainError):
    """Room time only. The first `MAX_LISTED` conflicts are listed; of more, `conflict_count` says how many."""

    code = ErrorCode.CONFLICT
    message = "Room is already booked for the requested time"

    def __init__(
        self, *, existing_registration_id: int | None = None, conflicts: Iterable[Mapping[str, Any]] = (), **more: Any
    ) -> None:
        pieces = iter(conflicts)
        listed = list(islice(pieces, MAX_LISTED))
        rest = sum(1 for _ in pieces)
        count = {"conflict_count": len(listed) + rest} if rest else {}
        details = {"existing_registration_id": existing_registration_id, "conflicts": listed}
        super().__init__(details=details | count | more)


class Unavailable(DomainError):
    """Try again in `retry_after` seconds."""

    code = ErrorCode.SERVICE_UNAVAILABLE
    message = "The service is busy, please try again"

    def __init__(self, message: str | None = None, *, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RateLimited(DomainError):
    """Too many tries; `retry_after` seconds until the next one counts."""

    code = ErrorCode.RATE_LIMITED
    message = "Too many requests, please try again later"

    def __init__(self, *, retry_after: int) -> None:
        super().__init__()
        self.retry_after = retry_after

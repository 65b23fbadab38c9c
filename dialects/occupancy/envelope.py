"""What goes wrong is `{"message": "<text>"}` on this wire, and nothing else."""

from http import HTTPStatus

from kernel.api.errors import Refusal
from kernel.errors import DomainError, ErrorCode

OUR_FAULT = "Internal server error"


class BadRequest(DomainError):
    """The message names the field: `selection[3].end is required`."""

    code = ErrorCode.VALIDATION_ERROR


class TooLarge(DomainError):
    code = ErrorCode.PAYLOAD_TOO_LARGE


def envelope(refusal: Refusal) -> tuple[int, dict[str, str]]:
    """`{"message": "<text>"}`; a fault of ours says no more than that it is one."""
    message = OUR_FAULT if refusal.status == HTTPStatus.INTERNAL_SERVER_ERROR else refusal.error
    return refusal.status, {"message": message}

"""What goes wrong is `{"message": "<text>"}` on this wire, and nothing else."""

import json
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse

from kernel.errors import DomainError, ErrorCode

OUR_FAULT = "Internal server error"


class BadRequest(DomainError):
    """The message names the field: `selection[3].end is required`."""

    code = ErrorCode.VALIDATION_ERROR


class TooLarge(DomainError):
    code = ErrorCode.PAYLOAD_TOO_LARGE


def to_message(response: HttpResponse) -> None:
    """Turn a refusal in CSpace's envelope into one of this dialect, status and headers kept."""
    response.content = json.dumps({"message": _message(response)}, ensure_ascii=False).encode("utf-8", "replace")
    response["Content-Type"] = "application/json"


def _message(response: HttpResponse) -> str:
    if response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR:
        return OUR_FAULT
    try:
        told: Any = json.loads(response.content)
        return str(told["error"])
    except (ValueError, KeyError, TypeError):
        return HTTPStatus(response.status_code).phrase

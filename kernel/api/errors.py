"""Everything that goes wrong becomes the one envelope: `{"error", "code", "details"?}` (contract §0)."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError
from django.http import Http404, HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from rest_framework import exceptions
from rest_framework.response import Response

from kernel.db.refusals import as_domain_error
from kernel.errors import (
    DomainError,
    ErrorCode,
    Invalid,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    RateLimited,
    Unavailable,
)
from kernel.requests import request_id_of

logger = logging.getLogger("cspace.errors")
OUR_FAULT = "Something went wrong on our side"

STATUS: Mapping[ErrorCode, int] = {
    ErrorCode.VALIDATION_ERROR: 400,
    ErrorCode.NOT_AUTHENTICATED: 401,
    ErrorCode.PERMISSION_DENIED: 403,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.METHOD_NOT_ALLOWED: 405,
    ErrorCode.NOT_ACCEPTABLE: 406,
    ErrorCode.CONFLICT: 409,
    ErrorCode.POLICY: 409,
    ErrorCode.ALREADY_EXISTS: 409,
    ErrorCode.LIMIT_REACHED: 409,
    ErrorCode.INVALID_STATE: 409,
    ErrorCode.IDEMPOTENCY_KEY_REUSED: 409,
    ErrorCode.PAYLOAD_TOO_LARGE: 413,
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: 415,
    ErrorCode.RATE_LIMITED: 429,
    ErrorCode.INTERNAL_ERROR: 500,
    ErrorCode.SERVICE_UNAVAILABLE: 503,
}
CODE_OF_STATUS: Mapping[int, ErrorCode] = {status: code for code, status in STATUS.items() if status != 409} | {
    409: ErrorCode.INVALID_STATE
}


@dataclass(frozen=True)
class Refusal:
    """What an answer in the envelope says, for whoever words it for another wire."""

    status: int
    body: Mapping[str, Any]
    """The envelope."""

    @property
    def error(self) -> str:
        return str(self.body["error"])

    @property
    def code(self) -> str:
        return str(self.body["code"])

    @property
    def details(self) -> Mapping[str, Any]:
        details: Mapping[str, Any] = self.body.get("details", {})
        return details


class RefusalOfView(Response):
    """Of an API view: it is rendered later, as that view's answers are."""

    def __init__(self, refusal: Refusal, headers: Mapping[str, str]) -> None:
        super().__init__(refusal.body, status=refusal.status, headers=headers)
        self.refusal = refusal


class BareRefusal(JsonResponse):
    """Of whatever stands around the views."""

    def __init__(self, refusal: Refusal, headers: Mapping[str, str]) -> None:
        super().__init__(refusal.body, status=refusal.status, headers=headers)
        self.refusal = refusal


def refusal_in(response: HttpResponseBase) -> Refusal | None:
    """What an answer refuses in the envelope; None for any other, whatever its body looks like."""
    return response.refusal if isinstance(response, RefusalOfView | BareRefusal) else None


def envelope(error: str, code: str, details: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The body of every answer that is not a success."""
    body: dict[str, Any] = {"error": error, "code": code}
    if details:
        body["details"] = dict(details)
    return body


def envelope_of(error: Exception, *, request_id: str | None) -> dict[str, Any]:
    """What an exception says to the caller. With a 5xx goes the request id, under which the log knows more."""
    refusal = refusal_of(error)
    if refusal is None:
        return envelope(OUR_FAULT, ErrorCode.INTERNAL_ERROR, {"request_id": request_id})
    details = refusal.details | ({"request_id": request_id} if STATUS[refusal.code] >= 500 else {})
    return envelope(refusal.message, refusal.code, details)


def to_response(error: Exception, context: Mapping[str, Any]) -> Response:
    """The REST framework's exception handler: any exception in, an enveloped `Response` out."""
    request = context.get("request")
    response = RefusalOfView(*_answer(error, request))
    if isinstance(error, exceptions.MethodNotAllowed) and context.get("view") is not None:
        response["Allow"] = ", ".join(context["view"].allowed_methods)
    return response


def envelope_for_exception(request: HttpRequest, error: Exception) -> BareRefusal:
    """The same for an exception outside any API view."""
    return BareRefusal(*_answer(error, request))


def envelope_for_status(request: HttpRequest, response: HttpResponseBase) -> BareRefusal:
    """The envelope for an answer that only has a status: Django's own 400, 404, 405 and 500 pages."""
    status = response.status_code
    code = CODE_OF_STATUS.get(status, ErrorCode.VALIDATION_ERROR if status < 500 else ErrorCode.INTERNAL_ERROR)
    details = {"request_id": request_id_of(request)} if status >= 500 else None
    sentence = "Endpoint not found" if status == 404 else HTTPStatus(status).phrase
    headers = {name: value for name, value in response.headers.items() if name in {"Allow", "Retry-After"}}
    return BareRefusal(Refusal(status, envelope(sentence, code, details)), headers)


class _Http(DomainError):
    """One of the protocol's own refusals (405, 406, 413, 415)."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code


def refusal_of(error: Exception) -> DomainError | None:
    """What an exception means to the caller; None if it is a fault of ours."""
    if isinstance(error, DomainError | DatabaseError):
        return as_domain_error(error)
    if isinstance(error, Http404):
        return NotFound("Endpoint")
    if isinstance(error, RequestDataTooBig):
        return _Http(ErrorCode.PAYLOAD_TOO_LARGE, "The request body is too large")
    if isinstance(error, BadRequest | SuspiciousOperation):
        return Invalid({"non_field_errors": ["The request is malformed"]})
    if isinstance(error, exceptions.APIException):
        return _from_framework(error)
    return None


def _from_framework(error: exceptions.APIException) -> DomainError:
    if isinstance(error, exceptions.ValidationError):
        return Invalid(_faults(error.detail))
    if isinstance(error, exceptions.ParseError):
        return Invalid({"non_field_errors": [str(error.detail)]})
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        return NotAuthenticated("missing")
    if isinstance(error, exceptions.PermissionDenied):
        return PermissionDenied()
    if isinstance(error, exceptions.Throttled):
        return RateLimited(retry_after=max(1, int(getattr(error, "wait", None) or 1)))
    code = CODE_OF_STATUS.get(error.status_code)
    return _Http(code, str(error.detail)) if code else DomainError()


def _faults(detail: Any) -> dict[str, list[str]]:
    """Framework error details, flattened to {field: [sentences]}; nested fields are dotted."""
    if not isinstance(detail, Mapping):
        return {"non_field_errors": _sentences(detail)}
    faults: dict[str, list[str]] = {}
    for field, below in detail.items():
        if isinstance(below, Mapping):
            for inner, sentences in _faults(below).items():
                name = str(field) if inner == "non_field_errors" else f"{field}.{inner}"
                faults.setdefault(name, []).extend(sentences)
        else:
            faults.setdefault(str(field), []).extend(_sentences(below))
    return faults


def _sentences(detail: Any) -> list[str]:
    if isinstance(detail, list | tuple):
        return [sentence for item in detail for sentence in _sentences(item)]
    if isinstance(detail, Mapping):
        return [f"{field}: {sentence}" for field, inner in _faults(detail).items() for sentence in inner]
    return [str(detail)]


def _headers(error: DomainError) -> dict[str, str]:
    if isinstance(error, NotAuthenticated):
        return {"WWW-Authenticate": "Bearer"}
    if isinstance(error, Unavailable | RateLimited):
        return {"Retry-After": str(error.retry_after)}
    return {}


def _answer(error: Exception, request: HttpRequest | None) -> tuple[Refusal, dict[str, str]]:
    """What is said, with its headers. Of a fault of ours the trace goes to the log."""
    request_id = request_id_of(request) if request is not None else None
    refusal = refusal_of(error)
    body = envelope_of(error, request_id=request_id)
    if refusal is None:
        logger.error("internal error", exc_info=error, extra={"request_id": request_id})
        return Refusal(500, body), {}
    return Refusal(STATUS[refusal.code], body), _headers(refusal)

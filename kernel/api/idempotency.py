"""Writes that may be repeated (`Idempotency-Key`) and writes that only pretend (`?dry_run=true`).

Both wrap the handler of a view in one transaction around the service's own.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, NoReturn

from django.db import DatabaseError
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from kernel.api.errors import STATUS, refusal_of
from kernel.db.transactions import transactional
from kernel.errors import DomainError, ErrorCode, Faults, Invalid
from kernel.idempotency import claim, keep_answer, kept_answer
from kernel.models import IdempotencyRecord

MAX_KEY_LENGTH = 128
GENERATED = frozenset({"id", "user_group_id", "created_at", "series_id", "commitment"})
"""Keys of a 201 whose values a dry run cannot know."""

Handler = Callable[[], Response]


class _RolledBack(Exception):
    """Carries a dry run's answer out of the transaction it undoes."""

    def __init__(self, response: Response) -> None:
        self.response = response


def is_dry_run(request: Request) -> bool:
    """Whether `?dry_run=true` stands in the query.

    Raises:
        Invalid: it is neither `true` nor `false`.
    """
    if faults := _dry_run_faults(request):
        raise Invalid(faults)
    return request.query_params.get("dry_run") == "true"


def convention_faults(request: Request) -> Faults:
    """What is wrong with the `dry_run` or the `Idempotency-Key` of a write."""
    key = request.headers.get("Idempotency-Key") if request.method == "POST" else None
    is_key = key is None or (1 <= len(key) <= MAX_KEY_LENGTH and all(" " <= character <= "~" for character in key))
    told = f"Must be 1 to {MAX_KEY_LENGTH} printable ASCII characters"
    return {**_dry_run_faults(request), **({} if is_key else {"Idempotency-Key": [told]})}


def refuse_after(handler: Handler, faults: Faults) -> NoReturn:
    """Refuse a write for `faults`, but not before it was tried out whether its handler answers 403 or 404.

    Nothing of the trial is kept. A 409 comes after a 400, so it is not told.

    Raises:
        Invalid: the handler's own faults of the input, and these.
    """
    own: Faults = {}
    try:
        run_dry(handler)
    except (DomainError, APIException, DatabaseError) as error:
        refusal = refusal_of(error)
        if refusal is None or STATUS[refusal.code] not in (400, 409):
            raise
        if refusal.code == ErrorCode.VALIDATION_ERROR:
            own = refusal.details
    raise Invalid({**own, **faults})


def run_dry(handler: Handler) -> Response:
    """Carry everything out, roll it back, answer what would have been answered."""

    @transactional
    def pretend() -> None:
        raise _RolledBack(handler())

    try:
        pretend()
        raise AssertionError("unreachable: pretend always raises")
    except _RolledBack as rolled_back:
        response = rolled_back.response
    if response.status_code == 201:
        response.data = _without_generated(response.data)
    response.headers.pop("Location", None)
    response["X-Dry-Run"] = "true"
    return response


def run_idempotent(handler: Handler, *, request: Request, user_id: int, key: str, now: datetime) -> Response:
    """Execute once per (user, key); the same request again gets the stored answer.

    Raises:
        IdempotencyKeyReused: the key belongs to another request.
    """
    fingerprint = _fingerprint(request, user_id)

    @transactional
    def once() -> Response:
        record_id = claim(user_id=user_id, key=key, fingerprint=fingerprint, now=now)
        if record_id is None:
            return _repeated(kept_answer(user_id=user_id, key=key, fingerprint=fingerprint))
        response = handler()
        keep_answer(
            record_id,
            status=response.status_code,
            body=JSONRenderer().render(response.data).decode(),
            location=response.headers.get("Location", ""),
        )
        return response

    return once()


def _dry_run_faults(request: Request) -> Faults:
    is_word = request.query_params.get("dry_run", "false") in ("true", "false")
    return {} if is_word else {"dry_run": ["Must be true or false"]}


def _repeated(record: IdempotencyRecord) -> Response:
    headers = {"Location": record.location} if record.location else None
    return Response(json.loads(record.body or "null"), status=record.status, headers=headers)


def _fingerprint(request: Request, user_id: int) -> str:
    parts = (request.method or "", request.path_info, request.META.get("QUERY_STRING", ""), request._request.body)
    digest = hashlib.sha256(str(user_id).encode())
    for part in parts:
        data = part if isinstance(part, bytes) else part.encode()
        digest.update(len(data).to_bytes(8) + data)
    return digest.hexdigest()


def _without_generated(data: Any) -> Any:
    if isinstance(data, dict):
        return {name: None if name in GENERATED else _without_generated(value) for name, value in data.items()}
    if isinstance(data, list):
        return [_without_generated(value) for value in data]
    return data

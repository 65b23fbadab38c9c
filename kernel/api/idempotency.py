"""Writes that may be repeated (`Idempotency-Key`) and writes that only pretend (`?dry_run=true`).

Both wrap the handler of a view in one transaction around the service's own.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NoReturn

from django.db import DatabaseError, connection
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from kernel.api.errors import STATUS, as_domain_error
from kernel.db.deletion import delete_in_portions
from kernel.db.transactions import transactional
from kernel.errors import DomainError, ErrorCode, Faults, Invalid
from kernel.models import IdempotencyRecord

KEPT_FOR = timedelta(hours=24)
MAX_KEY_LENGTH = 128
GENERATED = frozenset({"id", "user_group_id", "created_at", "series_id", "commitment"})
"""Keys of a 201 whose values a dry run cannot know."""

Handler = Callable[[], Response]


class IdempotencyKeyReused(DomainError):
    code = ErrorCode.IDEMPOTENCY_KEY_REUSED
    message = "This Idempotency-Key was used for another request"


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
        refusal = as_domain_error(error)
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


def run_idempotent(handler: Handler, *, request: Request, key: str, now: datetime) -> Response:
    """Execute once per (user, key); the same request again gets the stored answer.

    A concurrent duplicate waits for the first at the unique index (bounded by `lock_timeout`, then 503).

    Raises:
        IdempotencyKeyReused: the key belongs to another request.
    """
    fingerprint, user_id = _fingerprint(request), int(request.user.pk or 0)

    @transactional
    def once() -> Response:
        record_id = _claim(user_id, key, fingerprint, now)
        if record_id is None:
            return _replay(IdempotencyRecord.objects.get(user_id=user_id, key=key), fingerprint)
        response = handler()
        IdempotencyRecord.objects.filter(pk=record_id).update(
            status=response.status_code,
            body=JSONRenderer().render(response.data).decode(),
            location=response.headers.get("Location", ""),
        )
        return response

    return once()


def forget_old_records(*, now: datetime) -> int:
    """Delete the records older than 24 h; how many there were. Part of `cspace.clockwork`."""
    return delete_in_portions(IdempotencyRecord.objects.filter(created_at__lt=now - KEPT_FOR))


def _dry_run_faults(request: Request) -> Faults:
    is_word = request.query_params.get("dry_run", "false") in ("true", "false")
    return {} if is_word else {"dry_run": ["Must be true or false"]}


def _claim(user_id: int, key: str, fingerprint: str, now: datetime) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO cspace_idempotencyrecord AS record (user_id, key, fingerprint, body, location, created_at)"
            " VALUES (%s, %s, %s, '', '', %s) ON CONFLICT (user_id, key) DO UPDATE"
            " SET fingerprint = excluded.fingerprint, created_at = excluded.created_at, status = NULL, body = ''"
            " WHERE record.created_at < %s RETURNING id",
            [user_id, key, fingerprint, now, now - KEPT_FOR],
        )
        row = cursor.fetchone()
    return row[0] if row else None


def _replay(record: IdempotencyRecord, fingerprint: str) -> Response:
    if record.fingerprint != fingerprint:
        raise IdempotencyKeyReused
    headers = {"Location": record.location} if record.location else None
    return Response(json.loads(record.body or "null"), status=record.status, headers=headers)


def _fingerprint(request: Request) -> str:
    parts = (request.method or "", request.path_info, request.META.get("QUERY_STRING", ""), request._request.body)
    digest = hashlib.sha256(str(request.user.pk).encode())
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

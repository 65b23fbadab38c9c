"""Writes that may be repeated: under an `Idempotency-Key` they are executed once, in one transaction with the key."""

import hashlib
import json
from datetime import datetime

from rest_framework.request import Request
from rest_framework.response import Response

from kernel.api.operations import Handler
from kernel.api.rendering import to_json
from kernel.db.transactions import transactional
from kernel.errors import Faults
from kernel.idempotency import claim, keep_answer, kept_answer
from kernel.models import IdempotencyRecord

MAX_KEY_LENGTH = 128


def key_of(request: Request) -> str | None:
    """The `Idempotency-Key` of a POST."""
    return request.META.get("HTTP_IDEMPOTENCY_KEY") if request.method == "POST" else None


def key_faults(request: Request) -> Faults:
    """What is wrong with the `Idempotency-Key` of a write."""
    key = key_of(request)
    is_key = key is None or (1 <= len(key) <= MAX_KEY_LENGTH and all(" " <= character <= "~" for character in key))
    return {} if is_key else {"Idempotency-Key": [f"Must be 1 to {MAX_KEY_LENGTH} printable ASCII characters"]}


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
            body=to_json(response.data).decode() if response.data is not None else "",
            location=response.headers.get("Location", ""),
        )
        return response

    return once()


def _repeated(record: IdempotencyRecord) -> Response:
    headers = {"Location": record.location} if record.location else None
    return Response(json.loads(record.body or "null"), status=record.status, headers=headers)


def _fingerprint(request: Request, user_id: int) -> str:
    parts = (request.method or "", request.path_info, request.META.get("QUERY_STRING", ""), request.body)
    digest = hashlib.sha256(str(user_id).encode())
    for part in parts:
        data = part if isinstance(part, bytes) else part.encode()
        digest.update(len(data).to_bytes(8) + data)
    return digest.hexdigest()

"""Answers that are kept for a day, so that the same request again gets the same answer and is executed once."""

from datetime import datetime, timedelta

from django.db import connection

from kernel.db.deletion import delete_in_portions
from kernel.errors import DomainError, ErrorCode
from kernel.models import IdempotencyRecord

KEPT_FOR = timedelta(hours=24)


class IdempotencyKeyReused(DomainError):
    code = ErrorCode.IDEMPOTENCY_KEY_REUSED
    message = "This Idempotency-Key was used for another request"


def claim(*, user_id: int, key: str, fingerprint: str, now: datetime) -> int | None:
    """Take the key for the request that `fingerprint` stands for; the record's id, None if it is taken already.

    Inside the effect's own transaction: a concurrent duplicate waits for the first at the unique index (bounded by
    `lock_timeout`, then 503). A record that is older than a day counts for nothing and is taken over.
    """
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


def keep_answer(record_id: int, *, status: int, body: str, location: str) -> None:
    """Store the answer under a key just claimed. `body`: the JSON as it is sent; `location`: empty if there is none."""
    IdempotencyRecord.objects.filter(pk=record_id).update(status=status, body=body, location=location)


def kept_answer(*, user_id: int, key: str, fingerprint: str) -> IdempotencyRecord:
    """The answer under a key that is taken.

    Raises:
        IdempotencyKeyReused: the key belongs to another request.
    """
    record = IdempotencyRecord.objects.get(user_id=user_id, key=key)
    if record.fingerprint != fingerprint:
        raise IdempotencyKeyReused
    return record


def forget_old_answers(*, now: datetime) -> int:
    """Delete the answers older than a day; how many there were. Done once an hour."""
    return delete_in_portions(IdempotencyRecord.objects.filter(created_at__lt=now - KEPT_FOR))

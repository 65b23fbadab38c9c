"""What is due by the clock: taken in hand once for each time, whoever and however many look."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kernel.db.batch import Statement
from kernel.db.transactions import transact
from kernel.jobs import Periodic, declared_periodics

# One row for each name, which only moves forward: who comes later, or lags behind, gets nothing.
CLAIM = """
INSERT INTO jobs_duetime AS kept (name, due_at, next_due_at)
SELECT name, due_at, next_due_at
  FROM unnest(%s::text[], %s::timestamptz[], %s::timestamptz[]) AS due (name, due_at, next_due_at) ORDER BY name
    ON CONFLICT (name) DO UPDATE SET due_at = excluded.due_at, next_due_at = excluded.next_due_at
 WHERE kept.due_at < excluded.due_at
RETURNING name, due_at
"""
ENQUEUE_CLAIMED = f"""
WITH claimed AS ({CLAIM}),
queue AS (SELECT * FROM unnest(%s::text[], %s::text[]) AS queue (name, queue_name)),
enqueued AS (
    INSERT INTO procrastinate_jobs (queue_name, task_name, args, scheduled_at)
    SELECT queue_name, name, '{{}}', due_at FROM claimed JOIN queue USING (name)
)
SELECT name, due_at FROM claimed
"""  # noqa: S608 - of this module's own names


@dataclass(frozen=True)
class Due:
    """Something periodic, and the time for which it is to be done."""

    name: str
    due_at: datetime


def enqueue_due(*, now: datetime, periodics: Sequence[Periodic] | None = None) -> list[Due]:
    """Put into the queue what is due and nobody has taken in hand; what that was."""
    due = declared_periodics() if periodics is None else periodics
    queues = ([each.name for each in due], [each.queue for each in due])
    (rows,) = transact(Statement(ENQUEUE_CLAIMED, (*_claim(due, now), *queues)))
    return [Due(*row) for row in rows]


def claim_due(*, now: datetime) -> list[Periodic]:
    """Take in hand what is due, to do it oneself."""
    due = declared_periodics()
    (rows,) = transact(Statement(CLAIM, _claim(due, now)))
    names = {name for name, _ in rows}
    return [each for each in due if each.name in names]


def _claim(due: Sequence[Periodic], now: datetime) -> tuple[list[str], list[datetime], list[datetime]]:
    times = [each.due_at(now) for each in due]
    following = [time + timedelta(seconds=each.every_seconds) for time, each in zip(times, due, strict=True)]
    return [each.name for each in due], times, following

"""Jobs: what is done after a commit, by another process, and what is done by the clock.

An app declares a `Job` and registers it in its `apps.py`; a service enqueues it inside its transaction, so that what is
rolled back leaves no job. `manage.py worker` does it (`cspace.jobs` runs the engine, the app `jobs` looks after its
tables). Here stands the one statement that puts a job there.

A job is done at least once: what a worker had done when it was killed, but not noted, is done again. So whatever a job
does must do no harm when it is done twice.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from kernel.db.batch import Statement, put_off

Arguments = Mapping[str, Any]
"""JSON by name: ids, never secrets or texts, for they stand in the database until the job is done."""
# Straight into the table, as the engine's own function does it, because that one cannot say ON CONFLICT: a job that
# waits already would refuse the booking. The moment it is due is always named; by it a late one is found.
ENQUEUE = """
INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args, scheduled_at)
SELECT %s, %s, %s, %s, each.arguments, coalesce(%s::timestamptz, now())
  FROM jsonb_array_elements(%s::jsonb) WITH ORDINALITY AS each (arguments, place)
 ORDER BY place
    ON CONFLICT (queueing_lock) WHERE status = 'todo' DO NOTHING
"""
ENQUEUE_FROM = """
INSERT INTO procrastinate_jobs (queue_name, task_name, args, scheduled_at)
SELECT %s, %s, each.arguments, now() FROM ({source}) AS each (arguments)
"""
"""For each row of a query, in one statement with what makes the rows."""
IS_ENQUEUED = """
EXISTS (SELECT FROM procrastinate_jobs AS job
         WHERE job.task_name = %s AND job.status IN ('todo', 'doing')
           AND (job.args ->> '{argument}')::bigint = {column})
"""
"""Whether a job that was named has a number of some column among its arguments, and waits or is being done."""
QUEUE = "default"
OUTSIDE, HOOKS = "outside", "hooks"
"""The queues for what waits for other people's servers, for mail and for what they want to be told: they may be slow
without anything else waiting for them."""
MAX_NAME = 128
HOUR = 3600
"""For what is not urgent: nothing that is out of date is believed because it is still there."""


def never(error: Exception) -> bool:
    """No error ends a job before all its tries."""
    return False


@dataclass(frozen=True, kw_only=True)
class Job:
    """One kind of work. `do` is called with `now=` and the arguments of the job, outside of any transaction;
    whatever it waits for needs a bound.

    `waits`: seconds before the second, third … try; when they are used up it has failed; the admin shows it.
    `ends_at_once`: whether an error makes every further try useless.
    `is_told_of_last_try`: `do` is also called with `is_last=`, whether an error now would be the end of it.
    """

    name: str
    do: Callable[..., object]
    queue: str = QUEUE
    waits: tuple[int, ...] = (60, 300, 1800)
    ends_at_once: Callable[[Exception], bool] = field(default=never)
    is_told_of_last_try: bool = False


@dataclass(frozen=True, kw_only=True)
class Periodic:
    """What is done every so many seconds, counted from midnight UTC of 1970, however many workers there are.

    `do` is called with `now=`. It is not tried again: the next time comes. Of times that nobody was there for, only the
    last is made up for.
    """

    name: str
    do: Callable[..., object]
    every_seconds: int
    queue: str = QUEUE

    def due_at(self, now: datetime) -> datetime:
        """The last moment at which it was due."""
        seconds = int(now.timestamp()) // self.every_seconds * self.every_seconds
        return datetime.fromtimestamp(seconds, tz=now.tzinfo)


class EnqueuedOutsideTransaction(RuntimeError):
    """A job outside a transaction could be done for a change that is rolled back."""


class NameIsTaken(ValueError):
    """Two declarations, one name: the worker could not tell what to do."""


_registry: dict[str, Job | Periodic] = {}


def register(*declarations: Job | Periodic) -> None:
    """Make known to the worker what there is to do. Called from `AppConfig.ready`. Raises: NameIsTaken."""
    for each in declarations:
        if _registry.setdefault(each.name, each) is not each or len(each.name) > MAX_NAME:
            raise NameIsTaken(each.name)


def unregister(*declarations: Job | Periodic) -> None:
    """Forget what a test has declared."""
    for each in declarations:
        _registry.pop(each.name, None)


def declared_jobs() -> list[Job]:
    """Every job of every app."""
    return [each for each in _registry.values() if isinstance(each, Job)]


def declared_periodics() -> list[Periodic]:
    """Everything that is done by the clock, by name, which is the order in which workers claim."""
    return sorted((each for each in _registry.values() if isinstance(each, Periodic)), key=lambda each: each.name)


def enqueue(
    job: Job, arguments: Arguments, *, at: datetime | None = None, key: str | None = None, lock: str | None = None
) -> None:
    """Have a job done after the commit of the present transaction, with which it travels.

    `at`: not before; `key`: not at all where one with this key waits already; `lock`: not while one with this lock is
    being done, and in the order in which they were enqueued.

    Raises: EnqueuedOutsideTransaction.
    """
    enqueue_many(job, [arguments], at=at, key=key, lock=lock)


def enqueue_many(
    job: Job,
    arguments: Sequence[Arguments],
    *,
    at: datetime | None = None,
    key: str | None = None,
    lock: str | None = None,
) -> None:
    """One job for each, in one statement. Raises: EnqueuedOutsideTransaction."""
    if not transaction.get_connection().in_atomic_block:
        raise EnqueuedOutsideTransaction(job.name)
    put_off(enqueuing(job, arguments, at=at, key=key, lock=lock))


def enqueuing(
    job: Job,
    arguments: Sequence[Arguments],
    *,
    at: datetime | None = None,
    key: str | None = None,
    lock: str | None = None,
) -> Statement:
    """What enqueues, for a batch: a listener of facts says it with what else it writes."""
    return Statement(ENQUEUE, (job.queue, job.name, lock, key, at, json.dumps([dict(each) for each in arguments])))

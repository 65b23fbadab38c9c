"""How a service runs: one transaction, retried when PostgreSQL says the *order* was the problem."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection, transaction

from kernel.db.batch import Statement, committing, send
from kernel.db.constraints import sqlstate
from kernel.db.patience import extend_patience
from kernel.db.pipeline import PlanIsGone, ResultRows
from kernel.errors import Unavailable

P = ParamSpec("P")
R = TypeVar("R")

MAX_TRIES = 4
RETRIED_SQLSTATES = frozenset({"40001", "40P01", PlanIsGone.sqlstate})
"""serialization_failure, deadlock_detected, a prepared statement that is gone: nothing is wrong with the request."""


class StaleRead(Exception):
    """What was read before the lock has changed under it; roll back and start again."""


def transactional(service: Callable[P, R]) -> Callable[P, R]:
    """Run `service` in one transaction.

    Inside another transaction it becomes a savepoint of it (idempotent and dry runs wrap a service that
    way) and leaves retrying to the outermost one. What it has put off (`kernel.db.batch`) travels with the COMMIT.

    Raises:
        Unavailable: after `MAX_TRIES` lost races (503 with Retry-After).
    """

    @wraps(service)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if connection.in_atomic_block:
            with transaction.atomic():
                return service(*args, **kwargs)

        def once() -> R:
            with transaction.atomic(durable=True), committing():
                return service(*args, **kwargs)

        return retrying(once)

    return run


def transact(*statements: Statement) -> list[ResultRows]:
    """Carry out one batch, all of which happens or nothing; the rows of each statement.

    A transaction of its own, tried again when it has lost a race; inside another one, a savepoint of it.

    Raises:
        DatabaseError: of the first statement that is refused.
        Unavailable: it has lost every race.
    """
    batch = partial(send, *statements, savepoint=True)
    return batch() if connection.in_atomic_block else retrying(batch)


@contextmanager
def one_moment() -> Iterator[None]:
    """A transaction, for reading: all its statements see what stood when the first one began, whatever is written
    meanwhile. Inside another transaction they see what that one does."""
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost:
            send(Statement("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        yield


def retrying(attempt: Callable[[], R]) -> R:
    """Try again what has lost a race, with a transaction of its own for each try.

    Raises:
        Unavailable: after `MAX_TRIES` lost races.
    """
    for tries in range(1, MAX_TRIES + 1):
        try:
            return attempt()
        except StaleRead:
            pass
        except OperationalError as error:
            if sqlstate(error) not in RETRIED_SQLSTATES:
                raise
        if tries < MAX_TRIES:
            # Jitter, so that two losers do not meet again at once; not a wait for a condition.
            time.sleep(random.uniform(0.005, 0.02) * tries)  # noqa: S311
    raise Unavailable


def allow_long_work(*, statement_seconds: int, wait_seconds: int) -> None:
    """Raise the limits on statements, lock waits and idle time, until this transaction ends and for it only."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('statement_timeout', %s, true), set_config('lock_timeout', %s, true),"
            " set_config('idle_in_transaction_session_timeout', %s, true)",
            [f"{statement_seconds}s", f"{wait_seconds}s", f"{statement_seconds}s"],
        )
    extend_patience(connection, statement_seconds)

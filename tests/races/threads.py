"""Run functions at once, each on its own database connection, and collect what they returned or raised."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection

JOIN_SECONDS = 60
PATIENCE = f"{JOIN_SECONDS}s"
BOUNDS = ("lock_timeout", "statement_timeout")


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """The results in the order of the calls; an exception is a result too. All start at one barrier.

    Each waits for locks and statements as long as the test waits for him: on a slow machine somebody who is told to
    come again is no counterexample. What the bounds themselves answer is asked in tests/cspace/test_conventions.py.
    """
    barrier = threading.Barrier(len(calls), timeout=JOIN_SECONDS)
    results: list[Any] = [None] * len(calls)

    def run(place: int, call: Callable[[], Any]) -> None:
        try:
            _be_patient()
            barrier.wait()
            results[place] = call()
        except Exception as problem:
            results[place] = problem
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(JOIN_SECONDS)
        assert not thread.is_alive()
    return results


def _be_patient() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(name, %s, false) FROM unnest(%s::text[]) AS name", (PATIENCE, list(BOUNDS)))


def raised(results: Sequence[Any]) -> list[type[BaseException]]:
    """The types of the exceptions among the results."""
    return [type(result) for result in results if isinstance(result, BaseException)]


def await_waiting_connections(count: int, *, unless: Callable[[], bool] = lambda: False) -> None:
    """Until so many connections wait for this one, each directly or behind another, or `unless` has become true."""
    deadline = time.monotonic() + JOIN_SECONDS
    while time.monotonic() < deadline:
        if unless() or _waiting_connections() >= count:
            return
    raise TimeoutError("nobody waited")


def _waiting_connections() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH RECURSIVE waits AS MATERIALIZED"
            " (SELECT pid, pg_blocking_pids(pid) AS blockers FROM pg_locks WHERE NOT granted),"
            " behind (pid) AS (SELECT pg_backend_pid() UNION"
            " SELECT waits.pid FROM waits JOIN behind ON behind.pid = ANY (waits.blockers))"
            " SELECT count(*) - 1 FROM behind"
        )
        return int(cursor.fetchone()[0])

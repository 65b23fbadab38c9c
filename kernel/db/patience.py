"""No wait for the database is without an end: a server that stands still keeps none of its own timeouts.

PostgreSQL ends a statement after `statement_timeout`. If nothing at all has come a little later, the server (or the
way to it) is silent: the connection is given up, and the request becomes a 503 instead of holding a thread.
"""

from collections.abc import Callable, Generator
from time import monotonic
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import OperationalError
from psycopg.errors import ConnectionTimeout, _WaitTimeout
from psycopg.pq import TransactionStatus

MARGIN_SECONDS = 1.0
HEALTH_SECONDS = 2.0
"""For the question whether a kept connection still works, which Django asks first in a request: it costs nothing.
Where a batch comes first (`watched`), after so long another connection is tried."""


class Silence(OperationalError):
    """The database has not answered in time. Asking it once more would only double the wait."""


class Patience:
    """Stands in for the `wait` of a psycopg connection, through which everything goes that waits for the server."""

    def __init__(self, wrapper: BaseDatabaseWrapper, seconds: float) -> None:
        self._wrapper: Any = wrapper  # Django's stubs do not know of its health checks
        self._connection, self._wait = wrapper.connection, wrapper.connection.wait
        self._usual = self._seconds = seconds

    def extend(self, seconds: float) -> None:
        """Wait for so long until the present transaction ends."""
        self._seconds = max(self._usual, seconds + MARGIN_SECONDS)

    def __call__(self, generator: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        if timeout is not None:  # somebody waits for notifications
            return self._wait(generator, interval=interval, timeout=timeout)
        seconds = HEALTH_SECONDS if self._is_health_check() else self._seconds
        try:
            return self._wait(generator, interval=interval, timeout=seconds)
        except _WaitTimeout as silence:
            self._give_up()
            raise Silence(f"the database has not answered for {seconds} s") from silence
        except Silence:
            self._give_up()
            raise
        finally:
            if self._connection.info.transaction_status in (TransactionStatus.IDLE, TransactionStatus.UNKNOWN):
                self._seconds = self._usual

    def _is_health_check(self) -> bool:
        return bool(self._wrapper.health_check_enabled and not self._wrapper.health_check_done)

    def _give_up(self) -> None:
        """Close it in Django's sight, too.

        At the end of a transaction Django would otherwise roll back, fail, and connect anew only to find the server as
        silent as it was.
        """
        if self._wrapper.connection is self._connection:
            self._wrapper.close()
        self._connection.close()


def watched(waiting: Generator[Any, Any, Any], *, wrapper: BaseDatabaseWrapper) -> Generator[Any, Any, Any]:
    """The same waiting, for what comes first in a request: a long statement has its time, a silent server has not.

    Raises:
        Silence: nothing has come for `HEALTH_SECONDS`, and a new connection gets no answer either.
    """
    due = monotonic() + HEALTH_SECONDS
    try:
        state = next(waiting)
        while True:
            ready = yield state
            if not ready and due <= monotonic():
                if _is_silent(wrapper):
                    raise Silence(f"the database has not answered for {HEALTH_SECONDS} s, nor a new connection")
                due = float("inf")
            state = waiting.send(ready)
    except StopIteration as end:
        return end.value


def _is_silent(wrapper: BaseDatabaseWrapper) -> bool:
    """Whether a new connection is not answered within `connect_timeout`; a refusal is an answer."""
    database: Any = wrapper  # Django's stubs do not know of its driver
    try:
        database.Database.connect(**wrapper.get_connection_params()).close()
    except ConnectionTimeout:
        return True
    except OperationalError:
        return False
    return False


def be_patient(connection: BaseDatabaseWrapper, **_signal: Any) -> None:
    """Bound the waits of a new connection by its own `statement_timeout`. Receives `connection_created`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM current_setting('statement_timeout')::interval)")
        (seconds,) = cursor.fetchone()
    if seconds:
        wait: Callable[..., Any] = Patience(connection, float(seconds) + MARGIN_SECONDS)
        connection.connection.wait = wait


def extend_patience(connection: BaseDatabaseWrapper, seconds: float) -> None:
    """For a transaction that has raised its `statement_timeout`."""
    patience = getattr(connection.connection, "wait", None)
    if isinstance(patience, Patience):
        patience.extend(seconds)

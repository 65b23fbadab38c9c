"""What happens by the clock while the server runs: events open and close, and what is out of date is forgotten.

`make run` has one such thread in its main process; elsewhere `manage.py tick`, every minute, does the same.
Several at once are fine: the services let one runner through.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from django.db import connection

from accounts.services.sessions import forget_expired_admin_sessions, forget_expired_sessions
from allocations.services.progress import advance_due_events
from kernel import clock
from kernel.idempotency import forget_old_answers
from kernel.throttling import forget_old_windows

END_SECONDS = 1.0
HOUSEKEEPING_SECONDS = 3600
"""Forgetting is not urgent: nothing that is out of date is believed because it is still there."""

logger = logging.getLogger("cspace.periodic")


@dataclass(frozen=True)
class HousekeepingCounts:
    """How many rows of each kind there were."""

    records: int
    sessions: int
    admin_sessions: int
    windows: int


def keep_house(*, now: datetime) -> HousekeepingCounts:
    """Delete idempotency records older than a day, expired sessions, the admin's too, and counters of past windows."""
    return HousekeepingCounts(
        records=forget_old_answers(now=now),
        sessions=forget_expired_sessions(now=now),
        admin_sessions=forget_expired_admin_sessions(now=now),
        windows=forget_old_windows(now=now),
    )


class PeriodicStep(threading.Thread):
    """Takes a step at once and then every `period_seconds`, until `end()` or the end of the process.

    The first step, and then one an hour, also forgets what is out of date. Every wait inside a step is bounded by the
    connection's own timeouts (connect, lock, statement).
    """

    def __init__(self, period_seconds: float) -> None:
        super().__init__(name="periodic-step", daemon=True)
        self._period_seconds = period_seconds
        self._ending = threading.Event()

    def run(self) -> None:
        """Step and wait by turns."""
        steps_an_hour = max(1, round(HOUSEKEEPING_SECONDS / self._period_seconds))
        for number in count():
            if self._ending.is_set():
                return
            take_step()
            if number % steps_an_hour == 0:
                take_step(keep_house, name="housekeeping")
            self._ending.wait(self._period_seconds)

    def end(self) -> None:
        """Take no further step; a running one is waited for, for a second."""
        self._ending.set()
        self.join(END_SECONDS)


def take_step(do: Callable[..., object] = advance_due_events, *, name: str = "periodic step") -> None:
    """One step on a connection of its own. Whatever goes wrong is one line in the log, and tried again next time."""
    try:
        try:
            do(now=clock.now())
        finally:
            # Closed between steps: an idle connection would be one that a restart of the database breaks.
            connection.close()
    except Exception as error:
        reason = " ".join([*str(error).split(), *getattr(error, "__notes__", ())])
        logger.warning(f"{name} failed", extra={"error": type(error).__name__, "reason": reason})

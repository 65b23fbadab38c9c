"""What is kept for a time only is forgotten when the time is over.

`manage.py tick` does it each time it runs, `make run` once an hour. Several at once are fine.
"""

from dataclasses import dataclass
from datetime import datetime

from accounts.services.sessions import forget_expired_sessions
from cspace.api.idempotency import forget_old_records
from cspace.api.throttling import forget_old_windows


@dataclass(frozen=True)
class Forgotten:
    """How many rows of each kind there were."""

    records: int
    sessions: int
    windows: int


def keep_house(*, now: datetime) -> Forgotten:
    """Delete idempotency records older than a day, expired sessions, and the throttle counters of past windows."""
    return Forgotten(
        records=forget_old_records(now=now),
        sessions=forget_expired_sessions(now=now),
        windows=forget_old_windows(now=now),
    )

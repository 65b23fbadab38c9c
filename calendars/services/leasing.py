"""Who speaks with the server of a calendar: one at a time, and no lock is held while a server is waited for."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from uuid import UUID, uuid4

from calendars.services.remote import RemoteFailed
from kernel.db.batch import Statement
from kernel.db.transactions import transact

LEASE_SECONDS = 120
"""Longer than everything that is done between two renewals."""
WAIT_SECONDS = 20.0
BETWEEN_LOOKS = 0.1
CLAIM = """
UPDATE calendars_calendar SET lease = %s::uuid, leased_until = now() + make_interval(secs => %s)
 WHERE id = %s::bigint AND (lease IS NULL OR leased_until <= now()) RETURNING id
"""
KEEP = """
UPDATE calendars_calendar SET leased_until = now() + make_interval(secs => %s)
 WHERE id = %s::bigint AND lease = %s::uuid RETURNING id
"""
GIVE_BACK = """
UPDATE calendars_calendar SET lease = NULL, leased_until = NULL WHERE id = %s::bigint AND lease = %s::uuid
"""
BUSY = "The calendar is being synchronised at this moment"


class LeaseIsLost(RemoteFailed):
    """It has lasted so long that somebody else has begun anew, or the calendar leads elsewhere now."""

    def __init__(self) -> None:
        super().__init__("The calendar has been changed, or synchronised by somebody else, meanwhile")


@contextmanager
def leased(calendar_id: int, *, wait_seconds: float = WAIT_SECONDS) -> Iterator[UUID]:
    """The lease of a calendar, as soon as nobody else has it. Raises: RemoteFailed, where that takes too long."""
    lease, until = uuid4(), time.monotonic() + wait_seconds
    while not transact(Statement(CLAIM, (lease, LEASE_SECONDS, calendar_id)))[0]:
        if time.monotonic() >= until:
            raise RemoteFailed(BUSY)
        Event().wait(BETWEEN_LOOKS)
    try:
        yield lease
    finally:
        transact(Statement(GIVE_BACK, (calendar_id, lease)))


def keep_lease(calendar_id: int, lease: UUID) -> None:
    """It lasts for another while. Raises: LeaseIsLost."""
    if not transact(Statement(KEEP, (LEASE_SECONDS, calendar_id, lease)))[0]:
        raise LeaseIsLost

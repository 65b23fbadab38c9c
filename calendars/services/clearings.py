"""Clearing as people and the clock ask for it: what has a source elsewhere is synchronised before."""

import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from accounts.models import User
from calendars.enums import CalendarSource
from calendars.models import Calendar
from calendars.queries.calendars import calendars_with
from calendars.queries.clearings import Clearing
from calendars.services.clearing import calendars_to_clear, clear_calendars
from calendars.services.remote import RemoteFailed
from calendars.services.syncing import TOO_SLOW, synchronise
from kernel.jobs import HOUR, Periodic

SYNC_SECONDS = 20.0
"""For all calendars of a request together."""


def clear_bookings(*, by: User, now: datetime, slugs: Sequence[str] | None, is_test: bool) -> Clearing:
    """Clear the calendars that are named, or (None) all that somebody uses without being cspace. A test says what would
    go, of what was synchronised last.

    Raises: CalendarNotFound; RemoteFailed, where a calendar cannot be synchronised: then nothing is cleared.
    """
    calendars = calendars_to_clear(by, slugs)
    if not is_test:
        _synchronise(calendars, by, now)
    return clear_calendars(calendars, by=by, now=now, is_test=is_test)


def clear_as_operator(*, slugs: Sequence[str] | None, now: datetime, is_test: bool) -> Clearing:
    """The same of calendars by their addresses, whoever uses them, or (None) of those that are cleared by themselves.

    Raises: as `clear_bookings`.
    """
    calendars = Calendar.objects.order_by("pk")
    those = list(calendars.filter(auto_clear=True)) if slugs is None else calendars_with(slugs, calendars)
    if not is_test:
        _synchronise(those, None, now)
    return clear_calendars(those, by=None, now=now, is_test=is_test)


def clear_by_clock(*, now: datetime) -> int:
    """Clear the calendars that are to be cleared by themselves; not those that cannot be
    synchronised. How many events and dates have gone."""
    ready = []
    for calendar in Calendar.objects.filter(auto_clear=True).order_by("pk"):
        with suppress(RemoteFailed):
            _synchronise([calendar], None, now)
            ready.append(calendar)
    cleared = clear_calendars(ready, by=None, now=now, is_test=False)
    return len(cleared.cancelled) + len(cleared.overlapping) + len(cleared.dates)


CLEAR = Periodic(name="calendars.clear", do=clear_by_clock, every_seconds=HOUR)


def _synchronise(calendars: Sequence[Calendar], by: User | None, now: datetime) -> None:
    until = time.monotonic() + SYNC_SECONDS
    for calendar in calendars:
        if calendar.source != CalendarSource.LOCAL:
            if (seconds := until - time.monotonic()) <= 0:
                raise RemoteFailed(TOO_SLOW)
            synchronise(calendar.pk, now=now, by=by, seconds=seconds)

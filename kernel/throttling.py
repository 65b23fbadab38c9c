"""Throttles counted in PostgreSQL, so that all workers count together.

A fixed window per key: one upsert answers how many tries the window has seen. The count happens before
the work (a password is not even hashed for the try that is one too many).
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection
from django.db.models import F

from kernel.db.deletion import delete_in_portions
from kernel.errors import RateLimited
from kernel.models import ThrottleCounter
from kernel.rates import parse_rate


def count_try(scope: str, key: str, *, now: datetime) -> None:
    """Count one try of `scope` (a name in `CSPACE_THROTTLE_RATES`) by `key`.

    Raises:
        RateLimited: the window is full; `retry_after` seconds are left of it.
    """
    if not settings.CSPACE_THROTTLE:
        return
    counted = _Window.of(scope, key, now)
    with connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO cspace_throttlecounter AS counter (key, "window", tries) VALUES (%s, %s, 1)'
            ' ON CONFLICT (key) DO UPDATE SET "window" = excluded."window",'
            ' tries = CASE WHEN counter."window" = excluded."window" THEN counter.tries + 1 ELSE 1 END'
            " RETURNING tries",
            [counted.key, counted.number],
        )
        (tries,) = cursor.fetchone()
    if tries > counted.allowed:
        raise RateLimited(retry_after=counted.seconds_left)


def uncount_try(scope: str, key: str, *, now: datetime) -> None:
    """Give a try back that turned out not to count; `now` is that of its `count_try`, whose window may be over."""
    if not settings.CSPACE_THROTTLE:
        return
    counted = _Window.of(scope, key, now)
    ThrottleCounter.objects.filter(key=counted.key, window=counted.number, tries__gt=0).update(tries=F("tries") - 1)


def refuse_when_full(scope: str, key: str, *, now: datetime) -> None:
    """Refuse what would be one too many in `scope`, and count nothing: the outcome decides whether it counts.

    Raises:
        RateLimited: as `count_try`.
    """
    if not settings.CSPACE_THROTTLE:
        return
    counted = _Window.of(scope, key, now)
    full = ThrottleCounter.objects.filter(key=counted.key, window=counted.number, tries__gte=counted.allowed)
    if full.exists():
        raise RateLimited(retry_after=counted.seconds_left)


def forget_old_windows(*, now: datetime) -> int:
    """Delete the counters of windows that are over; how many there were. Part of `cspace.clockwork`."""
    forgotten = 0
    for scope in settings.CSPACE_THROTTLE_RATES:
        present = _Window.of(scope, "", now).number
        # A later number is one of shorter windows, from before the rate was changed; it counts for nothing either.
        rows = ThrottleCounter.objects.filter(key__startswith=f"{scope}:").exclude(window=present)
        forgotten += delete_in_portions(rows)
    return forgotten


@dataclass(frozen=True)
class _Window:
    """One key's present window of a scope."""

    key: str
    number: int
    allowed: int
    seconds_left: int

    @classmethod
    def of(cls, scope: str, key: str, now: datetime) -> "_Window":
        allowed, seconds = parse_rate(settings.CSPACE_THROTTLE_RATES[scope])
        number, passed = divmod(int(now.timestamp()), seconds)
        digest = hashlib.sha256(key.encode()).hexdigest()[:40]
        return cls(f"{scope}:{digest}", number, allowed, max(1, seconds - passed))

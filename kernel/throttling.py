"""Throttles counted in PostgreSQL, so that all workers count together.

A fixed window per key: one upsert answers how many tries the window has seen. The count happens before
the work (a password is not even hashed for the try that is one too many).
"""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection
from django.utils.crypto import salted_hmac

from kernel.db.batch import Statement, ask
from kernel.db.deletion import delete_in_portions
from kernel.devices import KNOWN_DAYS
from kernel.errors import RateLimited, Unavailable
from kernel.models import ThrottleCounter
from kernel.rates import parse_rate

LOOKS, LOOK_SECONDS = 20, 0.05
"""How often, and after which pauses, a full window is looked at while tries in it are going on."""
REMEMBERED = "known:"
"""Begins the keys that are remembered and count nothing."""


@dataclass(frozen=True)
class Try:
    """One try, to be counted. `standing`: it counts only while this condition has a row."""

    window: "_Window"
    standing: Statement | None = None

    @property
    def statement(self) -> Statement:
        """The question for `count`."""
        condition = f" WHERE EXISTS ({self.standing.sql})" if self.standing else ""
        return Statement(
            'INSERT INTO cspace_throttlecounter AS counter (key, "window", tries)'
            f" SELECT %s, %s::bigint, 1{condition}"
            ' ON CONFLICT (key) DO UPDATE SET "window" = excluded."window",'
            ' tries = CASE WHEN counter."window" = excluded."window" THEN counter.tries + 1 ELSE 1 END'
            " RETURNING tries",
            (self.window.key, self.window.number, *(self.standing.parameters if self.standing else ())),
        )

    def count(self) -> None:
        """Raises: RateLimited, if the window is full; `retry_after` seconds are left of it."""
        rows = ask(self.statement)
        if rows and rows[0][0] > self.window.allowed:
            raise RateLimited(retry_after=self.window.seconds_left)


def try_of(scope: str, key: str, *, now: datetime, standing: Statement | None = None) -> Try | None:
    """One try of `scope` (a name in `CSPACE_THROTTLE_RATES`) by `key`; None where nothing is counted."""
    return Try(_Window.of(scope, key, now), standing) if settings.CSPACE_THROTTLE else None


def count_try(scope: str, key: str, *, now: datetime) -> None:
    """Count one try of `scope` by `key`. Raises: RateLimited."""
    if attempt := try_of(scope, key, now=now):
        attempt.count()


def reserve_try(scope: str, key: str, *, now: datetime) -> None:
    """Count a try whose outcome is not known yet: `settle_tries` has to follow.

    Where the window is full, but some of its tries are still going on and may be given back, they are waited for, a
    second at most.

    Raises:
        RateLimited: the window is full of tries that count.
        Unavailable: those that are going on take too long.
    """
    if not settings.CSPACE_THROTTLE:
        return
    window = _Window.of(scope, key, now)
    for _ in range(LOOKS):
        if _take(window):
            return
        row = ThrottleCounter.objects.filter(key=window.key, window=window.number)
        if row.filter(tries__gte=window.allowed, pending=0).exists():
            raise RateLimited(retry_after=window.seconds_left)
        time.sleep(LOOK_SECONDS)
    raise Unavailable


def _take(window: "_Window") -> bool:
    """Whether there was room: decided by one statement, so that no two tries take the same place."""
    if "skip-conditional-try" in settings.CSPACE_TEST_FAULTS:
        full = ThrottleCounter.objects.filter(key=window.key, window=window.number, tries__gte=window.allowed)
        if full.exists():
            return False
        allowed = 2**30
    else:
        allowed = window.allowed
    with connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO cspace_throttlecounter AS counter (key, "window", tries, pending) VALUES (%s, %s, 1, 1)'
            ' ON CONFLICT (key) DO UPDATE SET "window" = excluded."window",'
            ' tries = CASE WHEN counter."window" = excluded."window" THEN counter.tries + 1 ELSE 1 END,'
            ' pending = CASE WHEN counter."window" = excluded."window" THEN counter.pending + 1 ELSE 1 END'
            ' WHERE counter."window" <> excluded."window" OR counter.tries < %s RETURNING tries',
            [window.key, window.number, allowed],
        )
        return cursor.fetchone() is not None


def settle_tries(windows: Sequence[tuple[str, str]], *, now: datetime, counts: bool) -> None:
    """The outcome of a try in some windows, (scope, key), is known: it `counts`, or is given back. `now` as before.

    One statement, which takes the rows in the order of their keys: another try's may be some of them.
    """
    if not (settings.CSPACE_THROTTLE and windows):
        return
    reserved = [_Window.of(scope, key, now) for scope, key in windows]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE cspace_throttlecounter AS counter SET pending = pending - 1, tries = tries - %s FROM"
            " (SELECT key FROM cspace_throttlecounter JOIN unnest(%s::text[], %s::bigint[]) AS reserved (key, number)"
            ' USING (key) WHERE "window" = number AND pending > 0 ORDER BY key FOR UPDATE OF cspace_throttlecounter)'
            " AS mine WHERE counter.key = mine.key",
            [0 if counts else 1, [window.key for window in reserved], [window.number for window in reserved]],
        )


def make_known(scope: str, key: str, *, now: datetime) -> None:
    """Remember a key for `KNOWN_DAYS`; only its keyed hash is kept."""
    if not settings.CSPACE_THROTTLE:
        return
    row = ThrottleCounter(key=_known_key(scope, key), window=_day(now), tries=0)
    ThrottleCounter.objects.bulk_create([row], update_conflicts=True, unique_fields=["key"], update_fields=["window"])


def is_known(scope: str, key: str, *, now: datetime) -> bool:
    """Whether a key was made known within `KNOWN_DAYS`."""
    return ThrottleCounter.objects.filter(key=_known_key(scope, key), window__gte=_day(now) - KNOWN_DAYS).exists()


def _known_key(scope: str, key: str) -> str:
    return f"{REMEMBERED}{scope}:{salted_hmac(REMEMBERED, key, algorithm='sha256').hexdigest()[:40]}"


def _day(now: datetime) -> int:
    return int(now.timestamp()) // 86_400


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
    """Delete the counters of windows that are over, and what was known long ago; how many. Done once an hour."""
    forgotten = 0
    for scope in settings.CSPACE_THROTTLE_RATES:
        present = _Window.of(scope, "", now).number
        # A later number is one of shorter windows, from before the rate was changed; it counts for nothing either.
        rows = ThrottleCounter.objects.filter(key__startswith=f"{scope}:").exclude(window=present)
        forgotten += delete_in_portions(rows)
    outdated = ThrottleCounter.objects.filter(key__startswith=REMEMBERED, window__lt=_day(now) - KNOWN_DAYS)
    return forgotten + delete_in_portions(outdated)


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

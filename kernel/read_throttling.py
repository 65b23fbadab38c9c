"""How much one reader may read: counted in this process, because a statement per read would cost more than most reads.

With N worker processes somebody may therefore read up to N times the rate before all of them refuse. That bounds what
one reader costs; who guesses passwords is counted in PostgreSQL (`kernel.throttling`).
"""

import threading
import time

from django.conf import settings
from django.http import HttpRequest

from kernel.errors import RateLimited
from kernel.rates import parse_rate
from kernel.requests import client_address, network_of

MAX_READERS = 100_000
"""How many are remembered; one more forgives everybody, so that no flood of addresses takes all memory."""


class ReadCounter:
    """Reads of the present window by reader. A window is fixed, like those in PostgreSQL."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._window = (0, 0)
        self._reads: dict[str, int] = {}

    def count(self, reader: str, rate: str, *, at: float) -> None:
        """Count one read at this moment of a clock that never goes back. Raises: RateLimited."""
        allowed, seconds = parse_rate(rate)
        number, passed = divmod(int(at), seconds)
        with self._lock:
            if self._window != (seconds, number) or len(self._reads) >= MAX_READERS:
                self._window = (seconds, number)
                self._reads.clear()
            reads = self._reads.get(reader, 0) + 1
            self._reads[reader] = reads
        if reads > allowed:
            raise RateLimited(retry_after=seconds - passed)

    def is_full(self, reader: str, rate: str, *, at: float) -> bool:
        """Whether one more read would be refused."""
        allowed, seconds = parse_rate(rate)
        return self._window == (seconds, int(at) // seconds) and self._reads.get(reader, 0) >= allowed


_counter = ReadCounter()


def count_read(request: HttpRequest, *, user_id: int | None = None) -> None:
    """Count one read by a person or, where nobody is logged in, by an address (/64 for IPv6).

    Not counted: `/healthz` and `/readyz`, static files, the front page, and the admin, which is for the staff.
    Raises: RateLimited.
    """
    if settings.CSPACE_THROTTLE:
        _counter.count(_reader(request, user_id), settings.CSPACE_THROTTLE_RATES["read"], at=time.monotonic())


def may_read(request: HttpRequest, *, user_id: int | None = None) -> bool:
    """Whether `count_read` would let one more read pass."""
    if not settings.CSPACE_THROTTLE:
        return True
    rate = settings.CSPACE_THROTTLE_RATES["read"]
    return not _counter.is_full(_reader(request, user_id), rate, at=time.monotonic())


def _reader(request: HttpRequest, user_id: int | None) -> str:
    return f"person {user_id}" if user_id else f"address {network_of(client_address(request))}"

"""The parts of a run: each has its seconds, says when it ends, and ends."""

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

PATIENCE, GRACE_SECONDS = 3, 10
"""A part may take so many times what is planned for it, and a moment: a busy machine is slower, a hanging one is not
waited for."""


@dataclass(frozen=True)
class Part:
    """`work` measures and adds to the report; `seconds` are planned for a whole run, the others for a quick one."""

    name: str
    work: Callable[[Any], None]
    seconds: float
    quick_seconds: float
    is_extra: bool = False
    """Measured only where it is named: a whole run has no seconds for it."""

    def planned(self, *, is_quick: bool) -> float:
        return self.quick_seconds if is_quick else self.seconds


@contextmanager
def within(seconds: float, name: str) -> Iterator[None]:
    """In the main thread. Raises: TimeoutError: the block has not ended by then."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"{name} has not ended after {seconds:.0f} s, so the run is stopped")

    previous = signal.signal(signal.SIGALRM, stop)
    pending = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
        signal.setitimer(signal.ITIMER_REAL, *pending)  # of whoever else watches, such as a test's


def work_through(
    parts: Sequence[Part], stage: Any, *, is_quick: bool, say: Callable[[str], object], grace: float = GRACE_SECONDS
) -> None:
    """One part after the other, a line for each.

    Raises: TimeoutError: a part has taken too long; whatever a part raises.
    """
    for number, part in enumerate(parts, 1):
        planned = part.planned(is_quick=is_quick)
        began = time.perf_counter()
        with within(planned * PATIENCE + grace, part.name):
            part.work(stage)
        took = time.perf_counter() - began
        say(f"[{number:>2}/{len(parts)}] {part.name:<22} {took:5.1f} s of {planned:.0f}")

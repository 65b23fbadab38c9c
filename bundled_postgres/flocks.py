"""Advisory file locks. The kernel drops them when the last holder dies, however it dies."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bundled_postgres.errors import EmbeddedPostgresError

POLL_SECONDS = 0.02


def try_lock(path: Path, operation: int) -> int | None:
    """Return an open descriptor that holds the lock, or None when somebody else's lock is in the way."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def lock(path: Path, operation: int, deadline: float) -> int:
    """Like `try_lock`, waiting until the deadline (a `time.monotonic()` value)."""
    while (descriptor := try_lock(path, operation)) is None:
        if time.monotonic() > deadline:
            raise EmbeddedPostgresError(f"another process has held {path} for too long; end it and try again")
        time.sleep(POLL_SECONDS)
    return descriptor


@contextmanager
def exclusive(path: Path, deadline: float) -> Iterator[None]:
    """Hold the lock alone for the length of the block."""
    descriptor = lock(path, fcntl.LOCK_EX, deadline)
    try:
        yield
    finally:
        os.close(descriptor)


def is_lock_of(descriptor: int, path: Path) -> bool:
    """Whether the descriptor is still this file, and not one that was deleted meanwhile."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False

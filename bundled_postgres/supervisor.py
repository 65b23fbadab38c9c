"""The parent process of the embedded PostgreSQL: stops it when its last user is gone. Run by path, alone.

It knows only the standard library and one JSON argument. It holds the server lock it was handed, and so does
every process of PostgreSQL: whoever gets that lock knows that no process of this cluster is left.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

POLL_SECONDS = 0.25
SHUTDOWN_SECONDS = 2.5
PRUNE_SECONDS = 600
KEPT_LOGS = 10
PR_SET_PDEATHSIG = 1


def die_with_parent() -> Callable[[], None] | None:
    """For `preexec_fn`: a fast shutdown for PostgreSQL should this process be killed (Linux only)."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def after_fork() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return after_fork


def has_users(lock: int) -> bool:
    """Whether any process still holds the users' lock. If not, it is ours from now on, and newcomers wait."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def prune(logs: Path) -> None:
    """Keep the newest log files only."""
    for old in sorted(logs.glob("postgresql-*.log"))[:-KEPT_LOGS]:
        old.unlink(missing_ok=True)


def supervise(task: dict[str, Any]) -> None:
    """Run PostgreSQL until it ends by itself or nobody uses it."""
    users = os.open(task["users_lock"], os.O_RDWR | os.O_NOFOLLOW)
    postgres = subprocess.Popen(  # noqa: S603
        task["command"],
        stdin=subprocess.DEVNULL,
        pass_fds=(task["server_lock"],),
        preexec_fn=die_with_parent(),
        **task["identity"],
    )
    pruned_at = float("-inf")
    while postgres.poll() is None:
        if not has_users(users):
            stop(postgres)
            break
        if time.monotonic() - pruned_at > PRUNE_SECONDS:
            prune(Path(task["logs"]))
            pruned_at = time.monotonic()
        with contextlib.suppress(subprocess.TimeoutExpired):
            postgres.wait(POLL_SECONDS)
    with contextlib.suppress(OSError):
        Path(task["socket"]).rmdir()


def stop(postgres: subprocess.Popen[bytes]) -> None:
    """Shut down: with a checkpoint if it is quick, else at once; the write-ahead log makes both safe."""
    postgres.send_signal(signal.SIGINT)
    try:
        postgres.wait(SHUTDOWN_SECONDS)
    except subprocess.TimeoutExpired:
        postgres.send_signal(signal.SIGQUIT)
        postgres.wait()


if __name__ == "__main__":
    if os.fork() == 0:
        os.setsid()
        supervise(json.loads(sys.argv[1]))

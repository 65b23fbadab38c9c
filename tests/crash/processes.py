"""Processes to kill, and ways to see that nothing of them is left."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from bundled_postgres.flocks import try_lock

ROOT = Path(__file__).resolve().parent.parent.parent
HOLDER = """
import json, sys
from dataclasses import asdict
from pathlib import Path
from bundled_postgres import EmbeddedPostgresError, ensure
for line in sys.stdin:
    try:
        answer = asdict(ensure(Path(sys.argv[1]), **json.loads(line)))
    except EmbeddedPostgresError as error:
        answer = {"error": str(error)}
    print(json.dumps(answer), flush=True)
"""


def await_true(condition: Callable[[], object], seconds: float) -> None:
    """Return as soon as the condition holds; fail if it does not within the time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        threading.Event().wait(0.01)


@contextmanager
def shared_folder() -> Iterator[Path]:
    """A temporary folder that PostgreSQL's user may enter when we are root (pytest's own is 0700)."""
    folder = Path(tempfile.mkdtemp(prefix="cspace-test-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        for home in folder.iterdir():
            if (home / "server.lock").exists():
                await_true(lambda home=home: is_stopped(home), 15)
        shutil.rmtree(folder)


def is_stopped(home: Path) -> bool:
    """Whether no supervisor and no process of PostgreSQL is left: each of them holds the lock."""
    descriptor = try_lock(home / "server.lock", fcntl.LOCK_EX)
    if descriptor is None:
        return False
    os.close(descriptor)
    return True


def postmaster(home: Path) -> int:
    """The process id of the running server."""
    return int((home / "data" / "postmaster.pid").read_text().split()[0])


def parent_of(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("PPid:")).split()[1])


def marked(mark: str) -> dict[int, str]:
    """Process ids and command lines of all that inherited the mark in their environment."""
    found = {}
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and mark.encode() in (process / "environ").read_bytes():
                found[int(process.name)] = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
    return found


class Holder:
    """A process that uses the server of one folder until it is killed."""

    def __init__(self, home: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", HOLDER, str(home)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> "Holder":
        return self

    def __exit__(self, *_exception: object) -> None:
        self.kill()

    def ask(self, **options: Any) -> None:
        """Have it call `ensure()`; `answer()` waits for the result."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps({"fast": True, **options}) + "\n")
        self.process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        assert self.process.stdout
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def ensure(self, **options: Any) -> dict[str, Any]:
        self.ask(**options)
        return self.answer()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def query(server: dict[str, Any], statement: str) -> Any:
    """Run one statement and return its first value, if it has one."""
    assert "error" not in server, server
    with psycopg.connect(**server, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchone()[0] if cursor.description else None

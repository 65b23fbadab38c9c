"""A real server for the harnesses: two workers, its own cluster, faults on request.

Every process is started here, ended here by its id, and waited for with a bound.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 60
STOP_SECONDS = 15


@dataclass(frozen=True)
class Server:
    """Where it answers, and which process it is."""

    base_url: str
    pid: int

    @property
    def port(self) -> int:
        return int(self.base_url.rpartition(":")[2])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(
    environment: Mapping[str, str],
    *,
    workers: int = 2,
    application: str = "cspace.wsgi:application",
    has_streams: bool = False,
) -> Iterator[Server]:
    """A granian server over the database that `environment` names; with event streams it is that of a production."""
    port = free_port()
    listening = ["--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)]
    if has_streams:
        command = [sys.executable, "manage.py", "serve", "--streams", *listening]
    else:
        command = [sys.executable, "-m", "granian", "--interface", "wsgi", *listening]
        command += ["--blocking-threads", "4", "--backlog", "1024", "--log-level", "error", application]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _await_answer(f"http://127.0.0.1:{port}", process)
        yield Server(f"http://127.0.0.1:{port}", process.pid)
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_SECONDS)


def _await_answer(base_url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            httpx.get(f"{base_url}/api/v1/users/me/", timeout=5)
        except httpx.TransportError:
            os.sched_yield()
        else:
            return
    raise TimeoutError(f"the server did not answer within {START_SECONDS} s")

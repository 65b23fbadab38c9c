"""`manage.py serve` as the image runs it, in a process tree of its own that ends with the block."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.crash.processes import await_true
from tests.races.server import ROOT, free_port
from tests.test_settings import starting_with

START_SECONDS = 60
STOP_SECONDS = 40
BEHIND_TLS = {"X-Forwarded-Proto": "https"}


@dataclass
class Production:
    """Where it answers, and what it prints."""

    process: "subprocess.Popen[bytes]"
    port: int
    output: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str, **headers: str) -> httpx.Response:
        """On a connection of its own, as if a proxy passed it on."""
        return httpx.get(f"{self.url}{path}", headers=BEHIND_TLS | headers, timeout=30)

    def answers(self, path: str = "/healthz") -> bool:
        try:
            return self.get(path).status_code == 200
        except httpx.TransportError:
            return False

    def printed(self) -> str:
        return self.output.read_text()


@contextmanager
def production(output: Path, *options: str, **environment: str) -> Iterator[Production]:
    """Serve with two workers and the settings of a production, unless said otherwise, until the end of the block."""
    port = free_port()
    own = {"ALLOWED_HOSTS": "127.0.0.1", "CSPACE_TRUSTED_PROXIES": "1", "PYTHONWARNINGS": "ignore"}
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--port", str(port), *options],
            cwd=ROOT,
            env=starting_with(own | environment),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
        )
    server = Production(process, port, output)
    try:
        await_true(lambda: server.answers() or process.poll() is not None, START_SECONDS)
        assert process.poll() is None, server.printed()
        yield server
    finally:
        process.terminate()
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        finally:
            process.kill()
            process.wait()

"""The demo's outsider: talks to a running server over HTTP only, and believes nothing it has not recomputed."""

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings

START_SECONDS = 300
"""Recovery of the database after a crash may have much to read again."""
STOP_SECONDS = 15
ANSWER_SECONDS = 120
FILES = {
    "draw/": "draw.json",
    "draw/manifest/": "manifest.tsv",
    "draw/result/": "result.tsv",
    "draw/verifier/": "draw.py",
}


class ServerFailed(Exception):
    """One sentence about what went wrong outside."""


@contextmanager
def serving() -> Iterator[str]:
    """A CSpace server of our own on a free port; its base URL. It ends with the block, or with this process."""
    port = _free_port()
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "run", "--end-with-parent"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    try:
        _await_answer(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_SECONDS)


@dataclass
class Outsider:
    """A client that is logged in."""

    api: str
    token: str

    @classmethod
    def logged_in(cls, base_url: str, username: str, password: str) -> "Outsider":
        api = f"{base_url}/api/v1/"
        body = json.dumps({"username": username, "password": password}).encode()
        return cls(api, json.loads(_ask(f"{api}auth/token/", body, {}))["access"])

    def get(self, path: str) -> bytes:
        return _ask(f"{self.api}{path}", None, {"Authorization": f"Bearer {self.token}"})

    def post(self, path: str) -> dict[str, Any]:
        answer = _ask(f"{self.api}{path}", b"{}", {"Authorization": f"Bearer {self.token}"})
        body: dict[str, Any] = json.loads(answer)
        return body

    def verify(self, event_id: int) -> tuple[str, dict[str, Any]]:
        """Download everything into an empty folder and run the downloaded verifier there, with nothing else in reach.

        Returns what it said, and the downloaded record of the draw.
        Raises: ServerFailed, naming the difference it found.
        """
        with TemporaryDirectory(prefix="cspace-draw-") as folder:
            for path, name in FILES.items():
                Path(folder, name).write_bytes(self.get(f"allocation-events/{event_id}/{path}"))
            done = subprocess.run(
                [sys.executable, "-I", "draw.py", "verify", "manifest.tsv", "draw.json", "result.tsv"],
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=ANSWER_SECONDS,
                check=False,
            )
            if done.returncode:
                raise ServerFailed(f"the draw does not verify: {done.stderr.strip()}")
            return done.stdout.strip(), json.loads(Path(folder, "draw.json").read_bytes())


def _ask(url: str, body: bytes | None, headers: dict[str, str]) -> bytes:
    request = urllib.request.Request(url, body, headers | {"Content-Type": "application/json"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as response:  # noqa: S310
            answer: bytes = response.read()
            return answer
    except urllib.error.HTTPError as refused:
        with refused:
            raise ServerFailed(f"{url} answered {refused.code}: {refused.read().decode()}") from refused
    except OSError as error:
        raise ServerFailed(f"{url} could not be reached: {error}") from error


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_answer(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ServerFailed(f"the server ended at once with status {process.returncode}: try make run")
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise ServerFailed(f"the server did not answer within {START_SECONDS} seconds")

"""The demo's outsider: talks to a running server over HTTP only, and believes nothing it has not recomputed."""

import http.client
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, Any
from uuid import UUID

import jwt
from django.conf import settings

from kernel.listening import Address

START_SECONDS = 300
"""Recovery of the database after a crash may have much to read again."""
STOP_SECONDS = 15
LOGIN_SECONDS, ANSWER_SECONDS = 30, 120
MAX_TOLD = 500
"""Bytes of a refusal that are shown."""
FILES = {
    "draw/": "draw.json",
    "draw/manifest/": "manifest.tsv",
    "draw/result/": "result.tsv",
    "draw/verifier/": "draw.py",
}


class ServerFailed(Exception):
    """One sentence about what went wrong outside."""


@contextmanager
def serving(address: Address) -> Iterator[None]:
    """A CSpace server of our own. It ends with the block, or with this process.

    Raises: ServerFailed, with the server's own last line where it refuses to start.
    """
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "run", "--end-with-parent"]
    command += ["--host", address.host, "--port", str(address.port), "--workers", "1"]
    with TemporaryFile() as errors:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)  # noqa: S603
        try:
            _await_answer(address, process, errors)
            yield
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
    family: UUID
    """The session that the server made of the login."""

    @classmethod
    def logged_in(cls, base_url: str, username: str, password: str) -> "Outsider":
        """Raises: ServerFailed, also where something else answers."""
        api = f"{base_url}/api/v1/"
        body = json.dumps({"username": username, "password": password}).encode()
        answer = _ask(f"{api}auth/token/", body, {}, seconds=LOGIN_SECONDS)
        try:
            token = json.loads(answer)["access"]
            family = UUID(jwt.decode(token, options={"verify_signature": False})["family"])
        except (ValueError, LookupError, TypeError, jwt.InvalidTokenError) as error:
            raise ServerFailed(f"{api}auth/token/ answered with something else than a token of ours") from error
        return cls(api, token, family)

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


def _ask(url: str, body: bytes | None, headers: dict[str, str], *, seconds: float = ANSWER_SECONDS) -> bytes:
    request = urllib.request.Request(url, body, headers | {"Content-Type": "application/json"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=seconds) as response:  # noqa: S310
            answer: bytes = response.read()
            return answer
    except urllib.error.HTTPError as refused:
        with refused:
            text = " ".join(refused.read(MAX_TOLD).decode(errors="replace").split())
            raise ServerFailed(f"{url} answered {refused.code}: {text}") from refused
    except (OSError, http.client.HTTPException) as error:
        raise ServerFailed(f"{url} could not be reached: {' '.join(str(error).split())}") from error


def _await_answer(address: Address, process: "subprocess.Popen[bytes]", errors: IO[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            errors.seek(0)
            lines = errors.read().decode(errors="replace").splitlines() or [f"it ended with {process.returncode}"]
            raise ServerFailed(f"the server did not start: {lines[-1]}")
        if address.answers():
            return
        time.sleep(0.1)
    raise ServerFailed(f"the server did not answer within {START_SECONDS} seconds")

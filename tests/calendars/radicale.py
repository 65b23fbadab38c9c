"""A real server of CalDAV, Radicale of PyPI, in an environment of its own, as a process that ends with the block.

What it needs stands in requirements/radicale.txt and never comes into ours.
"""

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import time
import venv
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.races.server import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
REQUIREMENTS = ROOT / "requirements" / "radicale.txt"
INSTALL_SECONDS, START_SECONDS, STOP_SECONDS = 300, 60, 10
USERNAME, SECRET = "room@example.edu", "the s3cret: of the room"
CONFIGURATION = """
[server]
hosts = 127.0.0.1:{port}
[auth]
type = htpasswd
htpasswd_filename = {folder}/people
htpasswd_encryption = plain
delay = 0
[rights]
type = owner_only
[storage]
filesystem_folder = {folder}/collections
[web]
type = none
[logging]
level = error
"""
# Its standard input is a line to whoever has started it: it ends when that one does, however he does.
SERVE = """
import os, runpy, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(1)), daemon=True).start()
sys.argv[0] = "radicale"
runpy.run_module("radicale", run_name="__main__")
"""


@dataclass(frozen=True)
class Radicale:
    """`folder`: where it keeps collections and what it remembers of them."""

    port: int
    folder: Path

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def make_calendar(self, name: str) -> str:
        """The URL of a new calendar."""
        path = f"/{USERNAME}/{name}/"
        status = self.ask("MKCALENDAR", path)
        assert status == 201, status
        return f"{self.origin}{path}"

    def ask(self, method: str, path: str, body: str = "", **headers: str) -> int:
        """The status, past the client that is tested."""
        credentials = b64encode(f"{USERNAME}:{SECRET}".encode()).decode()
        connection = HTTPConnection("127.0.0.1", self.port, timeout=START_SECONDS)
        try:
            connection.request(method, path, body.encode(), {"Authorization": f"Basic {credentials}", **headers})
            return connection.getresponse().status
        finally:
            connection.close()

    def forget_tokens(self) -> None:
        """As it does by itself with old ones."""
        kept = list(self.folder.rglob("sync-token"))
        assert kept
        for each in kept:
            shutil.rmtree(each)


def install(folder: Path) -> Path:
    """Have the environment in a folder, once for all processes of a run of tests; its Python."""
    folder.mkdir(exist_ok=True)
    environment, done = folder / "environment", folder / "installed"
    python = environment / "bin" / "python"
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if not done.exists():
            venv.create(environment, clear=True, symlinks=True)
            command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-input"]
            command += ["--require-hashes", "--only-binary", ":all:", "--requirement", str(REQUIREMENTS)]
            run = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS)
            if run.returncode:
                pytest.fail(f"Radicale could not be installed: {run.stderr[-500:]}", pytrace=False)
            done.touch()
    return python


@contextmanager
def radicale(environment: Path, folder: Path) -> Iterator[Radicale]:
    """`environment`: where it is, or will be, installed; `folder`: what it keeps."""
    python, port = install(environment), free_port()
    folder.mkdir(exist_ok=True)
    (folder / "people").write_text(f"{USERNAME}:{SECRET}\n")
    configuration = folder / "configuration"
    configuration.write_text(CONFIGURATION.format(port=port, folder=folder))
    command = [str(python), "-I", "-c", SERVE, "--config", str(configuration)]
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG") if name in os.environ}
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log, env=inherited, cwd=folder) as process,
    ):
        try:
            _wait(process, port, folder / "log")
            yield Radicale(port, folder)
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            finally:
                process.kill()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Until it takes connections."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail(f"Radicale did not start: {log.read_text()[-500:]}", pytrace=False)

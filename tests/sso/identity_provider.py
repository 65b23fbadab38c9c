"""A real provider of OpenID Connect, `oidc-provider` of npm, as a process of its own that ends with the block."""

import fcntl
import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.races.server import free_port

HERE = Path(__file__).resolve().parent / "provider"
INSTALLED = HERE / "node_modules" / ".installed"
START_SECONDS, STOP_SECONDS, INSTALL_SECONDS = 30, 10, 300
OLDEST_NODE = 20
SECRET = "the s3cret of the client"
WHAT_TO_INSTALL = (
    "tests/sso sign on at a real provider, which needs Node.js 20 or newer with npm: install them"
    " (Debian, Ubuntu: apt-get install nodejs npm), then run make test again"
)
PEOPLE: Mapping[str, Mapping[str, Any]] = {
    "ada": {"name": "Ada Lovelace", "groups": ["staff", "all"], "department": "Mathematics"},
    "grace": {"given_name": "Grace", "family_name": "Hopper", "groups": "STAFF"},
    "hedy": {"given_name": "Hedy", "family_name": "Lamarr", "groups": "staff"},
    "mary": {},
    "linus": {"groups": ["students"]},
    "liste": {"groups": ["students"]},
    "unverified": {"email_verified": False},
    "silent": {"email_verified": None},
    "nameless": {"preferred_username": None},
    "homeless": {"email": None},
    "wil": {"email": "Wil@Example.EDU", "preferred_username": "somebody"},
    "thief": {"preferred_username": "taken"},
    "gone": {},
    "twin": {},
}
"""What is said of each, beside the address `<name>@example.edu`, which is verified, and the name itself."""


def claims() -> dict[str, dict[str, Any]]:
    return {
        name: {"email": f"{name}@example.edu", "email_verified": True, "preferred_username": name} | more
        for name, more in PEOPLE.items()
    }


def install() -> str:
    """Have what the lock file names, once for all processes; the program that runs it. Fails where it cannot."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None or not _is_new_enough(node):
        pytest.fail(WHAT_TO_INSTALL, pytrace=False)
    lock = (HERE / "package-lock.json").read_text()
    with (HERE / "package.json").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if not INSTALLED.exists() or INSTALLED.read_text() != lock:
            command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
            run = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=INSTALL_SECONDS)
            if run.returncode:
                pytest.fail(f"{WHAT_TO_INSTALL}. npm said: {run.stderr[-500:]}", pytrace=False)
            INSTALLED.write_text(lock)
    return node


def _is_new_enough(node: str) -> bool:
    """`v20.20.2`: it is."""
    version = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
    return int(version.strip().removeprefix("v").partition(".")[0] or 0) >= OLDEST_NODE


@contextmanager
def identity_provider(folder: Path) -> Iterator[str]:
    """Its issuer."""
    node, port = install(), free_port()
    said = folder / "people.json"
    said.write_text(json.dumps({"secret": SECRET, "people": claims()}))
    command = [node, "provider.js", str(port), str(said)]
    with subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"listening\n", WHAT_TO_INSTALL
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            finally:
                process.kill()

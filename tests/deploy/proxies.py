"""The production proxy, run for real on a free port in front of whatever answers here."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.races.server import ROOT, STOP_SECONDS, free_port

CONFIGURATION = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
MAIN_CONFIGURATION = (ROOT / "deploy" / "nginx-main.conf").read_text(encoding="utf-8")
START_SECONDS = 15


@contextmanager
def proxying(
    upstream: str, configuration: str = CONFIGURATION, *, streams: str | None = None, log: Path | None = None
) -> Iterator[str]:
    """The configuration in front of `upstream` ("127.0.0.1:8000"), at "127.0.0.1:port". Skips without an nginx.

    `streams`: where those are served, if not there too; `log`: where everything is written that nginx says.
    """
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        pytest.skip("not run: no nginx found")
    listening = f"127.0.0.1:{free_port()}"
    with tempfile.TemporaryDirectory(prefix="cspace-proxy-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        places = {"listen 8080;": f"listen {listening};", "streams:8000": streams or upstream, "app:8000": upstream}
        (folder / "default.conf").write_text(_replaced(configuration, places), encoding="utf-8")
        places = {"/tmp/": f"{folder}/", "/etc/nginx/conf.d/*.conf": f"{folder}/default.conf"}
        (folder / "nginx.conf").write_text(_replaced(MAIN_CONFIGURATION, places), encoding="utf-8")
        command = [nginx, "-p", name, "-e", "stderr", "-c", str(folder / "nginx.conf"), "-g", "daemon off;"]
        said = log or folder / "log"
        # A file: nginx would wait for whoever does not read a pipe.
        with said.open("a", encoding="utf-8") as file:
            process = subprocess.Popen(command, stdout=file, stderr=file)
        try:
            _await_listening(listening, process, said)
            yield listening
        finally:
            process.terminate()
            process.wait(timeout=STOP_SECONDS)


def _replaced(text: str, places: Mapping[str, str]) -> str:
    """Raises: ValueError: what is to be replaced is not there."""
    for written, own in places.items():
        if written not in text:
            raise ValueError(f"{written} is not in the configuration")
        text = text.replace(written, own)
    return text


def _await_listening(address: str, process: "subprocess.Popen[bytes]", errors: Path) -> None:
    host, _, port = address.partition(":")
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"nginx ended with {process.returncode}: {errors.read_text(encoding='utf-8')}")
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex((host, int(port))) == 0:
                return
        os.sched_yield()
    raise TimeoutError(f"nginx did not listen within {START_SECONDS} s")

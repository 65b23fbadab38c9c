"""The production proxy, run for real on a free port in front of whatever answers here."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.races.server import ROOT, STOP_SECONDS, free_port

CONFIGURATION = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
START_SECONDS = 15
AROUND = """
daemon off;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/default.conf;
}}
"""


@contextmanager
def proxying(upstream: str, configuration: str = CONFIGURATION) -> Iterator[str]:
    """The configuration in front of `upstream` ("127.0.0.1:8000"), at "127.0.0.1:port". Skips without an nginx."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        pytest.skip("not run: no nginx found")
    listening = f"127.0.0.1:{free_port()}"
    with tempfile.TemporaryDirectory(prefix="cspace-proxy-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        own = configuration.replace("listen 8080;", f"listen {listening};").replace("app:8000", upstream)
        (folder / "default.conf").write_text(own, encoding="utf-8")
        (folder / "nginx.conf").write_text(AROUND.format(folder=folder), encoding="utf-8")
        command = [nginx, "-p", name, "-e", "stderr", "-c", str(folder / "nginx.conf")]
        # A file: nginx would wait for whoever does not read a pipe.
        with (folder / "errors").open("w", encoding="utf-8") as errors:
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        try:
            _await_listening(listening, process, folder / "errors")
            yield listening
        finally:
            process.terminate()
            process.wait(timeout=STOP_SECONDS)


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

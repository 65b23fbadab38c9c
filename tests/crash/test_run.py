"""`make run`: what it prints, what it refuses in one line, and that nothing outlives it."""

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from cspace.management.commands.run import Command
from kernel import clock
from kernel.listening import Address
from tests.crash.processes import ROOT, await_true, is_stopped, marked, postmaster, shared_folder
from tests.races.server import free_port

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
START_SECONDS = 60
END_SECONDS = 5


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """Where the servers of this module keep their data, one after the other."""
    with shared_folder() as folder:
        yield folder / "pg"


@dataclass
class Run:
    """A running `make run`."""

    make: "subprocess.Popen[bytes]"
    mark: str
    output: Path
    environment: dict[str, str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.environment['PORT']}"

    def printed(self) -> str:
        return self.output.read_text()

    def python(self) -> int:
        """The process id of `manage.py run`."""
        return next(pid for pid, command in marked(self.mark).items() if "manage.py run" in command)

    def worker(self) -> int | None:
        """The process id of the job worker beside it, if it runs."""
        return next((pid for pid, command in marked(self.mark).items() if "manage.py worker" in command), None)

    def is_gone(self) -> bool:
        self.make.poll()
        return not marked(self.mark)


def command(*options: str) -> list[str]:
    """Run `make run` with this Python, without looking after the environment."""
    return ["make", "--old-file=environment-to-run", "run", f"PY={sys.executable}", *options]


@contextmanager
def running(
    home: Path, tmp_path: Path, *, cwd: Path = ROOT, environment: dict[str, str] | None = None, **more: str
) -> Iterator[Run]:
    """Start it, wait until it answers; whatever is left in the end is killed."""
    mark = f"TEST_MARK={uuid.uuid4().hex}"
    if environment is None:
        environment = {**os.environ, "CSPACE_DATA_DIR": str(home), "PORT": str(free_port()), "DEBUG": "1"}
    environment = environment | dict([mark.split("=")]) | more
    environment.pop("PYTHONUNBUFFERED", None)
    output = tmp_path / "output"
    with output.open("wb") as file:
        make = subprocess.Popen(
            command(), cwd=cwd, env=environment, stdin=subprocess.DEVNULL, stdout=file, stderr=file, process_group=0
        )
    run = Run(make, mark, output, environment)
    try:
        await_true(lambda: "curl" in run.printed() or make.poll() is not None, START_SECONDS)
        assert make.poll() is None, run.printed()
        yield run
    finally:
        for pid in marked(mark):
            os.kill(pid, signal.SIGKILL)
        make.wait()


def test_prints_a_command_that_books_and_refuses_a_second_server(home: Path, tmp_path: Path) -> None:
    with running(home, tmp_path) as run:
        assert f"{run.url}/api/docs/" in run.printed()
        book(run)
        second = subprocess.run(command(), cwd=ROOT, env=run.environment, capture_output=True, text=True)
        assert second.returncode != 0
        assert second.stderr.splitlines()[0] == (
            f"CommandError: cannot listen on 127.0.0.1:{run.environment['PORT']} (Address already in use): "
            "stop what runs there, or choose another port: make run PORT=8001"
        )
        os.killpg(run.make.pid, signal.SIGINT)  # Ctrl-C reaches the whole group
        await_true(lambda: run.is_gone() and is_stopped(home), END_SECONDS)


def book(run: Run) -> None:
    """Do what is printed."""
    curl = run.printed().partition("Book a room:\n")[2].split("\n\n")[0]
    booked = subprocess.run(curl, shell=True, check=True, capture_output=True, text=True)
    assert booked.stdout.startswith("HTTP/1.1 201 Created"), booked.stdout


@pytest.mark.timeout(4 * START_SECONDS)
def test_every_start_prints_a_command_that_books(home: Path, tmp_path: Path) -> None:
    for _ in range(2):
        with running(home, tmp_path) as run:
            book(run)
            run.make.terminate()
            await_true(run.is_gone, START_SECONDS)


def test_prints_where_everything_is(home: Path, tmp_path: Path) -> None:
    with running(home, tmp_path) as run:
        for path in ("/admin/", "/static/occupancy/index.html", "/api/docs/"):
            assert f"{run.url}{path}\n" in run.printed()
            assert httpx.get(f"{run.url}{path}", follow_redirects=True).status_code == 200
        run.make.terminate()
        await_true(run.is_gone, START_SECONDS)


def access_lines(run: Run) -> list[str]:
    """The paths of requests that the log tells of."""
    lines = [json.loads(line) for line in run.printed().splitlines() if line.startswith("{")]
    return [line["route"] for line in lines if line["name"] == "cspace.access"]


@pytest.mark.parametrize(("more", "is_told"), [({}, False), ({"CSPACE_ACCESS_LOG": "on"}, True)])
def test_a_development_server_logs_requests_only_if_asked_to(
    home: Path, tmp_path: Path, more: dict[str, str], is_told: bool
) -> None:
    with running(home, tmp_path, **more) as run:
        httpx.get(f"{run.url}/readyz")
        httpx.get(f"{run.url}/api/nope")
        run.make.terminate()
        await_true(run.is_gone, START_SECONDS)
        assert ("readyz" in access_lines(run)) is is_told


def test_serves_again_after_the_database_was_killed(home: Path, tmp_path: Path) -> None:
    with running(home, tmp_path) as run:
        assert httpx.get(f"{run.url}/readyz").status_code == 200
        os.kill(postmaster(home), signal.SIGKILL)
        await_true(lambda: httpx.get(f"{run.url}/readyz", timeout=30).status_code == 200, 20)
        assert httpx.get(f"{run.url}/readyz").status_code == 200
        run.make.terminate()
        await_true(lambda: run.is_gone() and is_stopped(home), END_SECONDS)


def test_opens_an_allocation_event_by_itself(home: Path, tmp_path: Path) -> None:
    with running(home, tmp_path, CSPACE_STEP_SECONDS="1") as run:
        login = {"username": "ta217", "password": "cspace-demo"}
        access = httpx.post(f"{run.url}/api/v1/auth/token/", json=login).json()["access"]
        opens = clock.now().replace(microsecond=0) + timedelta(seconds=2)
        event = {
            "registration_start": f"{opens:%Y-%m-%dT%H:%M:%SZ}",
            "registration_end": f"{opens + timedelta(days=3):%Y-%m-%dT%H:%M:%SZ}",
            "target_start_date": f"{opens + timedelta(days=10):%Y-%m-%d}",
            "target_end_date": f"{opens + timedelta(days=100):%Y-%m-%d}",
        }
        events, headers = f"{run.url}/api/v1/allocation-events/", {"Authorization": f"Bearer {access}"}
        created = httpx.post(events, json=event, headers=headers).json()
        assert created["status"] == "upcoming", created
        path = f"{events}{created['id']}/"
        await_true(lambda: httpx.get(path, headers=headers).json()["status"] == "open", START_SECONDS)
        # The worker ends with it, in time for the database to be stopped.
        run.make.terminate()
        await_true(lambda: run.is_gone() and is_stopped(home), END_SECONDS)


def test_a_worker_that_was_killed_is_begun_anew(home: Path, tmp_path: Path) -> None:
    with running(home, tmp_path) as run:
        await_true(lambda: run.worker() is not None, START_SECONDS)
        first = run.worker()
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await_true(lambda: run.worker() not in (None, first), START_SECONDS)
        os.killpg(run.make.pid, signal.SIGINT)
        await_true(lambda: run.is_gone() and is_stopped(home), END_SECONDS)


def kill_make(run: Run) -> None:
    run.make.kill()


def kill_python(run: Run) -> None:
    os.kill(run.python(), signal.SIGKILL)


@pytest.mark.parametrize("end", [kill_make, kill_python])
def test_leaves_no_process_behind(home: Path, tmp_path: Path, end: Callable[[Run], None]) -> None:
    with running(home, tmp_path) as run:
        end(run)
        await_true(lambda: run.is_gone() and is_stopped(home), END_SECONDS)


@pytest.mark.parametrize(
    ("variable", "value", "line"),
    [
        ("PORT", "http", "CSpace cannot start: PORT=http is not a number between 1 and 65535"),
        (
            "HOST",
            "banana",
            "CommandError: HOST=banana is not an address of this machine (Name or service not known): "
            "leave HOST out, or say HOST=127.0.0.1 (reached from this machine) or HOST=0.0.0.0 (from everywhere)",
        ),
        (
            "CSPACE_DATA_DIR",
            f"{__file__}/pg",
            f"CommandError: cannot use {__file__}/pg (Not a directory): "
            "make it writable, or set CSPACE_DATA_DIR or DATABASE_URL",
        ),
    ],
)
def test_refuses_in_one_line(variable: str, value: str, line: str) -> None:
    environment = {**os.environ, "PORT": str(free_port()), "DEBUG": "1", variable: value}
    refused = subprocess.run(command(), cwd=ROOT, env=environment, capture_output=True, text=True)
    assert refused.returncode != 0
    assert [text for text in refused.stderr.splitlines() if not text.startswith("make:")] == [line]


def test_a_server_that_never_answers_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cspace.management.commands.run.SERVER_START_SECONDS", 0.2)
    printed, complained = io.StringIO(), io.StringIO()
    address = Address.of("127.0.0.1", free_port())
    Command(stdout=printed, stderr=complained, no_color=True).announce(address)
    assert printed.getvalue() == ""
    assert complained.getvalue() == f"{address.url} does not answer after 0.2 s; it goes on starting\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where make finds all it needs, and a `.env` of its own."""
    for name in ("Makefile", "manage.py"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def without_settings(**more: str) -> dict[str, str]:
    """This environment without what the tests say about settings."""
    ours = ("CSPACE_", "DEBUG", "DATABASE_URL", "PORT", "HOST", "WORKERS")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)} | more


@pytest.mark.parametrize("target", ["run", "draw-demo"])
@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("DEBUG=0", "CSpace cannot start: SECRET_KEY (or SECRET_KEY_FILE) is not set"),
        ("CSPACE_ENV=production", "CSpace cannot start: SECRET_KEY (or SECRET_KEY_FILE) is not set"),
        ("PORT=http", "CSpace cannot start: PORT=http is not a number between 1 and 65535"),
        ("WORKERS=many", "CSpace cannot start: WORKERS=many is not a number between 1 and 64"),
    ],
)
def test_make_overrules_nothing_that_stands_in_the_file(folder: Path, target: str, content: str, line: str) -> None:
    (folder / ".env").write_text(content)
    refused = subprocess.run(
        ["make", "--old-file=environment-to-run", target, f"PY={sys.executable}"],
        cwd=folder,
        env=without_settings(),
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
    )
    assert refused.returncode != 0
    assert [text for text in refused.stderr.splitlines() if not text.startswith("make:")] == [line]


def test_the_command_line_of_make_counts_more_than_the_file(folder: Path) -> None:
    (folder / ".env").write_text("PORT=http\nWORKERS=2")
    refused = subprocess.run(
        command("PORT=8123", "WORKERS=0"), cwd=folder, env=without_settings(), capture_output=True, text=True
    )
    assert "WORKERS=0 is not a number between 1 and 64" in refused.stderr
    assert "PORT" not in refused.stderr


def test_serves_where_the_file_says(home: Path, folder: Path, tmp_path: Path) -> None:
    port = str(free_port())
    (folder / ".env").write_text(f"PORT={port}\nWORKERS=1\nCSPACE_DATA_DIR={home}\nCSPACE_TIME_ZONE=Europe/Berlin\n")
    with running(home, tmp_path, cwd=folder, environment=without_settings()) as run:
        assert httpx.get(f"http://127.0.0.1:{port}/healthz").json() == {"status": "ok"}
        assert f"CSpace is at http://127.0.0.1:{port} " in run.printed()
        run.make.terminate()
        await_true(lambda: run.is_gone() and is_stopped(home), START_SECONDS)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout as far as the installation goes."""
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    tmp_path.chmod(0o755)
    return tmp_path


def install(checkout: Path, python: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["sh", "requirements/install.sh", "core"],
        cwd=checkout,
        env={**os.environ, "PYTHON": python, **environment},
        capture_output=True,
        text=True,
    )


def fake_python(checkout: Path, script: str) -> str:
    python = checkout / "python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    return str(python)


def test_python_that_is_too_old_or_a_broken_shim_is_one_line(checkout: Path) -> None:
    python = fake_python(checkout, "echo shim: version not installed >&2; exit 127")
    refused = install(checkout, python)
    assert refused.returncode == 1
    assert refused.stderr == (
        f"CSpace: no Python 3.11 or newer among: {python}. Install one, or name it: make run PYTHON=/path/to/python3\n"
    )


def test_missing_venv_module_is_one_line(checkout: Path) -> None:
    python = fake_python(checkout, 'case "$2" in *ensurepip*) exit 1;; esac')
    refused = install(checkout, python)
    assert refused.returncode == 1
    assert refused.stderr == (
        f"CSpace: {python} has no venv module: install it (Debian, Ubuntu: apt-get install python3-venv), "
        "then run make again\n"
    )


def test_failed_installation_is_not_taken_for_a_finished_one(checkout: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", ".venv"], cwd=checkout, check=True)
    packages = next((checkout / ".venv" / "lib").glob("python*/site-packages"))
    (packages / "borrowed_pip.pth").write_text(sysconfig.get_path("purelib"))
    without_network = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": os.devnull}
    (checkout / "requirements" / "core.txt").write_text(f"no-such-package==1 --hash=sha256:{'0' * 64}\n")
    refused = install(checkout, sys.executable, **without_network)
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1] == (
        "CSpace: pip could not install the requirements (see above): is the network there? Then run make again"
    )
    assert not list((checkout / ".venv").glob("*.installed"))
    assert (checkout / ".venv" / "unfinished").exists(), "the next one would not start over"


def test_make_help_names_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text()
    documented = re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE)
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert [line.split()[1] for line in listed.splitlines()] == documented

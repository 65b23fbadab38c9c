"""The embedded PostgreSQL survives every death of a process around it; each test kills one."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from tests.crash.processes import ROOT, Holder, await_true, is_stopped, parent_of, postmaster, query, shared_folder

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
SERVER_ID = "SELECT system_identifier::text || pg_postmaster_start_time() FROM pg_control_system()"


@pytest.fixture(scope="module")
def used() -> Iterator[Path]:
    """A cluster with one committed row."""
    with shared_folder() as folder:
        home = folder / "pg"
        with Holder(home) as holder:
            server = holder.ensure()
            query(server, "CREATE DATABASE kept")
            query(server | {"dbname": "kept"}, "CREATE TABLE kept AS SELECT 42 AS value")
        yield home


@pytest.fixture
def home(used: Path) -> Path:
    """That cluster, stopped."""
    await_true(lambda: is_stopped(used), 10)
    return used


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder."""
    with shared_folder() as folder:
        yield folder


def kept(server: dict[str, object]) -> object:
    return query(server | {"dbname": "kept"}, "SELECT value FROM kept")


def test_last_holder_killed_stops_the_server(home: Path) -> None:
    with Holder(home) as holder:
        holder.ensure()
        pid = postmaster(home)
        holder.kill()
        await_true(lambda: is_stopped(home), 5)
    assert not Path(f"/proc/{pid}").exists()
    assert not (home / "data" / "postmaster.pid").exists(), "not a clean shutdown"


def test_one_of_two_holders_killed_keeps_the_server(home: Path) -> None:
    with Holder(home) as first, Holder(home) as second:
        before = query(first.ensure(), SERVER_ID)
        server = second.ensure()
        first.kill()
        assert second.ensure() == server
        assert query(server, SERVER_ID) == before


def test_postmaster_killed_is_started_again(home: Path) -> None:
    with Holder(home) as holder:
        before = query(holder.ensure(), SERVER_ID)
        os.kill(postmaster(home), signal.SIGKILL)
        server = holder.ensure()
        assert kept(server) == 42
        assert query(server, SERVER_ID) != before


def test_supervisor_killed_takes_the_server_along(home: Path) -> None:
    with Holder(home) as holder:
        holder.ensure()
        os.kill(parent_of(postmaster(home)), signal.SIGKILL)
        await_true(lambda: is_stopped(home), 5)
        assert kept(holder.ensure()) == 42


def test_everything_killed_at_once_recovers_what_was_committed(home: Path) -> None:
    with Holder(home) as holder:
        query(holder.ensure() | {"dbname": "kept"}, "UPDATE kept SET value = value")
        pid = postmaster(home)
        for victim in (parent_of(pid), pid, holder.process.pid):
            os.kill(victim, signal.SIGKILL)
    with Holder(home) as holder:
        assert kept(holder.ensure()) == 42


def test_stale_pid_of_a_foreign_process_is_ignored(home: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as foreign:
        content = f"{foreign.pid}\n{home / 'data'}\n1700000000\n5432\n\n\n"
        (home / "data" / "postmaster.pid").write_text(content)
        (home / "socket.d").mkdir(exist_ok=True)
        (home / "socket.d" / ".s.PGSQL.5432.lock").write_text(content)
        with Holder(home) as holder:
            assert kept(holder.ensure()) == 42
        assert foreign.poll() is None
        foreign.kill()


@pytest.mark.parametrize("content", ["", "12"])
def test_half_written_pid_file_is_ignored(home: Path, content: str) -> None:
    (home / "data" / "postmaster.pid").write_text(content)
    with Holder(home) as holder:
        assert kept(holder.ensure()) == 42


def test_six_first_starts_at_once_make_one_server(folder: Path) -> None:
    with ExitStack() as stack:
        holders = [stack.enter_context(Holder(folder / "pg")) for _ in range(6)]
        for holder in holders:
            holder.ask()
        servers = [holder.answer() for holder in holders]
        assert len({query(server, SERVER_ID) for server in servers}) == 1


def test_killed_while_the_cluster_is_created_starts_over(folder: Path) -> None:
    home = folder / "pg"
    with Holder(home) as holder:
        holder.ask()
        await_true((home / "data.new" / "PG_VERSION").exists, 20)
    assert not (home / "data").exists()
    with Holder(home) as holder:
        assert query(holder.ensure(), "SELECT 42") == 42
    assert not (home / "data.new").exists()


def test_other_major_version_is_refused_untouched(home: Path) -> None:
    version = home / "data" / "PG_VERSION"
    installed = version.read_text()
    version.write_text("17\n")
    try:
        with Holder(home) as holder:
            error = holder.ensure()["error"]
    finally:
        version.write_text(installed)
    assert error == (
        f"{home / 'data'} was written by PostgreSQL 17, installed is {installed.strip()}: "
        "dump it with PostgreSQL 17 and load the dump into a new folder"
    )


def test_folder_that_cannot_be_made_is_one_line(folder: Path) -> None:
    (folder / "file").touch()
    with Holder(folder / "file" / "pg") as holder:
        error = holder.ensure()["error"]
    assert error == (
        f"cannot use {folder / 'file' / 'pg'} (Not a directory): "
        "make it writable, or set CSPACE_DATA_DIR or DATABASE_URL"
    )


def test_long_path_gets_a_short_private_socket_folder(folder: Path) -> None:
    home = folder / ("x" * 100)
    with Holder(home) as holder:
        server = holder.ensure()
        socket = Path(server["host"])
        assert query(server, "SELECT 42") == 42
        assert stat.S_IMODE(socket.stat().st_mode) == 0o700
        assert not socket.is_relative_to(folder)
    await_true(lambda: is_stopped(home), 10)
    assert not socket.exists()


def test_settings_are_durable_private_and_in_utc(home: Path) -> None:
    with Holder(home) as holder:
        server = holder.ensure(fast=False)
        names = ("fsync", "full_page_writes", "synchronous_commit", "listen_addresses", "timezone", "jit")
        assert [query(server, f"SHOW {name}") for name in names] == ["on", "on", "on", "", "UTC", "off"]
        assert not query(server, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        assert stat.S_IMODE((home / "password").stat().st_mode) == 0o600
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            query(server | {"password": "guess"}, "SELECT 1")


def test_only_the_newest_log_files_are_kept(home: Path) -> None:
    for earlier in (home / "log").glob("postgresql-*.log"):
        earlier.unlink()  # of the starts before this test
    old = [home / "log" / f"postgresql-202001{day:02}-000000.log" for day in range(1, 21)]
    for file in old:
        file.touch()
    with Holder(home) as holder:
        holder.ensure()
        await_true(lambda: not old[9].exists(), 5)
    assert old[-1].exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as somebody else")
def test_root_keeps_the_data_where_the_server_can_reach_them(folder: Path) -> None:
    secret = folder / "secret"
    secret.mkdir(mode=0o700)
    with Holder(secret / "pg") as holder:
        server = holder.ensure()
        home = Path((secret / "pg" / "LOCATION").read_text().strip())
        assert query(server, "SHOW data_directory") == str(home / "data")
    assert stat.S_IMODE(secret.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.stat().st_mode) == 0o711
    await_true(lambda: is_stopped(home), 10)
    subprocess.run(["rm", "-r", home.parent], check=True)


def test_command_that_needs_no_database_starts_none(folder: Path) -> None:
    environment = os.environ | {"CSPACE_DATA_DIR": str(folder / "pg")}
    subprocess.run([sys.executable, "manage.py", "check"], cwd=ROOT, env=environment, check=True, capture_output=True)
    assert not (folder / "pg").exists()

"""One PostgreSQL cluster on disk: its folders, its password, its first creation and its start."""

import hashlib
import json
import logging
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bundled_postgres.account import Account
from bundled_postgres.errors import EmbeddedPostgresError
from bundled_postgres.installation import Installation, clean_environment

logger = logging.getLogger(__name__)

ROLE = "cspace"
ROLE_SQL = f"""\
CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD '{{password}}';
GRANT pg_monitor, pg_signal_backend TO {ROLE};
"""
PORT = 5432
LONGEST_SOCKET_FOLDER = 85
"""A socket's path has room for 103 bytes on the strictest system; `/.s.PGSQL.5432.lock` follows the folder."""

SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "max_connections": "100",
    "superuser_reserved_connections": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "jit": "off",
    "fsync": "on",
    "full_page_writes": "on",
    "logging_collector": "on",
    "log_filename": "postgresql-%Y%m%d-%H%M%S.log",
    "log_rotation_age": "1d",
    "log_rotation_size": "10MB",
    "log_min_messages": "log",
    "log_lock_waits": "on",
}
FAST_SETTINGS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


@dataclass(frozen=True, kw_only=True)
class ConnectionParameters:
    """What libpq needs to connect; `host` is the folder of the Unix socket."""

    host: str
    port: int
    user: str
    password: str
    dbname: str


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A cluster's folder and the account its server runs as."""

    home: Path
    account: Account

    @classmethod
    def locate(cls, data_dir: Path) -> "Cluster":
        """Find the cluster of `data_dir`: there, or in a folder of its account's own when that cannot enter it."""
        account = Account.for_server(data_dir / "data")
        if account.may_enter(data_dir.parent):
            return cls(home=data_dir, account=account)
        digest = hashlib.sha256(os.fsencode(data_dir.parent)).hexdigest()[:12]
        home = Path("/var/lib") / f"cspace-{digest}" / data_dir.name
        return cls(home=home, account=Account.for_server(home / "data"))

    @property
    def data(self) -> Path:
        """PostgreSQL's own data folder."""
        return self.home / "data"

    @property
    def logs(self) -> Path:
        """The server's log files."""
        return self.home / "log"

    @property
    def users_lock(self) -> Path:
        """Held shared by every process that uses the server."""
        return self.home / "users.lock"

    @property
    def start_lock(self) -> Path:
        """Held by the one process that is starting the server."""
        return self.home / "start.lock"

    @property
    def server_lock(self) -> Path:
        """Held by the supervisor and by every process of the server: free means that none is left."""
        return self.home / "server.lock"

    def make_home(self, data_dir: Path) -> None:
        """Create the folder; leave a note in `data_dir` if the data are somewhere else."""
        mode = 0o711 if self.account.is_switch else 0o700
        data_dir.mkdir(mode=mode, parents=True, exist_ok=True)
        self.home.mkdir(mode=mode, parents=True, exist_ok=True)
        owner = self.home.stat().st_uid
        if os.geteuid() not in (0, owner):
            raise EmbeddedPostgresError(f"{self.home} belongs to another user (uid {owner}): run as that user")
        if self.account.is_switch and owner == 0:
            self.home.chmod(mode)
        note = data_dir / "LOCATION"
        if self.home != data_dir and not note.exists():
            note.write_text(f"{self.home}\n", encoding="utf-8")
            logger.warning("PostgreSQL does not run as root and its user cannot enter %s: see %s", data_dir, self.home)

    def connection_parameters(self) -> ConnectionParameters | None:
        """How to reach the server, or None if it was never started."""
        try:
            password = (self.home / "password").read_text(encoding="ascii")
            host = (self.home / "socket").read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        return ConnectionParameters(host=host, port=PORT, user=ROLE, password=password, dbname="postgres")

    def prepare(self, lock: int, *, fast: bool) -> Installation:
        """Make the data folder startable: create it, refuse another version's, forget a dead server's pid."""
        installation = Installation.for_account(self.account, self.home.parent)
        if not self.data.exists():
            self._create(installation, lock, fast=fast)
        try:
            version = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        except FileNotFoundError:
            raise EmbeddedPostgresError(f"{self.data} is not a PostgreSQL data folder: move it away") from None
        if version != installation.major:
            raise EmbeddedPostgresError(
                f"{self.data} was written by PostgreSQL {version}, installed is {installation.major}: "
                f"dump it with PostgreSQL {version} and load the dump into a new folder"
            )
        if not (self.home / "password").exists():
            raise EmbeddedPostgresError(f"{self.home / 'password'} is missing: put it back, or move {self.home} away")
        self._forget_dead_server()
        return installation

    def _create(self, installation: Installation, lock: int, *, fast: bool) -> None:
        password = secrets.token_urlsafe(24)
        unfinished = self.home / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        self.account.make_private_folder(unfinished)
        options = ["--username=postgres", "--auth=reject", "--encoding=UTF8", "--locale=C"]
        options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", *(["--no-sync"] if fast else [])]
        installation.run("initdb", [*options, f"--pgdata={unfinished}"], lock=lock)
        (unfinished / "pg_hba.conf").write_text("local all all scram-sha-256\n", encoding="ascii")
        single = ["--single", "-D", str(unfinished), "-c", "exit_on_error=on", "-c", "log_min_messages=fatal"]
        installation.run("postgres", [*single, "postgres"], stdin=ROLE_SQL.format(password=password), lock=lock)
        self._write("password", password)
        unfinished.rename(self.data)

    def _forget_dead_server(self) -> None:
        """Remove postmaster.pid: the server lock is ours, so its writer is gone and the pid may be anybody's.

        Only a server that was started by hand does not know that lock; it is found by its working directory.
        """
        pid_file = self.data / "postmaster.pid"
        try:
            pid = pid_file.read_text(encoding="utf-8", errors="replace").split("\n", 1)[0].strip()
            if pid.isdigit() and Path(f"/proc/{pid}/cwd").readlink() == self.data.resolve():
                raise EmbeddedPostgresError(f"another PostgreSQL (process {pid}) already runs on {self.data}: stop it")
        except OSError:
            pass
        pid_file.unlink(missing_ok=True)

    def start(self, installation: Installation, lock: int, *, fast: bool) -> None:
        """Leave a detached supervisor behind that runs the server as long as somebody uses it."""
        socket = self._socket_folder()
        self.account.make_private_folder(self.logs)
        self._write("socket", str(socket))
        settings = SETTINGS | (FAST_SETTINGS if fast else {})
        settings |= {"unix_socket_directories": str(socket), "log_directory": str(self.logs)}
        task = {
            "command": [str(installation.folder / "bin" / "postgres"), "-D", str(self.data)]
            + [word for name, value in settings.items() for word in ("-c", f"{name}={value}")],
            "identity": installation.identity,
            "users_lock": str(self.users_lock),
            "server_lock": lock,
            "socket": str(socket),
            "logs": str(self.logs),
        }
        with (self.home / "supervisor.log").open("wb") as log:
            subprocess.run(  # noqa: S603
                [sys.executable, "-I", "-S", str(Path(__file__).with_name("supervisor.py")), json.dumps(task)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                check=True,
                cwd="/",
                env=clean_environment(),
                pass_fds=(lock,),
                timeout=30,
            )

    def _socket_folder(self) -> Path:
        folder = self.home / "socket.d"
        if len(os.fsencode(folder)) > LONGEST_SOCKET_FOLDER:
            digest = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]
            folder = Path(tempfile.gettempdir()) / f"cspace-{os.geteuid()}-{digest}"
        self.account.make_private_folder(folder)
        for dead in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
            (folder / dead).unlink(missing_ok=True)
        return folder

    def _write(self, name: str, content: str) -> None:
        """Write a 0600 file, whole or not at all; it belongs to whom the folder belongs."""
        unfinished = self.home / f"{name}.new"
        unfinished.unlink(missing_ok=True)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(descriptor, content.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if os.geteuid() == 0:
            os.chown(unfinished, self.home.stat().st_uid, -1)
        unfinished.rename(self.home / name)

    def complaint(self) -> str:
        """Return the server's last words, for an error message."""
        files = [self.home / "supervisor.log", *sorted(self.logs.glob("*.log"))[-1:]]
        for file in files:
            lines = [line for line in file.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
            wrong = [line for line in lines if "FATAL" in line or "PANIC" in line or "Error" in line]
            if wrong:
                return wrong[-1].strip()
        return f"see {self.logs}"

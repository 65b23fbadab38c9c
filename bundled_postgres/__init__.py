"""PostgreSQL without an installation: started by the first process that needs it, stopped after the last.

`ensure()` is idempotent. Every process that called it holds a shared lock on a file for its life; a detached
supervisor stops the server when it can have that lock alone. The kernel drops locks on any death, so there are no
lists of process ids to go stale. See docs/operations.md.
"""

import contextlib
import fcntl
import os
import threading
import time
from pathlib import Path

import psycopg
from psycopg import sql

from bundled_postgres.cluster import Cluster, ConnectionParameters
from bundled_postgres.errors import EmbeddedPostgresError
from bundled_postgres.flocks import exclusive, is_lock_of, lock, try_lock

__all__ = ["ConnectionParameters", "EmbeddedPostgresError", "create_database", "ensure"]

MAX_STARTS = 3

_guard = threading.Lock()
_descriptors: dict[Path, int] = {}


def _after_fork() -> None:
    global _guard
    _guard = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)


def ensure(data_dir: Path, *, fast: bool = False, timeout: float = 60.0) -> ConnectionParameters:
    """Return a running server of the cluster in `data_dir`, creating and starting it as needed.

    The calling process keeps the server alive until it ends. `fast` gives up durability, for throwaway data.
    Raises `EmbeddedPostgresError`, whose message is one line, within about `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    try:
        with _guard:
            return _ensure(data_dir.absolute(), fast, deadline)
    except OSError as error:
        raise EmbeddedPostgresError(
            f"cannot use {error.filename or data_dir} ({error.strerror or error}): "
            "make it writable, or set CSPACE_DATA_DIR or DATABASE_URL"
        ) from error


def _ensure(data_dir: Path, fast: bool, deadline: float) -> ConnectionParameters:
    cluster = Cluster.locate(data_dir)
    cluster.make_home(data_dir)
    _hold(cluster.users_lock, deadline)
    parameters = cluster.connection_parameters()
    if parameters and _answers(parameters):
        return parameters
    with exclusive(cluster.start_lock, deadline):
        return _start(cluster, fast, deadline)


def _hold(users_lock: Path, deadline: float) -> None:
    """Count this process among the users of the server for the rest of its life."""
    descriptor = _descriptors.get(users_lock)
    if descriptor is not None:
        if is_lock_of(descriptor, users_lock):
            return
        os.close(_descriptors.pop(users_lock))
    _descriptors[users_lock] = lock(users_lock, fcntl.LOCK_SH, deadline)


def _start(cluster: Cluster, fast: bool, deadline: float) -> ConnectionParameters:
    """Start the server unless one lives, and wait until it answers. A dying one is waited for first."""
    starts = 0
    while True:
        parameters = cluster.connection_parameters()
        if parameters and _answers(parameters):
            return parameters
        server_lock = try_lock(cluster.server_lock, fcntl.LOCK_EX)
        if server_lock is not None:
            try:
                if starts == MAX_STARTS:
                    raise EmbeddedPostgresError(f"PostgreSQL did not start: {cluster.complaint()}")
                cluster.start(cluster.prepare(server_lock, fast=fast), server_lock, fast=fast)
                starts += 1
            finally:
                os.close(server_lock)
        if time.monotonic() > deadline:
            raise EmbeddedPostgresError(f"PostgreSQL does not answer yet: {cluster.complaint()}")
        time.sleep(0.02)


def _answers(parameters: ConnectionParameters) -> bool:
    """Whether the server accepts a query, now."""
    try:
        with _connect(parameters) as connection:
            connection.execute("SELECT 1")
    except psycopg.OperationalError as error:
        if "password authentication failed" in str(error):
            raise EmbeddedPostgresError("the embedded PostgreSQL refuses the password kept beside its data") from error
        return "too many clients" in str(error) or "remaining connection slots" in str(error)
    return True


def _connect(parameters: ConnectionParameters) -> psycopg.Connection:
    return psycopg.connect(
        host=parameters.host,
        port=parameters.port,
        user=parameters.user,
        password=parameters.password,
        dbname=parameters.dbname,
        connect_timeout=2,
        sslmode="disable",
        autocommit=True,
    )


def create_database(parameters: ConnectionParameters, name: str) -> None:
    """Create the database unless it exists, also when several processes do so at once."""
    with _connect(parameters) as connection:
        if connection.execute("SELECT FROM pg_database WHERE datname = %s", [name]).rowcount:
            return
        with contextlib.suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

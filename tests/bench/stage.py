"""Where the benchmark runs: a cluster of its own with two databases, few rows and many, and the servers over them."""

import logging
import os
import secrets
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.load import exchange, request, run
from tests.bench.measuring import Measurement, Processes, cpu_of
from tests.races.server import serving

SMALL = 10_000
"""Rows of the small database."""
SMALL_NAME = "bench_small"
PRODUCTION = {
    "CSPACE_ENV": "production",
    "ALLOWED_HOSTS": "127.0.0.1",
    "CSPACE_SSL_REDIRECT": "off",
    "CSPACE_RATE_WRITE": "100000000/min",
    "CSPACE_RATE_READ": "100000000/min",
    "CSPACE_ACCESS_MINUTES": "60",
    "DJANGO_SETTINGS_MODULE": "cspace.settings",
    "CSPACE_ENV_FILE": "",
}
BARE_TABLE = (
    "CREATE TABLE bench_bare (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
    " room bigint, starts_at timestamptz, ends_at timestamptz)"
)


@dataclass
class Stage:
    """What the parts of the benchmark work on. `ours` is one worker over the large database, for the whole run."""

    folder: Path
    report: Any
    is_quick: bool
    stack: ExitStack
    campus: Any = None
    ours: Any = None
    database: Any = None
    """The processes of PostgreSQL, for their CPU."""
    requests: Counter[int] = field(default_factory=Counter)
    """How many each port has answered."""

    @property
    def pairs(self) -> tuple[int, float]:
        """How many alternated pairs, and the seconds of each run."""
        return (3, 0.15) if self.is_quick else (5, 0.5)

    def serve(self, environment: Mapping[str, str] | None = None, **options: Any) -> Any:
        """Another server until the end of the run."""
        return self.stack.enter_context(serving(environment or {}, **options))

    def measure(
        self,
        server: Any,
        requests: Iterator[bytes],
        *,
        clients: int,
        meant: frozenset[int],
        seconds: float = float("inf"),
        **options: Any,
    ) -> Any:
        """One run with the CPU that it cost. `meant`: the statuses that count as answers; the rest is `load.run`'s.

        Raises: RuntimeError: some answers are not what was meant; a benchmark of refusals is worth nothing.
        """
        with cpu_of(Processes(server.pid)) as of_server, cpu_of(self.database) as of_database:
            result = run(server.port, requests, clients=clients, seconds=seconds, **options)
        self.requests[server.port] += len(result.latencies)
        check_statuses(result.statuses, meant)
        return Measurement(result, of_server[0], of_database[0])

    def send(self, method: str, path: str, *, body: bytes = b"", status: int) -> Any:
        """One request of the decider to `ours`, with the CPU that it cost; answers that were not meant raise."""
        content = request(method, path, token=self.campus.decider_token, body=body)
        with cpu_of(Processes(self.ours.pid)) as of_server, cpu_of(self.database) as of_database:
            answer = exchange(self.ours.port, content, timeout=120)
        self.requests[self.ours.port] += 1
        if answer.status != status:
            raise RuntimeError(f"{method} {path} was answered {answer.status}: {answer.body[:500]!r}")
        return answer, of_server[0], of_database[0]


def check_statuses(statuses: Mapping[int, int], meant: frozenset[int]) -> None:
    """Raises: RuntimeError: there are answers that were not meant."""
    if wrong := {status: number for status, number in sorted(statuses.items()) if status not in meant}:
        raise RuntimeError(f"answers that were not meant: {wrong}, beside {sum(statuses.values())} in all")


def set_up(folder: Path) -> None:
    """Django in this process, over a cluster in the folder."""
    os.environ |= {
        **PRODUCTION,
        "CSPACE_DATA_DIR": str(folder / "pg"),
        "SECRET_KEY": secrets.token_urlsafe(50),
        "CSPACE_JWT_KEY": secrets.token_urlsafe(50),
    }
    import django

    django.setup()
    warnings.filterwarnings("ignore", message="No directory at")  # what is asked in this process serves no static files
    logging.disable(logging.INFO)


def make_database(stage: Stage) -> None:
    """An empty, migrated database, filled with few rows, and a copy of it as the small one."""
    from django.core.management import call_command
    from django.db import connection

    from tests.bench.filling import settle

    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(BARE_TABLE)
    stage.campus = settle(SMALL)
    stage.report.small_rows = stage.campus.rows
    copy_as_small()


def copy_as_small() -> None:
    """The database as it is now, once more under the name of the small one."""
    import psycopg
    from django.db import connection

    connection.close()
    place = connection_parameters()
    with psycopg.connect(**place | {"dbname": "postgres"}, autocommit=True) as other:
        other.execute(f"CREATE DATABASE {SMALL_NAME} TEMPLATE {place['dbname']} STRATEGY file_copy")


def connection_parameters() -> dict[str, Any]:
    """How libpq reaches the database."""
    from django.db import connection

    return {
        name: connection.settings_dict[setting]
        for name, setting in (
            ("host", "HOST"),
            ("port", "PORT"),
            ("dbname", "NAME"),
            ("user", "USER"),
            ("password", "PASSWORD"),
        )
    }


def over_the_small_one() -> dict[str, str]:
    """What makes a server use the small database."""
    place = connection_parameters()
    folder = str(place["host"]).replace("/", "%2F")
    return {
        "DATABASE_URL": f"postgres://{place['user']}:{place['password']}@{folder}:{place['port']}/{SMALL_NAME}",
    }

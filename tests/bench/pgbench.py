"""PostgreSQL's own load generator with the statements of an operation: what no server in Python can surpass."""

import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bundled_postgres.installation import clean_environment, program
from classrooms.queries.availability import ROOM_IN_A_SLOT
from tests.bench.baselines import INSERT
from tests.bench.filling import ROOMS, Campus
from tests.bench.load import Run
from tests.bench.measuring import Measurement, cpu_of
from tests.bench.stage import connection_parameters


def insert(campus: Campus) -> str:
    """The statement of the bare view."""
    return f"{INSERT};"


def availability(campus: Campus) -> str:
    """The statement of ours, with its four parameters."""
    start, end = f"'{campus.tomorrow}T02:00:00Z'::timestamptz", f"'{campus.tomorrow}T03:00:00Z'::timestamptz"
    room = "('Bench ' || :number::text)"
    return f"\\set number random(1, {ROOMS})\n{' '.join((ROOM_IN_A_SLOT % (start, end, room, room)).split())};"


OPTIONS = ("--no-vacuum", "--protocol", "prepared", "--log", "--file", "script.sql")
TRANSACTIONS_PER_SECOND = 500
"""Of each client, about; how fast they really are is what is measured."""
SCRIPTS: Mapping[str, Callable[[Campus], str]] = {"create booking": insert, "availability": availability}
"""{operation: what pgbench runs}"""


def program_or_none() -> Path | None:
    """Where pgbench is, if it came with PostgreSQL."""
    path = program("pgbench")
    return path if path.exists() else None


@dataclass(frozen=True)
class Raw:
    """One script, run by so many clients over prepared statements."""

    program: Path
    script: str
    stage: Any
    clients: int

    def measure(self, seconds: float, most: int | None = None) -> Measurement:
        """So many transactions as take about so long, or `most`; the CPU is the database's alone.

        Raises: RuntimeError: pgbench has failed.
        """
        number = most // self.clients if most else round(seconds * TRANSACTIONS_PER_SECOND)
        with tempfile.TemporaryDirectory(dir=self.stage.folder) as folder:
            with cpu_of(self.stage.database) as of_database:
                self._run(Path(folder), max(1, number))
            lines = [line for file in Path(folder).glob("pgbench_log.*") for line in file.read_text().splitlines()]
        return Measurement(run_of(lines), 0, of_database[0])

    def _run(self, folder: Path, transactions: int) -> None:
        (folder / "script.sql").write_text(self.script + "\n", encoding="utf-8")
        place = connection_parameters()
        names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}
        done = subprocess.run(
            [str(self.program), *OPTIONS, "--client", str(self.clients), "--transactions", str(transactions)],
            cwd=folder,
            env=clean_environment() | {variable: str(place[name]) for name, variable in names.items()},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        if done.returncode:
            raise RuntimeError(f"pgbench failed: {done.stderr[-500:]}")


def run_of(lines: Iterable[str]) -> Run:
    """What pgbench has logged: client, number, microseconds, script, and when it ended in seconds and microseconds."""
    fields = [[int(field) for field in line.split()[:6]] for line in lines]
    latencies = [each[2] / 1e6 for each in fields]
    ends = [each[4] + each[5] / 1e6 for each in fields]
    began = min(end - latency for end, latency in zip(ends, latencies, strict=True))
    return Run(seconds=max(ends) - began, latencies=latencies)

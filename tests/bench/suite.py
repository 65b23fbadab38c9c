"""`python -m tests.bench.suite [--quick] [--rows N]`: our operations beside baselines, in one run, as ratios.

A database of its own, thrown away, with N rows of room time (10⁶), fsync on, production settings, one worker.
Ours and a baseline take turns, five pairs of a second each (three of 0.4 s with --quick), and what is shown are medians
of the pairs' ratios: requests per second, p50, p99, and the CPU of server and database per request — a disk that stalls
makes a slow server look fast, CPU does not. Writes docs/benchmarks.md and docs/benchmarks.svg, unless --quick.
"""

import argparse
import json
import logging
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[2]
SMALL = 10_000
WARM_UP_SECONDS = 0.3
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer and shorter pairs, 10⁵ rows, nothing written")
    parser.add_argument("--rows", type=lambda text: int(float(text)), help="rows of room time (1e6)")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--few", type=json.loads, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    rows = arguments.rows or (100_000 if arguments.quick else 1_000_000)
    if arguments.folder is None:
        few = in_a_database_of_its_own("--rows", str(SMALL))
        quick = ["--quick"] if arguments.quick else []
        sys.stdout.write(in_a_database_of_its_own("--rows", str(rows), "--few", few, *quick))
        return
    campus = filled_campus(rows, arguments.folder)
    if arguments.few is None:
        sys.stdout.write(json.dumps(p50_alone(campus)))
        return
    from tests.bench.report import Report

    report = Report(rows=rows, small_rows=SMALL, is_quick=arguments.quick)
    measure_pairs(campus, arguments.folder, report)
    report.growth = {name: (arguments.few[name], p50) for name, p50 in p50_alone(campus).items()}
    report.waits = waits_of(campus)
    sys.stdout.write(report.as_text())
    if not arguments.quick:
        report.write(ROOT / "docs")


def in_a_database_of_its_own(*arguments: str) -> str:
    """What a process of its own prints; its database ends with it, and then goes."""
    (ROOT / "var").mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=ROOT / "var"))
    folder.chmod(0o755)  # as root the database runs as somebody else
    try:
        command = [sys.executable, "-m", "tests.bench.suite", "--folder", str(folder), *arguments]
        return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True, timeout=3600).stdout
    finally:
        pid = folder / "pg" / "data" / "postmaster.pid"
        with suppress(OSError, ValueError, psutil.Error):
            psutil.Process(int(pid.read_text().split()[0])).wait(60)
        shutil.rmtree(folder, ignore_errors=True)


def filled_campus(rows: int, folder: Path) -> Any:
    """A new database with its rows, in this process."""
    os.environ |= {
        **PRODUCTION,
        "CSPACE_DATA_DIR": str(folder / "pg"),
        "SECRET_KEY": secrets.token_urlsafe(50),
        "CSPACE_JWT_KEY": secrets.token_urlsafe(50),
    }
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection
    from tqdm import tqdm

    from tests.bench.filling import fill

    logging.disable(logging.INFO)
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE bench_bare (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
            " room bigint, starts_at timestamptz, ends_at timestamptz)"
        )
    with tqdm(total=rows, desc=f"Filling {rows:,} rows", leave=False) as bar:
        campus = fill(rows, bar.update)
    connection.close()
    return campus


def p50_alone(campus: Any) -> dict[str, float]:
    """Of each operation that may grow, with one client: {name: seconds}."""
    from tests.bench.load import run
    from tests.bench.operations import OPERATIONS
    from tests.races.server import serving

    with serving({}, workers=1) as server:
        p50s = {}
        for operation in (each for each in OPERATIONS if each.grows):
            requests = operation.requests(campus)
            run(server.port, requests, clients=1, seconds=1)
            p50s[operation.name] = run(server.port, requests, clients=1, seconds=2).percentile(50)
        return p50s


def measure_pairs(campus: Any, folder: Path, report: Any) -> None:
    """Every operation against every baseline of it."""
    from tqdm import tqdm

    from tests.bench.load import run
    from tests.bench.measuring import Processes, postmaster
    from tests.bench.operations import OPERATIONS
    from tests.races.server import serving

    count, seconds = (3, 0.4) if report.is_quick else (5, 1.0)
    with ExitStack() as stack:
        ours = stack.enter_context(serving({}, workers=1))
        theirs = stack.enter_context(serving({}, workers=1, application="tests.bench.baseline_server:application"))
        database = postmaster(folder / "pg" / "data")
        bar = stack.enter_context(tqdm(total=sum(len(each.baselines) for each in OPERATIONS) * count, leave=False))
        for operation in OPERATIONS:
            requests = operation.requests(campus)
            for name, (baseline, goals) in operation.baselines.items():
                bar.set_description(f"{operation.name} ÷ {name}")
                other, pairs = baseline(campus), []
                for port, load in ((ours.port, requests), (theirs.port, other)):
                    run(port, load, clients=operation.clients, seconds=WARM_UP_SECONDS)
                for _ in range(count):
                    pairs.append(
                        tuple(
                            measured(server, load, operation.clients, seconds, database)
                            for server, load in ((ours, requests), (theirs, other))
                        )
                    )
                    bar.update()
                report.add(operation, name, goals, pairs)
        report.memory = Processes(ours.pid).memory()


def measured(server: Any, requests: Iterator[bytes], clients: int, seconds: float, database: Any) -> Any:
    """One run with the CPU that it cost."""
    from tests.bench.load import run
    from tests.bench.measuring import Measurement, Processes, cpu_of

    with cpu_of(Processes(server.pid)) as of_server, cpu_of(database) as of_database:
        result = run(server.port, requests, clients=clients, seconds=seconds)
    wrong = {status: number for status, number in result.statuses.items() if not 200 <= status < 400}
    if wrong:
        raise RuntimeError(f"answers that are none: {wrong}")
    return Measurement(result, of_server[0], of_database[0])


def waits_of(campus: Any) -> dict[str, int]:
    """How often each operation waits for the database, by what libpq sends; in this process."""
    from django.test import Client

    from tests.bench.answering import ask
    from tests.bench.operations import OPERATIONS
    from tests.kernel.round_trips import round_trips

    waits, client = {}, Client(headers={"host": "127.0.0.1"})
    for operation in OPERATIONS:
        requests = operation.requests(campus)
        for _ in range(3):  # the last one finds everything prepared
            with round_trips() as trips:
                ask(client, next(requests))
        waits[operation.name] = trips()
    return waits


if __name__ == "__main__":
    main()

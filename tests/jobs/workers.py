"""Worker processes for the tests, each ended by its id."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

from django.db import connection, transaction

from kernel.jobs import Job, enqueue
from tests.races.server import ROOT

WAIT_SECONDS = 40
STOP_SECONDS = 15
Begin = Callable[[], AbstractContextManager["subprocess.Popen[bytes]"]]


@contextmanager
def worker_process(environment: Mapping[str, str], *command: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A worker over the database that `environment` names; told to end, and waited for, at the end of the block."""
    process = subprocess.Popen(
        [sys.executable, *(command or ("-m", "tests.jobs.made_up"))],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.communicate(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def commit(job: Job, **arguments: object) -> None:
    """Enqueue a job in a transaction of its own."""
    with transaction.atomic():
        enqueue(job, arguments)


def roll_back(job: Job, **arguments: object) -> None:
    """Enqueue a job in a transaction that comes to nothing."""
    with transaction.atomic():
        enqueue(job, arguments)
        transaction.set_rollback(True)


def queue() -> list[tuple[str, str, int]]:
    """(name, status, tries) of each job that is not done."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT task_name, status::text, attempts FROM procrastinate_jobs WHERE task_name LIKE 'tests.%'"
        )
        return cursor.fetchall()

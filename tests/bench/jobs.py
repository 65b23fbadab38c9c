"""Jobs that do nothing: enqueued one by one in many transactions, and done by two workers."""

import time
from contextlib import ExitStack
from typing import Any

from django.db import connection, transaction

from cspace.jobs import SLOTS
from kernel.jobs import enqueue
from tests.bench.measuring import Processes, cpu_of
from tests.bench.verdicts import Goal, Row
from tests.crash.processes import await_true
from tests.jobs.made_up import NOTHING
from tests.jobs.workers import worker_process

JOBS, FEW_JOBS = 10_000, 1_000
TOGETHER = 10
"""Jobs of one transaction, as of a booking that tells ten people."""
WORKERS = 2
MAX_SECONDS = 120


def do_jobs(stage: Any) -> None:
    number = FEW_JOBS if stage.is_quick else JOBS
    with ExitStack() as stack:
        workers = [stack.enter_context(worker_process({})) for _ in range(WORKERS)]
        enqueue_together(0, TOGETHER)
        await_true(lambda: left() == 0 and heard_of() == WORKERS * len(SLOTS), MAX_SECONDS)
        with ExitStack() as spending:
            of_all = [spending.enter_context(cpu_of(Processes(worker.pid))) for worker in workers]
            of_database = spending.enter_context(cpu_of(stage.database))
            began = time.perf_counter()
            for first in range(0, number, TOGETHER):
                enqueue_together(first, first + TOGETHER)
            await_true(lambda: left() == 0, MAX_SECONDS)
            seconds = time.perf_counter() - began
    cpu = 1000 * sum(spent[0] for spent in of_all) / number, 1000 * of_database[0] / number
    remark = f"{number:,} by {WORKERS} workers; CPU {cpu[0]:.2f} + {cpu[1]:.2f} ms each (workers, PostgreSQL)"
    goal = Goal("rate", 300)
    row = Row("jobs enqueued and done", number / seconds, goal, "/s", remark, is_judged=not stage.is_quick)
    stage.report.rows.append(row)
    connection.close()


def enqueue_together(first: int, last: int) -> None:
    with transaction.atomic():
        for number in range(first, last):
            enqueue(NOTHING, {"number": number})


def left() -> int:
    return _number("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'tests.nothing'")


def heard_of() -> int:
    """Workers that run, one for each queue of a process."""
    return _number("SELECT count(*) FROM procrastinate_workers")


def _number(question: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return int(cursor.fetchone()[0])

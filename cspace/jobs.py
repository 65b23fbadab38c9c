"""The engine of the jobs (procrastinate), and the worker that runs it: the only place that knows how it is driven.

Everybody else declares and enqueues by `kernel.jobs`; the app `jobs` looks after what stands in the tables.
"""

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NoReturn

from django.conf import settings
from django.db import DatabaseError, connection
from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.jobs import DeleteJobCondition
from procrastinate.jobs import Job as EngineJob
from procrastinate.retry import BaseRetryStrategy, RetryDecision
from procrastinate.worker import Worker
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from jobs.services.due_times import enqueue_due
from jobs.services.failing import forget_failures, free_key, keep_error
from jobs.services.stalling import STALLED_SECONDS
from kernel import clock
from kernel.errors import DomainError
from kernel.jobs import HOOKS, OUTSIDE, QUEUE, Job, Periodic, declared_jobs, declared_periodics
from kernel.letters import is_mail_on

SLOTS = {QUEUE: 4, OUTSIDE: 4, HOOKS: 4}
"""Jobs at a time in a process, of each queue: each has a thread and a connection. What waits for other people's servers
takes nothing from the others."""
ENGINE_CONNECTIONS = 5
"""For what the engine itself writes and asks, in short statements; beside them each queue listens on one."""
HEARTBEAT_SECONDS = 10.0
POLL_SECONDS = 5.0
"""For jobs that become due; of new ones PostgreSQL tells at once."""
LOOK_SECONDS = 1.0
"""How often is looked whether something periodic is due."""
DRAIN_SECONDS = {"development": 2, "production": 25}
"""What is being done when the worker is told to end has so long; then the process ends, and it is taken up anew."""
MARGIN_SECONDS = 1.0
MAX_PAUSE_SECONDS = 10.0

logger = logging.getLogger("cspace.jobs")


class Waits(BaseRetryStrategy):
    """The waits that a job declares."""

    def __init__(self, declaration: Job) -> None:
        self.declaration = declaration

    def get_retry_decision(self, *, exception: BaseException, job: EngineJob) -> RetryDecision | None:
        waits = self.declaration.waits
        if job.attempts >= len(waits):
            return None
        if isinstance(exception, Exception) and self.declaration.ends_at_once(exception):
            return None
        return RetryDecision(retry_at=clock.now() + timedelta(seconds=waits[job.attempts]))


class QueueWorker(Worker):
    """The engine's worker for one queue.

    The engine's own periodic jobs are not used: it forgets a time once it has seen the next one, so that a worker that
    lags behind would have it done again. Without any of them this method would return at once, and the engine stops
    watching its side tasks, the heartbeat among them, when the first of them returns.
    """

    async def _periodic_deferrer(self) -> None:
        await asyncio.Event().wait()


class ClockedWorker(QueueWorker):
    """One that also looks whether something periodic is due, as a side task: if that ended, so would the worker."""

    async def _periodic_deferrer(self) -> None:
        last: dict[str, datetime] = {}
        while True:
            await asyncio.to_thread(_enqueue_due, last)
            await asyncio.sleep(LOOK_SECONDS)


class Runner:
    """Runs a worker for each queue until it is told to end. What ends one of them before ends all, and they are begun
    anew."""

    def __init__(self, poll_seconds: float) -> None:
        self._poll_seconds = poll_seconds
        self._ending = asyncio.Event()
        self._workers: list[Worker] = []

    async def run(self) -> None:
        """Until SIGTERM or SIGINT; what is being done then has `DRAIN_SECONDS`."""
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(sum(SLOTS.values()) + 1, thread_name_prefix="job"))
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end)
        pause = 1.0
        while not self._ending.is_set():
            began = loop.time()
            await self._run_all()
            pause = 1.0 if loop.time() - began > MAX_PAUSE_SECONDS else min(2 * pause, MAX_PAUSE_SECONDS)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), pause)

    async def _run_all(self) -> None:
        try:
            app = await asyncio.to_thread(engine)
            async with app.open_async():
                self._workers = [self._worker_of(app, queue) for queue in SLOTS]
                await self._run_until_one_ends()
            if not self._ending.is_set():
                logger.warning("the worker has stopped by itself and is begun anew")
        except Exception as error:
            _warn("the worker was interrupted", error)

    def _worker_of(self, app: App, queue: str) -> Worker:
        kind = ClockedWorker if queue == QUEUE else QueueWorker
        return kind(
            app=app,
            queues=[queue],
            concurrency=SLOTS[queue],
            fetch_job_polling_interval=self._poll_seconds,
            shutdown_graceful_timeout=_drain_seconds(),
            delete_jobs=DeleteJobCondition.SUCCESSFUL,
            install_signal_handlers=False,
            update_heartbeat_interval=HEARTBEAT_SECONDS,
            stalled_worker_timeout=STALLED_SECONDS,
        )

    async def _run_until_one_ends(self) -> None:
        """Raises: whatever has ended a worker."""
        runs = [asyncio.create_task(self._run(worker)) for worker in self._workers]
        await asyncio.wait(runs, return_when=asyncio.FIRST_COMPLETED)
        for worker in self._workers:
            worker.stop()  # type: ignore[no-untyped-call]
        await asyncio.wait(runs)
        for run in runs:
            run.result()

    async def _run(self, worker: Worker) -> None:
        """The engine's own method forgets, when it begins, that its worker was told to stop."""
        if not self._ending.is_set():
            await worker.run()  # type: ignore[no-untyped-call]

    def _end(self) -> None:
        if self._ending.is_set():
            return
        self._ending.set()
        for worker in self._workers:
            worker.stop()  # type: ignore[no-untyped-call]
        # A thread cannot be stopped, and the engine would wait for it.
        end = threading.Timer(_drain_seconds() + MARGIN_SECONDS, os._exit, (0,))
        end.daemon = True
        end.start()


def run_worker(*, poll_seconds: float = POLL_SECONDS) -> NoReturn:
    """Do jobs until SIGTERM or SIGINT, and end the process. A database that is away is waited for."""
    if not is_mail_on():
        logger.info("no mail is sent: SMTP_SERVER is not set")
    asyncio.run(Runner(poll_seconds).run())
    # Everything is done; taking the interpreter apart would cost more than half a second of CPU.
    logging.shutdown()
    os._exit(0)


def engine() -> App:
    """The engine over Django's database, which has to answer, knowing everything that is declared.

    Raises: OperationalError.
    """
    try:
        connection.ensure_connection()
        parameters = connection.get_connection_params()
    finally:
        connection.close()
    for of_django in ("cursor_factory", "context"):
        parameters.pop(of_django, None)
    connector = PsycopgConnector(
        kwargs=parameters, configure=_commit_each, pool_factory=_pool, min_size=1, max_size=ENGINE_CONNECTIONS
    )
    app = App(connector=connector)
    for job in declared_jobs():
        app.task(name=job.name, queue=job.queue, retry=Waits(job), pass_context=True)(partial(_do_job, job))
    for periodic in declared_periodics():
        app.task(name=periodic.name, queue=periodic.queue, pass_context=True)(partial(_do_periodic, periodic))
    return app


def _pool(**options: Any) -> AsyncConnectionPool:
    """Without the engine's question before each statement whether the connection lives: one that does not ends the
    worker, and the next one has new ones."""
    return AsyncConnectionPool(**options | {"check": None})


async def _commit_each(database: AsyncConnection) -> None:
    """Every statement of the engine is a transaction: one round trip instead of the three with BEGIN and COMMIT.

    It does not wait for the disk: a note that a crash of PostgreSQL loses means that a job is done again.
    """
    await database.set_autocommit(True)
    await database.execute("SET synchronous_commit TO off")


def _do_job(job: Job, context: JobContext, **arguments: Any) -> None:
    connection.close_if_unusable_or_obsolete()
    job_id = _id_of(context)
    if context.job.queueing_lock is not None:
        free_key(job_id=job_id)
    more = {"is_last": context.job.attempts >= len(job.waits)} if job.is_told_of_last_try else {}
    with _keeping_error(job.name, job_id):
        job.do(now=clock.now(), **arguments, **more)


def _do_periodic(periodic: Periodic, context: JobContext) -> None:
    connection.close_if_unusable_or_obsolete()
    job_id = _id_of(context)
    try:
        with _keeping_error(periodic.name, job_id):
            periodic.do(now=clock.now())
    finally:
        forget_failures(name=periodic.name, before_id=job_id)


def _id_of(context: JobContext) -> int:
    if context.job.id is None:
        raise ValueError("a job that is being done stands in the table")
    return context.job.id


@contextmanager
def _keeping_error(name: str, job_id: int) -> Iterator[None]:
    """What goes wrong is one line in the log and is kept for the admin."""
    try:
        yield
    except Exception as error:
        _warn("job failed", error, job=name, job_id=job_id)
        try:
            keep_error(job_id=job_id, error=error, now=clock.now())
        except DatabaseError as second:
            _warn("the error of a job is not kept", second, job=name, job_id=job_id)
        raise


def _enqueue_due(last: dict[str, datetime]) -> None:
    """Enqueue what has become due since the `last` times, which are brought up to date. A failure is tried again."""
    now = clock.now()
    due = [each for each in declared_periodics() if last.get(each.name) != each.due_at(now)]
    if not due:
        return
    try:
        connection.close_if_unusable_or_obsolete()
        enqueue_due(now=now, periodics=due)
        last |= {each.name: each.due_at(now) for each in due}
    except (DatabaseError, DomainError) as error:
        _warn("what is due by the clock was not enqueued", error)


def _drain_seconds() -> int:
    return DRAIN_SECONDS["development" if settings.DEBUG else "production"]


def _warn(what: str, error: BaseException, **more: Any) -> None:
    reason = " ".join([*str(error).split(), *getattr(error, "__notes__", ())])
    logger.warning(what, extra={"error": type(error).__name__, "reason": reason, **more})

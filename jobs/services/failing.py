"""What becomes of a job that has failed: its error is kept, and people may have it tried again."""

import traceback
from datetime import datetime
from typing import Any

from jobs.facts import JobTriedAgain
from kernel.db.batch import Statement, send
from kernel.db.transactions import transact, transactional
from kernel.errors import InvalidState
from kernel.facts import publish

MAX_ERROR = 10_000
KEEP = """
INSERT INTO jobs_jobfailure (job_id, error, failed_at)
SELECT id, %s, %s::timestamptz FROM procrastinate_jobs WHERE id = %s::bigint
    ON CONFLICT (job_id) DO UPDATE SET error = excluded.error, failed_at = excluded.failed_at
"""
FORGET = "DELETE FROM procrastinate_jobs WHERE task_name = %s AND status = 'failed' AND id < %s::bigint"
FREE_KEY = "UPDATE procrastinate_jobs SET queueing_lock = NULL WHERE id = %s::bigint"
TRY_AGAIN = """
UPDATE procrastinate_jobs
   SET status = 'todo', attempts = 0, scheduled_at = now(), queueing_lock = NULL, worker_id = NULL
 WHERE id = %s::bigint AND status = 'failed' RETURNING task_name
"""


class JobHasNotFailed(InvalidState):
    """It waits, is being done, or is done and gone."""

    message = "The job has not failed, or is done by now"


def keep_error(*, job_id: int, error: BaseException, now: datetime) -> None:
    """Note why a job has failed, until it is done after all."""
    text = "".join(traceback.format_exception(error)).replace("\0", "")[-MAX_ERROR:]
    transact(Statement(KEEP, (text, now, job_id)))


def forget_failures(*, name: str, before_id: int) -> None:
    """Remove the failed jobs of something periodic that came before this one: it has been done again since."""
    transact(Statement(FORGET, (name, before_id)))


def free_key(*, job_id: int) -> None:
    """Let the next job with the key of this one wait, from the moment on when this one is begun."""
    transact(Statement(FREE_KEY, (job_id,)))


@transactional
def try_again(*, job_id: int, by: Any, now: datetime) -> None:
    """Have a failed job done again, with all its tries. Publishes `JobTriedAgain`. Raises: JobHasNotFailed."""
    (rows,) = send(Statement(TRY_AGAIN, (job_id,)))
    if not rows:
        raise JobHasNotFailed
    ((name,),) = rows
    publish(JobTriedAgain(job_id=job_id, name=name, actor_id=by.pk, occurred_at=now))

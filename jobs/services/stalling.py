"""Jobs whose worker is gone."""

from datetime import datetime

from kernel.db.batch import Statement
from kernel.db.transactions import transact

STALLED_SECONDS = 30
"""A worker says every 10 s that it lives: less than three of these would have a living one's jobs done twice."""
MAX_TRIES = 10
"""So often a job may take its worker with it before nobody touches it any more."""
# The key of one that waits is its own: a stalled job with the same gives way to it by losing its key, not its place.
TAKE_UP = """
WITH stalled AS (
    SELECT job.id FROM procrastinate_jobs AS job LEFT JOIN procrastinate_workers AS worker ON worker.id = job.worker_id
     WHERE job.status = 'doing'
       AND (worker.id IS NULL OR worker.last_heartbeat < now() - make_interval(secs => %s))
       FOR UPDATE OF job SKIP LOCKED
), given_up AS (
    INSERT INTO jobs_jobfailure (job_id, error, failed_at)
    SELECT job.id, 'Its workers ended in the middle of it, ' || job.attempts + 1 || ' times.', %s::timestamptz
      FROM stalled JOIN procrastinate_jobs AS job USING (id) WHERE job.attempts + 1 >= %s
        ON CONFLICT (job_id) DO UPDATE SET error = excluded.error, failed_at = excluded.failed_at
    RETURNING job_id
)
UPDATE procrastinate_jobs AS job
   SET status = (CASE WHEN given_up.job_id IS NULL THEN 'todo' ELSE 'failed' END)::procrastinate_job_status,
       attempts = attempts + 1, scheduled_at = now(), queueing_lock = NULL, worker_id = NULL, abort_requested = false
  FROM stalled LEFT JOIN given_up ON given_up.job_id = stalled.id
 WHERE job.id = stalled.id
RETURNING job.id
"""


def take_up_stalled(*, now: datetime, seconds: float = STALLED_SECONDS) -> int:
    """Have the jobs done again whose worker has not said for `seconds` that it lives; how many there were."""
    (rows,) = transact(Statement(TAKE_UP, (seconds, now, MAX_TRIES)))
    return len(rows)

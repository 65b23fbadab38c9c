"""Whether what is due is being done."""

from datetime import datetime, timedelta

from kernel.db.batch import Statement, send

MAX_DELAY = timedelta(minutes=5)
# By an index, and among a handful of rows. Where no worker runs nothing periodic is enqueued, so those times are asked.
LATE = """
SELECT EXISTS (SELECT FROM procrastinate_jobs WHERE status = 'todo' AND scheduled_at < %s::timestamptz)
    OR EXISTS (SELECT FROM jobs_duetime WHERE next_due_at < %s::timestamptz)
"""


def are_late(now: datetime) -> bool:
    """Whether a job, or what is done by the clock, has been due for more than five minutes."""
    since = now - MAX_DELAY
    (((is_late,),),) = send(Statement(LATE, (since, since)))
    return bool(is_late)

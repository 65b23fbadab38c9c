"""Whether what is due is being done."""

from datetime import datetime, timedelta

from kernel.db.batch import Statement, send
from kernel.jobs import HOOKS, OUTSIDE, declared_periodics

MAX_DELAY = timedelta(minutes=5)
# The first entry of an index, whatever is compared with it: asked whether there EXISTS a late one, a planner that does
# not know the moment reads the table. Where no worker runs nothing periodic is enqueued, so those times are asked too.
LATE = """
SELECT coalesce((SELECT min(scheduled_at) FROM procrastinate_jobs WHERE status = 'todo' AND queue_name <> ALL(%s))
                < %s::timestamptz, false)
    OR coalesce((SELECT min(next_due_at) FROM jobs_duetime WHERE name = ANY(%s)) < %s::timestamptz, false)
"""


def asking_whether_late(since: datetime) -> Statement:
    """Whether anything has been due since then. A time that no version declares any more is due to nobody; what waits
    for somebody else's server is late by that one's fault, and no reason to answer nobody here."""
    return Statement(LATE, ([HOOKS, OUTSIDE], since, [each.name for each in declared_periodics()], since))


def are_late(now: datetime) -> bool:
    """Whether a job of our own, or what is done by the clock, has been due for more than five minutes."""
    since = now - MAX_DELAY
    (((is_late,),),) = send(asking_whether_late(since))
    return bool(is_late)

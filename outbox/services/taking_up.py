"""Letters that wait although nobody is asked to send them: whoever was, did not know how."""

from datetime import datetime, timedelta

from kernel.db.batch import Statement
from kernel.db.transactions import transact
from kernel.jobs import ENQUEUE_FROM, IS_ENQUEUED
from outbox.services.sending import SENDING

LEFT_FOR = timedelta(minutes=10)
MOST = 1000
"""At a time; what is left is found the next time."""
TAKE_UP = ENQUEUE_FROM.format(
    source=f"""
SELECT jsonb_build_object('letter_id', id) FROM outbox_letter AS letter
 WHERE state = 'waiting' AND created_at < %s::timestamptz
   AND NOT {IS_ENQUEUED.format(argument="letter_id", column="letter.id")}
 ORDER BY id LIMIT %s"""  # noqa: S608 - of the house's own names
)


def take_up_left(*, now: datetime) -> None:
    """Have sent what no job stands for: a worker of an earlier version, which knew no letters, has taken it away."""
    transact(Statement(TAKE_UP, (SENDING.queue, SENDING.name, now - LEFT_FOR, SENDING.name, MOST)))

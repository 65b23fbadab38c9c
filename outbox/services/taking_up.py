"""Letters and copies that wait although nobody is asked to send them: whoever was, did not know how."""

from datetime import datetime, timedelta

from kernel.db.batch import Statement
from kernel.db.transactions import transact
from kernel.jobs import ENQUEUE_FROM, IS_ENQUEUED, Job
from outbox.services.sending import SENDING, SENDING_COPY

LEFT_FOR = timedelta(minutes=10)
MOST = 1000
"""At a time; what is left is found the next time."""
LETTERS = "SELECT id, created_at FROM outbox_letter WHERE state = 'waiting'"
COPIES = """
SELECT copy.id, letter.sent_at FROM outbox_lettercopy AS copy JOIN outbox_letter AS letter ON letter.id = letter_id
 WHERE copy.state = 'waiting'
"""
LEFT = """
SELECT jsonb_build_object('{argument}', waiting.id) FROM ({waiting}) AS waiting (id, since)
 WHERE since < %s::timestamptz AND NOT {is_enqueued}
 ORDER BY waiting.id LIMIT %s
"""


def take_up_left(*, now: datetime) -> None:
    """Have sent what no job stands for: a worker of an earlier version, which knew no letters, has taken it away."""
    transact(_taking_up(SENDING, "letter_id", LETTERS, now), _taking_up(SENDING_COPY, "copy_id", COPIES, now))


def _taking_up(job: Job, argument: str, waiting: str, now: datetime) -> Statement:
    is_enqueued = IS_ENQUEUED.format(argument=argument, column="waiting.id")
    left = LEFT.format(argument=argument, waiting=waiting, is_enqueued=is_enqueued)
    return Statement(ENQUEUE_FROM.format(source=left), (job.queue, job.name, now - LEFT_FOR, job.name, MOST))

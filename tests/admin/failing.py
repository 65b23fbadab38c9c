"""A job that has failed, as a worker leaves it."""

from datetime import datetime

from django.db import connection, transaction

from jobs.services.failing import keep_error
from kernel.jobs import enqueue
from tests.jobs.made_up import WORD


def fail_a_job(now: datetime, word: str = "a") -> int:
    """The id of a job whose last error is `ValueError: cannot write <word>`."""
    with transaction.atomic():
        enqueue(WORD, {"word": word}, at=now)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing' WHERE args->>'word' = %s RETURNING id", [word])
        ((job_id,),) = cursor.fetchall()
        try:
            raise ValueError(f"cannot write {word}")
        except ValueError as error:
            keep_error(job_id=job_id, error=error, now=now)
        cursor.execute("SELECT procrastinate_finish_job_v1(%s, 'failed', false)", [job_id])
    return int(job_id)

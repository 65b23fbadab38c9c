"""A kind of letter for the tests, and a worker process that knows it: `python -m tests.outbox.made_up`."""

import os
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from kernel import clock
from kernel.letters import LetterKind, Message, post
from outbox.models import Letter

POLL_SECONDS = 0.2


def write_hello(*, now: datetime, address: str, **more: Any) -> Message | None:
    if address == "nobody":
        return None
    if address == "broken":
        raise KeyError("a word of a letter")
    return Message(**{"address": address, "subject": "Hello", "text": "Hello.", "html": "<p>Hello.</p>"} | more)


HELLO = LetterKind(name="tests.hello", write=write_hello)


def post_hello(address: str = "ada@example.edu", key: str | None = None, **more: Any) -> Letter:
    key = key or address
    with transaction.atomic():
        post(HELLO, key=key, arguments={"address": address, **more}, now=clock.now())
    return Letter.objects.get(key=key)


def make_due() -> None:
    """What waits for its next try need not wait any longer."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE task_name LIKE 'outbox.send%'")


def queue() -> list[tuple[str, str, int]]:
    """(name, status, tries) of each job that sends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT task_name, status::text, attempts FROM procrastinate_jobs WHERE task_name LIKE 'outbox.send%'"
            " ORDER BY id"
        )
        return cursor.fetchall()


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cspace.settings")
    django.setup()
    from cspace.jobs import run_worker
    from kernel.letters import register
    from tests.outbox import made_up

    register(made_up.HELLO)
    run_worker(poll_seconds=POLL_SECONDS)

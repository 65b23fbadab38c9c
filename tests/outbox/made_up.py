"""A kind of letter for the tests."""

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from kernel import clock
from kernel.letters import LetterKind, Message, post
from outbox.models import Letter


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

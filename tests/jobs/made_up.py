"""Jobs that leave a trace, and a worker process that knows them: `python -m tests.jobs.made_up`."""

import os
import threading
from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from kernel.jobs import Job, register

POLL_SECONDS = 0.2
TRACE = "CREATE TABLE tests_trace (id bigint GENERATED ALWAYS AS IDENTITY, word text, pid int)"


class Hopeless(Exception):
    """No further try will help."""


def leave_trace(word: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO tests_trace (word, pid) VALUES (%s, %s)", [word, os.getpid()])


def traces() -> list[str]:
    """The words, in the order in which they were written."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT word FROM tests_trace ORDER BY id")
        return [word for (word,) in cursor.fetchall()]


def write_word(*, now: datetime, word: str) -> None:
    leave_trace(word)


def hang_the_first_time(*, now: datetime, word: str) -> None:
    if f"{word} begun" not in traces():
        leave_trace(f"{word} begun")
        threading.Event().wait(60)
    leave_trace(word)


def fail(*, now: datetime, word: str) -> None:
    leave_trace(word)
    raise Hopeless(word) if word == "hopeless" else ValueError(f"cannot do {word}")


def is_hopeless(error: Exception) -> bool:
    return isinstance(error, Hopeless)


WORD = Job(name="tests.write_word", do=write_word)
HANGING = Job(name="tests.hang_the_first_time", do=hang_the_first_time)
FAILING = Job(name="tests.fail", do=fail, waits=(0, 0), ends_at_once=is_hopeless)
NOTHING = Job(name="tests.nothing", do=lambda *, now, number: None)
JOBS: Sequence[Job] = (WORD, HANGING, FAILING, NOTHING)

if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cspace.settings")
    django.setup()
    from cspace.jobs import run_worker
    from tests.jobs import made_up

    register(*made_up.JOBS)
    run_worker(poll_seconds=POLL_SECONDS)

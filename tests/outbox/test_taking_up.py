"""A letter for which no job stands is sent all the same, if a little later."""

import datetime as dt

import pytest
from django.db import connection, transaction

from kernel import clock
from kernel.jobs import OUTSIDE, enqueue
from outbox.models import Letter, LetterCopy
from outbox.services.sending import SENDING_COPY
from outbox.services.taking_up import take_up_left
from tests.outbox.made_up import post_hello, queue

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hello")]
LATER = dt.timedelta(minutes=11)


def take_away_jobs(status):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = %s WHERE task_name = 'outbox.send'", [status])


@pytest.mark.parametrize(
    ("status", "age", "state", "number"),
    [
        ("failed", LATER, "waiting", 2),
        ("todo", LATER, "waiting", 1),
        ("doing", LATER, "waiting", 1),
        ("failed", dt.timedelta(minutes=9), "waiting", 1),
        ("failed", LATER, "failed", 1),
    ],
)
def test_only_what_waits_without_a_job_is_taken_up_once(status, age, state, number):
    post_hello()
    take_away_jobs(status)
    Letter.objects.update(state=state)
    for _ in range(2):
        take_up_left(now=clock.now() + age)
    assert len(queue()) == number
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT queue_name FROM procrastinate_jobs")
        assert cursor.fetchall() == [(OUTSIDE,)]


@pytest.mark.parametrize(("status", "state", "number"), [("failed", "waiting", 2), ("todo", "waiting", 1)])
def test_a_copy_is_taken_up_too(status, state, number):
    letter = post_hello()
    Letter.objects.update(state="sent", sent_at=clock.now())
    copy = LetterCopy.objects.create(letter=letter, address="archive@example.edu", source="Hello", state=state)
    with transaction.atomic():
        enqueue(SENDING_COPY, {"copy_id": copy.pk})
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs WHERE task_name = 'outbox.send'")
        cursor.execute("UPDATE procrastinate_jobs SET status = %s", [status])
    for _ in range(2):
        take_up_left(now=clock.now() + LATER)
    assert [name for name, *_ in queue()] == ["outbox.send_copy"] * number

"""A job is enqueued with the change that it belongs to, or not at all."""

import datetime as dt

import pytest
from django.db import connection, transaction

from groups.models import Group
from kernel.db.batch import Statement, put_off, send
from kernel.db.transactions import transactional
from kernel.jobs import (
    EnqueuedOutsideTransaction,
    Job,
    NameIsTaken,
    declared_jobs,
    enqueue,
    enqueue_many,
    register,
    unregister,
)
from tests.factories import make_group
from tests.jobs.made_up import WORD
from tests.jobs.workers import queue, roll_back
from tests.kernel.round_trips import round_trips
from tests.races.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)
NOON = dt.datetime(2026, 1, 20, 4, tzinfo=dt.UTC)


def rows(*columns):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(columns)} FROM procrastinate_jobs ORDER BY id")
        return cursor.fetchall()


def test_what_is_committed_leaves_a_job_with_all_that_was_said():
    with transaction.atomic():
        enqueue(WORD, {"word": "a"}, at=NOON, key="key", lock="lock")
    columns = ("queue_name", "task_name", "status::text", "scheduled_at", "queueing_lock", "lock", "attempts", "args")
    assert rows(*columns) == [("default", "tests.write_word", "todo", NOON, "key", "lock", 0, '{"word": "a"}')]


def test_what_is_rolled_back_leaves_none():
    roll_back(WORD, word="a")

    @transactional
    def service():
        enqueue(WORD, {"word": "a"})
        transaction.set_rollback(True)

    service()
    assert queue() == []


def test_a_job_without_a_moment_is_due_at_once():
    with transaction.atomic():
        enqueue(WORD, {"word": "a"})
    assert rows("scheduled_at <= now()") == [(True,)]


def test_outside_of_a_transaction_nothing_is_enqueued():
    with pytest.raises(EnqueuedOutsideTransaction, match=WORD.name):
        enqueue(WORD, {"word": "a"})
    assert queue() == []


@pytest.mark.parametrize("enqueues", [False, True])
def test_it_travels_with_what_the_service_writes_last(enqueues):
    @transactional
    def service(name):
        send(Statement("SELECT 1"))
        put_off(Statement("INSERT INTO groups_group (name, name_key, is_system) VALUES (%s, %s, false)", (name, name)))
        if enqueues:
            enqueue(WORD, {"word": "a"})

    service("a")
    with round_trips() as waits:
        service("b")
    assert (waits(), len(queue())) == (2, 2 * enqueues)


def test_many_are_one_statement_in_the_order_in_which_they_were_named(django_assert_num_queries):
    with transaction.atomic(), django_assert_num_queries(1):
        enqueue_many(WORD, [{"word": str(number)} for number in range(1000)])
    assert [arguments for (arguments,) in rows("args->>'word'")] == [str(number) for number in range(1000)]


def test_one_with_the_key_of_one_that_waits_is_left_out_and_refuses_nothing():
    for word in "ab":
        with transaction.atomic():
            make_group(word)
            enqueue(WORD, {"word": word}, key="key")
    assert rows("args->>'word'") == [("a",)]
    assert Group.objects.filter(is_system=False).count() == 2


def test_of_several_at_once_with_one_key_one_is_left_and_nobody_is_refused():
    def service():
        with transaction.atomic():
            enqueue(WORD, {"word": "a"}, key="key")

    assert at_once(*[service] * 4) == [None] * 4
    assert len(queue()) == 1


def test_two_declarations_of_one_name_are_refused():
    before = declared_jobs()
    job = Job(name="tests.twice", do=print)
    try:
        register(job, job)
        with pytest.raises(NameIsTaken, match=r"tests\.twice"):
            register(Job(name="tests.twice", do=repr))
    finally:
        unregister(job)
    assert declared_jobs() == before

"""Worker processes: what is committed is done, once, by whoever is left."""

import signal

import pytest
from django.db import connection, transaction

from cspace.jobs import Waits
from jobs.models import JobFailure
from jobs.services.stalling import MAX_TRIES, take_up_stalled
from kernel import clock
from kernel.jobs import enqueue
from tests.crash.processes import await_true
from tests.jobs.made_up import FAILING, HANGING, WORD, Hopeless, traces
from tests.jobs.workers import WAIT_SECONDS, commit, queue, roll_back

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_is_committed_is_done_once_and_is_gone(worker):
    with worker(), worker():
        for number in range(50):
            commit(WORD, word=str(number))
        roll_back(WORD, word="rolled back")
        await_true(lambda: not queue(), WAIT_SECONDS)
    assert sorted(traces(), key=int) == [str(number) for number in range(50)]


def test_a_job_whose_worker_was_killed_is_taken_up_again(worker):
    commit(HANGING, word="long")
    with worker() as first:
        await_true(lambda: traces() == ["long begun"], WAIT_SECONDS)
        first.kill()
        first.wait()
    assert queue() == [(HANGING.name, "doing", 0)]
    assert take_up_stalled(now=clock.now()) == 0  # it was heard of a moment ago
    assert take_up_stalled(now=clock.now(), seconds=0) >= 1  # it may have been doing something by the clock, too
    assert queue() == [(HANGING.name, "todo", 1)]
    with worker():
        await_true(lambda: not queue(), WAIT_SECONDS)
    assert traces() == ["long begun", "long"]


def test_a_job_that_takes_every_worker_with_it_is_given_up(transactional_db):
    commit(HANGING, word="deadly")
    for number in range(MAX_TRIES):
        assert queue() == [(HANGING.name, "todo", number)]
        with connection.cursor() as cursor:
            cursor.execute("UPDATE procrastinate_jobs SET status = 'doing' WHERE status = 'todo'")
        assert take_up_stalled(now=clock.now()) == 1
    assert queue() == [(HANGING.name, "failed", MAX_TRIES)]
    assert str(JobFailure.objects.get()) == f"Its workers ended in the middle of it, {MAX_TRIES} times."


def test_what_waits_under_the_same_key_does_not_keep_a_stalled_job_down(transactional_db):
    with transaction.atomic():
        enqueue(WORD, {"word": "a"}, key="key")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing'")
    with transaction.atomic():
        enqueue(WORD, {"word": "b"}, key="key")
    assert take_up_stalled(now=clock.now()) == 1
    assert sorted(queue()) == [(WORD.name, "todo", 0), (WORD.name, "todo", 1)]


def test_what_fails_is_tried_again_as_declared_and_keeps_its_error(worker):
    commit(FAILING, word="a")
    commit(FAILING, word="hopeless")
    with worker():
        await_true(lambda: {status for _, status, _ in queue()} == {"failed"}, WAIT_SECONDS)
    assert sorted(traces()) == ["a", "a", "a", "hopeless"]
    assert sorted(tries for *_, tries in queue()) == [1, 3]
    failures = {str(failure) for failure in JobFailure.objects.all()}
    assert failures == {"ValueError: cannot do a", "tests.jobs.made_up.Hopeless: hopeless"}
    assert all(failure.error.startswith("Traceback") for failure in JobFailure.objects.all())


def test_the_waits_are_those_of_the_declaration():
    class Tried:
        def __init__(self, attempts):
            self.attempts = attempts

    waits = Waits(FAILING)
    decisions = [waits.get_retry_decision(exception=ValueError(), job=Tried(attempts)) for attempts in range(4)]
    assert [decision is not None for decision in decisions] == [True, True, False, False]
    assert waits.get_retry_decision(exception=Hopeless(), job=Tried(0)) is None
    waits = Waits(WORD)
    for attempts, seconds in enumerate((60, 300, 1800)):
        decision = waits.get_retry_decision(exception=ValueError(), job=Tried(attempts))
        assert abs((decision.retry_at - clock.now()).total_seconds() - seconds) < 30


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_told_to_end_finishes_what_it_does(worker, number):
    commit(WORD, word="a")
    with worker() as process:
        await_true(lambda: not queue(), WAIT_SECONDS)
        process.send_signal(number)
        assert process.wait(WAIT_SECONDS) == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_workers")
        assert cursor.fetchone() == (0,)


def test_a_worker_that_is_told_to_end_waits_for_no_job_longer_than_it_may(worker):
    commit(HANGING, word="long")
    with worker() as process:
        await_true(lambda: traces() == ["long begun"], WAIT_SECONDS)
        process.terminate()
        assert process.wait(WAIT_SECONDS) == 0
    assert queue() == [(HANGING.name, "doing", 0)]


def test_a_worker_outlives_its_connections(worker):
    with worker() as process:
        for word in "ab":
            commit(WORD, word=word)
            await_true(lambda word=word: word in traces() and not queue(), WAIT_SECONDS)
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
        commit(WORD, word="c")
        await_true(lambda: "c" in traces() and not queue(), WAIT_SECONDS)
        assert process.poll() is None
    assert traces() == ["a", "b", "c"]

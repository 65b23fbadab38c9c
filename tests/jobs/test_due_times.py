"""What is due by the clock is done once for each time, however many look, and however late they are."""

import datetime as dt
import io
from collections import Counter

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection

from jobs.models import DueTime
from jobs.services.due_times import claim_due, enqueue_due
from jobs.services.failing import forget_failures
from kernel.jobs import Periodic, declared_periodics, register, unregister
from tests.crash.processes import await_true
from tests.jobs.workers import WAIT_SECONDS, worker_process
from tests.races.threads import at_once

NOON = dt.datetime(2026, 1, 20, 4, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
MINUTES = 1000
MINUTELY = Periodic(name="tests.minutely", do=lambda *, now: 7, every_seconds=60)
HOURLY = Periodic(name="tests.hourly", do=lambda *, now: 8, every_seconds=3600)


def breaks(*, now):
    raise ValueError("it\nbreaks")


BROKEN = Periodic(name="tests.broken", do=breaks, every_seconds=60)


def enqueued():
    """{(name, when it was due): how often}."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, scheduled_at, count(*) FROM procrastinate_jobs GROUP BY 1, 2")
        return {(name, at): number for name, at, number in cursor.fetchall()}


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(300)
def test_three_workers_enqueue_each_time_once():
    """Each at its own pace, so that each lags behind the others most of the time."""

    def walk():
        return Counter(
            due
            for number in range(MINUTES)
            for due in enqueue_due(now=NOON + number * MINUTE, periodics=[HOURLY, MINUTELY])
        )

    shares = at_once(walk, walk, walk)
    together = sum(shares, Counter())
    expected = {(MINUTELY.name, NOON + number * MINUTE): 1 for number in range(MINUTES)}
    expected |= {(HOURLY.name, NOON + number * 60 * MINUTE): 1 for number in range(MINUTES // 60 + 1)}
    assert {(due.name, due.due_at): number for due, number in together.items()} == expected
    assert enqueued() == expected


def test_what_nobody_was_there_for_is_made_up_for_once(db):
    assert len(enqueue_due(now=NOON, periodics=[MINUTELY])) == 1
    assert [due.due_at for due in enqueue_due(now=NOON + 7.5 * MINUTE, periodics=[MINUTELY])] == [NOON + 7 * MINUTE]
    assert enqueue_due(now=NOON + 7.9 * MINUTE, periodics=[MINUTELY]) == []
    # A clock that is set back repeats nothing.
    assert enqueue_due(now=NOON, periodics=[MINUTELY]) == []
    assert DueTime.objects.get().next_due_at == NOON + 8 * MINUTE


@pytest.fixture
def periodics(db):
    register(MINUTELY, BROKEN)
    yield
    unregister(MINUTELY, BROKEN)


def tick(now):
    out = io.StringIO()
    with time_machine.travel(now, tick=False):
        call_command("tick", stdout=out)
    return out.getvalue()


def test_tick_does_what_is_due_and_says_in_the_end_what_failed(periodics):
    out = io.StringIO()
    with (
        time_machine.travel(NOON, tick=False),
        pytest.raises(CommandError, match=r"^tests\.broken: ValueError: it breaks$"),
    ):
        call_command("tick", stdout=out)
    names = [line.partition(":")[0] for line in out.getvalue().splitlines()]
    assert names == sorted(each.name for each in declared_periodics() if each is not BROKEN)
    assert "tests.minutely: 7\n" in out.getvalue()
    assert tick(NOON + MINUTE / 60) == ""  # nothing is due: nothing is done, nothing fails


def test_tick_leaves_what_a_worker_has_taken_in_hand(periodics):
    enqueue_due(now=NOON, periodics=[MINUTELY, BROKEN])
    assert "tests." not in tick(NOON)
    assert [each for each in claim_due(now=NOON + MINUTE) if each in (MINUTELY, BROKEN)] == [BROKEN, MINUTELY]
    assert enqueue_due(now=NOON + MINUTE, periodics=[MINUTELY, BROKEN]) == []


@pytest.mark.django_db(transaction=True)
def test_a_worker_does_by_itself_what_is_due_and_tick_finds_nothing(server_environment):
    with worker_process(server_environment, "manage.py", "worker"):
        await_true(lambda: DueTime.objects.count() == len(declared_periodics()) and not enqueued(), WAIT_SECONDS)
        before = {row.name: row.due_at for row in DueTime.objects.all()}
        hourly = [each.name for each in declared_periodics() if each.every_seconds == 3600]
        out = io.StringIO()
        call_command("tick", stdout=out)
        # The hour may have turned between the two, a shorter time is likely to.
        now = {row.name: row.due_at for row in DueTime.objects.all()}
        again = {line.partition(":")[0] for line in out.getvalue().splitlines()}
        assert {name for name in hourly if now[name] == before[name]}.isdisjoint(again)
        assert len(hourly) == 9


def test_of_something_periodic_that_fails_one_failure_is_left(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status)"
            " SELECT 'default', name, 'failed' FROM unnest(ARRAY['a', 'a', 'b', 'a']) AS each (name) RETURNING id"
        )
        ids = [number for (number,) in cursor.fetchall()]
        forget_failures(name="a", before_id=ids[-1])
        cursor.execute("SELECT id FROM procrastinate_jobs ORDER BY id")
        assert [number for (number,) in cursor.fetchall()] == ids[2:]

"""What is kept for a time only is forgotten: by `manage.py tick`, and by `make run` once an hour."""

import datetime as dt
import threading
import uuid

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection, transaction

from accounts.models import RefreshSession
from cspace.clockwork import HousekeepingCounts, PeriodicStep, keep_house
from kernel import clock
from kernel.db.deletion import delete_in_portions
from kernel.models import IdempotencyRecord, ThrottleCounter
from kernel.throttling import count_try
from tests.crash.processes import await_true
from tests.factories import make_user

NOON = dt.datetime(2026, 1, 20, 4, tzinfo=dt.UTC)
DAY, SECOND = dt.timedelta(days=1), dt.timedelta(seconds=1)
WAIT_SECONDS = 20


def record(user, key, created_at):
    IdempotencyRecord.objects.create(user=user, key=key, fingerprint="x", created_at=created_at)


def session(user, ends_at):
    made = {"jti": uuid.uuid4(), "family": uuid.uuid4(), "token_version": 0, "issued_at": ends_at - 30 * DAY}
    RefreshSession.objects.create(user=user, expires_at=ends_at, family_expires_at=ends_at, **made)


def scene(now):
    """Of each kind one that is out of date and one that is not, by a second; of the counters one per scope."""
    user = make_user()
    record(user, "old", now - DAY - SECOND)
    record(user, "new", now - DAY + SECOND)
    session(user, now - SECOND)
    session(user, now + SECOND)
    for name, ends_at in (("old", now - SECOND), ("new", now + SECOND)):
        Session.objects.create(session_key=name, session_data="x", expire_date=ends_at)


def test_what_is_out_of_date_is_forgotten(db, settings):
    settings.CSPACE_THROTTLE = True
    settings.CSPACE_THROTTLE_RATES = {"login_name": "5/min", "write": "5/h"}
    scene(NOON)
    for scope in settings.CSPACE_THROTTLE_RATES:
        for minutes in (61, 2, 0):
            count_try(scope, f"{minutes} minutes ago", now=NOON - dt.timedelta(minutes=minutes))
    # An hour has begun at noon, so only the counts of the last moment are of a window that is not over.
    assert keep_house(now=NOON) == HousekeepingCounts(records=1, sessions=1, admin_sessions=1, windows=4)
    assert [kept.key for kept in IdempotencyRecord.objects.all()] == ["new"]
    assert [kept.pk for kept in Session.objects.all()] == ["new"]
    assert [kept.family_expires_at for kept in RefreshSession.objects.all()] == [NOON + SECOND]
    assert sorted(kept.key.partition(":")[0] for kept in ThrottleCounter.objects.all()) == ["login_name", "write"]
    assert keep_house(now=NOON) == HousekeepingCounts(records=0, sessions=0, admin_sessions=0, windows=0)


def test_a_count_outlives_the_housekeeping_of_its_window(db, settings):
    settings.CSPACE_THROTTLE = True
    settings.CSPACE_THROTTLE_RATES = {"write": "5/min"}
    for second in (0, 30, 59):
        count_try("write", "a", now=NOON + dt.timedelta(seconds=second))
        keep_house(now=NOON + dt.timedelta(seconds=second))
    assert ThrottleCounter.objects.get().tries == 3


def test_the_counters_of_a_rate_that_was_changed_are_forgotten(db, settings):
    settings.CSPACE_THROTTLE = True
    settings.CSPACE_THROTTLE_RATES = {"write": "5/min"}
    count_try("write", "a", now=NOON)
    settings.CSPACE_THROTTLE_RATES = {"write": "5/day"}
    assert keep_house(now=NOON).windows == 1


def test_tick_says_what_it_forgot(db, capsys):
    scene(clock.now())
    call_command("tick")
    assert capsys.readouterr().out == (
        "Moved on: 0 allocation events.\n"
        "Forgotten: 1 idempotency records, 1 sessions, 1 sessions of the admin, 0 throttle counters.\n"
    )


def test_a_long_neglect_is_worked_off_in_portions(db, django_assert_num_queries):
    user = make_user()
    for number in range(7):
        record(user, str(number), NOON)
    # Each portion: a savepoint, the keys, the deletion, its end; the last one finds less than it may take.
    with django_assert_num_queries(12):
        assert delete_in_portions(IdempotencyRecord.objects.all(), portion=3) == 7
    assert not IdempotencyRecord.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_row_that_is_held_is_left_to_the_next_time():
    user = make_user()
    record(user, "free", NOON)
    record(user, "held", NOON)
    taken, over = threading.Event(), threading.Event()

    def hold():
        with transaction.atomic():
            list(IdempotencyRecord.objects.select_for_update().filter(key="held"))
            taken.set()
            over.wait(WAIT_SECONDS)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert taken.wait(WAIT_SECONDS)
        assert delete_in_portions(IdempotencyRecord.objects.all()) == 1
    finally:
        over.set()
        holder.join(WAIT_SECONDS)
    assert [kept.key for kept in IdempotencyRecord.objects.all()] == ["held"]


@pytest.mark.django_db(transaction=True)
def test_the_server_keeps_house_from_its_first_step_on():
    scene(clock.now())
    step = PeriodicStep(period_seconds=20)
    step.start()
    try:
        await_true(lambda: RefreshSession.objects.count() == IdempotencyRecord.objects.count() == 1, WAIT_SECONDS)
    finally:
        step.end()
    assert not step.is_alive()

"""What is kept for a time only is forgotten: by a worker once an hour, and by `manage.py tick`."""

import datetime as dt
import threading
import uuid

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection, transaction

from accounts.models import AccessKey, RefreshSession
from kernel import clock
from kernel.db.deletion import delete_in_portions
from kernel.jobs import declared_periodics
from kernel.models import IdempotencyRecord, ThrottleCounter
from kernel.throttling import count_try
from tests.crash.processes import await_true
from tests.factories import make_user
from tests.jobs.workers import worker_process

FORGETTING = (
    "kernel.forget_answers",
    "accounts.forget_sessions",
    "accounts.forget_admin_sessions",
    "accounts.forget_keys",
)
WINDOWS = "kernel.forget_throttle_windows"
NOON = dt.datetime(2026, 1, 20, 4, tzinfo=dt.UTC)
DAY, SECOND = dt.timedelta(days=1), dt.timedelta(seconds=1)
MONTH = 30 * DAY
WAIT_SECONDS = 40


def record(user, key, created_at):
    IdempotencyRecord.objects.create(user=user, key=key, fingerprint="x", created_at=created_at)


def session(user, ends_at):
    made = {"jti": uuid.uuid4(), "family": uuid.uuid4(), "token_version": 0, "issued_at": ends_at - 30 * DAY}
    RefreshSession.objects.create(user=user, expires_at=ends_at, family_expires_at=ends_at, **made)


def key(issuer, **more):
    """Of a person."""
    values = {"scope": "user", "user": issuer, "issued_by": issuer, "token_version": 0, "digest": uuid.uuid4().bytes}
    return AccessKey.objects.create(**values | more)


def keep_house(now):
    """How many rows of each kind were forgotten: answers, sessions, sessions of the admin, keys, windows."""
    periodics = {each.name: each for each in declared_periodics()}
    return [periodics[name].do(now=now) for name in (*FORGETTING, WINDOWS)]


def scene(now, margin=SECOND):
    """Of each kind one that is out of date and one that is not, by the margin; of the counters one per scope."""
    user = make_user()
    record(user, "old", now - DAY - margin)
    record(user, "new", now - DAY + margin)
    session(user, now - margin)
    session(user, now + margin)
    for since in (now - MONTH - margin, now - MONTH + margin):
        key(user, created_at=since - DAY, revoked_at=since)
    for name, ends_at in (("old", now - margin), ("new", now + margin)):
        Session.objects.create(session_key=name, session_data="x", expire_date=ends_at)


def test_what_is_out_of_date_is_forgotten(db, settings):
    settings.CSPACE_THROTTLE = True
    settings.CSPACE_THROTTLE_RATES = {"login_name": "5/min", "write": "5/h"}
    scene(NOON)
    for scope in settings.CSPACE_THROTTLE_RATES:
        for minutes in (61, 2, 0):
            count_try(scope, f"{minutes} minutes ago", now=NOON - dt.timedelta(minutes=minutes))
    # An hour has begun at noon, so only the counts of the last moment are of a window that is not over.
    assert keep_house(now=NOON) == [1, 1, 1, 1, 4]
    assert [kept.key for kept in IdempotencyRecord.objects.all()] == ["new"]
    assert [kept.pk for kept in Session.objects.all()] == ["new"]
    assert [kept.family_expires_at for kept in RefreshSession.objects.all()] == [NOON + SECOND]
    assert sorted(kept.key.partition(":")[0] for kept in ThrottleCounter.objects.all()) == ["login_name", "write"]
    assert [kept.revoked_at for kept in AccessKey.objects.all()] == [NOON - MONTH + SECOND]
    assert keep_house(now=NOON) == [0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("is_kept", "key_of_a_society"),
    [
        (True, {"expires_at": NOON + SECOND}),
        (True, {"expires_at": NOON - SECOND}),
        (True, {"expires_at": NOON - MONTH + SECOND}),
        (False, {"expires_at": NOON - MONTH - SECOND}),
        (False, {"expires_at": NOON + DAY, "revoked_at": NOON - MONTH - SECOND}),
        (True, {"expires_at": NOON + DAY, "revoked_at": NOON - SECOND}),
    ],
)
def test_a_key_is_forgotten_a_month_after_its_end(db, is_kept, key_of_a_society):
    whose = {"scope": "society", "user": None, "token_version": None, "group_id": 7}
    key(make_user(), **whose, created_at=NOON - 200 * DAY, **key_of_a_society)
    assert keep_house(now=NOON)[3] == int(not is_kept)
    assert AccessKey.objects.exists() is is_kept


def test_a_key_of_a_person_lasts_until_what_ends_his_sessions(db):
    user = make_user()
    old, young = (key(user, created_at=NOON - MONTH + offset) for offset in (-SECOND, SECOND))
    assert keep_house(now=NOON)[3] == 0
    user.token_version += 1
    user.save()
    alive = key(user, created_at=old.created_at, token_version=1)
    assert keep_house(now=NOON)[3] == 1
    assert set(AccessKey.objects.values_list("pk", flat=True)) == {young.pk, alive.pk}


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
    assert keep_house(now=NOON)[-1] == 1


def test_tick_says_what_it_forgot(db, capsys):
    scene(clock.now())
    call_command("tick")
    lines = capsys.readouterr().out.splitlines()
    assert {f"{name}: 1" for name in FORGETTING} | {f"{WINDOWS}: 0"} <= set(lines)


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
def test_a_worker_keeps_house_as_soon_as_it_runs(server_environment):
    scene(clock.now(), margin=dt.timedelta(hours=1))
    with worker_process(server_environment, "manage.py", "worker"):
        await_true(lambda: RefreshSession.objects.count() == IdempotencyRecord.objects.count() == 1, WAIT_SECONDS)

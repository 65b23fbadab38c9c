"""A PostgreSQL that stands still is given up within a bound; one that works long is not."""

import os
import signal
import sys
import time
from contextlib import contextmanager

import pytest
from django.conf import settings
from django.db import OperationalError, connections, transaction
from django.db.utils import ConnectionHandler

from kernel.db.batch import Statement, send
from kernel.db.constraints import sqlstate
from kernel.db.locks import migration_turn
from kernel.db.patience import HEALTH_SECONDS, MARGIN_SECONDS
from kernel.db.refusals import as_domain_error
from kernel.db.transactions import allow_long_work, transactional
from kernel.errors import Unavailable
from tests.crash.processes import Holder, await_true, postmaster, shared_folder

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
STATEMENT_SECONDS = 2.0
BUSY_MACHINE_SECONDS = 1.0
BOUND = STATEMENT_SECONDS + MARGIN_SECONDS + BUSY_MACHINE_SECONDS
"""Less than a second wait for the silent server would need: `connect_timeout` is two seconds."""
RECONNECTION_SECONDS = settings.DATABASES["default"]["OPTIONS"]["connect_timeout"]


@pytest.fixture(scope="module")
def cluster():
    with shared_folder() as folder, Holder(folder / "pg") as holder:
        yield folder / "pg", holder.ensure()


@pytest.fixture
def database(cluster, django_db_blocker):
    """The default connection of this thread leads to a server that can be stopped; two seconds a statement at most."""
    _, server = cluster
    usual = settings.DATABASES["default"]
    place = {name.upper(): server[name] for name in ("host", "port", "user", "password")} | {"NAME": server["dbname"]}
    options = usual["OPTIONS"] | {"options": f"-c statement_timeout={STATEMENT_SECONDS:g}s"}
    own = {**usual, **place, "ENGINE": "django.db.backends.postgresql", "OPTIONS": options}
    handler = ConnectionHandler({"default": own})
    before = connections["default"]
    with django_db_blocker.unblock():
        connections["default"] = database = handler["default"]
        try:
            yield database
        finally:
            database.close()
            connections["default"] = before


@contextmanager
def standing_still(cluster):
    """No process of the server gets a moment of time."""
    main = postmaster(cluster[0])
    os.kill(main, signal.SIGSTOP)
    await_true(lambda: is_stopped(main), BOUND)
    # It takes away none that ends and makes none from here on: whoever is listed can be told to stop and to go on.
    with open(f"/proc/{main}/task/{main}/children", encoding="ascii") as children:
        processes = list(map(int, children.read().split()))
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in [*processes, main]:
            os.kill(process, signal.SIGCONT)


def is_stopped(process):
    with open(f"/proc/{process}/stat", encoding="ascii") as file:
        return file.read().rpartition(")")[2].split()[0] == "T"


@contextmanager
def within(seconds):
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


def ask(database, statement="SELECT 1"):
    with database.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def answers(database):
    """As a request would find out: at its begin and at its end Django closes what is broken."""
    database.close_if_unusable_or_obsolete()
    try:
        return ask(database) == 1
    except OperationalError:
        return False


def ask_plainly(database):
    ask(database)


def ask_in_a_transaction(database):
    with transaction.atomic():
        ask(database)


def ask_in_a_savepoint(database):
    with transaction.atomic(), transaction.atomic():
        ask(database)


def ask_in_a_batch(database):
    send(Statement("SELECT 1"), Statement("SELECT 2"))


@pytest.mark.parametrize("work", [ask_plainly, ask_in_a_transaction, ask_in_a_savepoint, ask_in_a_batch])
def test_a_statement_without_an_answer_ends_once_and_is_a_503(cluster, database, work):
    work(database)
    with standing_still(cluster), within(BOUND), pytest.raises(OperationalError) as silence:
        work(database)
    assert isinstance(as_domain_error(silence.value), Unavailable)
    await_true(lambda: answers(database), 10)


def test_a_server_that_falls_silent_in_a_transaction_is_waited_for_once(cluster, database):
    ask(database)

    def fall_silent():
        with transaction.atomic(), transaction.atomic():
            ask(database)
            with standing_still(cluster):
                ask(database)

    with within(BOUND), pytest.raises(OperationalError):
        fall_silent()
    await_true(lambda: answers(database), 10)


def test_the_health_check_of_a_request_and_its_new_connection_are_shorter(cluster, database):
    database.settings_dict["OPTIONS"]["options"] = "-c statement_timeout=9s"
    ask(database)
    database.close_if_unusable_or_obsolete()  # what each request begins with
    assert not database.health_check_done
    bound = HEALTH_SECONDS + RECONNECTION_SECONDS + BUSY_MACHINE_SECONDS
    with standing_still(cluster), within(bound), pytest.raises(OperationalError):
        ask(database)
    await_true(lambda: answers(database), 10)


def begin_a_request(database):
    """With a connection that stands since the last one."""
    ask(database)
    database.close_if_unusable_or_obsolete()
    assert not database.health_check_done
    return database.connection


def test_a_silent_server_is_given_up_as_soon_where_a_batch_comes_first(cluster, database):
    database.settings_dict["OPTIONS"]["options"] = "-c statement_timeout=9s"
    begin_a_request(database)
    bound = HEALTH_SECONDS + RECONNECTION_SECONDS + BUSY_MACHINE_SECONDS
    with standing_still(cluster), within(bound), pytest.raises(OperationalError) as silence:
        send(Statement("SELECT 1"))
    assert isinstance(as_domain_error(silence.value), Unavailable)
    await_true(lambda: answers(database), 10)


def test_what_comes_first_in_a_request_has_as_much_time_as_any_statement(database):
    database.settings_dict["OPTIONS"]["options"] = "-c statement_timeout=9s"
    stands = begin_a_request(database)
    assert send(Statement(f"SELECT 1 FROM pg_sleep({HEALTH_SECONDS + 1})"), Statement("SELECT 2")) == [[(1,)], [(2,)]]
    assert database.connection is stands


def test_what_takes_too_long_is_ended_by_the_server_and_the_connection_stays(database):
    stands = begin_a_request(database)
    with pytest.raises(OperationalError) as refusal:
        send(Statement(f"SELECT 1 FROM pg_sleep({STATEMENT_SECONDS + MARGIN_SECONDS})"))
    assert sqlstate(refusal.value) == "57014"
    assert database.connection is stands
    assert send(Statement("SELECT 1")) == [[(1,)]]


def test_long_work_is_not_cut_off_and_after_it_the_usual_bound_stands_again(cluster, database):
    long = STATEMENT_SECONDS + MARGIN_SECONDS + 1

    @transactional
    def work():
        allow_long_work(statement_seconds=30, wait_seconds=30)
        ask(database, f"SELECT pg_sleep({long})")
        with transaction.atomic():
            return ask(database, f"SELECT 1 FROM pg_sleep({long})")

    assert work() == 1
    with standing_still(cluster), within(BOUND), pytest.raises(OperationalError):
        ask(database)
    await_true(lambda: answers(database), 10)


def test_long_work_that_fails_leaves_the_usual_bound(cluster, database):
    def fail():
        with transaction.atomic():
            allow_long_work(statement_seconds=30, wait_seconds=30)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with standing_still(cluster), within(BOUND), pytest.raises(OperationalError):
        ask(database)
    await_true(lambda: answers(database), 10)


def test_a_migration_waits_for_its_turn_as_long_as_it_says(database):
    other = database.copy()
    with migration_turn(database="default", wait_seconds=5) as is_ours:
        assert is_ours
        connections["default"] = other
        with within(10), migration_turn(database="default", wait_seconds=4) as is_theirs:
            assert not is_theirs  # told by the server, not by the end of our patience
        connections["default"] = database
    other.close()


def test_a_statement_without_a_limit_of_the_server_has_none_here(database):
    database.settings_dict["OPTIONS"]["options"] = "-c statement_timeout=0"
    assert ask(database, f"SELECT 1 FROM pg_sleep({STATEMENT_SECONDS + MARGIN_SECONDS + 1})") == 1

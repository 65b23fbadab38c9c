"""A batch is one round trip; a transaction of its own outside of one, and a part of the one it stands in."""

import datetime as dt
import threading
import uuid

import pytest
from django.db import DataError, IntegrityError, ProgrammingError, connection, connections, transaction
from psycopg.types.multirange import TimestamptzMultirange
from psycopg.types.range import TimestamptzRange

from kernel.db import batch
from kernel.db.batch import AskingAhead, Statement, ask, ask_each, look_ahead, put_off, put_off_once, send
from kernel.db.constraints import sqlstate
from kernel.db.plans import plans_of
from kernel.db.refusals import as_domain_error
from kernel.db.transactions import transactional
from kernel.errors import Unavailable
from tests.crash.processes import await_true
from tests.factories import make_user
from tests.kernel.round_trips import round_trips

pytestmark = pytest.mark.django_db(transaction=True)
COUNT = Statement("SELECT count(*) FROM groups_group WHERE NOT is_system")
INSERT = "INSERT INTO groups_group (name, name_key, is_system) VALUES (%s, lower(%s), false) RETURNING name"


def group(name):
    return Statement(INSERT, (name, name))


def names():
    return [name for (name,) in send(Statement("SELECT name FROM groups_group WHERE NOT is_system ORDER BY name"))[0]]


def test_values_come_back_as_they_went():
    instant = dt.datetime(2026, 2, 1, 9, 30, 0, 123456, tzinfo=dt.UTC)
    values = (2**62, "Zürich '%' ☃", None, True, instant, dt.date(2026, 2, 1), uuid.UUID(int=7), [1, 2], b"\0\1", 0.1)
    types = ("bigint", "text", "text", "boolean", "timestamptz", "date", "uuid", "bigint[]", "bytea", "float8")
    sql = "SELECT " + ", ".join(f"%s::{kind}" for kind in types) + ", '100%%'"
    for _ in range(3):  # planned, then carried out again
        assert send(Statement(sql, values)) == [[(*values, "100%")]]


def test_each_statement_sees_those_before_it_and_all_are_one_transaction():
    assert send(COUNT, group("a"), COUNT) == [[(0,)], [("a",)], [(1,)]]
    with pytest.raises(IntegrityError):
        send(group("b"), group("a"), group("c"))
    assert names() == ["a"]


def test_what_follows_a_refusal_is_carried_out_the_next_time_although_it_was_never_planned():
    with pytest.raises(ProgrammingError):
        send(COUNT, Statement("SELECT nothing FROM nowhere"), group("a"))
    assert send(group("a"), COUNT) == [[("a",)], [(1,)]]


@pytest.mark.parametrize("text", ["b\0c", "b\ud800c"], ids=["NUL", "half a character"])
@pytest.mark.parametrize("parameter", [str, lambda text: [text], lambda text: ["a", text]], ids=["text", "one", "two"])
def test_a_text_that_cannot_be_stored_is_refused_before_anything_is_sent(text, parameter):
    impossible = Statement("SELECT %s", (parameter(text),))
    with pytest.raises(DataError):
        send(group("a"), impossible)
    for is_behind_savepoint in (False, True):
        with transaction.atomic():
            send(group(f"before {is_behind_savepoint}"))
            with pytest.raises(DataError):
                send(group("a"), impossible, savepoint=is_behind_savepoint)
    with transaction.atomic():
        with pytest.raises(DataError):  # nothing is open yet: BEGIN would have travelled with it
            send(impossible, savepoint=True)
        send(group("c"))
    assert names() == ["before False", "before True", "c"]


def test_inside_a_transaction_it_ends_with_it():
    with transaction.atomic():
        send(group("a"))
        transaction.set_rollback(True)
    with transaction.atomic():
        send(group("b"))
    assert names() == ["b"]


def test_behind_a_savepoint_a_refusal_leaves_the_transaction_usable():
    send(group("a"))
    with transaction.atomic():
        send(group("b"))
        with pytest.raises(IntegrityError):
            send(group("c"), group("a"), savepoint=True)
        send(group("d"), savepoint=True)
    assert names() == ["a", "b", "d"]


def test_what_psycopg_has_thrown_away_is_planned_again():
    """A ROLLBACK has it deallocate everything, ours too, once it has prepared something itself."""
    send(COUNT)
    with connection.cursor() as cursor:
        for _ in range(5):
            cursor.execute("SELECT 1")
    assert plans_of(connection.connection).names
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        transaction.set_rollback(True)
    assert not plans_of(connection.connection).names
    with transaction.atomic():
        assert send(COUNT) == [[(0,)]]


def deallocated_by_others():
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")


def altered_by_others():
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE shaped ALTER COLUMN name TYPE varchar(9)")


@pytest.mark.parametrize("outdate", [deallocated_by_others, altered_by_others])
def test_what_somebody_else_has_thrown_away_or_made_useless_is_planned_again(outdate):
    every = Statement("SELECT name FROM shaped")

    @transactional
    def service():
        send(every)
        put_off(group("b"))

    for work in (lambda: send(every, COUNT), service):
        send(Statement("CREATE TEMPORARY TABLE shaped (name text)"))
        send(every, COUNT, group("a"))
        send(Statement("DELETE FROM groups_group WHERE name = 'a'"))
        outdate()
        work()
        send(Statement("DROP TABLE shaped"))
    assert names() == ["b"]


def test_behind_a_pooler_nothing_is_kept_prepared(settings):
    settings.CSPACE_PREPARE = False
    connection.close()
    assert send(COUNT, group("a"), COUNT) == [[(0,)], [("a",)], [(1,)]]
    assert send(Statement("SELECT name FROM pg_prepared_statements")) == [[]]


def test_a_batch_is_one_round_trip_and_a_service_two():
    @transactional
    def service():
        send(group("a"), COUNT)
        put_off(group("b"))

    send(COUNT, group("z"))
    with round_trips() as trips:
        send(COUNT, group("y"))
    assert trips() == 1
    with round_trips() as trips:
        service()
    assert trips() == 2
    assert names() == ["a", "b", "y", "z"]


def test_what_was_put_off_is_refused_before_the_commit():
    @transactional
    def service():
        send(group("a"))
        put_off(group("a"))

    with pytest.raises(IntegrityError):
        service()
    assert names() == []


def test_what_was_put_off_goes_with_the_savepoint_it_was_written_in():
    @transactional
    def service():
        send(group("a"))
        with transaction.atomic():
            put_off(group("b"))
            transaction.set_rollback(True)
        put_off(group("c"))

    service()
    assert names() == ["a", "c"]


def test_nothing_that_was_put_off_outlives_a_service_that_fails_or_only_pretends():
    @transactional
    def fails():
        put_off(group("a"))
        raise KeyError

    @transactional
    def pretends():
        put_off(group("b"))
        transaction.set_rollback(True)

    with pytest.raises(KeyError):
        fails()
    pretends()
    assert names() == []


def test_what_does_no_harm_is_put_off_once_whatever_is_undone():
    @transactional
    def service():
        for _ in range(3):
            with transaction.atomic():
                put_off_once(group("b"))
                transaction.set_rollback(True)
        assert send(COUNT) == [[(0,)]]

    service()
    assert names() == ["b"]
    with transaction.atomic():
        put_off_once(group("c"))
        assert send(COUNT) == [[(2,)]]


def test_a_question_may_hold_what_has_no_hash():
    span = TimestamptzMultirange([TimestamptzRange(dt.datetime(2026, 2, 1, tzinfo=dt.UTC), None)])
    question = Statement("SELECT %s::tstzmultirange = %s::tstzmultirange, %s::int[]", (span, span, [1, 2]))
    with AskingAhead():
        look_ahead([question])
        with round_trips() as trips:
            assert ask(question) == [(True, [1, 2])]
    assert trips() == 0


def test_an_answer_found_ahead_is_given_once():
    with AskingAhead():
        look_ahead([COUNT, COUNT])
        send(group("a"))
        assert (ask(COUNT), ask(COUNT)) == ([(0,)], [(1,)])
        look_ahead([COUNT])
        assert ask_each(Statement("SELECT 1"), COUNT) == [[(1,)], [(1,)]]
    look_ahead([COUNT])
    send(group("b"))
    assert ask(COUNT) == [(2,)]


def test_what_is_refused_ahead_is_asked_again_by_who_needs_it():
    impossible = Statement("SELECT 1 / 0")
    with AskingAhead():
        look_ahead([COUNT, impossible])
        assert ask(COUNT) == [(0,)]
        with pytest.raises(batch.DatabaseError):
            ask(impossible)


def test_who_asks_what_has_waited_in_vain_ahead_is_told_so_without_another_wait():
    waiting = Statement("SELECT pg_sleep(%s::float8)", (5,))
    send(Statement("SET statement_timeout = '50ms'"))
    try:
        with AskingAhead():
            look_ahead([COUNT, waiting, Statement("SELECT 1")])
            assert ask(COUNT) == [(0,)]
            for asking in (ask, ask_each):
                look_ahead([waiting, COUNT])
                with round_trips() as trips, pytest.raises(batch.DatabaseError) as refusal:
                    asking(waiting)
                assert (trips(), sqlstate(refusal.value)) == (0, "57014")
    finally:
        send(Statement("RESET statement_timeout"))


def test_who_asks_in_ever_new_ways_keeps_nobody_from_being_prepared(monkeypatch):
    connection.close()
    plans = plans_of(ask_and_connect())
    monkeypatch.setattr(plans, "_most", 5)
    for number in range(12):
        assert send(Statement(f"SELECT {number}"), COUNT) == [[(number,)], [(0,)]]
        assert send(Statement(f"SELECT {number}"), Statement("SELECT name FROM groups_group WHERE false")) == [
            [(number,)],
            [],
        ]
    prepared = {text for (text,) in send(Statement("SELECT name FROM pg_prepared_statements"))[0]}
    ours = {name.decode() for name in plans.names.values()}
    assert len(ours) == 5
    assert {name for name in prepared if name.startswith("cspace_")} == ours


def ask_and_connect():
    """The psycopg connection, which stands."""
    ask(COUNT)
    return connection.connection


def test_nothing_is_asked_twice_of_a_database_that_is_gone():
    ((pid,),) = ask(Statement("SELECT pg_backend_pid()"))
    end_backend(pid)
    with AskingAhead(), pytest.raises(batch.DatabaseError):
        look_ahead([COUNT])


def end_backend(pid):
    """End the server's side of a connection and return once it has gone."""
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
            assert cursor.fetchone() == (True,)
    finally:
        other.close()


def test_a_connection_that_died_between_two_requests_is_replaced():
    connection.close()
    ((pid,),) = ask(Statement("SELECT pg_backend_pid()"))
    end_backend(pid)
    connection.close_if_unusable_or_obsolete()  # what each request begins with
    assert send(group("a"), COUNT) == [[("a",)], [(1,)]]
    assert names() == ["a"]


def test_one_that_dies_later_is_not_tried_again():
    connection.close()
    ((pid,),) = ask(Statement("SELECT pg_backend_pid()"))
    end_backend(pid)
    with pytest.raises(batch.DatabaseError):
        send(group("a"))
    assert names() == []


@pytest.mark.parametrize("setting", ["idle_in_transaction_session_timeout", "transaction_timeout"])
def test_a_transaction_that_was_ended_for_its_age_is_one_to_come_again_with(setting):
    ((pid,),) = ask(Statement("SELECT pg_backend_pid()"))
    other = connections.create_connection("default")

    def has_gone():
        with other.cursor() as cursor:
            cursor.execute("SELECT FROM pg_stat_activity WHERE pid = %s", [pid])
            return cursor.fetchone() is None

    @transactional
    def lies_idle():
        send(Statement(f"SET LOCAL {setting} = '20ms'"))
        await_true(has_gone, 20)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    try:
        with pytest.raises(batch.DatabaseError) as refusal:
            lies_idle()
    finally:
        other.close()
    assert isinstance(as_domain_error(refusal.value), Unavailable)


def test_threads_have_batches_of_their_own():
    answers = []

    def work(number):
        for _ in range(50):
            answers.append(send(Statement("SELECT %s::int", (number,)), Statement("SELECT %s::text", (str(number),))))
        connection.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(answers) == sorted([[[(n,)], [(str(n),)]] for n in range(4)] * 50)


def test_who_asks_is_read_from_the_data_of_the_moment():
    user = make_user("somebody")
    question = Statement("SELECT is_active FROM accounts_user WHERE id = %s", (user.pk,))
    with AskingAhead():
        assert ask(question) == [(True,)]
        type(user).objects.filter(pk=user.pk).update(is_active=False)
        assert ask(question) == [(False,)]

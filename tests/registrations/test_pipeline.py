"""A booking sends statements without waiting for each answer: whatever fails in between, nothing is half done.

After each failure the same connection books again: neither the pipeline nor its prepared statements are left broken.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection

from auditlog.models import LogEntry
from classrooms.models import Occupancy
from kernel import clock
from kernel.campus_time import campus_date
from kernel.db.locks import Namespace
from kernel.models import IdempotencyRecord
from notifications.models import Notification
from registrations.models import Registration
from tests.holding import another_connection, somebody_holding

pytestmark = pytest.mark.django_db(transaction=True)
BUSY = {"error": "The service is busy, please try again", "code": "SERVICE_UNAVAILABLE"}


@pytest.fixture(autouse=True)
def fresh_connection(transactional_db: None) -> Iterator[None]:
    """No statement is prepared yet, and none of ours stays behind."""
    connection.close()
    yield
    connection.close()


@pytest.fixture
def ask(api, room, team, member, cspace):
    """Asks for the n-th day from now, over HTTP, on the connection of this test."""

    def post(number, query="", **headers):
        day = campus_date(clock.now()) + timedelta(days=3 + number)
        body = {
            "classroom": room.name,
            "group_id": team.pk,
            "date": day.isoformat(),
            "start_time": "10:00",
            "end_time": "12:00",
            "description": "",
        }
        return api(member).post(f"registrations/{query}", body, **headers)

    return post


@contextmanager
def locked(table):
    """Nobody else writes to the table or locks a row of it."""
    with another_connection() as other:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
        yield
        other.rollback()


def written():
    """How many rows there are of everything a booking writes."""
    kinds = (Occupancy, Registration, LogEntry, Notification, IdempotencyRecord)
    return [kind.objects.count() for kind in kinds]


def busy(response):
    body = response.json()
    request_id = body.pop("details")["request_id"]
    return response.status_code == 503 and body == BUSY and bool(request_id) and "Retry-After" in response.headers


@pytest.mark.parametrize("bookings_before", range(5))
def test_a_room_that_is_not_given_leaves_nothing_and_the_connection_books_on(ask, room, bookings_before):
    for number in range(bookings_before):
        assert ask(number).status_code == 201
    before = written()

    with somebody_holding("SELECT pg_advisory_xact_lock(%s, %s)", Namespace.ROOM, room.pk):
        assert busy(ask(10))
        assert busy(ask(10))
    assert written() == before

    assert [ask(number).status_code for number in (10, 11, 12)] == [201] * 3
    assert written() == [count + 3 for count in before[:4]] + before[4:]


@pytest.mark.parametrize("bookings_before", range(5))
@pytest.mark.parametrize("late", ["registrations_registration", "auditlog_logentry", "notifications_notification"])
def test_a_write_nobody_waited_for_that_is_refused_undoes_the_booking(ask, bookings_before, late):
    for number in range(bookings_before):
        assert ask(number).status_code == 201
    before = written()

    with refusing_rows_of(late):
        response = ask(10)
        assert (response.status_code, response.json()["code"]) == (400, "VALIDATION_ERROR")
    assert written() == before

    assert [ask(number).status_code for number in (10, 11, 12)] == [201] * 3
    assert written() == [count + 3 for count in before[:4]] + before[4:]


@contextmanager
def refusing_rows_of(table):
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT nothing_more CHECK (false) NOT VALID")
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT nothing_more")


def test_a_constraint_that_is_checked_at_the_commit_undoes_the_booking(ask):
    assert ask(0).status_code == 201
    before = written()

    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse_late() RETURNS trigger LANGUAGE plpgsql"
            " AS $$ BEGIN RAISE SQLSTATE '23503' USING MESSAGE = 'too late'; END $$"
        )
        cursor.execute(
            "CREATE CONSTRAINT TRIGGER refuse_late AFTER INSERT ON registrations_registration"
            " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_late()"
        )
    try:
        response = ask(10)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION refuse_late CASCADE")
    assert response.status_code == 400
    assert response.json()["details"] == {"non_field_errors": ["Something referred to does not exist any more"]}
    assert written() == before
    assert [ask(number).status_code for number in (10, 11, 12)] == [201] * 3


@pytest.mark.parametrize("table", ["groups_group", "classrooms_occupancy", "auditlog_logentry"])
def test_a_statement_that_takes_too_long_leaves_nothing(ask, table):
    assert ask(0).status_code == 201
    before = written()

    with locked(table):
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = '80ms'")
        assert busy(ask(10))
        with connection.cursor() as cursor:
            cursor.execute("RESET statement_timeout")
    assert written() == before
    assert [ask(number).status_code for number in (10, 11, 12)] == [201] * 3


@pytest.mark.parametrize(
    "table", ["groups_group", "classrooms_occupancy", "auditlog_logentry", "notifications_notification"]
)
@pytest.mark.parametrize(
    ("query", "headers"),
    [("", {}), ("", {"Idempotency-Key": "k0"}), ("?dry_run=true", {})],
    ids=["plain", "key", "dry"],
)
def test_a_connection_that_dies_in_the_middle_leaves_nothing_and_the_next_one_books(ask, table, query, headers):
    assert ask(0).status_code == 201
    before = written()

    with locked(table):
        killer = threading.Thread(target=kill_who_waits_for, args=(table,))
        killer.start()
        response = ask(10, query, **headers)
        killer.join(30)
    assert busy(response)
    assert written() == before
    assert [ask(number).status_code for number in (10, 11, 12)] == [201] * 3


def kill_who_waits_for(table):
    """Ends the backend that waits for a lock of the table, as soon as one does."""
    with another_connection() as third, third.cursor() as cursor:
        for _ in range(10_000):
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted AND relation = %s::regclass", [table]
            )
            if cursor.fetchall():
                return


def test_a_dry_run_in_a_pipeline_writes_nothing(ask):
    before = written()
    response = ask(0, "?dry_run=true")
    assert (response.status_code, response.json()["id"], response["X-Dry-Run"]) == (201, None, "true")
    assert written() == before
    assert ask(0).status_code == 201


def test_a_dry_run_over_a_taken_slot_says_so_and_the_connection_books_on(ask):
    first = ask(0).json()["id"]
    before = written()
    response = ask(0, "?dry_run=true")
    assert (response.status_code, response.json()["details"]["existing_registration_id"]) == (409, first)
    assert written() == before
    assert ask(1).status_code == 201


def test_a_refused_write_under_a_key_stores_no_answer(ask):
    with refusing_rows_of("notifications_notification"):
        assert ask(0, **{"Idempotency-Key": "k1"}).status_code == 400
    assert written() == [0] * 5
    first, again = (ask(0, **{"Idempotency-Key": "k1"}) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert json.loads(first.content) == json.loads(again.content)
    assert written() == [1] * 5


def test_a_duplicate_that_waits_too_long_for_the_first_is_told_to_come_again(ask, member):
    with somebody_holding(
        "INSERT INTO cspace_idempotencyrecord (user_id, key, fingerprint, body, location, created_at)"
        " VALUES (%s, 'k2', '', '', '', now())",
        member.pk,
    ):
        assert busy(ask(0, **{"Idempotency-Key": "k2"}))
    assert written() == [0] * 5
    assert ask(0, **{"Idempotency-Key": "k2"}).status_code == 201
    assert written() == [1] * 5

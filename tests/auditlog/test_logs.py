"""The change log as it is read: contract §9."""

import datetime as dt

import pytest
from django.db import DatabaseError, connection, transaction

from auditlog.models import LogEntry
from tests.factories import make_user

MOMENT = dt.datetime(2026, 1, 20, 2, 0, tzinfo=dt.UTC)


def write(action="group.created", actor=None, target="group:1", minutes=0, **details):
    return LogEntry.objects.create(
        action=action,
        actor=actor,
        target=target,
        details=details,
        created_at=MOMENT + dt.timedelta(minutes=minutes),
    )


def ids(response):
    assert response.status_code == 200
    return [row["id"] for row in response.json()["results"]]


def test_rows_as_documented_newest_first(api, cspace, member):
    first = write("registration.approved", member, "registration:100", room="Room A")
    system = write("event.opened", None, "event:1", minutes=1)

    response = api(cspace).get("logs/")

    assert response.status_code == 200
    assert response.json() == {
        "count": 2,
        "next": None,
        "previous": None,
        "results": [
            {
                "id": system.pk,
                "action": "event.opened",
                "user": None,
                "target": "event:1",
                "details": {},
                "created_at": "2026-01-20T02:01:00Z",
            },
            {
                "id": first.pk,
                "action": "registration.approved",
                "user": "member",
                "target": "registration:100",
                "details": {"room": "Room A"},
                "created_at": "2026-01-20T02:00:00Z",
            },
        ],
    }


def test_of_one_moment_the_later_written_comes_first(api, cspace):
    rows = [write().pk for _ in range(3)]
    assert ids(api(cspace).get("logs/")) == rows[::-1]


def test_action_exactly_or_as_a_prefix(api, cspace):
    approved = write("registration.approved").pk
    rejected = write("registration.rejected", minutes=1).pk
    write("registrations.imported", minutes=2)
    write("group.created", minutes=3)
    assert ids(api(cspace).get("logs/?action=registration.approved")) == [approved]
    assert ids(api(cspace).get("logs/?action=registration.")) == [rejected, approved]
    for other in ("registration.cancelled", "user_group."):
        assert ids(api(cspace).get(f"logs/?action={other}")) == []
    for other in ("registration", "registration.app", "REGISTRATION.", "%25.", "_egistration.", "nothing.at_all"):
        refusal = api(cspace).get(f"logs/?action={other}")
        assert (refusal.status_code, refusal.json()["details"]) == (400, {"action": ["Unknown action"]})


def test_user_is_a_username(api, cspace, member):
    own = write(actor=member).pk
    write(actor=cspace)
    write()
    assert ids(api(cspace).get("logs/?user=member")) == [own]
    for unknown in ("nobody", "MEMBER", "mem", str(member.pk)):
        refusal = api(cspace).get(f"logs/?user={unknown}")
        assert (refusal.status_code, refusal.json()["details"]) == (400, {"user": ["Unknown user"]})


def test_filters_join_and_stay_in_the_links(api, cspace, member):
    mine = [write("registration.created", member, minutes=number).pk for number in range(3)]
    write("registration.created", cspace)
    write("group.created", member)
    page = api(cspace).get("logs/?action=registration.&user=member&per_page=2&page=1")
    assert ids(page) == mine[:0:-1]
    assert page.json()["next"] == "/api/v1/logs/?action=registration.&user=member&per_page=2&page=2"
    last = api(cspace).get(page.json()["next"])
    assert (ids(last), last.json()["next"]) == (mine[:1], None)


def test_always_paged(api, cspace):
    rows = [write(minutes=number).pk for number in range(21)]
    assert ids(api(cspace).get("logs/")) == rows[:0:-1]
    assert ids(api(cspace).get("logs/?page=2")) == rows[:1]
    response = api(cspace).get("logs/?page=3")
    assert (response.status_code, response.json()["code"]) == (404, "NOT_FOUND")


def test_who_reads_it(api, member, group_admin, stranger, cspace, cspace_admin):
    superuser = make_user("root", is_superuser=True)
    for person in (cspace, cspace_admin, superuser):
        assert api(person).get("logs/").status_code == 200
    for person in (member, group_admin, stranger):
        response = api(person).get("logs/?page=abc")
        assert (response.status_code, response.json()) == (
            403,
            {"error": "You do not have permission to perform this action", "code": "PERMISSION_DENIED"},
        )
    assert api().get("logs/").status_code == 401


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nobody_writes_it_over_http(api, cspace_admin, method):
    response = api(cspace_admin)(method, "logs/", {"action": "x"})
    assert (response.status_code, response.json()["code"]) == (405, "METHOD_NOT_ALLOWED")


@pytest.mark.parametrize(
    "command",
    [
        "UPDATE auditlog_logentry SET details = '{}'",
        "DELETE FROM auditlog_logentry",
        "TRUNCATE auditlog_logentry",
        "TRUNCATE accounts_user CASCADE",
    ],
)
def test_the_database_refuses_to_rewrite_it(member, command):
    write(actor=member)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE auditlog_logentry ENABLE TRIGGER auditlog_no_truncate")
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            cursor.execute(command)
        transaction.set_rollback(True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgenabled FROM pg_trigger WHERE tgname = 'auditlog_no_truncate'")
        assert cursor.fetchone() == ("D",)  # for the flushing of the suite, as before

"""`/healthz` and `/readyz`: bounded, whatever the database does."""

import datetime as dt
import socket
import time
from dataclasses import replace

import httpx
import pytest
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from jobs.models import DueTime
from jobs.queries.lateness import asking_whether_late
from kernel import clock
from kernel.db.batch import Statement, send
from kernel.jobs import HOOKS, OUTSIDE, enqueue, enqueue_many
from tests.jobs.made_up import WORD
from tests.races.server import free_port, serving
from tests.races.threads import at_once

READY = {
    "status": "ok",
    "checks": dict.fromkeys(["database", "migrations", "btree_gist", "clock", "jobs"], True),
}
MINUTE = dt.timedelta(minutes=1)
SILENT = {"status": "unavailable", "checks": {"database": False}}
ANSWERS_WITHIN = 2.0
"""The second of the probe and what a busy machine adds."""


def test_health(api, db):
    assert api().get("/healthz").json() == {"status": "ok"}
    ready = api().get("/readyz")
    assert (ready.status_code, ready.json()) == (200, READY)


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_not_migrated_is_not_ready(api):
    last = MigrationRecorder.Migration.objects.filter(app="notifications").latest("id")
    name, app = last.name, last.app
    last.delete()
    try:
        response = api().get("/readyz")
    finally:
        MigrationRecorder(connection).record_applied(app, name)
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert response.json() == {"status": "unavailable", "checks": READY["checks"] | {"migrations": False}}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("job_minutes", "clock_minutes", "is_late"),
    [(None, None, False), (4, 4, False), (6, None, True), (None, 6, True), (-60, -60, False)],
)
def test_jobs_that_wait_for_more_than_five_minutes_are_late(api, job_minutes, clock_minutes, is_late):
    now = clock.now()
    if job_minutes is not None:
        with transaction.atomic():
            enqueue(WORD, {"word": "a"}, at=now - job_minutes * MINUTE)
    if clock_minutes is not None:
        next_due_at = now - clock_minutes * MINUTE
        DueTime.objects.create(name="jobs.take_up_stalled", due_at=next_due_at - MINUTE, next_due_at=next_due_at)
    response = api().get("/readyz")
    assert response.json()["checks"] == READY["checks"] | ({"jobs": "late"} if is_late else {})
    assert response.status_code == (503 if is_late else 200)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("queue", [HOOKS, OUTSIDE])
def test_what_waits_for_somebody_else_s_server_is_no_fault_of_ours(api, queue):
    with transaction.atomic():
        enqueue(replace(WORD, queue=queue), {"word": "a"}, at=clock.now() - 6 * MINUTE)
    assert api().get("/readyz").status_code == 200


def test_a_time_that_no_version_declares_any_more_is_late_to_nobody(api, db):
    long_ago = clock.now() - 60 * MINUTE
    DueTime.objects.create(name="of.a.former.version", due_at=long_ago, next_due_at=long_ago)
    assert api().get("/readyz").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_that_jobs_are_late_is_found_by_an_index():
    with transaction.atomic():
        enqueue_many(WORD, [{"word": "a"}] * 20_000, at=clock.now() + MINUTE)
    send(Statement("ANALYZE procrastinate_jobs"))
    now = clock.now()
    question = asking_whether_late(now)
    send(question)  # what others have left behind in the index is passed over from now on
    (rows,) = send(Statement(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {question.sql}", question.parameters))
    plan = rows[0][0][0]["Plan"]
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 20


def test_several_callers_at_once_are_all_answered(api, db):
    answers = at_once(*[lambda: api().get("/readyz")] * 4)
    assert [answer.json() for answer in answers] == [READY] * 4


@pytest.fixture
def silent_port():
    """A database that takes the connection and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(50)
        yield listener.getsockname()[1]


def ask(url):
    began = time.monotonic()
    response = httpx.get(f"{url}/readyz", timeout=20)
    return response, time.monotonic() - began


def test_a_silent_database_is_answered_for_within_about_a_second(silent_port):
    with serving({"DATABASE_URL": f"postgres://nobody@127.0.0.1:{silent_port}/none"}, workers=1) as server:
        # The second call finds the probe of the first still waiting; it does not wait for it.
        for _ in range(2):
            response, seconds = ask(server.base_url)
            assert (response.status_code, response.json()) == (503, SILENT)
            assert seconds < ANSWERS_WITHIN
        assert httpx.get(f"{server.base_url}/healthz").json() == {"status": "ok"}


def test_a_database_that_is_down_is_answered_for_at_once():
    with serving({"DATABASE_URL": f"postgres://nobody@127.0.0.1:{free_port()}/none"}, workers=1) as server:
        response, seconds = ask(server.base_url)
        assert (response.status_code, response.json()) == (503, SILENT)
        assert seconds < ANSWERS_WITHIN

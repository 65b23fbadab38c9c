"""`/healthz` and `/readyz`: bounded, whatever the database does."""

import socket
import time

import httpx
import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from tests.races.server import free_port, serving
from tests.races.threads import at_once

READY = {"status": "ok", "checks": {"database": True, "migrations": True, "btree_gist": True, "clock": True}}
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

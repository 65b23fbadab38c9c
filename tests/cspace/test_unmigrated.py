"""A database without (all of) its migrations is a 503 that says so, never a 500; two `migrate` at once take turns."""

import os
import subprocess
import sys
import threading
import uuid

import httpx
import psycopg
import pytest
from django.db import ProgrammingError, connection

from kernel.db.locks import Namespace
from kernel.db.refusals import as_domain_error
from tests.races.server import ROOT, serving
from tests.test_settings import starting_with

NOT_MIGRATED = "CSpace is being set up or upgraded: its database is not migrated yet, please try again later"
LOGIN = {"username": "ada", "password": "some password"}
PRODUCTION = {"DEBUG": "0", "CSPACE_SSL_REDIRECT": "off", "ALLOWED_HOSTS": "127.0.0.1"}


def address(name):
    """The URL of a database beside the one of the tests."""
    here = connection.settings_dict
    place = f"{str(here['HOST']).replace('/', '%2F')}:{here['PORT']}/{name}"
    return f"postgres://{here['USER']}:{here['PASSWORD']}@{place}"


@pytest.fixture
def empty_database(db):
    """The URL of a database of its own, with nothing in it."""
    name = f"cspace_unmigrated_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(address("postgres"), autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        try:
            yield address(name)
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def manage(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=100,
    )


CALLS = [
    ("POST", "/api/v1/auth/token/", LOGIN),
    ("POST", "/api/v1/auth/token/refresh/", None),
    ("GET", "/api/rooms/", None),
    ("GET", "/api/courses/", None),
    ("POST", "/api/rooms/x/search/", {}),
    ("GET", "/api/v1/classrooms/", None),
    ("POST", "/admin/login/", LOGIN),
    ("GET", "/admin/", None),
]
"""One of each way in. Without the session cookie the admin asks no table for a GET."""


def ask(client, method, path, body):
    if path.startswith("/admin/"):
        cookies = {"sessionid": "a" * 32, "csrftoken": "b" * 32}
        return client.request(
            method, path, data={**(body or {}), "csrfmiddlewaretoken": "b" * 32}, headers={"Cookie": cookie(cookies)}
        )
    return client.request(method, path, json=body)


def cookie(values):
    return "; ".join(f"{name}={value}" for name, value in values.items())


@pytest.mark.parametrize("deployment", ["development", "production"])
@pytest.mark.parametrize("migrated", [[], ["accounts"]], ids=["nothing", "accounts alone"])
@pytest.mark.timeout(180)
def test_nothing_that_needs_a_table_fails_otherwise_than_with_503(empty_database, deployment, migrated):
    for app in migrated:
        done = manage("migrate", app, DATABASE_URL=empty_database)
        assert done.returncode == 0, done.stderr
    environment = {"DATABASE_URL": empty_database, "CSPACE_PUBLIC_READS": "on", "CSPACE_THROTTLE": "on"}
    if deployment == "production":
        environment = starting_with(PRODUCTION | environment)
    with serving(environment, workers=1) as server, httpx.Client(base_url=server.base_url, timeout=30) as client:
        statuses = {(method, path): ask(client, method, path, body).status_code for method, path, body in CALLS}
        assert {call: status for call, status in statuses.items() if status >= 500 and status != 503} == {}
        assert statuses["GET", "/api/rooms/"] == statuses["GET", "/api/v1/classrooms/"] == 503
        assert statuses["GET", "/admin/"] == 503
        login = client.post("/api/v1/auth/token/", json=LOGIN)
        assert (login.status_code, login.headers["Retry-After"]) == (503, "5")
        assert (login.json()["error"], login.json()["code"]) == (NOT_MIGRATED, "SERVICE_UNAVAILABLE")
        assert client.get("/api/rooms/").json() == {"message": NOT_MIGRATED}
        page = client.get("/admin/", headers={"Cookie": cookie({"sessionid": "a" * 32})})
        assert (page.headers["Content-Type"], page.headers["Retry-After"]) == ("text/html; charset=utf-8", "5")
        assert NOT_MIGRATED in page.text
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["checks"]["migrations"]) == (503, False)


def test_a_table_that_no_migration_would_make_is_a_fault_of_ours(db):
    with pytest.raises(ProgrammingError) as error, connection.cursor() as cursor:
        cursor.execute("SELECT * FROM no_such_table")
    assert as_domain_error(error.value) is None


def migrating(url, **environment):
    return subprocess.Popen(
        [sys.executable, "manage.py", "migrate"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def waiting_for_migration(holder):
    return holder.execute(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND NOT granted",
        [int(Namespace.MIGRATION)],
    ).fetchone()[0]


def test_of_several_migrations_at_once_all_end_well(empty_database):
    several = [migrating(empty_database) for _ in range(3)]
    assert [(process.communicate(timeout=100)[0], process.returncode)[1] for process in several] == [0, 0, 0]


def test_a_migration_waits_for_another(empty_database):
    with psycopg.connect(empty_database, autocommit=True) as holder:
        holder.execute("SELECT pg_advisory_lock(%s, 0)", [int(Namespace.MIGRATION)])
        process = migrating(empty_database)
        while not waiting_for_migration(holder):
            assert process.poll() is None, process.communicate()[0]
            threading.Event().wait(0.02)
        assert holder.execute("SELECT to_regclass('django_migrations')").fetchone() == (None,)
        holder.execute("SELECT pg_advisory_unlock(%s, 0)", [int(Namespace.MIGRATION)])
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 0, output
        assert holder.execute("SELECT count(*) > 10 FROM django_migrations").fetchone() == (True,)


def test_a_migration_does_not_wait_for_ever(empty_database):
    with psycopg.connect(empty_database, autocommit=True) as holder:
        holder.execute("SELECT pg_advisory_lock(%s, 0)", [int(Namespace.MIGRATION)])
        refused = manage("migrate", "--wait-seconds", "1", DATABASE_URL=empty_database)
        assert refused.returncode == 1
        assert refused.stderr.strip() == (
            "CommandError: Another migration of this database has been running for 1 s: wait for its end and try again"
        )

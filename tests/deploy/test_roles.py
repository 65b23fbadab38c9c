"""The application's role: it serves the whole campus, and cannot switch off the log or change a table."""

import os
import subprocess
import sys
import uuid

import httpx
import psycopg
import pytest
from django.apps import apps

from bundled_postgres.installation import clean_environment, program
from demo.loading import PASSWORD as DEMO_PASSWORD
from kernel.db.grants import append_only_tables
from tests.crash.processes import await_true
from tests.deploy.clusters import superusers_server
from tests.jobs.workers import worker_process
from tests.races.server import ROOT, serving

OWNER_PASSWORD, APPLICATION_PASSWORD = "owners-own-0123", "applications_own.4567"
LOG = "auditlog_logentry"
DENIED = psycopg.errors.InsufficientPrivilege
NOBODYS = """
    INSERT INTO auditlog_logentry (action, target, details, created_at) VALUES ('x.y', 'x:1', '{}', now())
"""


@pytest.fixture(scope="module")
def production(tmp_path_factory):
    """The environment of a production with two roles, made by the files of `deploy/` and migrated by the owner."""
    with superusers_server() as server:
        place = f"{server['host'].replace('/', '%2F')}:{server['port']}/cspace"
        secrets = tmp_path_factory.mktemp("secrets")
        urls = {
            "DATABASE_OWNER_URL": f"postgres://cspace_owner:{OWNER_PASSWORD}@{place}",
            "DATABASE_URL": f"postgres://cspace:{APPLICATION_PASSWORD}@{place}",
        }
        for name, url in urls.items():
            (secrets / name.lower()).write_text(url)
        with psycopg.connect(**server, autocommit=True) as superuser:
            superuser.execute("CREATE DATABASE cspace")
        run = clean_environment() | {
            "PATH": f"{program('psql').parent}:{os.environ['PATH']}",
            "PGHOST": server["host"],
            "PGPORT": str(server["port"]),
            "PGPASSWORD": server["password"],
            "POSTGRES_USER": "root",
            "POSTGRES_DB": "cspace",
            "SECRETS": str(secrets),
            "ROLES": str(ROOT / "deploy" / "roles.sql"),
        }
        made = subprocess.run(["sh", "deploy/make-roles.sh"], cwd=ROOT, env=run, capture_output=True, text=True)
        assert made.returncode == 0, made.stderr
        environment = {"DEBUG": "1", "CSPACE_THROTTLE": "off"} | urls
        manage(environment, "migrate", "--noinput", "--database", "owner")
        yield environment


def manage(environment, *command):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CSPACE_", "DATABASE"))}
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=kept | {"CSPACE_ENV_FILE": ""} | environment,
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture
def application(production):
    with psycopg.connect(production["DATABASE_URL"], autocommit=True) as connection:
        yield connection


@pytest.fixture
def owner(production):
    with psycopg.connect(production["DATABASE_OWNER_URL"], autocommit=True) as connection:
        yield connection


def test_the_role_is_no_superuser_and_owns_nothing(application):
    flags = "rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls"
    (is_mighty,) = application.execute(f"SELECT {flags} FROM pg_roles WHERE rolname = current_user").fetchone()
    (owned,) = application.execute(
        "SELECT count(*) FROM pg_class WHERE relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)"
    ).fetchone()
    (roles,) = application.execute(
        "SELECT count(*) FROM pg_auth_members WHERE member = (SELECT oid FROM pg_roles WHERE rolname = current_user)"
    ).fetchone()
    assert (is_mighty, owned, roles) == (False, 0, 0)


def test_it_adds_to_the_log_and_reads_it(application):
    before = application.execute(f"SELECT count(*) FROM {LOG}").fetchone()[0]
    application.execute(NOBODYS)
    assert application.execute(f"SELECT count(*) FROM {LOG}").fetchone()[0] == before + 1


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE {LOG} SET action = 'z'",
        f"UPDATE {LOG} SET action = 'z' WHERE false",
        f"DELETE FROM {LOG}",
        f"TRUNCATE {LOG}",
        "TRUNCATE accounts_user CASCADE",
        f"INSERT INTO {LOG} (id, action, target, details, created_at) OVERRIDING SYSTEM VALUE"
        " VALUES (1, 'x.y', 'x:1', '{}', now()) ON CONFLICT (id) DO UPDATE SET action = 'z'",
        f"ALTER TABLE {LOG} DISABLE TRIGGER auditlog_no_change",
        f"ALTER TABLE {LOG} DISABLE TRIGGER ALL",
        f"ALTER TABLE {LOG} OWNER TO cspace",
        f"ALTER TABLE {LOG} ADD COLUMN more text",
        f"DROP TABLE {LOG}",
        f"DROP TRIGGER auditlog_no_change ON {LOG}",
        f"CREATE TRIGGER first BEFORE UPDATE ON {LOG} FOR EACH ROW EXECUTE FUNCTION auditlog_refuse_change()",
        f"CREATE RULE quiet AS ON INSERT TO {LOG} DO INSTEAD NOTHING",
        "DROP FUNCTION auditlog_refuse_change() CASCADE",
        "CREATE OR REPLACE FUNCTION auditlog_refuse_change() RETURNS trigger LANGUAGE plpgsql"
        " AS $$ BEGIN RETURN NEW; END $$",
        "ALTER FUNCTION auditlog_refuse_change() RENAME TO other",
        "SET session_replication_role = replica",
        "SET ROLE cspace_owner",
        "SET SESSION AUTHORIZATION cspace_owner",
        "GRANT cspace_owner TO cspace",
        "ALTER ROLE cspace SUPERUSER",
        "CREATE ROLE another",
        "CREATE TABLE mine (id int)",
        "CREATE SCHEMA mine",
        "CREATE EXTENSION dblink",
        "DROP EXTENSION btree_gist CASCADE",
        "ALTER DATABASE cspace SET session_replication_role = replica",
        "ALTER TABLE classrooms_occupancy DROP CONSTRAINT occupancy_no_overlap",
        "INSERT INTO django_migrations (app, name, applied) VALUES ('x', 'y', now())",
        "DELETE FROM django_migrations",
        "COPY accounts_user TO PROGRAM 'cat'",
        "SELECT pg_read_file('postgresql.conf')",
        "SELECT setval(pg_get_serial_sequence('auditlog_logentry', 'id'), 1)",
    ],
)
def test_what_would_switch_the_log_or_a_rule_off_is_denied(application, statement):
    with pytest.raises(DENIED):
        application.execute(statement)


def test_granting_itself_what_it_lacks_gives_nothing(application):
    application.execute(f"GRANT UPDATE, DELETE, TRIGGER ON {LOG} TO cspace")  # a warning: nothing was granted
    with pytest.raises(DENIED):
        application.execute(f"DELETE FROM {LOG}")


def test_every_table_is_covered_and_only_the_log_is_append_only(application):
    rights = "has_table_privilege(relname::text, 'SELECT'), has_table_privilege(relname::text, 'UPDATE')"
    rows = application.execute(
        f"SELECT relname, {rights}, has_table_privilege(relname::text, 'TRUNCATE, TRIGGER, REFERENCES')"
        " FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
    ).fetchall()
    assert {name for name, *_ in rows} >= {model._meta.db_table for model in apps.get_models()}
    assert all(may_read and not may_more for _, may_read, _, may_more in rows)
    assert {name for name, _, may_update, _ in rows if not may_update} == {*append_only_tables(), "django_migrations"}
    assert append_only_tables() == [LOG]


def test_a_table_to_come_is_covered_before_anybody_grants_it(owner, application):
    owner.execute("CREATE TABLE to_come (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, word text)")
    try:
        application.execute("INSERT INTO to_come (word) VALUES ('x')")
        application.execute("UPDATE to_come SET word = 'y'")
        assert application.execute("SELECT nextval(pg_get_serial_sequence('to_come', 'id'))").fetchone() == (2,)
        with pytest.raises(DENIED):
            application.execute("TRUNCATE to_come")
    finally:
        owner.execute("DROP TABLE to_come")


def test_what_somebody_granted_too_much_is_taken_back_by_the_next_migration(production, owner, application):
    owner.execute(f"GRANT UPDATE, TRUNCATE ON {LOG} TO cspace, PUBLIC")
    manage(production, "migrate", "--noinput", "--database", "owner")
    for statement in (f"UPDATE {LOG} SET action = 'z' WHERE false", f"TRUNCATE {LOG}"):
        with pytest.raises(DENIED):
            application.execute(statement)


def test_the_trigger_still_refuses_the_owner(owner, application):
    application.execute(NOBODYS)
    for statement in (f"UPDATE {LOG} SET action = 'z'", f"DELETE FROM {LOG}", f"TRUNCATE {LOG}"):
        with pytest.raises(DENIED, match="append-only"):
            owner.execute(statement)


def test_what_it_tells_people_the_owners_triggers_count(application):
    """They run with its own rights: no notice is written that is not counted."""
    with application.transaction(force_rollback=True):
        (person,) = application.execute(
            "INSERT INTO accounts_user (username, display_name, password, is_superuser, is_active, is_staff,"
            " token_version, date_joined) VALUES ('x', 'x', '', false, true, false, 0, now()) RETURNING id"
        ).fetchone()
        for statement in (
            "INSERT INTO notifications_notification (user_id, description, status, created_at)"
            " SELECT %s, 'x', 'unread', now() FROM generate_series(1, 3)",
            "UPDATE notifications_notification SET status = 'read' WHERE id ="
            " (SELECT max(id) FROM notifications_notification WHERE user_id = %s)",
            "DELETE FROM notifications_notification WHERE id ="
            " (SELECT min(id) FROM notifications_notification WHERE user_id = %s)",
        ):
            application.execute(statement, [person])
        parts = "SELECT status, sum(number)::int FROM notifications_inboxpart WHERE user_id = %s GROUP BY 1 ORDER BY 1"
        assert application.execute(parts, [person]).fetchall() == [("read", 1), ("unread", 1)]
    for statement in (
        "ALTER TABLE notifications_notification DISABLE TRIGGER notifications_insert",
        "DROP FUNCTION notifications_count_insert() CASCADE",
        "TRUNCATE notifications_inboxpart",
    ):
        with pytest.raises(DENIED):
            application.execute(statement)


def test_the_application_migrates_nothing(production, application):
    as_application = {name: value for name, value in production.items() if name != "DATABASE_OWNER_URL"}
    assert "No migrations to apply" in manage(as_application, "migrate", "--noinput")
    with pytest.raises(DENIED):
        application.execute("ALTER TABLE accounts_user ADD COLUMN more text")


def test_the_campus_lives_under_the_applications_role(production):
    """The demo campus (bookings, series, draws, imports), the periodic step, and the API."""
    as_application = {name: value for name, value in production.items() if name != "DATABASE_OWNER_URL"}
    manage(as_application, "load_demo")
    manage(as_application, "tick")
    _work(as_application)
    with serving(as_application) as server, httpx.Client(base_url=server.base_url, timeout=30) as client:
        assert client.get("/readyz").json()["checks"] == dict.fromkeys(
            ["database", "migrations", "btree_gist", "clock", "jobs"], True
        )
        _use(client)


def _work(environment):
    """A worker enqueues and does what is due by the clock, so that nothing of that kind is left or has failed."""
    with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as application:
        application.execute("DELETE FROM jobs_duetime")
        with worker_process(environment, "manage.py", "worker"):
            await_true(lambda: application.execute("SELECT count(*) > 4 FROM jobs_duetime").fetchone()[0], 40)
            await_true(lambda: application.execute("SELECT count(*) = 0 FROM procrastinate_jobs").fetchone()[0], 40)


def _use(client):
    token = client.post("/api/v1/auth/token/", json={"username": "ta217", "password": DEMO_PASSWORD}).json()["access"]
    client.headers["Authorization"] = f"Bearer {token}"
    base = "/api/v1/"
    room = client.get(base + "classrooms/").json()["results"][0]["name"]
    group = client.post(base + "groups/", json={"name": uuid.uuid4().hex}, headers={"Idempotency-Key": "one"}).json()
    day = client.get(base + f"classrooms/{room}/agenda/").json()
    assert set(day) == {"classroom", "registrations"}
    closure = {"starts_at": "2028-02-01T00:00:00Z", "ends_at": "2028-02-02T00:00:00Z"}
    made = client.post(base + f"classrooms/{room}/closures/", json=closure)
    assert made.status_code == 201, made.text
    assert client.delete(base + f"classrooms/{room}/closures/{made.json()['id']}/").status_code == 204
    assert client.delete(base + f"groups/{group['id']}/").status_code == 204
    assert client.get(base + "logs/").json()["count"] > 0
    assert client.post("/api/v1/auth/token/refresh/").status_code == 200
    assert client.get(base + "users/me/").json()["username"] == "ta217"

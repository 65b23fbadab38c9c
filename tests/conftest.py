"""People by role, clients that speak as them, and the clock the documents were written under."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from hypothesis import settings as hypothesis_settings

from accounts.models import User
from accounts.services.tokens import issue_access
from classrooms.models import Classroom
from groups.models import Group
from kernel.db.ids import take_block
from kernel.live.opening import PLACES
from kernel.live.streams import StreamPlaces
from policies.queries.rulebook import NO_RULES, go_by
from tests.factories import cspace_group, join, make_classroom, make_group, make_user
from tests.registries import changed, registered

# A slow machine is no counterexample.
hypothesis_settings.register_profile("patient", deadline=None)
hypothesis_settings.load_profile("patient")

DOCUMENT_TIME = "2026-01-20T02:00:00Z"
"""10:00 in Taipei on the day that puts the documents' dates ahead."""


# Django flushes the tables of models that it manages; the engine's are not.
FLUSH_JOBS = """
CREATE FUNCTION tests_flush_jobs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM procrastinate_jobs;
    DELETE FROM procrastinate_workers;
    RETURN NULL;
END $$;
CREATE TRIGGER tests_flush_jobs AFTER TRUNCATE ON jobs_duetime FOR EACH STATEMENT EXECUTE FUNCTION tests_flush_jobs();
"""


@pytest.fixture
def stock_of_ids(db: None) -> None:
    """No statement is spent on the next ids: which request takes a new block is chance."""
    for table in ("classrooms_occupancy", "groups_usergroup", "allocations_allocationregistration"):
        take_block(table)


class Api:
    """A JSON client. `user=None` is anonymous. Bodies are sent as they are if they are bytes.

    What it asks is a process that serves streams as well; of a stream it sees the answer with which it would begin.
    """

    def __init__(self, user: User | None = None) -> None:
        self.user = user
        self.client = Client(raise_request_exception=False, **{PLACES: StreamPlaces(100)})

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        if self.user is not None:
            headers.setdefault("Authorization", f"Bearer {issue_access(self.user, family=uuid.uuid4())}")
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        content_type = headers.pop("Content-Type", "application/json")
        url = path if path.startswith("/") else f"/api/v1/{path}"
        return self.client.generic(method, url, content, content_type=content_type, headers=headers)

    def get(self, path: str, **headers: str) -> Any:
        return self("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self("POST", path, body, **headers)

    def put(self, path: str, body: Any = None, **headers: str) -> Any:
        return self("PUT", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Any:
        return self("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self("DELETE", path, **headers)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """The test database, with a log that can be flushed, and jobs that are flushed with the rest.

    Transactional tests flush by TRUNCATE, which the log refuses; `test_log_refuses_truncate` re-arms it.
    """
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE auditlog_logentry DISABLE TRIGGER auditlog_no_truncate")
        cursor.execute(FLUSH_JOBS)


@pytest.fixture(scope="session", autouse=True)
def static_files_on_demand(django_test_environment: None) -> None:
    """Every client builds the middleware anew, which else lists all static files each time: 40 ms."""
    django_settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(autouse=True, scope="class")
def registries_as_found() -> Iterator[None]:
    """Whoever adds to what the process knows takes it back: else tests behind him fail, if they run in this process.

    Of a class, or of a test that is in none: so it ends behind everything else that a test has asked for.
    """
    before = registered()
    yield
    assert list(changed(before, registered())) == []


@pytest.fixture(autouse=True)
def no_rules_kept() -> Iterator[None]:
    """The process goes by no booking rules, like one that has just started: a test that has some, reads them.

    What has gone by others is done again in a new transaction, which a test that is one has not. Nor does what is made
    for a whole module, before the first of its tests, go by those of the test before.
    """
    go_by(NO_RULES)
    yield
    go_by(NO_RULES)


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def document_clock() -> Iterator[None]:
    """The clock stands at 2026-01-20, 10:00 in Taipei."""
    with time_machine.travel(DOCUMENT_TIME, tick=False):
        yield


@pytest.fixture
def reachable_calendars(settings: Any) -> None:
    """Calendars of servers on this machine may be read."""
    settings.CALENDAR_ALLOW_PRIVATE_HOSTS = ["127.0.0.1"]


@pytest.fixture
def server_environment() -> dict[str, str]:
    """What makes a server process use the database of this (transactional) test."""
    database = connection.settings_dict
    place = f"{str(database['HOST']).replace('/', '%2F')}:{database['PORT']}/{database['NAME']}"
    return {
        "DATABASE_URL": f"postgres://{database['USER']}:{database['PASSWORD']}@{place}",
        "DEBUG": "1",
        "CSPACE_THROTTLE": "off",
    }


@pytest.fixture
def team(db: None) -> Group:
    """An ordinary group."""
    return make_group("522")


@pytest.fixture
def member(team: Group) -> User:
    user = make_user("member", display_name="Mem Ber")
    join(user, team)
    return user


@pytest.fixture
def group_admin(team: Group) -> User:
    user = make_user("group_admin", display_name="呂學一")
    join(user, team, "admin")
    return user


@pytest.fixture
def cspace(db: None) -> User:
    """A plain member of the system group."""
    user = make_user("cspace_member", display_name="C Space")
    join(user, cspace_group())
    return user


@pytest.fixture
def cspace_admin(db: None) -> User:
    user = make_user("cspace_admin", display_name="C Admin")
    join(user, cspace_group(), "admin")
    return user


@pytest.fixture
def stranger(db: None) -> User:
    """Logged in, in no group."""
    return make_user("stranger")


@pytest.fixture
def room(db: None) -> Classroom:
    return make_classroom("Room A")


@pytest.fixture
def wish(room: Classroom, team: Group) -> dict[str, Any]:
    """A valid body of `POST /registrations/` under the documents' clock."""
    return {
        "classroom": "Room A",
        "group_id": team.pk,
        "date": "2026-02-01",
        "start_time": "10:00",
        "end_time": "12:00",
        "description": "Team meeting",
    }


@pytest.fixture
def api() -> type[Api]:
    return Api

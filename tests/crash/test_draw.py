"""A draw whose server dies between the last write and the commit: nothing happened, and the retry draws the same."""

import os
import signal
import threading
import uuid

import httpx
import pytest
from django.db import connection

from accounts.services.tokens import issue_access
from allocations.models import AllocationEvent, AllocationRegistration, Draw, DrawSecret
from allocations.queries.manifest import unpacked
from allocations.services.distributing import draw_on_paper
from auditlog.models import LogEntry
from classrooms.models import Occupancy
from notifications.models import Notification
from registrations.models import Registration, Series
from tests.allocations.scenes import MONDAY, dates, ended, make_entry, make_event
from tests.crash.processes import await_true, marked
from tests.factories import cspace_group, join, make_classroom, make_group, make_user
from tests.races.server import serving

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]
MODELS = (Draw, Series, Registration, Occupancy, Notification, LogEntry)
PAUSED = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
  AND state = 'idle in transaction' AND query = 'SELECT ''paused before commit'''
"""
LOCKS = """
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
"""Of this database: other tests hold locks of theirs in the same cluster."""


def scalar(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def bearer(user):
    return {"Authorization": f"Bearer {issue_access(user, family=uuid.uuid4())}"}


def counts():
    return [model.objects.count() for model in MODELS]


def test_a_server_killed_before_the_commit(server_environment):
    leader, member, group, rival, room = make_user(), make_user(), make_group(), make_group(), make_classroom()
    join(leader, cspace_group())
    join(member, group)
    event = make_event(leader)
    for number, one in enumerate((group, rival, group, rival)):
        make_entry(event, one, room, member, start=600 + 30 * number, end=690 + 30 * number)
    ended(event, leader)
    listed = {entry.pk: entry for entry in AllocationRegistration.objects.filter(event=event)}
    seed = bytes(DrawSecret.objects.get(event=event).seed)
    expected = draw_on_paper(AllocationEvent.objects.get(pk=event.pk), listed, seed, "")
    before = counts()
    path, mark = f"/api/v1/allocation-events/{event.pk}/", f"mark-{uuid.uuid4()}"
    single = {
        "classroom": room.name,
        "group_id": group.pk,
        "date": str(dates(event.target_starts_on, MONDAY, 1)[0]),
        "start_time": "10:00",
        "end_time": "10:30",
    }
    answers = []

    def send(base_url):
        try:
            answers.append(httpx.post(f"{base_url}{path}distribute/", headers=bearer(leader), timeout=60))
        except httpx.TransportError as lost:
            answers.append(lost)

    faulty = server_environment | {"CSPACE_TEST_FAULTS": "pause-before-commit", "TEST_MARK": mark}
    with serving(server_environment) as healthy:
        with serving(faulty, workers=1) as doomed:
            caller = threading.Thread(target=send, args=(doomed.base_url,))
            caller.start()
            await_true(lambda: scalar(PAUSED) == 1, 30)

            # All is written and locked: nobody sees it, and who wants the room is told to come back.
            assert counts() == before
            record = httpx.get(f"{healthy.base_url}{path}draw/", headers=bearer(member), timeout=30)
            assert (record.json()["seed"], record.json()["winners"]) == (None, [])
            assert seed.hex() not in record.text
            refused = httpx.post(
                f"{healthy.base_url}/api/v1/registrations/", json=single, headers=bearer(member), timeout=30
            )
            assert (refused.status_code, refused.json()["code"]) == (503, "SERVICE_UNAVAILABLE")
            assert int(refused.headers["Retry-After"]) >= 1

            for pid in marked(mark):
                os.kill(pid, signal.SIGKILL)
            caller.join(30)
        assert [isinstance(answer, httpx.TransportError) for answer in answers] == [True]
        await_true(lambda: scalar(PAUSED) == 0 and scalar(LOCKS) == 0, 30)
        assert counts() == before
        assert AllocationEvent.objects.get(pk=event.pk).status == "closed"

        again = httpx.post(f"{healthy.base_url}{path}distribute/", headers=bearer(leader), timeout=60)
        assert again.json() == {
            "id": event.pk,
            "total_registrations": 4,
            "successful_allocations": len(expected.wins),
            "failed_allocations": len(expected.losses),
        }
    stored = Draw.objects.get()
    assert bytes(stored.seed) == seed
    assert unpacked(stored.result) == expected.result

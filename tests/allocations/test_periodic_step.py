"""Events open and close by the clock: once each, whoever runs the step, and in spite of a database that fails."""

import datetime as dt
import io
import threading

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection, transaction

from allocations.models import AllocationEvent
from allocations.rules import status_due
from allocations.services.progress import advance_due_events, end_event
from auditlog.models import LogEntry
from kernel import clock
from kernel.db.locks import Namespace, lock_namespace
from notifications.models import Notification
from tests.conftest import DOCUMENT_TIME
from tests.crash.processes import await_true
from tests.factories import cspace_group, join, make_classroom, make_group, make_user
from tests.factories.allocations import make_entry, make_event
from tests.jobs.workers import worker_process

HOUR = dt.timedelta(hours=1)
SECOND = dt.timedelta(seconds=1)
WAIT_SECONDS = 40


def status(event):
    return AllocationEvent.objects.get(pk=event.pk).status


def transitions():
    rows = LogEntry.objects.filter(action__in=["allocation_event.opened", "allocation_event.closed"])
    return list(rows.order_by("id").values_list("action", "actor__username", "target"))


def told():
    return list(Notification.objects.order_by("user__username").values_list("user__username", "description"))


@pytest.mark.parametrize(
    ("before", "seconds", "after"),
    [
        ("upcoming", -1, "upcoming"),
        ("upcoming", 0, "open"),
        ("open", 3600, "open"),
        # The last second belongs to the window.
        ("open", 3600.999, "open"),
        ("open", 3601, "closed"),
        ("upcoming", 3601, "closed"),
        ("closed", -1, "closed"),
        ("distributed", 3601, "distributed"),
        ("cancelled", 0, "cancelled"),
    ],
)
def test_status_due(before, seconds, after):
    start = dt.datetime(2026, 1, 20, tzinfo=dt.UTC)
    now = start + dt.timedelta(seconds=seconds)
    assert status_due(before, registration_start=start, registration_end=start + HOUR, now=now) == after


@pytest.mark.usefixtures("document_clock")
class TestStep:
    def test_opens_and_closes_at_their_moments_and_tells(self, cspace, member, group_admin, stranger, team, room):
        event = make_event(by=cspace, opens_in=HOUR)
        opens = clock.now() + HOUR
        closes = opens + dt.timedelta(days=10) + SECOND
        assert (advance_due_events(now=opens - SECOND), status(event)) == (0, "upcoming")
        assert (advance_due_events(now=opens), status(event)) == (1, "open")
        assert (advance_due_events(now=opens), status(event)) == (0, "open")
        # Whoever belongs to a group hears of it; a stranger does not.
        sentence = (
            "An allocation event has opened: wishes for 2026-02-22 – 2026-06-12 can be filed until 2026-01-30 11:00."
        )
        assert told() == [(name, sentence) for name in ("cspace_member", "group_admin", "member")]

        with time_machine.travel(opens, tick=False):
            make_entry(event, by=member, group=team, classroom=room)
        Notification.objects.all().delete()
        assert (advance_due_events(now=closes - dt.timedelta(milliseconds=1)), status(event)) == (0, "open")
        assert (advance_due_events(now=closes), status(event)) == (1, "closed")
        assert advance_due_events(now=closes + HOUR) == 0
        assert told() == [
            (
                "member",
                "The allocation event for 2026-02-22 – 2026-06-12 has closed: its entries are frozen until the draw.",
            )
        ]
        assert AllocationEvent.objects.get().closed_at == closes
        target = f"allocation_event:{event.pk}"
        assert transitions() == [
            ("allocation_event.opened", None, target),
            ("allocation_event.closed", None, target),
        ]

    def test_a_missed_window_is_closed_in_one_step(self, cspace, member):
        event = make_event(by=cspace, opens_in=HOUR)
        assert advance_due_events(now=clock.now() + dt.timedelta(days=30)) == 1
        assert (status(event), [action for action, *_ in transitions()]) == ("closed", ["allocation_event.closed"])
        assert Notification.objects.count() == 0

    def test_several_events_cost_one_transaction_each_and_keep_their_order(self, cspace):
        events = [make_event(by=cspace, opens_in=HOUR) for _ in range(3)]
        assert advance_due_events(now=clock.now() + HOUR) == 3
        assert [target for *_, target in transitions()] == [f"allocation_event:{event.pk}" for event in events]

    def test_tick_does_the_same(self, cspace):
        event = make_event(by=cspace, opens_in=HOUR)
        out = io.StringIO()
        with time_machine.travel(clock.now() + HOUR, tick=False):
            call_command("tick", stdout=out)
        assert (status(event), "allocations.advance_events: 1" in out.getvalue().splitlines()) == ("open", True)

    def test_what_cannot_be_moved_on_does_not_keep_the_others(self, cspace):
        first, second = (make_event(by=cspace, opens_in=HOUR) for _ in range(2))
        with connection.cursor() as cursor:
            cursor.execute(
                "SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE allocations_allocationevent ADD CONSTRAINT stuck"
                f" CHECK (id <> {first.pk} OR status = 'upcoming')"
            )
        with pytest.raises(Exception, match="stuck") as problem:
            advance_due_events(now=clock.now() + HOUR)
        assert problem.value.__notes__ == [f"allocation event {first.pk}"]
        assert (status(first), status(second)) == ("upcoming", "open")

    def test_a_write_moves_the_event_on_first(self, cspace, member, team, room):
        event = make_event(by=cspace, opens_in=HOUR)
        with time_machine.travel(clock.now() + HOUR, tick=False):
            make_entry(event, by=member, group=team, classroom=room)
        assert status(event) == "open"
        with time_machine.travel(clock.now() + dt.timedelta(days=12), tick=False):
            assert end_event(event_id=event.pk, by=cspace, now=clock.now()).status == "closed"
        actors = LogEntry.objects.order_by("id").values_list("action", "actor__username")
        assert list(actors) == [
            ("allocation_event.created", "cspace_member"),
            ("allocation_event.opened", None),
            ("allocation_registration.filed", "member"),
            # It closed by itself; ending it then was a no-op.
            ("allocation_event.closed", None),
        ]


def scene(opens_in=HOUR):
    """An event of now, in a flushed database."""
    with time_machine.travel(DOCUMENT_TIME, tick=False):
        leader = make_user()
        join(leader, cspace_group())
        make_classroom()
        make_group()
        return make_event(by=leader, opens_in=opens_in)


@pytest.mark.django_db(transaction=True)
def test_a_second_runner_returns_at_once():
    event = scene()
    taken, over = threading.Event(), threading.Event()

    def hold():
        with transaction.atomic():
            lock_namespace(Namespace.ALLOCATION_STEP)
            taken.set()
            over.wait(WAIT_SECONDS)
        connection.close()

    other = threading.Thread(target=hold)
    other.start()
    try:
        assert taken.wait(WAIT_SECONDS)
        assert (advance_due_events(now=event.registration_start), status(event)) == (0, "upcoming")
    finally:
        over.set()
        other.join(WAIT_SECONDS)
    assert (advance_due_events(now=event.registration_start), status(event)) == (1, "open")


@pytest.mark.django_db(transaction=True)
def test_a_worker_steps_and_outlives_a_step_that_fails(server_environment):
    """What failed is kept for the admin, one failure however often, until a step goes well."""
    event = scene()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE allocations_allocationevent RENAME TO elsewhere")
    with worker_process(server_environment | {"CSPACE_STEP_SECONDS": "1"}, "manage.py", "worker"):
        await_true(lambda: len(failures()) == 1, WAIT_SECONDS)
        (first,) = failures()
        await_true(lambda: failures() not in ([], [first]), WAIT_SECONDS)
        assert len(failures()) == 1
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE elsewhere RENAME TO allocations_allocationevent")
        # The window of 2026 lies behind us.
        await_true(lambda: status(event) == "closed" and not failures(), WAIT_SECONDS)


def failures():
    """(id, last line of the error) of the steps that have failed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT job.id, error LIKE '%allocations_allocationevent%' FROM procrastinate_jobs AS job"
            " JOIN jobs_jobfailure ON job_id = job.id"
            " WHERE task_name = 'allocations.advance_events' AND status = 'failed'"
        )
        return cursor.fetchall()

"""Two workers remind people at once, or somebody takes back at that moment what they are to be reminded of."""

import threading
from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.db import connection, transaction

from accounts.models import Preferences
from jobs.models import DueTime
from kernel import clock
from kernel.campus_time import campus_date
from notifications.models import Notification
from registrations.models import Reminder
from registrations.services.booking import Slot, book
from registrations.services.cancelling import cancel_registration
from registrations.services.changing import RegistrationChange, change_registration
from registrations.services.reminding import remind_people
from tests.crash.processes import await_true
from tests.factories import cspace_group, join, make_classroom, make_group, make_registration, make_series, make_user
from tests.jobs.workers import worker_process
from tests.races.threads import at_once, await_waiting_connections, raised

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 15
WAIT_SECONDS = 30


@pytest.fixture
def team():
    return make_group()


@pytest.fixture
def person(team):
    person = make_user()
    join(person, team)
    join(person, cspace_group())
    return person


@pytest.fixture
def registration(team, person):
    return booked(team, person)


def booked(team, person, room=None):
    day = campus_date(clock.now()) + timedelta(days=3)
    return make_registration(by=person, group=team, classroom=room or make_classroom(auto_approve=True), day=day)


def due(registration):
    """A moment at which it is to be reminded of."""
    return registration.occupancy.starts_at - timedelta(hours=1)


def reminding(registration):
    now = due(registration)
    return lambda: remind_people(now=now)


def number_of_notices():
    return Notification.objects.filter(kind="registration.reminder").count()


def test_two_workers_tell_once(team, person):
    for number in range(1, ROUNDS + 1):
        registration = booked(team, person)
        results = at_once(*[reminding(registration)] * 3)
        assert raised(results) == []
        assert (sum(results), number_of_notices()) == (1, number)


def second_worker(registration):
    """The notices, when a second worker looks before the first has committed."""

    def first():
        with transaction.atomic():
            assert remind_people(now=due(registration)) == 1
            has_told.set()
            await_waiting_connections(1, unless=has_ended.is_set)

    def second():
        assert has_told.wait(10)
        try:
            return remind_people(now=due(registration))
        finally:
            has_ended.set()

    has_told, has_ended = threading.Event(), threading.Event()
    results = at_once(first, second)
    assert raised(results) == []
    return results[1], number_of_notices()


def test_who_comes_second_waits_for_the_first_and_tells_nothing(registration):
    assert second_worker(registration) == (0, 1)


def test_without_the_row_both_tell(registration, settings):
    """The mutant. It shows the test above can fail."""
    settings.CSPACE_TEST_FAULTS = {"skip-reminder-row"}
    assert second_worker(registration) == (1, 2)


def test_a_worker_that_ends_in_the_middle_has_told_nothing_and_it_is_told_again(registration):
    with transaction.atomic():
        assert remind_people(now=due(registration)) == 1
        transaction.set_rollback(True)
    assert (number_of_notices(), Reminder.objects.count()) == (0, 0)
    assert [remind_people(now=due(registration)) for _ in range(2)] == [1, 0]
    assert number_of_notices() == 1


def test_workers_that_end_and_begin_again_within_the_minute_tell_once(team, person, server_environment):
    day = campus_date(clock.now()) + timedelta(days=1)
    room, made_at = make_classroom(auto_approve=True), clock.now() - timedelta(days=3)
    slots = [Slot(day, 60 * hour, 60 * hour + 60) for hour in range(24)]
    for slot in slots:
        book(by=person, now=made_at, classroom=room, group_id=team.pk, slot=slot)
    Preferences.objects.create(user=person, reminder_hours=48)
    for _ in range(2):
        with ExitStack() as stack:
            for _ in range(2):
                stack.enter_context(worker_process(server_environment, "manage.py", "worker"))
            await_true(lambda: number_of_notices() == len(slots), WAIT_SECONDS)
        DueTime.objects.filter(name="registrations.remind_people").update(due_at=made_at)
    with worker_process(server_environment, "manage.py", "worker"):
        await_true(lambda: DueTime.objects.get(name="registrations.remind_people").due_at > made_at, WAIT_SECONDS)
        await_true(lambda: left() == 0, WAIT_SECONDS)
    assert number_of_notices() == len(slots)


def left():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'registrations.remind_people'")
        return cursor.fetchone()[0]


def cancelled_meanwhile(registration, person):
    """How many notices a worker writes while a cancellation is under way."""
    with transaction.atomic():
        cancel_registration(registration_id=registration.pk, by=person, now=clock.now())
        (result,) = at_once(reminding(registration))
        assert not isinstance(result, BaseException), result
    return number_of_notices()


def test_what_is_being_cancelled_is_not_reminded_of(registration, person):
    assert cancelled_meanwhile(registration, person) == 0
    assert remind_people(now=due(registration)) == 0


def test_without_the_lock_it_is(registration, person, settings):
    """The mutant. It shows the test above can fail."""
    settings.CSPACE_TEST_FAULTS = {"skip-lock"}
    assert cancelled_meanwhile(registration, person) == 1


def test_a_cancellation_that_is_refused_in_the_end_leaves_the_reminder_to_the_next_minute(registration, person):
    with transaction.atomic():
        cancel_registration(registration_id=registration.pk, by=person, now=clock.now())
        assert at_once(reminding(registration)) == [0]
        transaction.set_rollback(True)
    assert remind_people(now=due(registration)) == 1


def test_what_is_being_moved_is_reminded_of_at_its_new_time_only(registration, person):
    with transaction.atomic():
        change = RegistrationChange(start_minute=780, end_minute=840)
        change_registration(registration_id=registration.pk, by=person, now=clock.now(), change=change)
        assert at_once(reminding(registration)) == [0]
    assert remind_people(now=due(registration)) == 1
    assert Notification.objects.get(kind="registration.reminder").params["start_time"] == "13:00"


def test_whoever_cancels_waits_for_a_reminder_that_is_being_written(registration, person):
    def remind():
        with transaction.atomic():
            assert remind_people(now=due(registration)) == 1
            has_told.set()
            await_waiting_connections(1)

    def cancel():
        assert has_told.wait(10)
        cancel_registration(registration_id=registration.pk, by=person, now=clock.now())

    has_told = threading.Event()
    assert raised(at_once(remind, cancel)) == []
    registration.refresh_from_db()
    assert (number_of_notices(), registration.status) == (1, "cancelled")


def test_a_last_date_that_is_being_cancelled_is_not_told_of(team, person):
    first = campus_date(clock.now()) + timedelta(days=3)
    series = make_series(by=person, group=team, classroom=make_classroom(), starts_on=first)
    last = series.occurrences.order_by("-occupancy__starts_at").select_related("occupancy")[0]
    now = last.occupancy.starts_at - timedelta(days=10)
    with transaction.atomic():
        cancel_registration(registration_id=last.pk, by=person, now=clock.now())
        at_once(lambda: remind_people(now=now))
    assert not Notification.objects.filter(kind="series.ending").exists()
    remind_people(now=now)
    (notice,) = Notification.objects.filter(kind="series.ending")
    assert notice.params["last_date"] == (first + timedelta(days=14)).isoformat()

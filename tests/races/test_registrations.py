"""Two things at once with one registration or one room: what may come out, and nothing else."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection

from auditlog.models import LogEntry
from classrooms.models import Occupancy
from classrooms.services.room_time import RoomAlreadyBooked
from cspace import clock
from cspace.db.ranges import campus_date
from registrations.models import Registration
from registrations.services.booking import Slot, book
from registrations.services.changing import (
    RegistrationCancelledBefore,
    Wanted,
    cancel_registration,
    change_registration,
)
from registrations.services.deciding import approve_registration, reject_registration
from tests.factories import cspace_group, join, make_classroom, make_group, make_registration, make_user
from tests.races.threads import at_once, raised

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 15


@pytest.fixture
def scene():
    group, person, decider = make_group(), make_user(), make_user()
    join(person, group)
    join(decider, cspace_group())
    rooms = [make_classroom("Room A"), make_classroom("Room B")]
    return group, person, decider, rooms


def day(number=0):
    return campus_date(clock.now()) + timedelta(days=3 + number)


def deadlocks():
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return cursor.fetchone()[0]


def test_one_of_eight_gets_the_slot(scene):
    group, person, _, (room, _) = scene
    for number in range(ROUNDS):
        results = at_once(
            *[
                lambda: book(
                    by=person, now=clock.now(), classroom=room, group_id=group.pk, slot=Slot(day(number), 600, 660)
                )
            ]
            * 8
        )
        assert raised(results) == [RoomAlreadyBooked] * 7
    assert Registration.objects.count() == ROUNDS == LogEntry.objects.count()


def test_two_registrations_swapping_rooms_never_overlap_or_deadlock(scene):
    group, person, _, (room_a, room_b) = scene
    before = deadlocks()
    for number in range(ROUNDS):
        first = make_registration(by=person, group=group, classroom=room_a, day=day(number))
        second = make_registration(by=person, group=group, classroom=room_b, day=day(number))

        def move(registration, room):
            return lambda: change_registration(
                registration_id=registration.pk, by=person, now=clock.now(), wanted=Wanted(classroom=room)
            )

        # Each wants what the other holds: both must be refused, whoever comes first.
        assert raised(at_once(move(first, room_b), move(second, room_a))) == [RoomAlreadyBooked] * 2
    assert deadlocks() == before


def test_two_moves_into_one_gap(scene):
    group, person, _, (room_a, room_b) = scene
    for number in range(ROUNDS):
        first = make_registration(by=person, group=group, classroom=room_a, day=day(number), start=480, end=540)
        second = make_registration(by=person, group=group, classroom=room_b, day=day(number), start=480, end=540)

        def move(registration, start, room=room_a):
            wanted = Wanted(classroom=room, start_minute=start, end_minute=start + 60)
            return lambda: change_registration(
                registration_id=registration.pk, by=person, now=clock.now(), wanted=wanted
            )

        assert raised(at_once(move(first, 600), move(second, 630))) == [RoomAlreadyBooked]


def test_approve_and_cancel_end_in_one_of_two_histories(scene):
    group, person, decider, (room, _) = scene
    histories = Counter()
    for number in range(ROUNDS):
        held = make_registration(by=person, group=group, classroom=room, day=day(number))
        results = at_once(
            lambda: approve_registration(registration_id=held.pk, by=decider, now=clock.now()),
            lambda: cancel_registration(registration_id=held.pk, by=person, now=clock.now()),
        )
        assert raised(results) in ([], [RegistrationCancelledBefore])
        held.refresh_from_db()
        assert (held.status, Occupancy.objects.get(pk=held.pk).is_live) == ("cancelled", False)
        entries = LogEntry.objects.filter(target=f"registration:{held.pk}").order_by("id")
        history = tuple(entry.action.removeprefix("registration.") for entry in entries)
        approved_first = ("created", "approved", "cancelled")
        assert history == (approved_first if not raised(results) else ("created", "cancelled"))
        histories[history] += 1
    assert sum(histories.values()) == ROUNDS


def test_approve_and_reject_agree_with_their_history(scene):
    group, person, decider, (room, _) = scene
    for number in range(ROUNDS):
        held = make_registration(by=person, group=group, classroom=room, day=day(number))
        results = at_once(
            lambda: approve_registration(registration_id=held.pk, by=decider, now=clock.now()),
            lambda: reject_registration(registration_id=held.pk, by=decider, now=clock.now()),
        )
        assert raised(results) == []
        held.refresh_from_db()
        last = LogEntry.objects.filter(target=f"registration:{held.pk}").order_by("-id").first()
        assert last.action == f"registration.{held.status}"
        assert Occupancy.objects.get(pk=held.pk).is_live is (held.status == "approved")
        # Room for the next round on another day; this one stays as it ended.


def test_a_slot_freed_by_rejection_goes_to_exactly_one(scene):
    group, person, decider, (room, _) = scene
    for number in range(ROUNDS):
        held = make_registration(by=person, group=group, classroom=room, day=day(number))
        reject_registration(registration_id=held.pk, by=decider, now=clock.now())
        results = at_once(
            lambda: approve_registration(registration_id=held.pk, by=decider, now=clock.now()),
            lambda: book(
                by=person, now=clock.now(), classroom=room, group_id=group.pk, slot=Slot(day(number), 630, 690)
            ),
        )
        assert raised(results) == [RoomAlreadyBooked]


def test_one_key_sent_eight_times_at_once_books_once(scene, api):
    group, person, _, (room, _) = scene
    for number in range(5):
        body = {
            "classroom": room.name,
            "group_id": group.pk,
            "date": str(day(number)),
            "start_time": "10:00",
            "end_time": "11:00",
        }
        key = {"Idempotency-Key": f"key-{number}"}
        responses = at_once(*[lambda: api(person).post("registrations/", body, **key)] * 8)
        assert {response.status_code for response in responses} == {201}
        assert len({response.content for response in responses}) == 1
    assert Registration.objects.count() == 5

"""Two things at once with one registration or one room: what may come out, and nothing else."""

from datetime import timedelta

import pytest
from django.db import connection

from auditlog.models import LogEntry
from classrooms.models import Occupancy
from classrooms.services.room_time import RoomAlreadyBooked
from kernel import clock
from kernel.campus_time import campus_date
from registrations.models import Registration
from registrations.services.booking import Slot, book
from registrations.services.cancelling import cancel_registration
from registrations.services.changing import RegistrationChange, change_registration
from registrations.services.deciding import approve_registration, reject_registration
from registrations.services.registration_holding import RegistrationIsCancelled
from tests.factories import cspace_group, join, make_classroom, make_group, make_registration, make_user
from tests.races.threads import at_once, raised

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 15
MUTANT_ROUNDS = 200
"""At most; the first wrong end ends them."""


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


def overlaps():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM classrooms_occupancy a JOIN classrooms_occupancy b ON a.id < b.id"
            " AND a.classroom_id = b.classroom_id AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at"
            " WHERE a.is_live AND b.is_live"
        )
        return cursor.fetchone()[0]


# --- rounds: one race each, and what came of it -------------------------------------------------------


def slot_round(scene, number):
    """Eight ask for one slot; the refusals, and how many registrations and log rows there are now."""
    group, person, _, (room, _) = scene
    before = Registration.objects.count() + LogEntry.objects.count()
    slot = Slot(day(number), 600, 660)
    asking = lambda: book(by=person, now=clock.now(), classroom=room, group_id=group.pk, slot=slot)  # noqa: E731
    refused = raised(at_once(*[asking] * 8))
    return refused, Registration.objects.count() + LogEntry.objects.count() - before


def gap_round(scene, number):
    """Two registrations of other times move into overlapping halves of one gap."""
    group, person, _, (room_a, room_b) = scene
    first = make_registration(by=person, group=group, classroom=room_a, day=day(number), start=480, end=540)
    second = make_registration(by=person, group=group, classroom=room_b, day=day(number), start=480, end=540)

    def move(registration, start):
        wanted = RegistrationChange(classroom=room_a, start_minute=start, end_minute=start + 60)
        return lambda: change_registration(registration_id=registration.pk, by=person, now=clock.now(), change=wanted)

    return raised(at_once(move(first, 600), move(second, 630)))


def freed_slot_round(scene, number):
    """A rejected registration is approved again while another books its slot."""
    group, person, decider, (room, _) = scene
    held = make_registration(by=person, group=group, classroom=room, day=day(number))
    reject_registration(registration_id=held.pk, by=decider, now=clock.now())
    slot = Slot(day(number), 630, 690)
    return raised(
        at_once(
            lambda: approve_registration(registration_id=held.pk, by=decider, now=clock.now()),
            lambda: book(by=person, now=clock.now(), classroom=room, group_id=group.pk, slot=slot),
        )
    )


def approve_and_cancel_round(scene, number):
    """The deciders approve while the creator cancels."""
    group, person, decider, (room, _) = scene
    held = make_registration(by=person, group=group, classroom=room, day=day(number))
    results = at_once(
        lambda: approve_registration(registration_id=held.pk, by=decider, now=clock.now()),
        lambda: cancel_registration(registration_id=held.pk, by=person, now=clock.now()),
    )
    return (raised(results), *what_became_of(held))


def approve_and_reject_round(scene, number):
    """Two deciders disagree."""
    group, person, decider, (room, _) = scene
    held = make_registration(by=person, group=group, classroom=room, day=day(number))
    results = at_once(
        lambda: approve_registration(registration_id=held.pk, by=decider, now=clock.now()),
        lambda: reject_registration(registration_id=held.pk, by=decider, now=clock.now()),
    )
    return (raised(results), *what_became_of(held))


def what_became_of(registration):
    """Its status, whether it holds the room, and its history according to the log."""
    registration.refresh_from_db()
    entries = LogEntry.objects.filter(target=f"registration:{registration.pk}").order_by("id")
    history = [entry.action.removeprefix("registration.") for entry in entries]
    return registration.status, Occupancy.objects.get(pk=registration.pk).is_live, history


RIGHT = {
    slot_round: [([RoomAlreadyBooked] * 7, 2)],
    gap_round: [[RoomAlreadyBooked]],
    freed_slot_round: [[RoomAlreadyBooked]],
    approve_and_cancel_round: [
        ([], "cancelled", False, ["created", "approved", "cancelled"]),
        ([RegistrationIsCancelled], "cancelled", False, ["created", "cancelled"]),
    ],
    approve_and_reject_round: [
        ([], "approved", True, ["created", "rejected", "approved"]),
        ([], "rejected", False, ["created", "approved", "rejected"]),
    ],
}
"""Everything a round may come to."""


@pytest.mark.parametrize("play", RIGHT)
def test_a_race_comes_to_one_of_its_right_ends(scene, play):
    wrong = [outcome for number in range(ROUNDS) if (outcome := play(scene, number)) not in RIGHT[play]]
    assert wrong == []


@pytest.mark.parametrize("play", RIGHT)
def test_without_locks_and_constraint_it_comes_to_a_wrong_one(scene, unconstrained, settings, play):
    """The mutant: it shows that the rounds above meet the race and would see what goes wrong."""
    settings.CSPACE_TEST_FAULTS = {"skip-lock"}
    if all(play(scene, number) in RIGHT[play] for number in range(MUTANT_ROUNDS)):
        pytest.fail("the mutant survived: the race is never met")


@pytest.mark.parametrize("play", [approve_and_cancel_round, approve_and_reject_round])
def test_a_decision_needs_the_lock_although_the_constraint_stands(scene, settings, play):
    """No constraint sees a status that contradicts its room time: here the lock alone is the guarantee."""
    settings.CSPACE_TEST_FAULTS = {"skip-lock"}
    if all(play(scene, number) in RIGHT[play] for number in range(MUTANT_ROUNDS)):
        pytest.fail("the mutant survived: the race is never met")


@pytest.mark.parametrize("play", [slot_round, gap_round, freed_slot_round])
def test_the_constraint_alone_keeps_the_room_free_of_overlaps(scene, settings, play):
    """Without the locks the answers may be less friendly; two are never in the room."""
    settings.CSPACE_TEST_FAULTS = {"skip-lock"}
    for number in range(ROUNDS):
        play(scene, number)
    assert overlaps() == 0


def test_two_registrations_swapping_rooms_never_overlap_or_deadlock(scene):
    group, person, _, (room_a, room_b) = scene
    before = deadlocks()
    for number in range(ROUNDS):
        first = make_registration(by=person, group=group, classroom=room_a, day=day(number))
        second = make_registration(by=person, group=group, classroom=room_b, day=day(number))

        def move(registration, room):
            return lambda: change_registration(
                registration_id=registration.pk, by=person, now=clock.now(), change=RegistrationChange(classroom=room)
            )

        # Each wants what the other holds: both must be refused, whoever comes first.
        assert raised(at_once(move(first, room_b), move(second, room_a))) == [RoomAlreadyBooked] * 2
    assert deadlocks() == before


def test_two_registrations_crossing_into_each_other_s_room_both_arrive(scene):
    """Each needs both rooms' locks, and would name them in the other order."""
    group, person, _, (room_a, room_b) = scene
    before = deadlocks()
    for number in range(ROUNDS):
        first = make_registration(by=person, group=group, classroom=room_a, day=day(number), start=480, end=540)
        second = make_registration(by=person, group=group, classroom=room_b, day=day(number), start=480, end=540)

        def cross(registration, room):
            wanted = RegistrationChange(classroom=room, start_minute=600, end_minute=660)
            return lambda: change_registration(
                registration_id=registration.pk, by=person, now=clock.now(), change=wanted
            )

        moved = at_once(cross(first, room_b), cross(second, room_a))
        assert raised(moved) == []
        assert [row.occupancy.classroom_id for row in moved] == [room_b.pk, room_a.pk]
    assert deadlocks() == before


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

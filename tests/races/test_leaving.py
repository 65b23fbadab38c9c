"""Room time taken in the name of a group while its taker is removed from it: before that, or not at all."""

import threading
from datetime import timedelta

import pytest
from django.db import transaction

from allocations.services.entries import Wish, change_entry, delete_entry, file_entry
from classrooms.models import Occupancy
from groups.models import UserGroup
from groups.services.members import remove_member
from kernel import clock
from kernel.campus_time import campus_date
from kernel.db.locks import lock_rooms
from kernel.errors import PermissionDenied
from registrations.services.booking import Slot, book
from registrations.services.changing import RegistrationChange, change_registration
from tests.allocations.scenes import make_entry, make_event
from tests.factories import cspace_group, join, make_classroom, make_group, make_registration, make_user
from tests.races.threads import JOIN_SECONDS, at_once, await_waiting_connections

pytestmark = pytest.mark.django_db(transaction=True)


class Scene:
    """A person with two groups, a booking for one of them, and somebody who may remove him from either."""

    def __init__(self):
        self.person, self.decider = make_user(), make_user()
        self.group, self.other_group = make_group(), make_group()
        self.place, self.other_place = join(self.person, self.group), join(self.person, self.other_group)
        join(self.decider, cspace_group())
        self.room, self.other_room = make_classroom("Room A"), make_classroom("Room B")
        self.day = campus_date(clock.now()) + timedelta(days=3)
        self.booking = make_registration(by=self.person, group=self.group, classroom=self.room, day=self.day)
        assert self.person.access.is_member_of(self.group.pk)  # as the request that asks has read it

    def change(self, **values):
        return change_registration(
            registration_id=self.booking.pk, by=self.person, now=clock.now(), change=RegistrationChange(**values)
        )

    def remove(self, place):
        return remove_member(user_group_id=place.pk, by=self.decider, now=clock.now())


@pytest.fixture
def scene():
    return Scene()


TAKERS = {
    "another day": lambda scene: scene.change(day=scene.day + timedelta(days=1)),
    "another room": lambda scene: scene.change(classroom=scene.other_room),
    "a longer time": lambda scene: scene.change(end_minute=900),
    "the same group named": lambda scene: scene.change(group_id=scene.group.pk, end_minute=900),
    "another group": lambda scene: scene.change(group_id=scene.other_group.pk, end_minute=900),
    "a new one": lambda scene: book(
        by=scene.person,
        now=clock.now(),
        classroom=scene.room,
        group_id=scene.group.pk,
        slot=Slot(scene.day + timedelta(days=1), 600, 660),
    ),
}


SLOT = {"day_of_week": 3, "start_minute": 900, "end_minute": 960}


@pytest.mark.parametrize("command", ["filing", "handing over", "changing", "describing", "taking back"])
def test_who_is_being_removed_files_no_wish_for_the_group(scene, command):
    event = make_event(scene.decider)
    elsewhere = make_entry(event, scene.other_group, scene.room, scene.person)
    own = make_entry(event, scene.group, scene.other_room, scene.person)
    whose = {"event_id": event.pk, "by": scene.person, "now": clock.now()}
    wishes = {
        "filing": Wish(group_id=scene.group.pk, classroom=scene.room, **SLOT),
        "changing": Wish(classroom=scene.room, **SLOT),
        "describing": Wish(description="Still ours"),
    }
    filed = []

    def file():
        if command == "filing":
            return file_entry(wish=wishes["filing"], **whose)
        if command == "taking back":
            return delete_entry(entry_id=own.pk, **whose)
        entry = elsewhere if command == "handing over" else own
        return change_entry(entry_id=entry.pk, wish=wishes.get(command, wishes["filing"]), **whose)

    filing = threading.Thread(target=lambda: filed.extend(at_once(file)))
    with transaction.atomic():
        scene.remove(scene.place)
        filing.start()
        await_waiting_connections(1, unless=lambda: bool(filed))
    filing.join(JOIN_SECONDS)
    assert [type(outcome) for outcome in filed] == [PermissionDenied]


def place_needed(scene, taker):
    return scene.other_place if taker == "another group" else scene.place


def removed_while_taking(scene, taker):
    """Whether the place had gone before the room time was taken, and what came of the taking.

    The taker has asked for his right and waits for the row of his booking, or for the room of a new one.
    """
    place, taken, removal = place_needed(scene, taker), [], []
    taking = threading.Thread(target=lambda: taken.extend(at_once(lambda: TAKERS[taker](scene))))
    removing = threading.Thread(target=lambda: removal.extend(at_once(lambda: scene.remove(place))))
    with transaction.atomic():
        if taker == "a new one":
            lock_rooms([scene.room.pk])
        else:
            Occupancy.objects.select_for_update().get(pk=scene.booking.pk)
        taking.start()
        await_waiting_connections(1)
        removing.start()
        await_waiting_connections(2, unless=lambda: bool(removal))
        had_gone = not UserGroup.objects.filter(pk=place.pk).exists()
    taking.join(JOIN_SECONDS)
    removing.join(JOIN_SECONDS)
    assert removal == [None]
    return had_gone, type(taken[0])


def came_to_a_right_end(had_gone, outcome):
    return had_gone == (outcome is PermissionDenied)


@pytest.mark.parametrize("taker", TAKERS)
def test_who_takes_room_time_is_removed_from_the_group_afterwards(scene, taker):
    had_gone, outcome = removed_while_taking(scene, taker)
    assert came_to_a_right_end(had_gone, outcome), (had_gone, outcome)


@pytest.mark.parametrize("taker", ["another day", "another room", "a longer time", "another group"])
def test_without_the_lock_of_the_group_he_takes_it_when_he_has_gone(scene, settings, taker):
    """The mutant: the removal does not wait for those who act in the group's name."""
    settings.CSPACE_TEST_FAULTS = {"skip-group-lock"}
    assert not came_to_a_right_end(*removed_while_taking(scene, taker))


@pytest.mark.parametrize("taker", TAKERS)
def test_who_is_being_removed_takes_nothing_any_more(scene, taker):
    taken = []
    taking = threading.Thread(target=lambda: taken.extend(at_once(lambda: TAKERS[taker](scene))))
    with transaction.atomic():
        scene.remove(place_needed(scene, taker))
        taking.start()
        await_waiting_connections(1, unless=lambda: bool(taken))
    taking.join(JOIN_SECONDS)
    assert [type(outcome) for outcome in taken] == [PermissionDenied]

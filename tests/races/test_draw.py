"""The draw and everybody else at once: one draw, one answer, no overlap, nobody gone holds a room."""

import pytest
from django.db import connection

from allocations.models import AllocationRegistration, Draw
from allocations.queries.verifying import verify_draw
from allocations.services.after_draw import withdraw_entry
from allocations.services.distributing import distribute
from allocations.services.promoting import promote
from auditlog.models import LogEntry
from classrooms.services.room_time import RoomAlreadyBooked
from groups.services.groups import archive_group
from kernel import clock
from notifications.models import Notification
from registrations.models import Registration
from registrations.services.booking import Slot, book
from tests.allocations.scenes import MONDAY, dates, ended, make_entry, make_event
from tests.factories import cspace_group, join, make_classroom, make_group, make_user
from tests.races.test_booking_over_http import OVERLAPS, scalar
from tests.races.threads import at_once, raised

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 6
BOOKERS = 6
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


class Scene:
    """A closed event of two rooms in which two groups want the same Monday slot of each."""

    def __init__(self):
        self.leader, self.person = make_user(), make_user()
        join(self.leader, cspace_group())
        self.groups = [make_group(), make_group()]
        for group in self.groups:
            join(self.person, group)
        self.rooms = [make_classroom(), make_classroom()]
        self.event = make_event(self.leader)
        self.entries = [
            make_entry(self.event, group, room, self.person) for room in self.rooms for group in self.groups
        ]
        ended(self.event, self.leader)
        self.days = dates(self.event.target_starts_on, MONDAY, 16)
        assert self.leader.access.is_cspace
        assert self.person.access.may_book_at_all

    def distribute(self):
        return distribute(event_id=self.event.pk, by=self.leader, now=clock.now())

    def booking(self, number):
        """Singles over the wanted slot, every date in turn: how many were got."""

        def book_all():
            got = 0
            for day in self.days:
                try:
                    book(
                        by=self.person,
                        now=clock.now(),
                        classroom=self.rooms[number % 2],
                        group_id=self.groups[0].pk,
                        slot=Slot(day, 570 + 10 * number, 630),
                    )
                    got += 1
                except RoomAlreadyBooked:
                    continue
            return got

        return book_all


def test_two_draws_at_once_are_one():
    for _ in range(ROUNDS):
        scene = Scene()
        first, second, third = at_once(*[scene.distribute] * 3)
        assert (first.pk, first.result_sha256) == (second.pk, second.result_sha256) == (third.pk, third.result_sha256)
        assert (first.total, first.successful, first.failed) == (4, 2, 2)
        assert Draw.objects.filter(event=scene.event).count() == 1
        assert Registration.objects.filter(series__event_id=scene.event.pk).count() == 32
        target = f"allocation_event:{scene.event.pk}"
        assert LogEntry.objects.filter(action="allocation_event.distributed", target=target).count() == 1
        told = Notification.objects.filter(user=scene.person, description__startswith="Draw of ")
        assert told.filter(description__contains=f"event {scene.event.pk}:").count() == 1


def test_bookings_racing_the_draw_never_overlap_it():
    deadlocks, booked = scalar(DEADLOCKS), 0
    for _ in range(ROUNDS):
        scene = Scene()
        drawn, *got = at_once(scene.distribute, *[scene.booking(number) for number in range(BOOKERS)])
        assert raised([drawn, *got]) == []
        booked += sum(got)
        verified = verify_draw(scene.event)
        assert (verified.wins + verified.losses, list(verified.since)) == (4, [])
    assert booked > 0
    assert scalar(OVERLAPS) == 0
    assert scalar(DEADLOCKS) == deadlocks


def test_the_harness_catches_a_draw_without_locks_and_constraint(unconstrained, settings):
    settings.CSPACE_TEST_FAULTS = {"skip-lock"}
    scene = Scene()
    at_once(scene.distribute, *[scene.booking(number) for number in range(BOOKERS)])
    assert scalar(OVERLAPS) > 0


def test_an_archived_group_holds_nothing():
    deadlocks = scalar(DEADLOCKS)
    for _ in range(ROUNDS):
        scene = Scene()
        group = scene.groups[0]
        results = at_once(
            scene.distribute,
            lambda: archive_group(group_id=group.pk, by=scene.leader, now=clock.now()),
        )
        assert raised(results) == []
        assert Registration.objects.live().filter(group=group).count() == 0
        states = set(AllocationRegistration.objects.filter(group=group).values_list("status", flat=True))
        drawn_first = results[0].total == 4
        assert states <= ({"approved", "rejected"} if drawn_first else {"withdrawn"})
    assert scalar(DEADLOCKS) == deadlocks


def test_giving_back_and_promoting_at_once():
    for _ in range(ROUNDS):
        scene = Scene()
        scene.distribute()
        winners = AllocationRegistration.objects.filter(event=scene.event, status="approved")

        def give_back(entry):
            return lambda: withdraw_entry(event_id=scene.event.pk, entry_id=entry.pk, by=scene.leader, now=clock.now())

        def go_on():
            return promote(event_id=scene.event.pk, by=scene.leader, now=clock.now())

        results = at_once(*[give_back(winner) for winner in winners], go_on, go_on)
        assert raised(results) == []
        go_on()
        live = Registration.objects.live().filter(series__event_id=scene.event.pk)
        assert live.count() == 32
        assert scalar(OVERLAPS) == 0
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM allocations_draw WHERE event_id = %s", [scene.event.pk])
            assert cursor.fetchone() == (1,)

"""Sixteen book, move and cancel in a hall, its parts and what they have in common, with buffers of all lengths."""

import random
import threading
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from typing import Any, NamedTuple

import pytest
from django.db import transaction

from classrooms.enums import OccupancyKind
from classrooms.models import Classroom, Occupancy
from classrooms.queries.availability import room_in_slot
from classrooms.rules import NO_BUFFERS, Buffers
from classrooms.services.closures import close_rooms, lift_closure
from classrooms.services.room_time import RoomAlreadyBooked
from kernel import clock
from kernel.campus_time import Interval, campus_date, campus_interval, day_start
from registrations.models import Registration
from registrations.services.booking import Slot, book
from registrations.services.cancelling import cancel_registration
from registrations.services.changing import RegistrationChange, change_registration
from tests.classrooms.divided import divide, make_hall
from tests.factories import cspace_group, join, make_classroom, make_group, make_user
from tests.policies.scenes import make_buffers
from tests.races.test_registrations import deadlocks
from tests.races.threads import JOIN_SECONDS, at_once, await_waiting_connections, raised

pytestmark = pytest.mark.django_db(transaction=True)
THREADS, TRIES, MUTANT_TRIES = 16, 200, 40
MUTANT_ROUNDS = 10
"""At most; the first refusal without a reason ends them."""
ROUNDS = 20
ATOMS = {"abc": "abc", "ab": "ab", "bc": "bc", "a": "a", "b": "b", "c": "c"}
"""Of each room the letters of what it consists of: two rooms meet where they share one."""
GRID = 15
"""Minutes: everything begins and ends on it."""
BEFORE, AFTER = (0, 0, 15, 30), (0, 0, 15, 45)
"""The minutes of buffers, as often as they come."""
DAYS, OPENS, CLOSES = 3, 8 * 60, 20 * 60


class Use(NamedTuple):
    """A live booking, with the time that it keeps others away."""

    id: int
    room: str
    interval: Interval
    around: Interval

    def meets(self, room: str) -> bool:
        return bool(set(ATOMS[self.room]) & set(ATOMS[room]))


@pytest.fixture
def hall() -> dict[str, Classroom]:
    return make_hall()


@pytest.fixture
def people():
    """Of a group, and of cspace: whoever has these buffers around all that he books."""
    group, found = make_group(), dict[Buffers, Any]()
    for before, after in product(sorted(set(BEFORE)), sorted(set(AFTER))):
        person = make_user()
        join(person, group)
        join(person, cspace_group())
        make_buffers(person, Buffers(before, after))
        found[Buffers(before, after)] = person
    return found, group


@pytest.fixture
def person():
    person, group = make_user(), make_group()
    join(person, group)
    join(person, cspace_group())
    return person, group


def overlap(one: Interval, other: Interval) -> bool:
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


def day(number: int):
    return campus_date(clock.now()) + timedelta(days=3 + number)


class Visitor:
    """Books, moves and cancels at random, and keeps what he was refused without a reason."""

    def __init__(self, seed: int, hall, people) -> None:
        self.dice, self.hall, (self.people, self.group) = random.Random(seed), hall, people
        self.person = self.people[NO_BUFFERS]
        self.held: list[Registration] = []
        self.unfounded: list[str] = []
        self.booked = self.refused = 0

    def play(self, tries: int) -> "Visitor":
        for _ in range(tries):
            chance = self.dice.random()
            if self.held and chance < 0.2:
                mine = self.held.pop(self.dice.randrange(len(self.held)))
                cancel_registration(registration_id=mine.pk, by=self.person, now=clock.now())
            elif self.held and chance < 0.35:
                self._try(self._move)
            else:
                self._try(self._book)
        return self

    def _try(self, action) -> None:
        room = self.dice.choice(sorted(self.hall))
        start = self.dice.randrange(OPENS, CLOSES - 120, GRID)
        slot = Slot(day(self.dice.randrange(DAYS)), start, start + self.dice.choice([30, 60, 90]))
        buffers = Buffers(self.dice.choice(BEFORE), self.dice.choice(AFTER))
        mine = self.dice.choice(self.held) if action == self._move else None
        if mine is not None:
            buffers = next(each for each, person in self.people.items() if person.pk == mine.created_by_id)
        try:
            action(room, slot, buffers, mine)
        except RoomAlreadyBooked as refusal:
            self.refused += 1
            self._judge(refusal, room, slot.interval(), buffers.around(slot.interval()))
        except Exception as problem:
            self.unfounded.append(repr(problem))
        else:
            self.booked += 1

    def _book(self, room: str, slot: Slot, buffers: Buffers, _: Any) -> None:
        by, where = self.people[buffers], self.hall[room]
        self.held.append(book(by=by, now=clock.now(), classroom=where, group_id=self.group.pk, slot=slot))

    def _move(self, room: str, slot: Slot, _: Buffers, mine: Registration) -> None:
        change = RegistrationChange(
            classroom=self.hall[room], day=slot.day, start_minute=slot.start_minute, end_minute=slot.end_minute
        )
        change_registration(registration_id=mine.pk, by=self.person, now=clock.now(), change=change)

    def _judge(self, refusal: RoomAlreadyBooked, room: str, wanted: Interval, around: Interval) -> None:
        """Whatever is named is really in the way."""
        for row in refusal.obstacles:
            is_near = set(ATOMS[row.via or room]) & set(ATOMS[room])
            if not is_near or not overlap(row.interval, around if row.kind == OccupancyKind.BUFFER else wanted):
                self.unfounded.append(f"{room} {wanted}: {row}")


def uses() -> list[Use]:
    rows = Occupancy.objects.live().filter(main=None).select_related("classroom")
    return [
        Use(row.pk, row.classroom.name, span := Interval(row.starts_at, row.ends_at), row.buffers.around(span))
        for row in rows
    ]


def too_close(live: list[Use]) -> list[tuple[Use, Use]]:
    return [
        (one, other)
        for one in live
        for other in live
        if one.id != other.id and one.meets(other.room) and overlap(one.around, other.interval)
    ]


def wrong_cells(live: list[Use], hall) -> Iterator[tuple[str, Interval]]:
    """Where availability does not say what the bookings of all rooms say together."""
    for number in range(DAYS):
        midnight = day_start(day(number))
        for start in range(OPENS - 60, CLOSES + 60, GRID):
            cell = Interval(midnight + timedelta(minutes=start), midnight + timedelta(minutes=start + GRID))
            for room in hall:
                taken = {use.id for use in live if use.meets(room) and overlap(use.interval, cell)}
                kept = {use.id for use in live if use.meets(room) and overlap(use.around, cell)} - taken
                shown = room_in_slot(room, cell).uses
                if {row.id for row in shown if row.kind != OccupancyKind.BUFFER} != taken or kept != {
                    row.id for row in shown if row.kind == OccupancyKind.BUFFER
                }:
                    yield room, cell


def visit(hall, people, tries: int, seed: int = 0) -> list[Visitor]:
    visitors = [Visitor(THREADS * seed + number, hall, people) for number in range(THREADS)]
    return at_once(*[lambda visitor=visitor: visitor.play(tries) for visitor in visitors])


def test_nothing_overlaps_and_everything_is_shown_as_it_is(hall, people):
    before = deadlocks()
    visitors = visit(hall, people, TRIES)
    live = uses()
    assert [fault for visitor in visitors for fault in visitor.unfounded] == []
    assert too_close(live) == []
    assert list(wrong_cells(live, hall)) == []
    assert deadlocks() == before
    assert sum(visitor.booked for visitor in visitors) > THREADS
    assert sum(visitor.refused for visitor in visitors) > THREADS


def test_without_rows_of_parts_availability_lies(hall, people, settings):
    settings.CSPACE_TEST_FAULTS = {"skip-parts"}
    visit(hall, people, MUTANT_TRIES // 4)
    live = uses()
    assert too_close(live) == []  # the rooms inside keep them apart
    assert list(wrong_cells(live, hall)) != []


def test_buffers_that_exclude_each_other_refuse_without_a_reason(hall, people, settings):
    settings.CSPACE_TEST_FAULTS = {"exclusive-buffers"}
    rounds = (visit(hall, people, MUTANT_TRIES, seed) for seed in range(MUTANT_ROUNDS))
    assert any(visitor.unfounded for visitors in rounds for visitor in visitors)


def test_parts_change_while_people_book(hall, people):
    """A hall is divided and put together again: whoever books meanwhile has the rooms that follow from it."""
    before = deadlocks()
    divide(hall["abc"])

    def toggle() -> int:
        changes = 0
        for number in range(TRIES):
            changes += divide(hall["abc"], *([hall["ab"], hall["bc"]] if number % 2 == 0 else []), may_clash=True)
        return changes

    visitors = [Visitor(1000 + number, hall, people) for number in range(6)]
    results = at_once(toggle, *[lambda visitor=visitor: visitor.play(TRIES) for visitor in visitors])
    assert [result for result in results if isinstance(result, BaseException)] == []
    for use in uses():
        if use.room == "abc":
            cancel_registration(registration_id=use.id, by=people[0][NO_BUFFERS], now=clock.now())
    divide(hall["abc"], hall["ab"], hall["bc"])
    live = uses()
    assert too_close(live) == []
    assert list(wrong_cells(live, hall)) == []
    assert deadlocks() == before


class Closer(Visitor):
    """Somebody of cspace who closes rooms at random, one or several at once, and opens them again."""

    def play(self, tries: int) -> "Closer":
        closures = []
        for _ in range(tries):
            if closures and self.dice.random() < 0.5:
                closure = closures.pop(self.dice.randrange(len(closures)))
                room = closure.occupancy.classroom
                lift_closure(closure_id=closure.pk, classroom=room, by=self.person, now=clock.now())
                continue
            rooms = self.dice.sample(sorted(self.hall), self.dice.randint(1, 3))
            start = self.dice.randrange(OPENS, CLOSES - 120, GRID)
            span = campus_interval(day(self.dice.randrange(DAYS)), start, start + self.dice.choice([30, 60]))
            try:
                closures += close_rooms(
                    by=self.person, now=clock.now(), classrooms=[self.hall[name] for name in rooms], interval=span
                )
            except RoomAlreadyBooked:
                self.refused += 1
            except Exception as problem:
                self.unfounded.append(repr(problem))
        return self


def wrongly_closed(hall) -> Iterator[tuple[str, Interval]]:
    """Where a room is not shown as closed that has a part in common with one that is, or the other way round."""
    rows = Occupancy.objects.live().filter(main=None, kind=OccupancyKind.CLOSURE).select_related("classroom")
    closed = [(row.classroom.name, Interval(row.starts_at, row.ends_at)) for row in rows]
    for number in range(DAYS):
        midnight = day_start(day(number))
        for start in range(OPENS, CLOSES, GRID):
            cell = Interval(midnight + timedelta(minutes=start), midnight + timedelta(minutes=start + GRID))
            for room in hall:
                is_closed = any(set(ATOMS[name]) & set(ATOMS[room]) and overlap(span, cell) for name, span in closed)
                if is_closed != any(row.kind == OccupancyKind.CLOSURE for row in room_in_slot(room, cell).uses):
                    yield room, cell


def test_closures_come_and_go_between_bookings(hall, people):
    before = deadlocks()
    visitors = [Visitor(2000 + number, hall, people) for number in range(8)]
    closers = [Closer(3000 + number, hall, people) for number in range(4)]
    at_once(*[lambda player=player: player.play(TRIES // 2) for player in (*visitors, *closers)])
    live = uses()
    booked = [use for use in live if Registration.objects.filter(pk=use.id).exists()]
    assert [fault for player in (*visitors, *closers) for fault in player.unfounded] == []
    assert too_close(booked) == []
    assert list(wrongly_closed(hall)) == []
    closed = [use for use in live if use not in booked]
    assert closed
    assert [
        use for use in booked for other in closed if use.meets(other.room) and overlap(use.interval, other.interval)
    ] == []
    assert deadlocks() == before


# --- a plain room becomes a part of another one while both are booked ------------------------------------------------


@pytest.fixture
def two_rooms():
    return [make_classroom("whole"), make_classroom("part")]


def booked_while_divided(rooms, person):
    """Both are booked at one time; they wait for the one that becomes a part of the other. What came of it."""
    (whole, part), (by, group), results = rooms, person, []
    slot = Slot(day(0), 600, 660)
    booking = [
        lambda room=room: book(by=by, now=clock.now(), classroom=room, group_id=group.pk, slot=slot) for room in rooms
    ]
    asking = threading.Thread(target=lambda: results.extend(at_once(*booking)))
    with transaction.atomic():
        divide(whole, part)
        asking.start()
        await_waiting_connections(2, unless=lambda: bool(results))
    asking.join(JOIN_SECONDS)
    shown = [{row.id for row in room_in_slot(room.name, slot.interval()).uses} for room in rooms]
    return raised(results), shown, {use.id for use in uses()}


def test_a_plain_room_becomes_a_part_while_it_is_booked(two_rooms, person):
    refused, shown, live = booked_while_divided(two_rooms, person)
    assert (refused, shown, len(live)) == ([RoomAlreadyBooked], [live, live], 1)


def test_whoever_trusts_that_a_room_is_plain_books_it_twice(two_rooms, person, settings):
    settings.CSPACE_TEST_FAULTS = {"trust-plain-rooms"}
    refused, _, live = booked_while_divided(two_rooms, person)
    assert (refused, len(live)) == ([], 2)


def test_both_at_once_come_to_one_of_their_right_ends(two_rooms, person):
    """Whoever is first: either both are booked and the division is refused, or one is and the other is told."""
    (whole, part), (by, group) = two_rooms, person
    before, ends = deadlocks(), set()
    for number in range(ROUNDS):
        divide(whole)
        slot = Slot(day(number), 600, 660)
        booking = [
            lambda room=room, slot=slot: book(by=by, now=clock.now(), classroom=room, group_id=group.pk, slot=slot)
            for room in two_rooms
        ]
        is_divided, *results = at_once(lambda: divide(whole, part, may_clash=True), *booking)
        ends.add((is_divided, *raised(results)))
    assert ends <= {(False,), (True, RoomAlreadyBooked)}
    divide(whole)
    assert deadlocks() == before

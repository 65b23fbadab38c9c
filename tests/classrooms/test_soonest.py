"""The first unbroken run of a room's time after an instant."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import example, given
from hypothesis import strategies as st

from classrooms.enums import OccupancyKind
from classrooms.queries.soonest import soonest_runs
from classrooms.services.closures import close_rooms, lift_closure
from kernel import clock
from tests.classrooms.room_time import KINDS, MINUTES, Taken, at, fill, occupancies, span
from tests.factories import make_classroom, make_occupancy, make_registration

LECTURE, REGISTRATION, CLOSURE = OccupancyKind.LECTURE, OccupancyKind.REGISTRATION, OccupancyKind.CLOSURE


def run_of(room, after):
    """(start, end) in minutes of the room's run, None without one."""
    found = soonest_runs(after=at(after)).get(room.pk)
    return found and tuple((end - at(0)) // dt.timedelta(minutes=1) for end in (found.starts_at, found.ends_at))


@pytest.mark.parametrize(
    ("taken", "after", "run"),
    [
        ([], 0, None),
        ([(10, 11)], 5, (10, 11)),
        ([(10, 11), (11, 13)], 5, (10, 13)),
        ([(11, 13), (10, 11)], 5, (10, 13)),
        ([(10, 11), (12, 13)], 5, (10, 11)),
        ([(10, 20), (12, 14)], 5, (10, 20)),
        ([(10, 20), (12, 14), (20, 22)], 5, (10, 22)),
        ([(10, 20), (12, 14), (15, 25)], 5, (10, 25)),
        ([(10, 12), (10, 14), (10, 11), (14, 15)], 5, (10, 15)),
        ([(10, 12), (10, 12), (13, 14)], 5, (10, 12)),
    ],
    ids=["none", "one", "touching", "in any order", "gap", "nested", "past nested", "chain", "one start", "joint"],
)
def test_a_run_goes_on_to_its_first_gap(room, taken, after, run):
    for times in taken:
        make_occupancy(room, span(*times))
    assert run_of(room, after) == run


@pytest.mark.parametrize(
    ("taken", "after", "run"),
    [
        ([(10, 12)], 10, (10, 12)),
        ([(10, 12)], 11, (10, 12)),
        ([(10, 12)], 12, None),
        ([(10, 12), (12, 14)], 12, (12, 14)),
        ([(10, 12), (15, 16)], 12, (15, 16)),
        ([(10, 12), (13, 14)], 11, (10, 12)),
        ([(10, 12), (12, 14)], 11, (10, 14)),
        # What has ended is over, although it belonged to the same run.
        ([(8, 10), (10, 12)], 11, (10, 12)),
        ([(1, 20), (8, 12), (20, 21), (23, 24)], 11, (1, 21)),
        ([(9, 12), (11, 12), (13, 15)], 11, (9, 12)),
    ],
    ids=[
        *("starts then", "is on", "ends then", "ends as one starts", "ends before a gap", "gap at once", "goes on"),
        *("ended part", "two are on", "joint are on"),
    ],
)
def test_what_is_on_at_the_instant(room, taken, after, run):
    for times in taken:
        make_occupancy(room, span(*times))
    assert run_of(room, after) == run


def test_a_run_is_of_any_kind(room):
    for number, kind in enumerate(KINDS):
        make_occupancy(room, span(10 + number, 11 + number), kind)
    assert run_of(room, 0) == (10, 10 + len(KINDS))


def test_what_is_not_live_is_no_part_of_it(room):
    make_occupancy(room, span(10, 12), is_live=False)
    make_occupancy(room, span(14, 15))
    make_occupancy(room, span(15, 16), is_live=False)
    assert run_of(room, 0) == (14, 15)
    assert run_of(room, 11) == (14, 15)
    assert run_of(room, 15) is None


def test_every_active_room_that_has_one(db):
    assert soonest_runs(after=at(0)) == {}
    first, second, empty = make_classroom("A"), make_classroom("B"), make_classroom("C")
    inactive = make_classroom("D", is_active=False)
    for number, room in enumerate((first, second, inactive)):
        make_occupancy(room, span(10 + number, 15), REGISTRATION)
    assert soonest_runs(after=at(12)) == {first.pk: span(10, 15), second.pk: span(11, 15)}
    assert soonest_runs(after=at(15)) == {}
    assert not empty.occupancies.exists()


@pytest.mark.usefixtures("document_clock")
def test_closure_and_booking_in_one_run_until_the_closure_is_lifted(cspace, member, team, room):
    booked = make_registration(by=member, group=team, classroom=room, day=dt.date(2026, 2, 1), start=600, end=660)
    times = booked.occupancy
    closed = span(0, 10)
    (closure,) = close_rooms(by=cspace, now=clock.now(), classrooms=[room], interval=closed)
    assert soonest_runs(after=at(-60)) == {room.pk: closed}
    assert soonest_runs(after=at(5))[room.pk].ends_at == at(10)
    lift_closure(closure_id=closure.pk, classroom=room, by=cspace, now=clock.now())
    assert soonest_runs(after=at(5))[room.pk].starts_at == times.starts_at


@pytest.mark.parametrize("joint", [1, 5])
def test_a_run_without_an_end_in_sight(room, joint):
    """Back to back, also with many lectures at one time: to its last minute."""
    for hour in range(100):
        for _ in range(joint):
            make_occupancy(room, span(hour * 60, hour * 60 + 60))
    assert run_of(room, 90) == (60, 6000)
    make_occupancy(room, span(6001, 6002))
    assert run_of(room, 90) == (60, 6000)


def test_it_costs_one_query(room):
    for count in (10, 200):
        for number in range(count):
            make_occupancy(room, span(number * 3, number * 3 + 2))
        with CaptureQueriesContext(connection) as captured:
            soonest_runs(after=at(1))
        assert len(captured) == 1


# --- against the definition, word by word ---------------------------------------------------------------


def naive(taken, room, after):
    """Those that end after it, sorted by start; the first opens a run, which each that starts by its end extends."""
    rows = sorted((row.start, row.end) for row in taken if row.room == room and row.is_live and row.end > after)
    if not rows:
        return None
    first, reached = rows[0]
    for start, end in rows[1:]:
        if start > reached:
            break
        reached = max(reached, end)
    return span(first, reached)


def test_it_is_the_definition(db):
    rooms = [make_classroom(), make_classroom(), make_classroom(is_active=False)]

    @given(taken=occupancies(len(rooms)), after=st.integers(-1, MINUTES + 8))
    @example(taken=[Taken(0, 0, 2, REGISTRATION, True), Taken(0, 2, 4, CLOSURE, True)], after=1)
    def check(taken, after):
        fill(rooms, taken)
        expected = {room.pk: naive(taken, number, after) for number, room in enumerate(rooms) if room.is_active}
        assert soonest_runs(after=at(after)) == {pk: run for pk, run in expected.items() if run}

    check()

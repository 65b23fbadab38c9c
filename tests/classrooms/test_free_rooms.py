"""Which rooms are free in all of some intervals, and how taken the others are."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import example, given
from hypothesis import strategies as st

from classrooms.enums import OccupancyKind
from classrooms.models import BookingHold, Classroom, Occupancy
from classrooms.queries.free_rooms import free_during, not_while, with_clashes
from kernel.campus_time import Interval
from tests.classrooms.room_time import KINDS, Taken, at, fill, occupancies, span, spans
from tests.factories import make_classroom, make_occupancy

REGISTRATION = OccupancyKind.REGISTRATION


def is_free(room, *wanted):
    return list(free_during(Classroom.objects.all(), *[span(*times) for times in wanted])) == [room]


def test_touching_is_free(room):
    make_occupancy(room, span(10, 12), REGISTRATION)
    assert is_free(room, (8, 10))
    assert is_free(room, (12, 14), (8, 10), (9, 10))
    assert not is_free(room, (12, 14), (8, 11))
    assert not is_free(room, (8, 10), (10, 12))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_room_time_blocks_while_it_is_live(room, kind):
    row = make_occupancy(room, span(10, 12), kind)
    assert not is_free(room, (11, 13))
    row.is_live = False
    row.save(update_fields=["is_live"])
    assert is_free(room, (11, 13))


def test_in_no_time_at_all_every_active_room_is_free_and_none_is_crowded(room):
    make_classroom("Room Z", is_active=False)
    make_occupancy(room, span(10, 12))
    rooms = Classroom.objects.all()
    assert list(free_during(rooms)) == [room]
    assert list(with_clashes(rooms)) == []
    BookingHold.objects.create(source="x", starts_at=at(0), ends_at=at(60), reason="x")
    assert list(not_while(free_during(rooms), BookingHold.objects.over_any([]))) == [room]
    assert list(not_while(free_during(rooms), BookingHold.objects.over_any([span(59, 70)]))) == []
    assert list(not_while(free_during(rooms), BookingHold.objects.over_any([span(60, 70)]))) == [room]


def test_a_thousand_intervals_are_one_query(room):
    make_occupancy(room, span(2999, 3002))
    for wanted, expected in (([(number * 3, number * 3 + 2) for number in range(1000)], [room]), ([(0, 3000)], [])):
        rooms = free_during(Classroom.objects.all(), *[span(*times) for times in wanted])
        with CaptureQueriesContext(connection) as captured:
            assert list(rooms) == expected
        assert len(captured) == 1


# --- against the definition -----------------------------------------------------------------------------

wishes = st.lists(spans, max_size=6).flatmap(lambda found: st.permutations([*found, *found[:2]]))
"""Unsorted; some nest, touch or repeat."""


def test_it_is_the_definition(db):
    rooms = [make_classroom(), make_classroom(), make_classroom(), make_classroom(is_active=False)]

    @given(taken=occupancies(len(rooms)), wanted=wishes)
    @example(taken=[Taken(0, 10, 11, REGISTRATION, True)], wanted=[(8, 12), (9, 12), (11, 12)])
    @example(taken=[Taken(0, 10, 11, REGISTRATION, True)], wanted=[(11, 12), (8, 10), (8, 10)])
    def check(taken, wanted):
        fill(rooms, taken)
        intervals = [span(*times) for times in wanted]
        met = [
            row for row in taken if row.is_live and any(row.start < end and row.end > start for start, end in wanted)
        ]
        clashes = {room.pk: sum(row.room == number for row in met) for number, room in enumerate(rooms[:3])}
        free = free_during(Classroom.objects.all(), *intervals).order_by("id")
        assert [room.pk for room in free] == [pk for pk, count in clashes.items() if not count]
        crowded = with_clashes(Classroom.objects.all(), *intervals)
        assert {room.pk: room.clashes for room in crowded} == {pk: count for pk, count in clashes.items() if count}
        assert [room.clashes for room in crowded] == sorted(count for count in clashes.values() if count)

    check()


def test_overlapping_any_is_overlapping_one_of_them(room):
    rows = [make_occupancy(room, span(start, start + 2)) for start in range(0, 20, 2)]
    wanted = [span(3, 5), span(15, 16), span(4, 5)]

    def ids(found):
        return sorted(found.values_list("pk", flat=True))

    one_by_one = {pk for interval in wanted for pk in ids(Occupancy.objects.overlapping(interval))}
    assert ids(Occupancy.objects.overlapping_any(wanted)) == sorted(one_by_one) == [rows[n].pk for n in (1, 2, 7)]
    assert ids(Occupancy.objects.overlapping_any(iter([Interval(at(0), at(1))]))) == [rows[0].pk]

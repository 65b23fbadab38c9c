"""What overlaps a stretch of time is what a naive filter keeps, however long rows last; no campus day is too long."""

import datetime as dt

import pytest
from django.db import connection
from hypothesis import example, given
from hypothesis import strategies as st

from classrooms.enums import OccupancyKind
from classrooms.models import Classroom, Occupancy
from classrooms.queries.free_rooms import free_during, with_clashes
from classrooms.queries.utilisation import Grouping, utilisation
from kernel.campus_time import Interval, days_interval
from kernel.db.overlaps import OVERLAP
from registrations.models import Registration
from tests.factories import make_classroom

EPOCH = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
HOUR, DAY, SECOND = dt.timedelta(hours=1), dt.timedelta(days=1), dt.timedelta(seconds=1)
LENGTHS = st.sampled_from(
    [SECOND, HOUR, DAY - SECOND, DAY, DAY + SECOND, 25 * HOUR, 2 * DAY, 7 * DAY, 30 * DAY, 3653 * DAY]
)
STARTS = st.one_of(
    st.integers(-60, 60).map(lambda hours: EPOCH + hours * HOUR),
    st.tuples(st.sampled_from([-DAY, -25 * HOUR, -7 * DAY, dt.timedelta()]), st.integers(-1, 1)).map(
        lambda pair: EPOCH + pair[0] + pair[1] * SECOND
    ),
)
ROWS = st.lists(st.tuples(st.integers(0, 2), STARTS, LENGTHS), max_size=20)
WISHES = st.lists(st.tuples(STARTS, LENGTHS), min_size=1, max_size=4)


def fill(rooms, rows):
    """Lectures, which may overlap one another; their ids in order."""
    Occupancy.objects.all().delete()
    return [
        Occupancy.objects.create(
            classroom=rooms[room], starts_at=start, ends_at=start + length, kind=OccupancyKind.LECTURE
        ).pk
        for room, start, length in rows
    ]


def in_sql(since, until):
    text = OVERLAP.format(starts_at="held.starts_at", ends_at="held.ends_at", since="%(since)s", until="%(until)s")
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM classrooms_occupancy AS held WHERE {text} ORDER BY id", {"since": since, "until": until}
        )
        return [pk for (pk,) in cursor.fetchall()]


def test_it_is_the_naive_filter(db):
    rooms = [make_classroom(), make_classroom(), make_classroom()]

    @given(rows=ROWS, wishes=WISHES)
    @example(rows=[(0, EPOCH - DAY, DAY), (1, EPOCH - DAY, DAY + SECOND)], wishes=[(EPOCH, SECOND)])
    @example(rows=[(0, EPOCH - 25 * HOUR, 25 * HOUR)], wishes=[(EPOCH - SECOND, SECOND)])
    @example(rows=[(0, EPOCH - 3650 * DAY, 3653 * DAY)], wishes=[(EPOCH, HOUR), (EPOCH + 2 * DAY, HOUR)])
    def check(rows, wishes):
        ids = fill(rooms, rows)
        kept = {}
        for since, length in wishes:
            until = since + length
            naive = [
                pk for pk, (_, start, lasts) in zip(ids, rows, strict=True) if start < until and start + lasts > since
            ]
            kept[since, until] = naive
            overlapping = Occupancy.objects.live().overlapping(Interval(since, until))
            assert list(overlapping.order_by("id").values_list("id", flat=True)) == naive
            assert in_sql(since, until) == naive
            over_after = Occupancy.objects.over_after(since).order_by("id").values_list("id", flat=True)
            assert list(over_after) == [
                pk for pk, (_, start, lasts) in zip(ids, rows, strict=True) if start + lasts > since
            ]
        taken = {pk for naive in kept.values() for pk in naive}
        busy = [rooms[room].pk for pk, (room, _, _) in zip(ids, rows, strict=True) if pk in taken]
        intervals = [Interval(*span) for span in kept]
        free = free_during(Classroom.objects.all(), *intervals)
        assert {room.pk for room in free} == {room.pk for room in rooms} - {*busy}
        crowded = with_clashes(Classroom.objects.all(), *intervals)
        assert {room.pk: room.clashes for room in crowded} == {room: busy.count(room) for room in busy}

    check()


@pytest.mark.parametrize("length", [HOUR, DAY, 25 * HOUR, 30 * DAY])
def test_what_touches_does_not_overlap(room, length):
    fill([room], [(0, EPOCH - length, length)])
    assert not Occupancy.objects.overlapping(Interval(EPOCH, EPOCH + HOUR)).exists()
    assert not Occupancy.objects.overlapping(Interval(EPOCH - length - HOUR, EPOCH - length)).exists()
    assert Occupancy.objects.overlapping(Interval(EPOCH - SECOND, EPOCH)).exists()


def test_what_never_begins_or_ends_is_met(room):
    """No way in writes such a row, but the table would take it."""
    with connection.cursor() as cursor:
        for start, end in (("-infinity", "infinity"), ("-infinity", EPOCH), (EPOCH, "infinity")):
            cursor.execute(
                "INSERT INTO classrooms_occupancy (classroom_id, starts_at, ends_at, is_live, kind)"
                " VALUES (%s, %s::timestamptz, %s::timestamptz, true, 'lecture')",
                [room.pk, start, end],
            )
    rows = list(Occupancy.objects.order_by("id").values_list("id", flat=True))
    ids = Occupancy.objects.order_by("id").values_list("id", flat=True)

    assert list(ids.overlapping(Interval(EPOCH - HOUR, EPOCH))) == rows[:2]
    assert list(ids.overlapping(Interval(EPOCH, EPOCH + HOUR))) == [rows[0], rows[2]]
    assert list(ids.over_after(EPOCH)) == [rows[0], rows[2]]
    assert in_sql("-infinity", "infinity") == rows


def test_a_closure_of_a_day_of_25_hours_is_met_until_its_last_second(room, settings):
    settings.CSPACE_TIME_ZONE = "Europe/Zurich"
    day = dt.date(2026, 10, 25)
    whole = days_interval(day, day)
    assert whole.ends_at - whole.starts_at == 25 * HOUR
    fill([room], [(0, whole.starts_at, 25 * HOUR)])
    last = Interval(whole.ends_at - SECOND, whole.ends_at + HOUR)

    assert Occupancy.objects.overlapping(last).count() == 1
    assert not free_during(Classroom.objects.all(), last).exists()
    (hours,) = utilisation(day, day, by=Grouping.ROOM, now=EPOCH)
    assert hours.booked == 25 * 3600


def test_a_moment_without_length_is_met_by_what_covers_it(room):
    fill([room], [(0, EPOCH, HOUR), (0, EPOCH - 30 * DAY, 31 * DAY)])
    moment = EPOCH + HOUR / 2
    assert Occupancy.objects.overlapping(Interval(moment, moment)).count() == 2


def test_registrations_overlap_as_their_room_time_does(room):
    fill([room], [(0, EPOCH, HOUR)])
    assert not Registration.objects.overlapping(Interval(EPOCH, EPOCH + HOUR)).exists()

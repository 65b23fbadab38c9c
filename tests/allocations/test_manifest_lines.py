"""The manifest from the tables: which lines, from which rows, and that wall time and instants agree about overlaps."""

import datetime as dt
import zoneinfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import example, given
from hypothesis import strategies as st

from allocations import draw
from allocations.models import EventWeight
from allocations.queries.manifest import listed_entries, manifest_of, unpacked
from allocations.services.freezing import freeze
from classrooms.enums import OccupancyKind
from classrooms.models import Classroom, Occupancy
from classrooms.rules import Buffers
from classrooms.services.closures import close_rooms, lift_closure
from kernel import clock
from kernel.campus_time import Interval, clamped_interval, covering_pieces, days_interval, wall_instant
from registrations.services.booking import Slot, book
from registrations.services.cancelling import cancel_registration
from tests.allocations.scenes import MONDAY, WEDNESDAY, make_crowd, make_entry, make_event
from tests.classrooms.divided import make_hall
from tests.factories import make_classroom, make_group, make_registration, make_user
from tests.policies.scenes import time_kept

DAY = dt.timedelta(days=1)


@pytest.fixture
def event(cspace):
    return make_event(cspace, weeks=2)


@pytest.fixture
def entry(event, team, member, room):
    return make_entry(event, team, room, member)


def lines(event, *kinds):
    text = draw.write_manifest(manifest_of(event, listed_entries(event))).decode()
    return [line for line in text.splitlines() if line.split("\t")[0] in kinds]


def close(cspace, rooms, interval, **more):
    return close_rooms(by=cspace, now=clock.now(), classrooms=rooms, interval=interval, reason="", **more)


def test_the_whole_of_a_small_manifest(event, team, member, room, cspace):
    second = make_group("316")
    EventWeight.objects.create(event=event, group=second, weight=2)
    EventWeight.objects.create(event=event, group=team, weight=1)
    first = event.target_starts_on
    one = make_entry(event, team, room, member, day=MONDAY, start=550, end=620)
    two = make_entry(event, second, room, member, day=WEDNESDAY, end=1440, rank=2, choice=1, status="approved")
    three = make_entry(event, second, room, member, day=1, status="rejected", reason="REJECTED_BY_ADMIN")
    make_entry(event, second, room, member, day=7, status="withdrawn")
    make_registration(by=member, group=team, classroom=room, day=first + DAY, start=600, end=720)
    close(cspace, [room], days_interval(first + 3 * DAY, first + 3 * DAY))
    assert draw.write_manifest(manifest_of(event, listed_entries(event))).decode() == (
        "cspace-draw/v1\n"
        f"event\t{event.pk}\t{first}\t{first + 13 * DAY}\n"
        "param\tbalance\tminutes\n"
        "param\tconflict\tskip\n"
        "param\tmax_wins\t0\n"
        "param\tmin_percent\t50\n"
        "param\ttie\tticket\n"
        f"weight\t{second.pk}\t2\n"
        f"closed\t{room.pk}\t{first + 3 * DAY}\n"
        f"booked\t{room.pk}\t{first + DAY}\t10:00\t12:00\n"
        f"entry\t{one.pk}\t{team.pk}\t{room.pk}\t2\t09:10\t10:20\t1\t0\tP\n"
        f"entry\t{two.pk}\t{second.pk}\t{room.pk}\t4\t10:00\t24:00\t2\t1\tA\n"
        f"entry\t{three.pk}\t{second.pk}\t{room.pk}\t1\t10:00\t11:00\t1\t0\tR\n"
    )


def test_only_live_time_of_rooms_with_entries_in_range(event, entry, team, member, cspace):
    room, elsewhere, first = entry.classroom, make_classroom(), event.target_starts_on
    last = event.target_ends_on
    make_registration(by=member, group=team, classroom=elsewhere, day=first)
    for day in (first - DAY, last + DAY):
        make_registration(by=member, group=team, classroom=room, day=day)
    gone = make_registration(by=member, group=team, classroom=room, day=first)
    cancel_registration(registration_id=gone.pk, by=member, now=clock.now())
    assert lines(event, "booked", "closed") == []


def test_a_closure_counts_as_closed_only_for_whole_days(event, entry, cspace):
    room, first = entry.classroom, event.target_starts_on
    # From Monday noon to Thursday noon; two more that only together close the Saturday.
    close(cspace, [room], Interval(wall_instant(first + DAY, 720), wall_instant(first + 4 * DAY, 720)))
    saturday = first + 6 * DAY
    close(cspace, [room], Interval(wall_instant(saturday, 0), wall_instant(saturday, 800)))
    close(cspace, [room], Interval(wall_instant(saturday, 700), wall_instant(saturday, 1440)))
    almost = saturday + DAY
    short = Interval(wall_instant(almost, 0), wall_instant(almost, 1440) - dt.timedelta(seconds=1))
    close(cspace, [room], short)
    assert lines(event, "booked", "closed") == [
        f"closed\t{room.pk}\t{first + 2 * DAY}",
        f"closed\t{room.pk}\t{first + 3 * DAY}",
        f"closed\t{room.pk}\t{saturday}",
        f"booked\t{room.pk}\t{first + DAY}\t12:00\t24:00",
        f"booked\t{room.pk}\t{first + 4 * DAY}\t00:00\t12:00",
        f"booked\t{room.pk}\t{almost}\t00:00\t24:00",
    ]


def test_room_0_stands_for_a_closure_of_the_campus(event, entry, team, member, cspace):
    room, other, first = entry.classroom, make_classroom(), event.target_starts_on
    make_entry(event, team, other, member)
    rooms = list(Classroom.objects.order_by("id"))
    of_campus = close(cspace, rooms, days_interval(first, first), is_campus_wide=True)
    close(cspace, [room, other], days_interval(first + DAY, first + DAY))
    assert lines(event, "closed") == [
        f"closed\t0\t{first}",
        f"closed\t{room.pk}\t{first + DAY}",
        f"closed\t{other.pk}\t{first + DAY}",
    ]
    # Lifted in one room, it is no closure of all any more.
    lifted = next(closure for closure in of_campus if closure.occupancy.classroom_id == other.pk)
    lift_closure(closure_id=lifted.pk, classroom=other, by=cspace, now=clock.now())
    assert lines(event, "closed")[0] == f"closed\t{room.pk}\t{first}"


def test_every_kind_of_use_is_booked(event, entry):
    first, room = event.target_starts_on, entry.classroom
    for hour, kind in enumerate((OccupancyKind.LECTURE, OccupancyKind.CALENDAR, OccupancyKind.FEST), start=8):
        span = Interval(wall_instant(first, hour * 60), wall_instant(first, hour * 60 + 60))
        Occupancy.objects.create(classroom=room, starts_at=span.starts_at, ends_at=span.ends_at, kind=kind)
    overnight = Interval(wall_instant(first, 1380), wall_instant(first + DAY, 60))
    Occupancy.objects.create(
        classroom=room, starts_at=overnight.starts_at, ends_at=overnight.ends_at, kind=OccupancyKind.CALENDAR
    )
    assert [line.split("\t")[2:] for line in lines(event, "booked")] == [
        [str(first), "08:00", "09:00"],
        [str(first), "09:00", "10:00"],
        [str(first), "10:00", "11:00"],
        [str(first), "23:00", "24:00"],
        [str(first + DAY), "00:00", "01:00"],
    ]


def test_what_takes_a_whole_or_a_part_is_booked_and_so_are_buffers(event, team, member, cspace):
    hall, first = make_hall(), event.target_starts_on
    room = hall["b"]
    make_entry(event, team, room, member)
    for name, start in (("abc", 480), ("a", 600)):
        slot, buffers = Slot(first, start, start + 60), Buffers(0, 30)
        with time_kept(member, buffers):
            book(by=member, now=clock.now(), classroom=hall[name], group_id=team.pk, slot=slot)
    close(cspace, [hall["bc"]], days_interval(first + DAY, first + DAY))
    assert lines(event, "booked", "closed") == [
        f"closed\t{room.pk}\t{first + DAY}",
        f"booked\t{room.pk}\t{first}\t08:00\t09:00",
        f"booked\t{room.pk}\t{first}\t09:00\t09:30",
    ]


def test_freezing_keeps_the_bytes(event, entry):
    freeze(event)
    expected = draw.write_manifest(manifest_of(event, listed_entries(event)))
    assert unpacked(event.frozen_manifest) == expected
    assert event.frozen_manifest_sha256 == draw.sha256(expected).hexdigest()
    assert draw.read_manifest(expected) == manifest_of(event, listed_entries(event))


def test_the_query_count_does_not_grow(cspace, team):
    person, rooms = make_user(), [make_classroom() for _ in range(6)]
    counted = []
    for count in (10, 500):
        event = make_event(cspace, weeks=2)
        make_crowd(event, [team, make_group()], rooms, person, count=count)
        with CaptureQueriesContext(connection) as seen:
            assert len(manifest_of(event, listed_entries(event)).entries) == count
        counted.append(len(seen))
    assert counted == [3, 3]


ZONES = ("Asia/Taipei", "Europe/Berlin", "Australia/Lord_Howe", "America/Havana", "Pacific/Apia")
CHANGES = {
    "Asia/Taipei": [dt.date(2026, 3, 1)],
    "Europe/Berlin": [dt.date(2026, 3, 29), dt.date(2026, 10, 25)],
    "Australia/Lord_Howe": [dt.date(2026, 4, 5), dt.date(2026, 10, 4)],
    "America/Havana": [dt.date(2026, 3, 8), dt.date(2026, 11, 1)],
    "Pacific/Apia": [dt.date(2011, 12, 29), dt.date(2011, 12, 31)],
}


@pytest.mark.parametrize("zone", ZONES)
def test_a_wall_span_overlaps_a_piece_exactly_if_the_instants_overlap(zone, settings):
    """What is put into the manifest keeps a weekly plan clear of a booking, and of nothing more."""
    settings.CSPACE_TIME_ZONE = zone

    @given(
        day=st.sampled_from(CHANGES[zone]),
        begins=st.integers(-120, 1500),
        lasts=st.integers(1, 200),
        seconds=st.integers(0, 59),
        wall=st.tuples(st.integers(0, 1439), st.integers(1, 1440)).map(sorted).filter(lambda span: span[0] < span[1]),
    )
    @example(day=CHANGES[zone][-1], begins=110, lasts=20, seconds=0, wall=[120, 130])
    @example(day=CHANGES[zone][0], begins=110, lasts=60, seconds=30, wall=[150, 200])
    def check(day, begins, lasts, seconds, wall):
        midnight = dt.datetime(day.year, day.month, day.day, tzinfo=zoneinfo.ZoneInfo(zone)).astimezone(dt.UTC)
        starts_at = midnight + dt.timedelta(minutes=begins, seconds=seconds)
        booked = Interval(starts_at, starts_at + dt.timedelta(minutes=lasts))
        wanted = clamped_interval(day, *wall)
        if wanted is None:
            return
        do_overlap = wanted.starts_at < booked.ends_at and booked.starts_at < wanted.ends_at
        pieces = [piece for piece in covering_pieces(booked) if piece.date == day]
        assert do_overlap == any(wall[0] < piece.end_minute and piece.start_minute < wall[1] for piece in pieces)
        assert all(0 <= piece.start_minute < piece.end_minute <= 1440 for piece in pieces)

    check()

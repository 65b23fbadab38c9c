"""Batches, bookings and commands to one series at once: one order, no deadlock, no lost write."""

from datetime import timedelta

import pytest
from django.db import connection

from auditlog.models import LogEntry
from classrooms.models import Occupancy
from classrooms.services.room_time import RoomAlreadyBooked
from groups.services.groups import archive_group
from kernel import clock
from kernel.campus_time import campus_date, day_of_week
from kernel.errors import Invalid
from registrations.models import Registration, Series, SeriesWeek
from registrations.services.booking import Slot, book
from registrations.services.series import (
    DatesAreTaken,
    SeriesRequest,
    cancel_series,
    create_series,
    retry_skipped,
)
from registrations.services.series_holding import SeriesIsOver
from registrations.services.series_moving import SeriesChange, change_series
from registrations.services.series_writing import SeriesDraft
from tests.factories import cspace_group, join, make_classroom, make_group, make_user
from tests.races.threads import at_once, raised

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 10
WEEKS = 6


@pytest.fixture
def scene():
    group, person, decider = make_group(), make_user(), make_user()
    join(person, group)
    join(decider, cspace_group())
    return group, person, decider, [make_classroom(f"Room {letter}") for letter in "ABC"]


def first_day(number):
    return campus_date(clock.now()) + timedelta(days=3 + number)


def wanted(scene, room, number, *, may_skip=True, item=None):
    group, person, _, _ = scene
    starts_on = first_day(number)
    draft = SeriesDraft(
        group_id=group.pk,
        classroom_id=room.pk,
        day_of_week=day_of_week(starts_on),
        start_minute=600 + 70 * (number // 7),
        end_minute=660 + 70 * (number // 7),
        starts_on=starts_on,
        ends_on=starts_on + timedelta(weeks=WEEKS - 1),
        created_by_id=person.pk,
    )
    return SeriesRequest(draft=draft, classroom=room, may_skip=may_skip, item=item)


def enter(scene, *rows):
    return create_series(by=scene[2], now=clock.now(), requests=rows)


def scalar(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def deadlocks():
    return scalar("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")


def overlaps():
    return scalar(
        "SELECT count(*) FROM classrooms_occupancy a JOIN classrooms_occupancy b ON a.id < b.id"
        " AND a.classroom_id = b.classroom_id AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at"
        " WHERE a.is_live AND b.is_live"
    )


def test_batches_over_the_same_rooms_in_opposite_order(scene):
    rooms, before = scene[3], deadlocks()
    for number in range(ROUNDS):
        forth = [wanted(scene, room, number, may_skip=False, item=place) for place, room in enumerate(rooms)]
        back = list(reversed(forth))
        results = at_once(*[lambda: enter(scene, *forth), lambda: enter(scene, *back)] * 2)
        assert raised(results) == [DatesAreTaken] * 3
    assert Series.objects.count() == ROUNDS * len(rooms)
    assert Registration.objects.count() == ROUNDS * len(rooms) * WEEKS
    assert LogEntry.objects.count() == ROUNDS
    assert (overlaps(), deadlocks()) == (0, before)


def test_a_booking_races_a_batch(scene):
    group, person, _, (room, *_) = scene
    for number in range(ROUNDS):
        row = wanted(scene, room, number)
        slot = Slot(row.draft.starts_on + timedelta(weeks=2), row.draft.start_minute + 30, row.draft.end_minute + 5)
        booked, entered = at_once(
            lambda: book(by=person, now=clock.now(), classroom=room, group_id=group.pk, slot=slot),
            lambda: enter(scene, row),
        )
        series = entered[0]
        assert len(series.live_occurrences) + len(series.skipped_weeks) == WEEKS
        if isinstance(booked, Registration):
            assert [skipped.blocked_by_id for skipped in series.skipped_weeks] == [booked.pk]
        else:
            assert (type(booked), list(series.skipped_weeks)) == (RoomAlreadyBooked, [])
    assert overlaps() == 0


def test_moving_cancelling_and_retrying_one_series_run_one_after_another(scene):
    _, _, decider, (room_a, room_b, room_c) = scene
    before = deadlocks()
    for number in range(ROUNDS):
        (series,) = enter(scene, wanted(scene, room_a, number))
        results = at_once(
            lambda: change_series(
                series_id=series.pk, by=decider, now=clock.now(), change=SeriesChange(classroom=room_b)
            ),
            lambda: change_series(
                series_id=series.pk, by=decider, now=clock.now(), change=SeriesChange(classroom=room_c)
            ),
            lambda: cancel_series(
                series_id=series.pk, by=decider, now=clock.now(), from_day=first_day(number) + timedelta(weeks=3)
            ),
            lambda: retry_skipped(series_id=series.pk, by=decider, now=clock.now()),
        )
        assert raised(results) == []
        rows = Registration.objects.of_series([series.pk])
        series.refresh_from_db()
        assert set(rows.live().values_list("occupancy__classroom", flat=True)) == {series.classroom_id}
        assert (rows.live().count(), rows.count()) == (3, WEEKS)
    assert (overlaps(), deadlocks(), SeriesWeek.objects.skipped().count()) == (0, before, 0)


def test_two_series_swapping_rooms(scene):
    _, _, decider, (room_a, room_b, _) = scene
    before = deadlocks()
    for number in range(ROUNDS):
        first, second = enter(scene, wanted(scene, room_a, number), wanted(scene, room_b, number))
        results = at_once(
            lambda: change_series(
                series_id=first.pk, by=decider, now=clock.now(), change=SeriesChange(classroom=room_b)
            ),
            lambda: change_series(
                series_id=second.pk, by=decider, now=clock.now(), change=SeriesChange(classroom=room_a)
            ),
        )
        assert raised(results) == [DatesAreTaken] * 2  # each still stands where the other wants to go
        assert Occupancy.objects.live().count() == 2 * WEEKS * (number + 1)
    assert (overlaps(), deadlocks()) == (0, before)


def test_an_archived_group_is_left_with_nothing(scene):
    _, _, decider, (room, *_) = scene
    for number in range(ROUNDS):
        group = make_group()
        row = wanted((group, *scene[1:]), room, number)
        archived, entered = at_once(
            lambda: archive_group(group_id=group.pk, by=decider, now=clock.now()), lambda: enter(scene, row)
        )
        assert archived is None
        assert isinstance(entered, Invalid | list)
        assert Registration.objects.live().filter(group=group).count() == 0
        assert Series.objects.filter(group=group, cancelled_from=None).count() == 0


def test_a_group_archived_while_its_series_is_made_longer(scene):
    _, _, decider, (room, *_) = scene
    for number in range(ROUNDS):
        group = make_group()
        row = wanted((group, *scene[1:]), room, number)
        (series,) = enter(scene, row)
        longer = SeriesChange(ends_on=row.draft.ends_on + timedelta(weeks=2))
        archived, changed = at_once(
            lambda: archive_group(group_id=group.pk, by=decider, now=clock.now()),
            lambda: change_series(series_id=series.pk, by=decider, now=clock.now(), change=longer),
        )
        assert archived is None
        assert isinstance(changed, SeriesIsOver | Series)
        assert Registration.objects.live().filter(group=group).count() == 0

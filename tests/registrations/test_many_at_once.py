"""What cancels tens of thousands of registrations: the same statements as for three, and work that grows as they do."""

import cProfile
import pstats
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from django.db import connection, transaction

from classrooms.models import Occupancy
from classrooms.services.closures import close_rooms
from groups.services.groups import archive_group
from kernel import clock
from kernel.campus_time import days_interval
from registrations.models import Registration
from registrations.services.series_cancelling import cancel_series
from registrations.services.series_dates import SeriesDraft
from registrations.services.series_writing import place_series
from tests.factories import make_classroom, make_group

pytestmark = pytest.mark.usefixtures("document_clock")
FIRST = date(2026, 2, 1)


@pytest.fixture
def fill(db, member, cspace):
    """Makes a group with so many weekly series in rooms of its own, and two dates in each."""

    def make(number, weeks=2):
        group, rooms = make_group(), [make_classroom() for _ in range(1 + number // 70)]
        with transaction.atomic():
            place_series(
                [
                    SeriesDraft(
                        group_id=group.pk,
                        classroom_id=rooms[place // 70].pk,
                        day_of_week=1 + place % 7,
                        start_minute=480 + place % 70 // 7 * 60,
                        end_minute=540 + place % 70 // 7 * 60,
                        starts_on=FIRST,
                        ends_on=FIRST + timedelta(days=7 * weeks - 1),
                        created_by_id=member.pk,
                    )
                    for place in range(number)
                ],
                now=clock.now(),
            )
        return group, rooms

    return make


@contextmanager
def statements():
    """The SQL of what goes through cursors, before its parameters are put in."""
    texts = []

    def note(execute, sql, params, many, context):
        if "SAVEPOINT" not in sql:
            texts.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield texts


def archived(group, rooms, by):
    archive_group(group_id=group.pk, by=by, now=clock.now())


def closed(group, rooms, by):
    week = days_interval(FIRST, FIRST + timedelta(days=60))
    close_rooms(by=by, now=clock.now(), classrooms=rooms, interval=week, cancel_registrations=True)


def cancelled(group, rooms, by):
    series_id = Registration.objects.filter(group=group).earliest("series_id").series_id
    cancel_series(series_id=series_id, by=by, now=clock.now())


@pytest.mark.parametrize(
    ("command", "few", "many"), [(archived, (1, 3), (9, 3)), (closed, (1, 3), (9, 3)), (cancelled, (1, 3), (1, 20))]
)
def test_their_ids_are_one_parameter(fill, cspace, command, few, many):
    """A statement takes 65,535 parameters; a group may have more registrations ahead."""
    texts = []
    for size in (few, many):
        group, rooms = fill(*size)
        assert Registration.objects.live().filter(group=group).count() == size[0] * size[1]
        cspace.forget_access()
        with statements() as own:
            command(group, rooms, cspace)
        assert not Occupancy.objects.live().filter(registration__group=group).exists()
        texts.append(own)

    assert texts[0] == texts[1]


@pytest.mark.parametrize("command", [archived, closed])
def test_the_work_grows_as_their_number(fill, cspace, command):
    """Counted in calls, which a busy machine does not change."""
    calls = []
    for size in (140, 280):
        group, rooms = fill(size)
        profile = cProfile.Profile()
        profile.runcall(command, group, rooms, cspace)
        calls.append(pstats.Stats(profile).total_calls)

    assert calls[1] <= 2.2 * calls[0], calls

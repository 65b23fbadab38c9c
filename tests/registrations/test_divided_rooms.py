"""Series and drawn bookings in rooms that consist of rooms, and with buffers: judged together, written together."""

import datetime as dt

import pytest

from classrooms.enums import OccupancyKind
from classrooms.models import Occupancy
from classrooms.rules import NO_BUFFERS, Buffers
from kernel import clock
from kernel.campus_time import campus_interval, campus_minute
from kernel.db.transactions import transactional
from registrations.enums import SkipReason
from registrations.models import Registration, Series, SeriesWeek
from registrations.services.booking import Slot, book
from registrations.services.series_changes import SeriesChange
from registrations.services.series_dates import DateRequest, SeriesDraft, judge
from registrations.services.series_moving import change_series
from registrations.services.series_retrying import retry_skipped
from registrations.services.series_writing import place_series, write_occurrences
from tests.classrooms.divided import make_hall
from tests.factories import make_registration, make_series
from tests.policies.scenes import time_kept

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("document_clock")]
DAY = dt.date(2026, 1, 28)
WEEK = dt.timedelta(days=7)


@pytest.fixture
def hall(db):
    return make_hall()


def request(room, start, end, buffers=NO_BUFFERS, day=DAY):
    return DateRequest(0, room.pk, day, campus_interval(day, start, end), buffers)


def reasons(*requests):
    return [verdict.why for verdict in judge(requests)]


def test_wishes_of_one_call_keep_their_distance(room):
    early, late = request(room, 600, 660, Buffers(0, 30)), request(room, 680, 720)
    assert reasons(early, late) == [None, SkipReason.BOOKED]
    assert reasons(late, early) == [None, SkipReason.BOOKED]
    assert reasons(early, request(room, 690, 720, Buffers(30, 0))) == [None, None]
    night = request(room, 1380, 1440, Buffers(0, 60))
    morning = request(room, 30, 60, day=DAY + dt.timedelta(days=1))
    assert reasons(night, request(room, 60, 90, day=morning.day)) == [None, None]
    assert reasons(morning, night) == reasons(night, morning) == [None, SkipReason.BOOKED]


def test_a_neighbour_s_buffer_and_one_s_own_are_in_the_way(room, member, team):
    slot = Slot(DAY, 600, 660)
    with time_kept(member, Buffers(after_minutes=30)):
        held = book(by=member, now=clock.now(), classroom=room, group_id=team.pk, slot=slot)
    wishes = [request(room, 660, 690), request(room, 690, 720), request(room, 540, 600, Buffers(0, 1))]
    verdicts = judge(wishes)
    assert [verdict.why for verdict in verdicts] == [SkipReason.BOOKED, None, SkipReason.BOOKED]
    assert [[(row.id, row.kind) for row in verdict.obstacles] for verdict in verdicts] == [
        [(held.pk, OccupancyKind.BUFFER)],
        [],
        [(held.pk, OccupancyKind.BUFFER)],
    ]
    assert verdicts[0].existing_registration_id == held.pk


def test_what_is_granted_has_its_buffers_and_its_parts(hall, cspace, team):
    series = make_series(by=cspace, group=team, classroom=hall["ab"], starts_on=DAY, weeks=1)
    verdicts = judge([request(hall["ab"], 600, 660, Buffers(15, 0), DAY + WEEK)])
    transactional(write_occurrences)(verdicts, [series.pk], now=clock.now())
    rows = Occupancy.objects.filter(main=verdicts[0].registration_id).order_by("classroom__name", "starts_at")
    shown = [(row.classroom.name, row.kind, campus_minute(row.starts_at), campus_minute(row.ends_at)) for row in rows]
    assert shown == [
        ("a", "buffer", 585, 600),
        ("a", "registration", 600, 660),
        ("ab", "buffer", 585, 600),
        ("abc", "buffer", 585, 600),
        ("abc", "part", 600, 660),
        ("b", "buffer", 585, 600),
        ("b", "registration", 600, 660),
        ("bc", "buffer", 585, 600),
        ("bc", "part", 600, 660),
    ]
    assert Registration.objects.get(pk=verdicts[0].registration_id).occupancy.buffers == Buffers(15, 0)


def draft(person, group, room, start=600):
    return SeriesDraft(
        group_id=group.pk,
        classroom_id=room.pk,
        day_of_week=4,
        start_minute=start,
        end_minute=start + 60,
        starts_on=DAY,
        ends_on=DAY + 2 * WEEK,
        created_by_id=person.pk,
    )


def test_of_series_placed_together_the_earlier_takes_parts_from_the_later(hall, cspace, team):
    first = make_registration(by=cspace, group=team, classroom=hall["a"], day=DAY)
    wanted = [draft(cspace, team, hall[name]) for name in ("abc", "c", "b")] + [draft(cspace, team, hall["ab"], 660)]
    whole, part, other, later = transactional(place_series)(wanted, now=clock.now())
    assert [len(series.granted) for series in (whole, part, other, later)] == [2, 1, 1, 2]
    skipped = SeriesWeek.objects.filter(series=part.id, date__isnull=False).order_by("date")
    ids = [row.registration_id for row in whole.granted]
    assert [(row.why, row.blocked_by_id) for row in skipped] == [("booked", number) for number in ids]
    assert SeriesWeek.objects.get(series=whole.id, date__isnull=False).blocked_by_id == first.pk


def test_a_series_moves_between_the_hall_and_its_parts(hall, cspace, team):
    series = make_series(by=cspace, group=team, classroom=hall["ab"], starts_on=DAY, weeks=2)
    other = make_series(by=cspace, group=team, classroom=hall["c"], starts_on=DAY, weeks=1)
    moved = change_series(series_id=series.pk, by=cspace, now=clock.now(), change=SeriesChange(classroom=hall["abc"]))
    skipped = SeriesWeek.objects.get(series=moved.pk, date__isnull=False)
    blocker = Registration.objects.get(series=other)
    assert (skipped.date, skipped.why, skipped.blocked_by_id) == (DAY, "booked", blocker.pk)
    (left,) = Registration.objects.live().filter(series=series)
    rooms = Occupancy.objects.live().filter(main=left.pk).values_list("classroom__name", flat=True)
    assert sorted(rooms) == ["a", "ab", "b", "bc", "c"]
    Registration.objects.filter(pk=blocker.pk).update(status="cancelled")
    Occupancy.objects.filter(main=blocker.pk).update(is_live=False)
    Occupancy.objects.filter(pk=blocker.pk).update(is_live=False)
    retried = retry_skipped(series_id=series.pk, by=cspace, now=clock.now())
    assert Series.objects.get(pk=retried.pk).occurrences.live().count() == 2
    assert Occupancy.objects.live().filter(kind=OccupancyKind.REGISTRATION, classroom=hall["c"]).count() == 2

"""Series: the dates they take, the rows they are, and what they cost."""

import datetime as dt
from itertools import pairwise

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from classrooms.enums import OccupancyKind
from classrooms.services.room_time import occupy_many
from kernel import clock
from kernel.campus_time import (
    campus_interval,
    clamped_interval,
    day_of_week,
    format_instant,
    week_of,
    weekly_dates,
)
from kernel.db.locks import lock_rooms
from registrations.enums import SkipReason, Source
from registrations.models import Registration, Series, SeriesWeek
from registrations.services.series_dates import SeriesDraft
from registrations.services.series_writing import place_series
from tests.factories import make_classroom, make_registration

WEDNESDAY = dt.date(2026, 2, 4)


@pytest.fixture
def draft(team, room, member):
    def make(**more):
        wanted = {
            "group_id": team.pk,
            "classroom_id": room.pk,
            "day_of_week": 4,
            "start_minute": 550,
            "end_minute": 620,
            "starts_on": WEDNESDAY,
            "ends_on": WEDNESDAY + dt.timedelta(weeks=3),
            "created_by_id": member.pk,
            "description": "Choir",
        }
        return SeriesDraft(**wanted | more)

    return make


def place(*drafts):
    with transaction.atomic():
        lock_rooms({draft.classroom_id for draft in drafts})
        return place_series(drafts, now=clock.now())


def spoken(interval):
    return interval and (format_instant(interval.starts_at), format_instant(interval.ends_at))


# --- dates ---------------------------------------------------------------------------------------


def test_days_are_counted_from_sunday():
    assert [day_of_week(dt.date(2026, 2, 1) + dt.timedelta(days=ahead)) for ahead in range(8)] == [*range(1, 8), 1]
    weeks = [week_of(dt.date(2026, 2, 1) + dt.timedelta(days=ahead)) for ahead in range(-1, 8)]
    assert weeks == [dt.date(2026, 1, 25), *[dt.date(2026, 2, 1)] * 7, dt.date(2026, 2, 8)]


@pytest.mark.parametrize(
    ("first", "last", "on_day", "dates"),
    [
        ("2026-02-04", "2026-02-18", 4, ["2026-02-04", "2026-02-11", "2026-02-18"]),
        ("2026-02-05", "2026-02-17", 4, ["2026-02-11"]),
        ("2026-02-01", "2026-02-01", 1, ["2026-02-01"]),
        ("2026-02-02", "2026-02-07", 1, []),
    ],
)
def test_weekly_dates_include_both_ends(first, last, on_day, dates):
    found = weekly_dates(dt.date.fromisoformat(first), dt.date.fromisoformat(last), on_day)
    assert [day.isoformat() for day in found] == dates


@pytest.mark.parametrize(
    ("zone", "day", "start", "end", "instants"),
    [
        ("Asia/Taipei", "2026-03-29", 120, 180, ("2026-03-28T18:00:00Z", "2026-03-28T19:00:00Z")),
        # Berlin, 29 March 2026: 02:00 becomes 03:00 (01:00 UTC).
        ("Europe/Berlin", "2026-03-29", 60, 150, ("2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z")),
        ("Europe/Berlin", "2026-03-29", 150, 240, ("2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z")),
        ("Europe/Berlin", "2026-03-29", 90, 210, ("2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z")),
        ("Europe/Berlin", "2026-03-29", 120, 180, None),
        ("Europe/Berlin", "2026-03-29", 125, 170, None),
        ("Europe/Berlin", "2026-03-29", 0, 1440, ("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z")),
        # 25 October 2026: 03:00 becomes 02:00; a repeated wall time is the first.
        ("Europe/Berlin", "2026-10-25", 150, 180, ("2026-10-25T00:30:00Z", "2026-10-25T02:00:00Z")),
        # Lord Howe, 4 October 2026: 02:00 becomes 02:30, half an hour only (15:30 UTC the day before).
        ("Australia/Lord_Howe", "2026-10-04", 110, 140, ("2026-10-03T15:20:00Z", "2026-10-03T15:30:00Z")),
        ("Australia/Lord_Howe", "2026-10-04", 120, 160, ("2026-10-03T15:30:00Z", "2026-10-03T15:40:00Z")),
        ("Australia/Lord_Howe", "2026-10-04", 120, 150, None),
        # Beirut, 29 March 2026: midnight itself does not exist. Apia skipped the whole of 30 December 2011.
        ("Asia/Beirut", "2026-03-29", 0, 120, ("2026-03-28T22:00:00Z", "2026-03-28T23:00:00Z")),
        ("Pacific/Apia", "2011-12-30", 600, 1440, None),
    ],
)
def test_ends_in_a_gap_are_clamped_to_its_end(settings, zone, day, start, end, instants):
    settings.CSPACE_TIME_ZONE = zone
    assert spoken(clamped_interval(dt.date.fromisoformat(day), start, end)) == instants


@pytest.mark.parametrize("zone", ["Asia/Taipei", "Europe/Berlin", "Australia/Lord_Howe"])
def test_disjoint_wall_times_stay_disjoint_instants(settings, zone):
    settings.CSPACE_TIME_ZONE = zone
    for day in (dt.date(2026, 3, 29), dt.date(2026, 10, 4), dt.date(2026, 10, 25), dt.date(2026, 4, 5)):
        pieces = [clamped_interval(day, minute, minute + 10) for minute in range(0, 360, 10)]
        real = [piece for piece in pieces if piece]
        assert all(before.ends_at <= after.starts_at for before, after in pairwise(real))


# --- writing -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("document_clock")
def test_a_series_is_a_row_and_an_approved_registration_for_each_date(draft, team, room, member):
    (placed,) = place(draft())

    series = Series.objects.get()
    assert (series.pk, series.group, series.classroom, series.created_by) == (placed.id, team, room, member)
    assert (series.day_of_week, series.start_minute, series.end_minute) == (4, 550, 620)
    assert (series.starts_on, series.ends_on, series.last_on) == (WEDNESDAY, dt.date(2026, 2, 25), dt.date(2026, 2, 25))
    assert (series.source, series.event_id, series.cancelled_from) == (Source.ADMIN, None, None)
    rows = Registration.objects.with_api_relations().in_order()
    assert {row.pk: row.interval for row in rows} == {
        placed.occurrences[day]: campus_interval(day, 550, 620)
        for day in weekly_dates(WEDNESDAY, dt.date(2026, 2, 25), 4)
    }
    assert {
        (
            row.series_id,
            row.group,
            row.created_by,
            row.description,
            row.status,
            row.follows_series,
            row.occupancy.is_live,
        )
        for row in rows
    } == {(series.pk, team, member, "Choir", "approved", True, True)}
    assert {row.created_at for row in rows} == {clock.now()} == {series.created_at}


@pytest.mark.usefixtures("document_clock")
def test_what_is_in_the_way_is_skipped_with_its_reason(draft, team, room, member):
    taken = make_registration(by=member, group=team, classroom=room, day=WEDNESDAY, start=610, end=660)
    touching = dt.date(2026, 2, 11)
    make_registration(by=member, group=team, classroom=room, day=touching, start=620, end=660)
    with transaction.atomic():
        for day, kind in ((dt.date(2026, 2, 18), OccupancyKind.CLOSURE), (dt.date(2026, 2, 25), OccupancyKind.LECTURE)):
            occupy_many([(room.pk, campus_interval(day, 540, 600))], kind=kind)

    (placed,) = place(draft())

    assert list(placed.occurrences) == [touching]
    skipped = [(row.request.day.isoformat(), row.why, row.existing_registration_id) for row in placed.skipped]
    assert skipped == [
        ("2026-02-04", SkipReason.BOOKED, taken.pk),
        ("2026-02-18", SkipReason.CLOSED, None),
        ("2026-02-25", SkipReason.BOOKED, None),
    ]
    rows = SeriesWeek.objects.of_series([placed.id]).skipped().in_order()
    assert [(str(row.date), row.why, row.blocked_by_id) for row in rows] == skipped


@pytest.mark.usefixtures("document_clock")
def test_a_gap_skips_a_date_and_hinders_nobody(draft, settings):
    settings.CSPACE_TIME_ZONE = "Europe/Berlin"
    sunday = {"day_of_week": 1, "starts_on": dt.date(2026, 3, 22), "ends_on": dt.date(2026, 4, 5)}
    swallowed, clamped = place(
        draft(**sunday, start_minute=120, end_minute=180), draft(**sunday, start_minute=180, end_minute=240)
    )

    assert [str(day) for day in swallowed.occurrences] == ["2026-03-22", "2026-04-05"]
    assert [(str(row.request.day), row.why) for row in swallowed.skipped] == [("2026-03-29", SkipReason.DST)]
    assert [str(day) for day in clamped.occurrences] == ["2026-03-22", "2026-03-29", "2026-04-05"]


@pytest.mark.usefixtures("document_clock")
def test_an_earlier_draft_blocks_a_later_one(draft):
    first, second, third = place(
        draft(), draft(start_minute=600, end_minute=700), draft(start_minute=620, end_minute=700)
    )

    assert len(first.occurrences) == 4
    assert second.occurrences == {}
    assert {row.request.day: row.existing_registration_id for row in second.skipped} == first.occurrences
    assert third.skipped == ()
    blocked = SeriesWeek.objects.skipped().values_list("series_id", "why", "blocked_by__series_id")
    assert set(blocked) == {(second.id, "booked", first.id)}


@pytest.mark.usefixtures("document_clock")
def test_given_dates_are_the_only_ones_tried(draft):
    dates = (WEDNESDAY, dt.date(2026, 2, 25))
    (placed,) = place(draft(dates=dates, source=Source.DRAW, event_id=7))

    assert tuple(placed.occurrences) == dates
    assert Series.objects.values_list("source", "event_id").get() == ("draw", 7)
    assert SeriesWeek.objects.skipped().count() == 0


@pytest.mark.usefixtures("document_clock")
def test_the_number_of_statements_does_not_depend_on_weeks_or_series(draft, room):
    with transaction.atomic():
        occupy_many([(room.pk, campus_interval(WEDNESDAY, 0, 1440))], kind=OccupancyKind.CLOSURE)
    rooms = [make_classroom().pk for _ in range(20)]

    def statements(*drafts):
        with (
            transaction.atomic(),
            CaptureQueriesContext(
                connection,
            ) as captured,
        ):
            place_series(drafts, now=clock.now())
        return len(captured)

    short = statements(draft(ends_on=WEDNESDAY + dt.timedelta(weeks=1)))
    long = statements(draft(start_minute=700, end_minute=730, ends_on=WEDNESDAY + dt.timedelta(weeks=50)))
    many = statements(draft(start_minute=740, end_minute=750), *[draft(classroom_id=pk) for pk in rooms])
    assert short == long == many == 8
    assert Registration.objects.count() == 1 + 50 + 3 + 20 * 4

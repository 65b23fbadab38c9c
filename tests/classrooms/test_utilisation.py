"""How much the rooms are used: `GET /classrooms/utilisation/`."""

import datetime as dt
from collections import Counter

import pytest
from django.db import connection, transaction
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classrooms.enums import OccupancyKind
from classrooms.models import Classroom, Occupancy
from classrooms.queries.utilisation import Grouping, utilisation
from kernel.campus_time import campus_interval, campus_zone, days_interval
from tests.factories import make_classroom, make_registration

pytestmark = pytest.mark.usefixtures("document_clock")
TODAY = dt.date(2026, 1, 20)
"""A Tuesday; the clock stands at 10:00."""
ENDS = ("start_date", "end_date")
WEEK = "start_date=2026-01-18&end_date=2026-01-24"


def occupy(room, start, end, kind=OccupancyKind.CALENDAR, day=TODAY, **more):
    span = campus_interval(day, start, end)
    return Occupancy.objects.create(classroom=room, starts_at=span.starts_at, ends_at=span.ends_at, kind=kind, **more)


def asked(api, user, query):
    response = api(user).get(f"classrooms/utilisation/?{query}")
    assert response.status_code == 200, response.content
    return response.json()


def hours(answer, key):
    """{key: (booked, used, closed)} of what is not 0 throughout."""
    found = {row[key]: (row["booked_hours"], row["used_hours"], row["closed_hours"]) for row in answer["results"]}
    return {name: times for name, times in found.items() if any(times)}


@pytest.fixture
def used(room):
    """Room A: 9–12 in three uses, two of them joint lectures, one over; closed 20–22. Room B: nothing live."""
    occupy(room, 540, 630)
    occupy(room, 630, 690, OccupancyKind.LECTURE)
    occupy(room, 660, 720, OccupancyKind.LECTURE)
    occupy(room, 1200, 1320, OccupancyKind.CLOSURE)
    occupy(room, 1230, 1290, OccupancyKind.CLOSURE)
    other = make_classroom("Room B", floor=3, is_active=False)
    occupy(other, 540, 630, is_live=False)
    return room


def test_by_room(api, cspace, used):
    assert asked(api, cspace, WEEK) == {
        "start_date": "2026-01-18",
        "end_date": "2026-01-24",
        "group_by": "room",
        "results": [
            {"classroom": "Room A", "booked_hours": 3, "used_hours": 1, "closed_hours": 2, "total_hours": 168},
            {"classroom": "Room B", "booked_hours": 0, "used_hours": 0, "closed_hours": 0, "total_hours": 168},
        ],
    }
    assert asked(api, cspace, f"{WEEK}&group_by=room") == asked(api, cspace, f"{WEEK}&group_by=")


def test_by_weekday(api, cspace, used):
    answer = asked(api, cspace, f"{WEEK}&group_by=weekday")
    assert [(row["day_of_week"], row["total_hours"]) for row in answer["results"]] == [(day, 48) for day in range(1, 8)]
    assert hours(answer, "day_of_week") == {3: (3, 1, 2)}


def test_by_hour(api, cspace, used):
    answer = asked(api, cspace, f"{WEEK}&group_by=hour")
    assert [(row["hour"], row["total_hours"]) for row in answer["results"]] == [(hour, 14) for hour in range(24)]
    assert hours(answer, "hour") == {9: (1, 1, 0), 10: (1, 0, 0), 11: (1, 0, 0), 20: (0, 0, 1), 21: (0, 0, 1)}


def test_a_weekday_without_a_date_is_there_with_nothing(api, cspace, used):
    answer = asked(api, cspace, "start_date=2026-01-20&end_date=2026-01-20&group_by=weekday")
    assert [row["total_hours"] for row in answer["results"]] == [0, 0, 48, 0, 0, 0, 0]
    assert hours(answer, "day_of_week") == {3: (3, 1, 2)}


def test_what_sticks_out_of_the_window_counts_inside_it(api, cspace, room):
    start, end = (
        campus_interval(TODAY, 1320, 1440).starts_at,
        campus_interval(TODAY + dt.timedelta(days=1), 0, 60).ends_at,
    )
    Occupancy.objects.create(classroom=room, starts_at=start, ends_at=end, kind=OccupancyKind.FEST)
    one_day = "start_date={0}&end_date={0}"
    assert hours(asked(api, cspace, one_day.format("2026-01-20")), "classroom") == {"Room A": (2, 0, 0)}
    by_hour = asked(api, cspace, one_day.format("2026-01-21") + "&group_by=hour")
    assert hours(by_hour, "hour") == {0: (1, 0, 0)}


def test_every_kind_that_keeps_a_room_is_a_use_and_pending_is_enough(api, cspace, member, team, room):
    make_registration(by=member, group=team, classroom=room, day=TODAY, start=660, end=720)
    for number, kind in enumerate((OccupancyKind.LECTURE, OccupancyKind.CALENDAR, OccupancyKind.FEST)):
        occupy(room, 60 * number, 60 * number + 60, kind)
    assert hours(asked(api, cspace, WEEK), "classroom") == {"Room A": (4, 3, 0)}


def test_used_ends_with_the_present_moment(api, cspace, room):
    occupy(room, 590, 620)
    answer = asked(api, cspace, f"{WEEK}&group_by=hour")
    assert hours(answer, "hour") == {9: (10 / 60, 10 / 60, 0), 10: (20 / 60, 0, 0)}


def test_one_floor(api, cspace, used):
    occupy(Classroom.objects.get(name="Room B"), 0, 60)
    assert hours(asked(api, cspace, f"{WEEK}&floor=3"), "classroom") == {"Room B": (1, 1, 0)}
    by_hour = asked(api, cspace, f"{WEEK}&floor=3&group_by=hour")
    assert hours(by_hour, "hour") == {0: (1, 1, 0)}
    assert by_hour["results"][5]["total_hours"] == 7
    assert asked(api, cspace, f"{WEEK}&floor={'9' * 18}")["results"] == []


def test_a_room_name_is_no_sql(api, cspace):
    make_classroom("Robert'); DROP TABLE & + # '")
    make_classroom("100% %s %(now)s")
    assert [row["classroom"] for row in asked(api, cspace, WEEK)["results"]] == [
        "100% %s %(now)s",
        "Robert'); DROP TABLE & + # '",
    ]


def test_one_query_however_much_there_is(api, cspace, room):
    for by in ("room", "weekday", "hour"):
        costs = []
        for number in range(3):
            occupy(make_classroom(), 60 * number, 60 * number + 60)
            with CaptureQueriesContext(connection) as captured:
                asked(api, cspace, f"{WEEK}&group_by={by}")
            costs.append(len(captured))
        assert costs == [2, 2, 2], by  # who asks, and the hours


@pytest.mark.parametrize(
    ("query", "details"),
    [
        ("", {"start_date": ["This field is required."], "end_date": ["This field is required."]}),
        ("start_date=2026-01-20&end_date=", {"end_date": ["This field is required."]}),
        (
            "start_date=20.1.2026&end_date=2026-02-30",
            {"start_date": ["A date of the form YYYY-MM-DD is required"], "end_date": ["There is no such day"]},
        ),
        (
            "start_date=2026-01-21&end_date=2026-01-20",
            {"start_date": ["Start date must not be after end date"]},
        ),
        ("start_date=2026-01-01&end_date=2027-01-02", {"end_date": ["At most 366 days, both ends included"]}),
        (
            "start_date=0001-01-01&end_date=9999-12-31",
            {end: ["Must lie between 1900 and 2500"] for end in ENDS},
        ),
        (f"{WEEK}&group_by=month", {"group_by": ['"month" is not a valid choice.']}),
        (f"{WEEK}&group_by=weekday_hour", {"group_by": ['"weekday_hour" is not a valid choice.']}),
        (f"{WEEK}&floor=first", {"floor": ["A whole number is required"]}),
    ],
)
def test_a_bad_question_is_refused(api, cspace, room, query, details):
    response = api(cspace).get(f"classrooms/utilisation/?{query}")
    assert (response.status_code, response.json()) == (
        400,
        {"error": "Validation failed", "code": "VALIDATION_ERROR", "details": details},
    )


@pytest.mark.parametrize(
    "dates", ["start_date=2026-01-01&end_date=2027-01-01", "start_date=1900-01-01&end_date=1900-01-02"]
)
@pytest.mark.parametrize("by", ["room", "weekday", "hour"])
def test_the_longest_window_and_the_oldest(api, cspace, room, dates, by):
    rows = asked(api, cspace, f"{dates}&group_by={by}")["results"]
    days = 366 if "2026" in dates else 2
    assert sum(row["total_hours"] for row in rows) == days * 24


def test_only_cspace_is_told(api, member, room):
    response = api(member).get(f"classrooms/utilisation/?{WEEK}")
    assert (response.status_code, response.json()["code"]) == (403, "PERMISSION_DENIED")


# --- Against a naive count of minutes --------------------------------------------------------------------------

ZONES = {
    "Asia/Taipei": dt.date(2026, 1, 19),
    "Europe/Berlin": dt.date(2026, 10, 24),
    "America/Santiago": dt.date(2026, 9, 5),
    "Australia/Lord_Howe": dt.date(2026, 4, 4),
    "Asia/Kathmandu": dt.date(2026, 3, 1),
    "Africa/Cairo": dt.date(2026, 4, 23),
}
"""{zone: the day before its clocks change, where they do}."""
MINUTE = dt.timedelta(minutes=1)
spans = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(-600, 3 * 1440),
        st.integers(1, 2000),
        st.sampled_from([OccupancyKind.LECTURE, OccupancyKind.CLOSURE, OccupancyKind.CALENDAR]),
        st.booleans(),
    ),
    max_size=12,
)


def naive(rooms, kept, first, last, now):
    """{grouping: {key: (booked, used, closed, total) in seconds}}: every minute of every room is looked at."""
    window, zone = days_interval(first, last), campus_zone()
    sums = {by: {} for by in Grouping}
    instant = window.starts_at
    while instant < window.ends_at:
        wall = instant.astimezone(zone)
        weekday = wall.isoweekday() % 7 + 1
        for room in rooms:
            here = {kind for one, start, end, kind in kept if one == room.pk and start <= instant < end}
            booked = bool(here - {OccupancyKind.CLOSURE})
            counted = (booked, booked and instant < now, OccupancyKind.CLOSURE in here, True)
            for by, key in (
                (Grouping.ROOM, room.name),
                (Grouping.WEEKDAY, weekday),
                (Grouping.HOUR, wall.hour),
                (Grouping.WEEKDAY_HOUR, (weekday, wall.hour)),
            ):
                row = sums[by].setdefault(key, Counter())
                row.update({place: 60 * is_so for place, is_so in enumerate(counted)})
        instant += MINUTE
    return {
        by: {key: tuple(row[place] for place in range(4)) for key, row in rows.items()} for by, rows in sums.items()
    }


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(zone=st.sampled_from(sorted(ZONES)), days=st.integers(0, 2), wanted=spans, passed=st.integers(-300, 4 * 1440))
def test_it_agrees_with_a_count_of_minutes(db, zone, days, wanted, passed):
    with override_settings(CSPACE_TIME_ZONE=zone), transaction.atomic():
        rooms = [make_classroom(f"R{number}") for number in range(3)]
        first = ZONES[zone]
        begins = days_interval(first, first).starts_at
        kept = []
        for number, start, lasts, kind, is_live in wanted:
            room, starts_at = rooms[number], begins + start * MINUTE
            ends_at = starts_at + lasts * MINUTE
            clash = any(
                one == room.pk and starts_at < end and begin < ends_at and (kind != other or kind == "calendar")
                for one, begin, end, other in kept
            )
            if is_live and clash:
                continue
            Occupancy.objects.create(classroom=room, starts_at=starts_at, ends_at=ends_at, kind=kind, is_live=is_live)
            kept += [(room.pk, starts_at, ends_at, kind)] if is_live else []
        last, now = first + dt.timedelta(days=days), begins + passed * MINUTE
        expected = naive(rooms, kept, first, last, now)
        sums = []
        for by in Grouping:
            rows = utilisation(first, last, by=by, now=now)
            got = {row.key: (row.booked, row.used, row.closed, row.total) for row in rows}
            nothing = (0, 0, 0, 0)
            assert got == {key: expected[by].get(key, nothing) for key in got}, by
            assert set(expected[by]) <= set(got)
            sums.append(tuple(sum(column) for column in zip(*got.values(), strict=True)))
        assert sums == [sums[0]] * len(sums)
        transaction.set_rollback(True)

"""Free rooms and soonest bookings against the plainest programs that could be right."""

import datetime as dt
import itertools

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings, strategies

from classrooms.enums import OccupancyKind
from kernel.campus_time import Interval, merged
from tests.dialects.occupancy.scenes import FREE, SOONEST, at, occupy, shown, span
from tests.factories import make_classroom

pytestmark = pytest.mark.django_db
patient = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
HOURS = strategies.integers(0, 16)
SPANS = strategies.tuples(HOURS, strategies.integers(1, 6)).map(lambda pair: (pair[0], pair[0] + pair[1]))
KINDS = strategies.sampled_from([OccupancyKind.LECTURE, OccupancyKind.CLOSURE, OccupancyKind.FEST])
USES = strategies.lists(
    strategies.tuples(strategies.sampled_from("ABC"), SPANS, KINDS, strategies.sampled_from([True, True, True, False])),
    max_size=14,
)


@pytest.fixture
def rooms():
    return {name: make_classroom(name) for name in "ABC"}


def fitting(uses):
    """As many of the uses, in order, as the exclusion constraint takes."""
    taken = []
    for name, (start, end), kind, is_live in uses:
        meets = any(
            live and is_live and name == other and start < until and since < end
            and not (kind == what and kind in (OccupancyKind.LECTURE, OccupancyKind.CLOSURE))
            for other, (since, until), what, live in taken
        )  # fmt: skip
        if not meets:
            taken.append((name, (start, end), kind, is_live))
    return taken


def stored(rooms, uses):
    kept = fitting(uses)
    for name, (start, end), kind, is_live in kept:
        occupy(rooms[name], start, end, kind, is_live=is_live)
    return [(name, start, end) for name, (start, end), _, is_live in kept if is_live]


@patient
@given(uses=USES, ranges=strategies.lists(SPANS, max_size=5))
def test_free_rooms_against_a_naive_search(api, rooms, uses, ranges):
    with transaction.atomic():
        blocking = stored(rooms, uses)
        free = [
            name
            for name in "ABC"
            if not any(
                name == other and since < end and start < until
                for other, since, until in blocking
                for start, end in ranges
            )
        ]
        found = api().post(FREE, {"selection": [span(*each) for each in ranges]}).json()
        assert [room["name"] for room in found] == free
        transaction.set_rollback(True)


@patient
@given(uses=USES, after=strategies.integers(0, 22))
def test_soonest_runs_against_a_naive_walk(api, rooms, uses, after):
    with transaction.atomic():
        blocking = stored(rooms, uses)
        runs = {}
        for name in "ABC":
            ahead = sorted((start, end) for other, start, end in blocking if other == name and end > after)
            for start, end in ahead:
                since, until = runs.get(name, (start, end))
                if start > until:
                    break
                runs[name] = (since, max(until, end))
        found = api().post(SOONEST, {"after_date": at(after)}).json()
        assert {room["name"]: room.get("soonest_booking") for room in found} == {
            name: shown(*runs[name]) if name in runs else None for name in "ABC"
        }
        transaction.set_rollback(True)


@given(spans=strategies.lists(SPANS, max_size=8))
def test_merged_intervals_cover_the_same_hours(spans):
    day = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
    hour = dt.timedelta(hours=1)
    intervals = [Interval(day + start * hour, day + end * hour) for start, end in spans]
    found = merged(intervals)

    def hours(of):
        return {n for n in range(24) for each in of if each.starts_at <= day + n * hour < each.ends_at}

    assert hours(found) == hours(intervals)
    assert all(one.ends_at < other.starts_at for one, other in itertools.pairwise(found))

"""In which time a quota holds: day, week, month, term, so many days, where the clocks change (policy §3)."""

import datetime as dt

import pytest
from django.test import override_settings
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from kernel.academic_calendar import Term
from policies.enums import CountsBy, OwnerKind, Per, QuotaUnit
from policies.rules.limits import Anchor, Quota
from policies.rules.quotas import windows_at
from tests.policies.oracle import Oracle

ZONES = ("Europe/Berlin", "Australia/Lord_Howe", "America/Santiago", "Asia/Taipei")
"""By an hour; by half an hour, in the south; at midnight, which is then left out; never."""
CHANGES = [dt.datetime(2026, month, day, tzinfo=dt.UTC) for month, day in ((3, 29), (4, 5), (9, 6), (10, 4), (10, 25))]
TERMS = (
    Term(dt.date(2026, 3, 2), dt.date(2026, 3, 31), ((dt.date(2026, 3, 30), dt.date(2026, 3, 31)),)),
    Term(dt.date(2026, 4, 5), dt.date(2026, 9, 6), break_dates=(dt.date(2026, 4, 6),)),
    Term(dt.date(2026, 1, 1), dt.date(2026, 10, 25)),
)
QUOTAS = st.one_of(
    st.sampled_from([(per, None, None) for per in Per if per != Per.DAYS]),
    st.tuples(st.just(Per.DAYS), st.integers(1, 10), st.none()),
    st.tuples(
        st.just(Per.WEEK),
        st.none(),
        st.builds(Anchor, st.integers(1, 7), st.sampled_from((0, 1, 29, 120, 135, 150, 179, 180, 1380, 1439))),
    ),
).map(lambda made: Quota(QuotaUnit.MINUTES, 60, made[0], CountsBy.BOOKED_IN, OwnerKind.GROUP, made[1], made[2]))
MOMENTS = st.builds(
    lambda change, minutes, seconds: change + dt.timedelta(minutes=minutes, seconds=seconds),
    st.sampled_from(CHANGES),
    st.one_of(st.integers(-20, 40).map(lambda half_hours: 30 * half_hours), st.integers(-12_000, 12_000)),
    st.sampled_from((-1, 0, 0, 0, 1)),
)
WITHOUT_TRACES = settings(max_examples=150, phases=set(Phase) - {Phase.explain})


@pytest.mark.parametrize("zone", ZONES)
@WITHOUT_TRACES
@given(QUOTAS, MOMENTS, st.lists(MOMENTS, max_size=12), MOMENTS)
def test_windows_are_those_found_by_walking_days(zone, quota, moment, others, now):
    with override_settings(CSPACE_TIME_ZONE=zone):
        windows = windows_at(quota, moment, TERMS, now=now)
    walked = Oracle((), TERMS, zone).windows(quota, moment, now)
    edges = [edge for window in windows for edge in (window.starts_at, window.ends_at) if edge is not None]
    second = dt.timedelta(seconds=1)
    probes = [moment, now, *others, *edges, *(edge - second for edge in edges), *(edge + second for edge in edges)]
    assert [[window.includes(probe) for probe in probes] for window in windows] == [
        [has(probe) for probe in probes] for has in walked
    ]
    if quota.per != Per.FUTURE:
        assert all(window.includes(moment) for window in windows)


def window(zone, moment, per, *, anchor=None, days=None):
    with override_settings(CSPACE_TIME_ZONE=zone):
        quota = Quota(QuotaUnit.MINUTES, 60, per, CountsBy.BOOKED_IN, OwnerKind.GROUP, days, anchor)
        return [
            tuple(f"{edge:%m-%d %H:%M}" for edge in (each.starts_at, each.ends_at))
            for each in windows_at(quota, moment, TERMS, now=moment)
        ]


def test_a_week_with_a_change_of_the_clocks_is_an_hour_shorter_or_longer():
    moment = dt.datetime(2026, 3, 29, 12, tzinfo=dt.UTC)
    assert window("Europe/Berlin", moment, Per.WEEK) == [("03-22 23:00", "03-29 22:00")]
    assert window("Europe/Berlin", moment + dt.timedelta(days=210), Per.WEEK) == [("10-18 22:00", "10-25 23:00")]
    assert window("Australia/Lord_Howe", moment, Per.WEEK) == [("03-22 13:00", "03-29 13:00")]
    assert window("Australia/Lord_Howe", moment + dt.timedelta(days=7), Per.WEEK) == [("03-29 13:00", "04-05 13:30")]
    assert window("Asia/Taipei", moment, Per.WEEK) == [("03-22 16:00", "03-29 16:00")]


def test_a_week_whose_anchor_is_left_out_begins_when_the_clocks_have_been_put_forward():
    anchor = Anchor(1, 150)
    before, after = (dt.datetime(2026, 3, 29, hour, minute, tzinfo=dt.UTC) for hour, minute in ((0, 59), (1, 0)))
    assert window("Europe/Berlin", before, Per.WEEK, anchor=anchor) == [("03-22 01:30", "03-29 01:00")]
    assert window("Europe/Berlin", after, Per.WEEK, anchor=anchor) == [("03-29 01:00", "04-05 00:30")]


def test_a_week_whose_anchor_comes_twice_begins_the_first_time():
    moment = dt.datetime(2026, 10, 25, 1, 15, tzinfo=dt.UTC)
    assert window("Europe/Berlin", moment, Per.WEEK, anchor=Anchor(1, 150)) == [("10-25 00:30", "11-01 01:30")]


def test_a_day_without_midnight_begins_at_one():
    moment = dt.datetime(2026, 9, 6, 12, tzinfo=dt.UTC)
    assert window("America/Santiago", moment, Per.DAY) == [("09-06 04:00", "09-07 03:00")]


def test_so_many_days_are_every_window_that_has_the_day():
    moment = dt.datetime(2026, 3, 30, 10, tzinfo=dt.UTC)
    assert sorted(window("Europe/Berlin", moment, Per.DAYS, days=3)) == [
        ("03-27 23:00", "03-30 22:00"),
        ("03-28 23:00", "03-31 22:00"),
        ("03-29 22:00", "04-01 22:00"),
    ]


def test_a_term_is_the_whole_of_it_and_without_one_nothing_limits():
    in_exams, between, after = (dt.datetime(2026, *day, 10, tzinfo=dt.UTC) for day in ((3, 30), (4, 2), (11, 1)))
    assert window("Europe/Berlin", in_exams, Per.TERM) == [("03-01 23:00", "03-31 22:00")]
    assert window("Europe/Berlin", between, Per.TERM) == [("12-31 23:00", "10-25 23:00")]
    assert window("Europe/Berlin", after, Per.TERM) == []

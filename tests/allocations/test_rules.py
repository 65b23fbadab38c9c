"""The pure rules against plain oracles."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocations.outlook import Outlook, covers_the_day
from allocations.rules import dates_of, day_of_week

DAYS = st.dates(dt.date(1900, 1, 1), dt.date(2500, 12, 31))
SPANS = st.lists(st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda span: span[0] < span[1]))


@given(DAYS)
def test_sunday_is_one(day):
    # strftime counts from Sunday = 0.
    assert day_of_week(day) == int(day.strftime("%w")) + 1


@given(st.integers(1, 7), DAYS, st.integers(-3, 40))
def test_dates_of_a_weekday_agree_with_looking_at_every_day(weekday, first, days):
    last = first + dt.timedelta(days=days)
    every_day = [first + dt.timedelta(days=number) for number in range(days + 1)]
    assert dates_of(weekday, first, last) == [day for day in every_day if day_of_week(day) == weekday]


@given(SPANS, st.booleans())
def test_a_covered_day_agrees_with_looking_at_every_minute(spans, is_completed):
    if is_completed and spans:
        spans = [*spans, (0, spans[0][1]), (spans[0][0], 1440)]
    minutes = {minute for start, end in spans for minute in range(start, end)}
    assert covers_the_day(spans) == (len(minutes) == 1440)


@pytest.mark.parametrize(
    ("conflict", "min_percent", "open_dates", "kept_dates", "is_available"),
    [
        ("skip", 50, 4, 2, True),
        ("skip", 51, 4, 2, False),
        ("skip", 1, 4, 0, False),
        ("skip", 100, 4, 4, True),
        ("reject", 1, 4, 4, True),
        ("reject", 1, 4, 3, False),
        # Closures on every date leave nothing to keep.
        ("skip", 1, 0, 0, False),
        ("reject", 1, 0, 0, False),
    ],
)
def test_what_is_available(conflict, min_percent, open_dates, kept_dates, is_available):
    dates = tuple(dt.date(2026, 3, 3) + dt.timedelta(weeks=week) for week in range(open_dates))
    seen = Outlook(open_dates=dates, kept_dates=dates[:kept_dates], skipped=(), in_the_way=())
    assert seen.is_available(conflict=conflict, min_percent=min_percent) is is_available

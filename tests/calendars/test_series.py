"""Events that are repeated: their dates in the window, on the wall of their zone."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from calendars.enums import OccurrenceState
from calendars.models import CalendarEvent, CalendarOccurrence
from calendars.services.extending import extend_series
from classrooms.models import Occupancy
from kernel.campus_time import Interval
from kernel.errors import Invalid
from tests.factories import make_classroom, make_user
from tests.factories.calendars import enter, make_calendar

pytestmark = pytest.mark.django_db
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.fixture
def person():
    return make_user()


@pytest.fixture
def calendar(person):
    return make_calendar(users=[person], classroom=make_classroom())


def on(day, first=9, last=10):
    start, end = (datetime(day.year, day.month, day.day, hour, tzinfo=BERLIN) for hour in (first, last))
    return Interval(start.astimezone(UTC), end.astimezone(UTC))


def dates():
    return CalendarOccurrence.objects.order_by("starts_at")


def test_nine_stays_nine_when_the_clocks_change(calendar, person):
    created = enter(calendar, on(date(2026, 3, 23)), by=person, now=NOW, rrule="FREQ=WEEKLY;COUNT=3")
    assert created.state == OccurrenceState.LIVE
    assert [row.starts_at.astimezone(BERLIN).hour for row in dates()] == [9, 9, 9]
    assert [row.starts_at.hour for row in dates()] == [8, 7, 7]
    assert Occupancy.objects.filter(is_live=True).count() == 3


def test_a_series_without_an_end_ends_with_the_window_and_goes_on_with_it(calendar, person):
    enter(calendar, on(date(2026, 3, 3)), by=person, now=NOW, rrule="FREQ=WEEKLY")
    count, last = dates().count(), dates().last().starts_at
    assert timedelta(days=392) < last - NOW < timedelta(days=401)
    later = NOW + timedelta(days=70)
    assert extend_series(now=later) == 1
    assert dates().count() == count + 10
    assert dates().first().starts_at == on(date(2026, 3, 3)).starts_at
    assert Occupancy.objects.count() == count + 10
    assert extend_series(now=later) == 0


def test_dates_that_overlap_wait_one_by_one(calendar, person):
    enter(calendar, on(date(2026, 3, 10)), by=person, now=NOW, name="single")
    created = enter(calendar, on(date(2026, 3, 3)), by=person, now=NOW, rrule="FREQ=WEEKLY;COUNT=3", name="series")
    assert created.state == OccurrenceState.CONFLICTING
    rows = dates().filter(event__name="series")
    assert [row.state for row in rows] == ["live", "conflicting", "live"]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=MINUTELY",
        "nonsense",
        "FREQ=WEEKLY;COUNT=x",
        "FREQ=DAILY\r\nATTENDEE:mailto:a@example.org",
        "FREQ=WEEKLY;BYSETPOS=5000000",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYHOUR=" + ",".join(map(str, range(24))),
    ],
)
def test_a_rule_that_nobody_can_follow_is_refused(calendar, person, rule):
    with pytest.raises(Invalid) as refusal:
        enter(calendar, on(date(2026, 3, 3)), by=person, now=NOW, rrule=rule)
    assert list(refusal.value.details) == ["rrule"]
    assert CalendarEvent.objects.count() == 0

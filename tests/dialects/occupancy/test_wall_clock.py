"""Campus wall time labelled as UTC, and back."""

import contextlib
import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, assume, given, settings, strategies

from dialects.occupancy.wall_clock import NotATime, in_, out, out_day

TAIPEI, BERLIN, LORD_HOWE = ZONES = "Asia/Taipei", "Europe/Berlin", "Australia/Lord_Howe"
WALLS = strategies.datetimes(dt.datetime(1900, 1, 2), dt.datetime(2999, 12, 30)).map(
    lambda wall: wall.replace(microsecond=wall.microsecond // 1000 * 1000)
)
patient = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def utc(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@pytest.fixture
def zone(settings):
    def use(name):
        settings.CSPACE_TIME_ZONE = name

    return use


@pytest.mark.parametrize(
    ("name", "instant", "text"),
    [
        (TAIPEI, "2026-11-23T00:15", "2026-11-23T08:15:00.000Z"),
        (TAIPEI, "2026-07-23T00:15", "2026-07-23T08:15:00.000Z"),
        (BERLIN, "2026-11-23T07:15", "2026-11-23T08:15:00.000Z"),
        (BERLIN, "2026-07-23T06:15", "2026-07-23T08:15:00.000Z"),
        (LORD_HOWE, "2026-11-22T21:15", "2026-11-23T08:15:00.000Z"),
        (LORD_HOWE, "2026-07-22T21:45", "2026-07-23T08:15:00.000Z"),
    ],
)
def test_the_digits_are_the_campus_wall_summer_and_winter(zone, name, instant, text):
    zone(name)
    assert (out(utc(instant)), in_(text)) == (text, utc(instant))


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-23T08:15", "2026-11-23T00:15"),
        ("2026-11-23T08:15:30", "2026-11-23T00:15:30"),
        ("2026-11-23T08:15:30.5", "2026-11-23T00:15:30.500000"),
        ("2026-11-23T08:15:30.123456", "2026-11-23T00:15:30.123456"),
        ("2026-11-23T08:15Z", "2026-11-23T00:15"),
        ("2026-11-23T08:15:00.000Z", "2026-11-23T00:15"),
        ("2026-11-23T08:15:00+00:00", "2026-11-23T00:15"),
        ("2026-11-23T08:15-00:00", "2026-11-23T00:15"),
        ("2026-11-23", "2026-11-22T16:00"),
        # A true instant.
        ("2026-11-23T08:15+02:00", "2026-11-23T06:15"),
        ("2026-11-23T08:15:00.5-05:30", "2026-11-23T13:45:00.500000"),
        ("2026-11-23T08:15+08:00", "2026-11-23T00:15"),
        ("1900-01-01", "1899-12-31T16:00"),
        ("2999-12-31T23:59:59.999999", "2999-12-31T15:59:59.999999"),
    ],
)
def test_each_form_is_read(zone, text, instant):
    zone(TAIPEI)
    assert in_(text) == utc(instant)
    assert in_(text).tzinfo is dt.UTC


@pytest.mark.parametrize(
    ("name", "text", "instant", "shown"),
    [
        # The gap: forward by its length.
        (BERLIN, "2026-03-29T02:00", "2026-03-29T01:00", "2026-03-29T03:00:00.000Z"),
        (BERLIN, "2026-03-29T02:30", "2026-03-29T01:30", "2026-03-29T03:30:00.000Z"),
        (LORD_HOWE, "2026-10-04T02:00", "2026-10-03T15:30", "2026-10-04T02:30:00.000Z"),
        (LORD_HOWE, "2026-10-04T02:15", "2026-10-03T15:45", "2026-10-04T02:45:00.000Z"),
        # Twice: the first.
        (BERLIN, "2026-10-25T02:30", "2026-10-25T00:30", "2026-10-25T02:30:00.000Z"),
        (LORD_HOWE, "2026-04-05T01:45", "2026-04-04T14:45", "2026-04-05T01:45:00.000Z"),
        # Either pass of the repeated time shows the same digits.
        (BERLIN, "2026-10-25T02:30+01:00", "2026-10-25T01:30", "2026-10-25T02:30:00.000Z"),
        (LORD_HOWE, "2026-04-05T01:45+10:30", "2026-04-04T15:15", "2026-04-05T01:45:00.000Z"),
    ],
)
def test_where_the_clocks_change(zone, name, text, instant, shown):
    zone(name)
    assert (in_(text), out(in_(text))) == (utc(instant), shown)


@pytest.mark.parametrize(
    "text",
    [
        *(None, 0, 1.5, True, [], {}, 20261123),
        *("", " ", "now", "2026", "2026-11", "2026-11-23T", "2026-11-23T08", "2026-11-23 08:15", "2026-11-23t08:15"),
        *("2026-11-23T08:15z", "2026-11-23T08:15:00.", "2026-11-23T08:15:00.1234567", "2026-11-23T08:15,5"),
        *("2026-11-23T24:00", "2026-11-23T08:60", "2026-11-23T08:15:60", "2026-02-30", "2026-13-01", "2026-00-01"),
        *("2026-11-23Z", "2026-11-23T08:15+0200", "2026-11-23T08:15+02", "2026-11-23T08:15+24:00"),
        *(
            "2026-11-23T08:15+02:60",
            "2026-11-23T08:15 02:00",
            "2026-11-23T08:15\n",
            "２０２６-11-23",
            "2026-11-23T08:15Zx",
        ),
        *("20261123T0815", "2026-W48-1", "02026-11-23", "-2026-11-23", "2026-11-23T8:15", "99999-01-01T00:00"),
    ],
)
def test_anything_else_is_no_time(zone, text):
    zone(TAIPEI)
    with pytest.raises(NotATime, match=r"^must be a date and time such as 2026-11-23T08:15$"):
        in_(text)


@pytest.mark.parametrize("name", [*ZONES, "Pacific/Kiritimati", "Pacific/Pago_Pago"])
@pytest.mark.parametrize(
    "text",
    [
        *("0000-01-01", "0001-01-01", "1899-12-31", "3000-01-01", "9999-12-31T23:59:59"),
        *("0001-01-01T00:00+23:59", "9999-12-31T23:59-23:59", "1900-01-01T00:00+23:59", "2999-12-31T23:59-23:59"),
    ],
)
def test_a_year_outside_is_refused_at_either_edge(zone, name, text):
    zone(name)
    with pytest.raises(NotATime, match=r"^must be in a year from 1900 to 2999$"):
        in_(text)


@pytest.mark.parametrize("name", ZONES)
@patient
@given(wall=WALLS)
def test_what_is_shown_means_what_was_read(zone, name, wall):
    zone(name)
    text = f"{wall.isoformat(timespec='milliseconds')}Z"
    there = wall.replace(tzinfo=ZoneInfo(name))
    is_in_gap = there.astimezone(dt.UTC).astimezone(ZoneInfo(name)).replace(tzinfo=None) != wall
    instant = in_(text)
    assert out(instant) == text or is_in_gap
    assert in_(out(instant)) == instant


@pytest.mark.parametrize("name", ZONES)
@patient
@given(wall=WALLS)
def test_instants_come_back_but_for_the_second_pass(zone, name, wall):
    zone(name)
    instant = wall.replace(tzinfo=dt.UTC)
    assume(instant.astimezone(ZoneInfo(name)).fold == 0)
    assert in_(out(instant)) == instant


@patient
@given(text=strategies.text() | strategies.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]{5,15}[Z+-]?[0-9:]{0,5})?"))
def test_no_text_is_worse_than_refused(zone, text):
    zone(LORD_HOWE)
    with contextlib.suppress(NotATime):
        assert in_(text).tzinfo is dt.UTC


def test_what_lies_beyond_the_calendar_is_its_edge(zone):
    zone(TAIPEI)
    assert out(dt.datetime(9999, 12, 31, 23, 59, tzinfo=dt.UTC)) == "9999-12-31T23:59:59.999Z"
    zone("America/New_York")
    assert out(dt.datetime(1, 1, 1, tzinfo=dt.UTC)) == "0001-01-01T00:00:00.000Z"


def test_a_day_is_its_midnight():
    assert out_day(dt.date(2026, 10, 5)) == "2026-10-05T00:00:00.000Z"

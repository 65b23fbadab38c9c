"""One date of a series is called off in its text: all the others, and all that stands there, stay."""

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernel.campus_time import Interval
from kernel.ical.editing import DateMissing, MasterMissing, NotEditable, with_cancelled_date
from kernel.ical.errors import UnreadableCalendar
from kernel.ical.series import Reading, read_series
from tests.kernel.drawn_calendars import DESCRIBED, HOME, WITHIN, calendars

CASES = Path(__file__).parents[1] / "timetables" / "cases"
YEAR = Interval(dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.datetime(2027, 1, 1, tzinfo=dt.UTC))
NOW = dt.datetime(2026, 4, 1, 12, 30, 45, 678, ZoneInfo("Europe/Zurich"))
TAIL = "SUMMARY:Choir\\, all\nX-THING;A=b:c\nBEGIN:VALARM\nTRIGGER:-PT5M\nEND:VALARM\nEND:VEVENT\n"
ZONE = DESCRIBED.replace("Ours", "Ours; here")


def series_of(text, within=YEAR):
    (series,) = read_series(text.encode(), Reading(within, HOME))
    assert (series.faults, series.orphans) == ((), [])
    return series


def dates_of(text, within=YEAR):
    """{recurrence: (interval, whether it is cancelled)}."""
    return {each.recurrence: (each.interval, each.event.is_cancelled) for each in series_of(text, within).occurrences}


def raw_of(*lines, head=""):
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{head}BEGIN:VEVENT\nUID:one\n{''.join(lines)}{TAIL}END:VCALENDAR\n"
    return text.replace("\n", "\r\n")


def without(raw, number):
    """The text without a date (counted from 0) and the change of it, checked against what was there."""
    before = dates_of(raw)
    gone = sorted(before)[number]
    text = with_cancelled_date(raw, recurrence=gone, home=HOME, now=NOW)
    assert dates_of(text) == before | {gone: (before[gone][0], True)}
    assert with_cancelled_date(text, recurrence=gone, home=HOME, now=NOW) == text
    return text


FORMS = [
    (
        "",
        "DTSTART;TZID=Europe/Zurich:20260323T091500\nDTEND;TZID=Europe/Zurich:20260323T100000\nRRULE:FREQ=WEEKLY;COUNT=4\n",
        ";TZID=Europe/Zurich:20260330T091500",
        ";TZID=Europe/Zurich:20260330T100000",
    ),
    (
        "",
        "DTSTART;TZID=Eastern Standard Time:20260301T091500\nDURATION:PT45M\nRRULE:FREQ=WEEKLY\n",
        ";TZID=Eastern Standard Time:20260308T091500",
        ";TZID=Eastern Standard Time:20260308T100000",
    ),
    (
        ZONE,
        'DTSTART;TZID="Ours; here":20260301T091500\nDURATION:PT45M\nRRULE:FREQ=WEEKLY\n',
        ';TZID="Ours; here":20260308T091500',
        ';TZID="Ours; here":20260308T100000',
    ),
    (
        "",
        "DTSTART:20260323T081500Z\nDTEND:20260323T090000Z\nRRULE:FREQ=WEEKLY;COUNT=4\n",
        ":20260330T081500Z",
        ":20260330T090000Z",
    ),
    # At the same time on a wall: in UTC an hour earlier.
    (
        "X-WR-TIMEZONE:Europe/Zurich\n",
        "DTSTART:20260323T081500Z\nDTEND:20260323T090000Z\nRRULE:FREQ=WEEKLY;COUNT=4\n",
        ":20260330T071500Z",
        ":20260330T080000Z",
    ),
    (
        "",
        "DTSTART:20260323T091500\nDTEND:20260323T100000\nRRULE:FREQ=WEEKLY;COUNT=4\n",
        ":20260330T091500",
        ":20260330T100000",
    ),
    ("", "DTSTART:20260323T091500\nRRULE:FREQ=WEEKLY;COUNT=4\n", ":20260330T091500", None),
    (
        "",
        "DTSTART;VALUE=DATE:20260323\nDTEND;VALUE=DATE:20260325\nRRULE:FREQ=WEEKLY;COUNT=4\n",
        ";VALUE=DATE:20260330",
        ";VALUE=DATE:20260401",
    ),
    ("", "DTSTART:20260323\nRRULE:FREQ=WEEKLY;COUNT=4\n", ";VALUE=DATE:20260330", None),
    # A time that the clocks are put forward over.
    (
        "",
        "DTSTART;TZID=Europe/Zurich:20260322T023000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=4\n",
        ";TZID=Europe/Zurich:20260329T023000",
        ";TZID=Europe/Zurich:20260329T033000",
    ),
    # Not by a rule.
    (
        "",
        "DTSTART;TZID=Europe/Zurich:20260323T091500\nDURATION:PT45M\nRDATE:20260401T060000Z\n",
        ";TZID=Europe/Zurich:20260401T080000",
        ";TZID=Europe/Zurich:20260401T084500",
    ),
]


@pytest.mark.parametrize(("head", "lines", "start", "end"), FORMS)
def test_a_date_is_called_off_in_the_form_of_its_series(head, lines, start, end):
    raw = raw_of(lines, "SEQUENCE:4\nORGANIZER;CN=Ada:mailto:ada@example.edu\n", head=head)
    change = (
        f"BEGIN:VEVENT\nUID:one\nRECURRENCE-ID{start}\nSEQUENCE:5\nDTSTAMP:20260401T103045Z\nDTSTART{start}\n"
        + (f"DTEND{end}\n" if end else "")
        + "SUMMARY:Choir\\, all\nORGANIZER;CN=Ada:mailto:ada@example.edu\nSTATUS:CANCELLED\nEND:VEVENT\n"
    )
    expected = raw.replace("END:VCALENDAR", change.replace("\n", "\r\n") + "END:VCALENDAR")
    assert without(raw, 1) == expected
    assert len(icalendar.Calendar.from_ical(expected).walk("VEVENT")) == 2


WEEKLY = "DTSTART;TZID=Europe/Zurich:20260323T091500\nDURATION:PT45M\nRRULE:FREQ=WEEKLY;COUNT=4\n"
CHANGE = (
    "BEGIN:VEVENT\n{}DTSTAMP:20260101T000000Z\nRECURRENCE-ID{}\n{}UID:one\n"
    "DTSTART;TZID=Europe/Zurich:20260331T111500\nDURATION:PT2H\n"
    "SUMMARY:Choir\nBEGIN:VALARM\nTRIGGER:-PT5M\nSTATUS:CONFIRMED\nEND:VALARM\nEND:VEVENT\n"
)
SAID = "STATUS:CONFIRMED\nSEQUENCE:7\nLAST-MODIFIED:20260\n 101T000000Z\n"


@pytest.mark.parametrize(
    "form", [";TZID=Europe/Zurich:20260330T091500", ":20260330T071500Z", ":20260330T091500", ";VALUE=DATE:20260330"]
)
@pytest.mark.parametrize(
    ("lines", "first", "others"),
    [
        ("", "STATUS:CANCELLED\nSEQUENCE:1\n", ""),
        (SAID, "", "STATUS:CANCELLED\nSEQUENCE:8\nLAST-MODIFIED:20260401T103045Z\n"),
    ],
)
def test_a_date_that_is_changed_already_is_called_off_where_it_is(form, lines, first, others):
    raw = raw_of(WEEKLY).replace("END:VCALENDAR", CHANGE.format("", form, lines) + "END:VCALENDAR")
    change = CHANGE.format(first, form, others).replace("DTSTAMP:20260101T000000Z", "DTSTAMP:20260401T103045Z")
    expected = raw_of(WEEKLY).replace("END:VCALENDAR", change + "END:VCALENDAR")
    assert without(raw, 1).splitlines() == expected.splitlines()


def test_dates_are_called_off_one_after_the_other():
    raw = raw_of(WEEKLY)
    for number in range(4):
        raw = without(raw, number)
    assert all(is_cancelled for _, is_cancelled in dates_of(raw).values())
    assert raw.startswith(raw_of(WEEKLY).removesuffix("END:VCALENDAR\r\n"))


def test_lines_of_a_text_may_end_as_they_like():
    raw = raw_of(WEEKLY)
    assert without(raw.replace("\r\n", "\n"), 2) == without(raw, 2)


REFUSALS = [
    ("DTSTART:20260323T081500Z\nRECURRENCE-ID:20260330T081500Z\n", MasterMissing),
    ("DTSTART:20260324T081500Z\nRRULE:FREQ=WEEKLY\n", DateMissing),
    ("DTSTART:20260323T081500Z\nRRULE:FREQ=WEEKLY\nEXDATE:20260330T081500Z\n", DateMissing),
    ("DTSTART:20260323T081500Z\nRRULE:FREQ=HOURLY\n", NotEditable),
]


@pytest.mark.parametrize(("lines", "error"), REFUSALS)
def test_what_cannot_be_called_off(lines, error):
    with pytest.raises(NotEditable) as refusal:
        with_cancelled_date(
            raw_of(lines), recurrence=dt.datetime(2026, 3, 30, 8, 15, tzinfo=dt.UTC), home=HOME, now=NOW
        )
    assert type(refusal.value) is error
    assert isinstance(refusal.value, ValueError)


@pytest.mark.parametrize(
    "raw",
    [
        raw_of(WEEKLY).replace("UID:one\r\n", ""),
        raw_of(WEEKLY).replace(
            "END:VCALENDAR",
            CHANGE.format("", ";RANGE=THISANDFUTURE:20260330T071500Z", "") + "END:VCALENDAR",
        ),
    ],
)
def test_what_others_depend_on_is_not_called_off(raw):
    with pytest.raises(NotEditable):
        with_cancelled_date(raw, recurrence=dt.datetime(2026, 3, 30, 7, 15, tzinfo=dt.UTC), home=HOME, now=NOW)


@settings(max_examples=200, suppress_health_check=list(HealthCheck))
@given(calendars(), st.data())
def test_any_date_of_any_series_can_be_called_off(drawn, data):
    live = [each for each in series_of(drawn.text, WITHIN).occurrences if not each.event.is_cancelled]
    if live:
        gone = data.draw(st.sampled_from(live)).recurrence
        text = with_cancelled_date(drawn.text, recurrence=gone, home=HOME, now=NOW)
        before = dates_of(drawn.text, WITHIN)
        assert dates_of(text, WITHIN) == before | {gone: (before[gone][0], True)}


@pytest.mark.parametrize("path", sorted(CASES.glob("*.ics")), ids=lambda path: path.stem)
def test_the_dates_of_strange_calendars_can_be_called_off(path):
    try:
        everything = list(read_series(path.read_bytes(), Reading(WITHIN, HOME)))
    except UnreadableCalendar:
        return
    for series in everything:
        for occurrence in series.occurrences:
            if not occurrence.event.is_cancelled:
                gone, before = occurrence.recurrence, dates_of(series.raw, WITHIN)
                text = with_cancelled_date(series.raw, recurrence=gone, home=HOME, now=NOW)
                assert dates_of(text, WITHIN) == before | {gone: (before[gone][0], True)}

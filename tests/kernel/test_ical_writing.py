"""What is written, as two others read it: icalendar, and our own reader; zones by dateutil, hour by hour."""

import datetime as dt
import io
import time
from zoneinfo import ZoneInfo

import icalendar
import pytest
from dateutil.tz import tzical
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.campus_time import Interval
from kernel.ical.errors import WrongValue
from kernel.ical.lines import folded
from kernel.ical.series import Reading, read_series
from kernel.ical.writing import CalendarEntry, WholeDays, calendar_text, event_text
from kernel.text import plain_line, plain_lines

ZURICH, UTC = ZoneInfo("Europe/Zurich"), dt.UTC
YEAR = Interval(dt.datetime(2026, 1, 1, tzinfo=UTC), dt.datetime(2027, 1, 1, tzinfo=UTC))
STAMP = dt.datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=ZURICH)
NAMES = [
    "Choir",
    "🎻 Quartet 👩‍🔬 and 👨‍👩‍👧",
    "a, b; c\\d\\n e: f",
    "語" * 300,
    "🎻" * 300,
    '"quoted" <b>&amp;</b>',
    "می‌خواهم",
    "Zürich " * 43,
]


def hours(day, first, last):
    at = dt.datetime(2026, 5, day, tzinfo=UTC)
    return Interval(at + dt.timedelta(hours=first), at + dt.timedelta(hours=last))


def entry(**fields):
    return CalendarEntry(**{"uid": "one@x", "stamp": STAMP, "span": hours(4, 8, 9), "summary": "Choir"} | fields)


def read(text, within=YEAR):
    """The occurrences by our own reader, which may find no fault."""
    everything = list(read_series(text.encode(), Reading(within, ZoneInfo("Asia/Taipei"))))
    assert all((series.faults, series.orphans, series.remarks) == ((), [], []) for series in everything)
    return [occurrence for series in everything for occurrence in series.occurrences]


def component(text):
    (event,) = icalendar.Calendar.from_ical(text).walk("VEVENT")
    return event


def test_a_calendar_line_by_line():
    entries = [
        entry(
            sequence=3,
            location="Room; B",
            description="Bring ink,\npaper",
            status="TENTATIVE",
            is_transparent=True,
            organizer="ada@example.edu",
            attendee="bob@example.edu",
            created=dt.datetime(2026, 1, 1, tzinfo=UTC),
            last_modified=dt.datetime(2026, 1, 2, tzinfo=UTC),
            marks={"X-CSPACE-STATE": "CONFLICTING"},
        ),
        entry(uid="two@x", span=WholeDays(dt.date(2026, 5, 30), dt.date(2026, 5, 31)), status="CANCELLED"),
        entry(uid="three@x", span=Interval(hours(4, 8, 9).starts_at, hours(4, 8, 9).starts_at)),
    ]
    expected = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//CSpace//CSpace//EN
CALSCALE:GREGORIAN
METHOD:PUBLISH
NAME:Room A\\, upstairs
X-WR-CALNAME:Room A\\, upstairs
BEGIN:VTIMEZONE
TZID:Asia/Taipei
BEGIN:STANDARD
DTSTART:20251230T080000
TZOFFSETFROM:+0800
TZOFFSETTO:+0800
TZNAME:CST
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
UID:one@x
SEQUENCE:3
DTSTAMP:20260102T020405Z
CREATED:20260101T000000Z
LAST-MODIFIED:20260102T000000Z
DTSTART;TZID=Asia/Taipei:20260504T160000
DTEND;TZID=Asia/Taipei:20260504T170000
SUMMARY:Choir
LOCATION:Room\\; B
DESCRIPTION:Bring ink\\,\\npaper
STATUS:TENTATIVE
TRANSP:TRANSPARENT
ORGANIZER:mailto:ada@example.edu
ATTENDEE;PARTSTAT=ACCEPTED;ROLE=REQ-PARTICIPANT;RSVP=FALSE:mailto:bob@examp
 le.edu
X-CSPACE-STATE:CONFLICTING
END:VEVENT
BEGIN:VEVENT
UID:two@x
SEQUENCE:0
DTSTAMP:20260102T020405Z
DTSTART;VALUE=DATE:20260530
DTEND;VALUE=DATE:20260601
SUMMARY:Choir
STATUS:CANCELLED
END:VEVENT
BEGIN:VEVENT
UID:three@x
SEQUENCE:0
DTSTAMP:20260102T020405Z
DTSTART;TZID=Asia/Taipei:20260504T160000
SUMMARY:Choir
STATUS:CONFIRMED
END:VEVENT
END:VCALENDAR
"""
    for _ in range(2):
        text = calendar_text(entries, zone=ZoneInfo("Asia/Taipei"), name="Room A,\nupstairs", method="PUBLISH")
        assert text == expected.replace("\n", "\r\n")


def test_our_reader_reads_all_of_an_entry():
    said = entry(
        sequence=3,
        location="Room; B",
        description="Bring ink,\npaper",
        status="TENTATIVE",
        is_transparent=True,
        organizer="ada@example.edu",
        created=dt.datetime(2026, 1, 1, tzinfo=UTC),
        last_modified=dt.datetime(2026, 1, 2, tzinfo=UTC),
    )
    (occurrence,) = read(event_text(said, zone=ZURICH))
    event = occurrence.event
    assert (event.uid, event.sequence, event.summary, event.location) == ("one@x", 3, "Choir", "Room; B")
    assert (event.description, event.organizer) == ("Bring ink,\npaper", "ada@example.edu")
    assert (event.is_tentative, event.is_transparent, event.is_cancelled) == (True, True, False)
    assert (event.created, event.last_modified) == (said.created, said.last_modified)
    assert event.stamp == STAMP.replace(microsecond=0)
    assert occurrence.interval == said.span


def test_nothing_is_written_of_an_empty_calendar_but_its_name():
    text = calendar_text([], zone=ZURICH, name="Room A")
    assert text.split("\r\n")[4:] == ["NAME:Room A", "X-WR-CALNAME:Room A", "END:VCALENDAR", ""]


@pytest.mark.parametrize("name", NAMES)
def test_names_arrive(name):
    text = calendar_text([entry(summary=name, location=name, description=f"{name}\n{name}")], zone=ZURICH, name=name)
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    plain = " ".join(name.split())
    theirs, (ours,) = component(text), read(text)
    assert (theirs["SUMMARY"], theirs["LOCATION"], ours.event.summary, ours.event.location) == (plain,) * 4
    lines = f"{name.rstrip()}\n{name.rstrip()}"
    assert theirs["DESCRIPTION"] == lines
    assert ours.event.description == lines
    assert f"\r\nX-WR-CALNAME:{icalendar.vText(plain).to_ical().decode()}\r\n" in text.replace("\r\n ", "")


@pytest.mark.parametrize(
    "text",
    [
        "x\r\nATTENDEE:mailto:x@example.edu",
        "x\x00\x07\x1b[31my",
        "x\u2028y\u2029z\x85a\x0bb",
        "x\ud800y",
        "\u202egnp.exe",
        "END:VEVENT\rBEGIN:VEVENT",
    ],
)
def test_what_people_write_stays_inside_its_line(text):
    fields = {"uid": text, "summary": text, "location": text, "organizer": text, "marks": {"X-MARK": text}}
    written = event_text(entry(**fields, description=text), zone=ZURICH)
    plain = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    theirs = component(written)
    assert {name for name, _ in theirs.property_items()} == {
        "BEGIN", "UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "LOCATION", "DESCRIPTION", "STATUS",
        "ORGANIZER", "X-MARK", "END",
    }  # fmt: skip
    assert (theirs["UID"], theirs["SUMMARY"], theirs["LOCATION"], theirs["X-MARK"]) == (plain,) * 4
    assert " ".join(theirs["DESCRIPTION"].split()) == plain
    assert not set(written) & {"\x00", "\x07", "\x1b", "\x0b", "\x85", "\u2028", "\u2029", "\u202e", "\ud800"}


@settings(max_examples=300)
@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_arrives(summary, description):
    text = event_text(entry(summary=f"x{summary}", description=description), zone=ZURICH)
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    (ours,) = read(text)
    assert ours.event.summary == plain_line(f"x{summary}") == str(component(text)["SUMMARY"])
    assert ours.event.description == plain_lines(description)


@settings(max_examples=300)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=400))
def test_lines_are_folded_between_characters(text):
    lines = folded(text).split("\r\n")
    assert "\r\n".join(lines).replace("\r\n ", "") == text
    assert all(len(line.encode()) <= 75 for line in lines)
    assert all(len(line.encode()) > 71 for line in lines[:-1])


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "start", "end"),
    [
        ("00:30", "02:00", ";TZID=Europe/Zurich:20261025T023000", ";TZID=Europe/Zurich:20261025T030000"),
        ("01:30", "02:00", ":20261025T013000Z", ";TZID=Europe/Zurich:20261025T030000"),
        ("00:30", "01:30", ";TZID=Europe/Zurich:20261025T023000", ":20261025T013000Z"),
    ],
)
def test_of_an_hour_that_comes_twice_is_said_which(starts_at, ends_at, start, end):
    span = Interval(*(dt.datetime.fromisoformat(f"2026-10-25 {time}+00:00") for time in (starts_at, ends_at)))
    text = event_text(entry(span=span), zone=ZURICH)
    assert f"DTSTART{start}\r\nDTEND{end}\r\n" in text
    theirs = component(text)
    assert (theirs["DTSTART"].dt.astimezone(UTC), theirs["DTEND"].dt.astimezone(UTC)) == (span.starts_at, span.ends_at)


def test_utc_needs_no_zone():
    text = event_text(entry(), zone=ZoneInfo("UTC"))
    assert "DTSTART:20260504T080000Z\r\nDTEND:20260504T090000Z\r\n" in text
    assert "VTIMEZONE" not in text


@pytest.mark.parametrize(
    ("rule", "last_year"),
    [("FREQ=WEEKLY;UNTIL=20271231T000000Z", 2027), ("FREQ=WEEKLY;COUNT=3", 2036), ("FREQ=YEARLY;UNTIL=99991231", 2036)],
)
def test_a_series_is_repeated_on_the_wall(rule, last_year):
    begin = dt.datetime(2026, 10, 12, 9, 15, tzinfo=ZURICH)
    span = Interval(begin.astimezone(UTC), begin.astimezone(UTC) + dt.timedelta(hours=1))
    text = event_text(entry(span=span, rrule=rule), zone=ZURICH)
    assert f"RRULE:{rule}\r\n" in text
    assert text.count("BEGIN:DAYLIGHT") == last_year - 2026 + 1
    if "WEEKLY" in rule:
        starts = [occurrence.interval.starts_at for occurrence in read(text)][:3]
        assert [f"{start:%m-%d %H:%M}" for start in starts] == ["10-12 07:15", "10-19 07:15", "10-26 08:15"]


@pytest.mark.parametrize("rule", ["FREQ=SECONDLY", "FREQ=DAILY\r\nATTENDEE:mailto:x@example.edu", "FREQ=DAILY;COUNT=0"])
def test_a_rule_that_cannot_be_followed_is_not_written(rule):
    with pytest.raises(WrongValue):
        event_text(entry(rrule=rule), zone=ZURICH)


@pytest.mark.parametrize(
    "name", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Taipei", "Africa/Casablanca"]
)
def test_the_zone_that_comes_along_is_the_one_that_is_meant(name):
    begin, end = dt.datetime(2026, 1, 2, 6, tzinfo=UTC), dt.datetime(2027, 12, 30, 6, tzinfo=UTC)
    spans = [Interval(at, at + dt.timedelta(hours=1)) for at in (begin, end)]
    ours = ZoneInfo(name)
    text = calendar_text([entry(uid=f"{span.starts_at}", span=span) for span in spans], zone=ours)
    icalendar.Calendar.from_ical(text)
    theirs, at = tzical(io.StringIO(text.replace("\r\n", "\n"))).get(name), begin
    while at < end:
        wall = at.astimezone(ours)
        if wall.fold == 0:
            assert wall.replace(tzinfo=theirs).utcoffset() == wall.utcoffset(), wall
        at += dt.timedelta(hours=1)


def test_a_large_feed_is_written_at_once():
    """Some 70 ms on a machine that is otherwise idle."""
    entries = [
        entry(
            uid=f"{number}@x", span=hours(1 + number % 28, 8, 9), summary=f"Übung {number} 🎻", location="Room A",
            description="Bring ink, paper\n" * 5, organizer="ada@example.edu", created=STAMP, last_modified=STAMP,
        )
        for number in range(2000)
    ]  # fmt: skip
    begin = time.process_time()
    text = calendar_text(entries, zone=ZURICH, name="Room A")
    assert time.process_time() - begin < 1
    assert len(icalendar.Calendar.from_ical(text).walk("VEVENT")) == 2000
    assert len(read(text)) == 2000

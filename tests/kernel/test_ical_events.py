"""What events say beside their times, which date of its series each occurrence is, and series cut out of their file."""

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings

from kernel.campus_time import Interval
from kernel.ical.errors import UnreadableCalendar
from kernel.ical.objects import MAX_ZONES
from kernel.ical.series import Reading, read_series
from tests.kernel.drawn_calendars import HOME, WITHIN, calendars

CASES = Path(__file__).parents[1] / "timetables" / "cases"
READING = Reading(Interval(dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.datetime(2027, 1, 1, tzinfo=dt.UTC)), HOME)
ZONE = "BEGIN:VTIMEZONE\nTZID:{}\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0300\nTZOFFSETTO:+0300\nEND:STANDARD\nEND:VTIMEZONE\n"  # noqa: E501
SINGLE = "DTSTART:20260504T080000Z\nDTEND:20260504T090000Z\n"
DAILY = "DTSTART;TZID=Europe/Zurich:20260504T091500\nDURATION:PT45M\nRRULE:FREQ=DAILY;COUNT=5\n"


def event(*lines, uid="one"):
    return f"BEGIN:VEVENT\nUID:{uid}\n" + "".join(lines) + "END:VEVENT\n"


def calendar(*parts):
    return "BEGIN:VCALENDAR\n" + "".join(parts) + "END:VCALENDAR\n"


def series_of(text, reading=READING):
    return list(read_series(text.encode() if isinstance(text, str) else text, reading))


def dates_of(text):
    """[(recurrence, start, end)], in UTC."""
    (series,) = series_of(text)
    assert (series.faults, series.orphans) == ((), [])
    times = [(each.recurrence, each.interval.starts_at, each.interval.ends_at) for each in series.occurrences]
    return [tuple(f"{time:%m-%d %H:%M}" for time in each) for each in times]


@pytest.mark.parametrize(
    ("lines", "name", "value"),
    [
        ("DESCRIPTION:Bring ink\\, paper\\nand time\n", "description", "Bring ink, paper\nand time"),
        ("DESCRIPTION:a\x00b\x07c\td\n", "description", "abc\td"),
        ("DESCRIPTION;ENCODING=QUOTED-PRINTABLE:f=C3=BCr\n", "description", "für"),
        ("", "description", ""),
        ("ORGANIZER;CN=Ada:mailto:Ada@Example.EDU\n", "organizer", "Ada@example.edu"),
        ("ORGANIZER:MAILTO:ada@example.edu\n", "organizer", "ada@example.edu"),
        ("ORGANIZER:ada@example.edu\n", "organizer", "ada@example.edu"),
        ("ORGANIZER;EMAIL=ada@example.edu:/1234/principal/\n", "organizer", "ada@example.edu"),
        ("ORGANIZER;CN=Ada:invalid:nomail\n", "organizer", ""),
        ("ORGANIZER:mailto:Ada Lovelace <ada@example.edu>\n", "organizer", ""),
        ("CREATED:20260102T030405Z\n", "created", dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)),
        ("CREATED;TZID=Asia/Taipei:20260102T080000\n", "created", dt.datetime(2026, 1, 2, tzinfo=dt.UTC)),
        ("CREATED:20260102T010000\n", "created", dt.datetime(2026, 1, 2, tzinfo=dt.UTC)),
        ("CREATED:20260102\n", "created", dt.datetime(2026, 1, 1, 23, tzinfo=dt.UTC)),
        ("CREATED:00010101T000000Z\n", "created", None),
        ("CREATED:19000101T120000Z\n", "created", None),
        ("CREATED:yesterday\n", "created", None),
        ("CREATED;TZID=Nowhere:20260102T080000\n", "created", None),
        ("LAST-MODIFIED:20260102T030405Z\n", "last_modified", dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)),
        ("DTSTAMP:20260102T030405Z\n", "stamp", dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)),
        ("STATUS:Tentative\n", "is_tentative", True),
        ("STATUS:CONFIRMED\n", "is_tentative", False),
        ("TRANSP:TRANSPARENT\n", "is_transparent", True),
        ("TRANSP:OPAQUE\n", "is_transparent", False),
        ("", "is_transparent", False),
    ],
)
def test_what_an_event_says_beside_its_times(lines, name, value):
    (series,) = series_of(calendar(event(SINGLE, lines)))
    assert series.faults == ()
    assert getattr(series.members[0], name) == value


def test_what_is_wrong_beside_the_times_is_no_fault():
    lines = "CREATED:x\nCREATED:y\nDTSTAMP:\nLAST-MODIFIED;TZID=:1\nORGANIZER:\nTRANSP:\nTRANSP:x\nDESCRIPTION\n"
    (series,) = series_of(calendar(event(SINGLE, lines)))
    (occurrence,) = series.occurrences
    assert (series.faults, occurrence.event.created, occurrence.event.organizer) == ((), None, "")


@pytest.mark.parametrize("sign", ["x", "\\,", "\\\\", "語"])
def test_of_a_long_description_its_beginning_is_read(sign):
    (series,) = series_of(calendar(event(SINGLE, f"DESCRIPTION:{sign * 20_000}\n")))
    assert series.members[0].description == sign[-1] * 5000


def test_a_date_is_known_by_its_start_in_the_series():
    moved = "RECURRENCE-ID;TZID=Europe/Zurich:20260505T091500\nDTSTART:20260601T100000Z\nDTEND:20260601T110000Z\n"
    gone = "RECURRENCE-ID:20260506T071500Z\nDTSTART:20260506T071500Z\nDTEND:20260506T080000Z\nSTATUS:CANCELLED\n"
    by_day = "RECURRENCE-ID;VALUE=DATE:20260507\nDTSTART:20260507T120000Z\nDTEND:20260507T120000Z\n"
    assert dates_of(calendar(event(DAILY), event(moved), event(gone), event(by_day))) == [
        ("05-04 07:15", "05-04 07:15", "05-04 08:00"),
        ("05-06 07:15", "05-06 07:15", "05-06 08:00"),
        ("05-07 07:15", "05-07 12:00", "05-07 12:00"),
        ("05-08 07:15", "05-08 07:15", "05-08 08:00"),
        ("05-05 07:15", "06-01 10:00", "06-01 11:00"),
    ]


def test_dates_that_a_change_moves_together_keep_their_starts_in_the_series():
    rest = (
        "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Zurich:20260506T091500\n"
        "DTSTART;TZID=Europe/Zurich:20260507T101500\nDURATION:PT1H\n"
    )
    assert dates_of(calendar(event(DAILY), event(rest))) == [
        ("05-04 07:15", "05-04 07:15", "05-04 08:00"),
        ("05-05 07:15", "05-05 07:15", "05-05 08:00"),
        ("05-06 07:15", "05-07 08:15", "05-07 09:15"),
        ("05-07 07:15", "05-08 08:15", "05-08 09:15"),
        ("05-08 07:15", "05-09 08:15", "05-09 09:15"),
    ]


@pytest.mark.parametrize(
    ("lines", "dates"),
    [
        (SINGLE, [("05-04 08:00", "05-04 08:00", "05-04 09:00")]),
        ("DTSTART:20260504T080000Z\n", [("05-04 08:00", "05-04 08:00", "05-04 08:00")]),
        ("DTSTART:20260504T080000Z\nDTEND:20260504T080000Z\n", [("05-04 08:00", "05-04 08:00", "05-04 08:00")]),
        ("DTSTART;VALUE=DATE:20260504\n", [("05-03 22:00", "05-03 22:00", "05-04 22:00")]),
        # Of a series that stands elsewhere.
        (f"RECURRENCE-ID:20260501T070000Z\n{SINGLE}", [("05-01 07:00", "05-04 08:00", "05-04 09:00")]),
        (f"RECURRENCE-ID;VALUE=DATE:20260501\n{SINGLE}", [("05-01 08:00", "05-04 08:00", "05-04 09:00")]),
        # The clocks are put forward at 02:00: there is no half past two, and no second half of that hour.
        (
            "DTSTART;TZID=Europe/Zurich:20260329T023000\nDTEND;TZID=Europe/Zurich:20260329T030000\n",
            [("03-29 01:30", "03-29 01:30", "03-29 01:30")],
        ),
    ],
)
def test_an_event_alone(lines, dates):
    assert dates_of(calendar(event(lines))) == dates


WHOLE = """BEGIN:VCALENDAR
X-WR-CALNAME:All lectures
PRODID:-//Example//EN
BEGIN:VTIMEZONE
TZID:Ours
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:+0300
TZOFFSETTO:+0300
END:STANDARD
END:VTIMEZONE
BEGIN:VTIMEZONE
TZID:Theirs
END:VTIMEZONE
BEGIN:VEVENT
UID:one
DTSTART;TZID="Ours":20260504T080000
RRULE:FREQ=DAILY;COUNT=3
SUMMARY:A name in two l
 ines
X-Thing;A="b:c":\\;kept\\, as it is

BEGIN:VALARM
ACTION:AUDIO
TRIGGER:-PT5M
END:VALARM
END:VEVENT
BEGIN:VTODO
UID:other
END:VTODO
BEGIN:VEVENT
UID:two
DTSTART:20260504T080000Z
END:VEVENT
BEGIN:VEVENT
UID:one
RECURRENCE-ID;TZID=Ours:20260505T080000
DTSTART;TZID=Ours:20260505T090000
END:VEVENT
END:VCALENDAR
"""
ONE = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//EN
BEGIN:VTIMEZONE
TZID:Ours
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:+0300
TZOFFSETTO:+0300
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
UID:one
DTSTART;TZID="Ours":20260504T080000
RRULE:FREQ=DAILY;COUNT=3
SUMMARY:A name in two l
 ines
X-Thing;A="b:c":\\;kept\\, as it is
BEGIN:VALARM
ACTION:AUDIO
TRIGGER:-PT5M
END:VALARM
END:VEVENT
BEGIN:VEVENT
UID:one
RECURRENCE-ID;TZID=Ours:20260505T080000
DTSTART;TZID=Ours:20260505T090000
END:VEVENT
END:VCALENDAR
"""
TWO = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//EN
BEGIN:VEVENT
UID:two
DTSTART:20260504T080000Z
END:VEVENT
END:VCALENDAR
"""


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_series_alone_has_all_that_the_file_says_of_it(end, encoding):
    texts = [series.raw for series in series_of(WHOLE.replace("\n", end).encode(encoding))]
    assert texts == [ONE.replace("\n", "\r\n"), TWO.replace("\n", "\r\n")]


def test_a_series_alone_is_what_it_was_in_its_calendar():
    head = "METHOD:CANCEL\nX-WR-TIMEZONE:Ours\n"
    texts = [calendar(head, ZONE.format("Ours"), event(SINGLE)), calendar(event(SINGLE, uid="two")), "\n"]
    one, two = series_of("".join(texts))
    assert "METHOD:CANCEL\r\nX-WR-TIMEZONE:Ours\r\nBEGIN:VTIMEZONE\r\nTZID:Ours\r\n" in one.raw
    assert "METHOD" not in two.raw


def test_events_without_a_uid_and_those_that_share_one_are_cut_out_one_by_one():
    nameless = event("DTSTART:20260504T080000Z\n").replace("UID:one\n", "")
    texts = [series.raw for series in series_of(calendar(nameless, nameless, event(SINGLE), event(SINGLE)))]
    assert [text.count("BEGIN:VEVENT") for text in texts] == [1, 1, 1, 1]


def test_a_fold_inside_a_character_is_mended():
    data = calendar(event(SINGLE, "SUMMARY:Zürich\n")).encode().replace(b"\xc3\xbc", b"\xc3\r\n \xbc")
    (series,) = series_of(data)
    assert "SUMMARY:Zürich\r\n" in series.raw


def test_what_no_text_of_the_database_holds_is_left_out():
    (series,) = series_of(calendar(event(SINGLE, "SUMMARY:a\x00b\x07c\n")))
    assert "SUMMARY:ab\x07c\r\n" in series.raw


def test_a_large_zone_is_not_copied_for_each_event():
    zone = ZONE.format("Ours").replace("END:STANDARD\n", "X-LONG:" + "x" * MAX_ZONES + "\nEND:STANDARD\n")
    head = "PRODID:" + "x" * MAX_ZONES + "\n"
    events = [event("DTSTART;TZID=Ours:20260504T080000\n", uid=number) for number in range(3)]
    assert [len(series.raw) < 1000 for series in series_of(calendar(head, zone, *events))] == [True] * 3


def outlines(series):
    """What is read of a series, without lines."""
    dates = [
        (each.recurrence, each.interval, each.event.summary, each.event.is_cancelled) for each in series.occurrences
    ]
    return (len(series.members), len(series.faults), len(series.orphans), len(series.remarks), dates)


@pytest.mark.parametrize("path", sorted(CASES.glob("*.ics")), ids=lambda path: path.stem)
def test_a_series_alone_reads_as_it_did_in_its_file(path):
    reading = Reading(WITHIN, ZoneInfo("Europe/Zurich"))
    try:
        everything = series_of(path.read_bytes(), reading)
    except UnreadableCalendar:
        return
    for series in everything:
        (alone,) = series_of(series.raw, reading)
        assert (outlines(alone), alone.raw) == (outlines(series), series.raw)


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(calendars())
def test_a_drawn_series_alone_reads_as_it_did(drawn):
    (series,) = series_of(drawn.text)
    (alone,) = series_of(series.raw)
    assert outlines(alone) == outlines(series)

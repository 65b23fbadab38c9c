"""When a series takes place, compared with dateutil's rules used directly.

And no input ends in anything but words. Drawn by hypothesis, without the database; `CALENDAR_EXAMPLES=20000` tries
more than CI has time for.
"""

import os
import random
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kernel.ical.errors import UnreadableCalendar
from kernel.ical.series import Reading, read_series
from tests.kernel.drawn_calendars import HOME, WITHIN, calendars

EXAMPLES = int(os.environ.get("CALENDAR_EXAMPLES", "300"))
CASES = Path(__file__).parent / "cases"


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(calendars())
def test_a_series_takes_place_when_dateutil_says(calendar):
    (series,) = read_series(calendar.text.encode(), Reading(WITHIN, HOME))
    assert (series.faults, series.orphans) == ((), [])
    dates = [each for each in series.occurrences if not each.event.is_cancelled]
    assert [each.interval.starts_at for each in dates] == calendar.starts, calendar.text
    assert [calendar.dates[each.recurrence] for each in dates] == calendar.starts, calendar.text


PIECES = [path.read_bytes() for path in sorted(CASES.glob("*.ics"))]
WORDS = [
    *(
        b"BEGIN:",
        b"END:",
        b"VEVENT",
        b"VCALENDAR",
        b"VTIMEZONE",
        b"STANDARD",
        b";TZID=",
        b":",
        b"\r\n",
        b"\n ",
        b"\x00",
        b"\xff",
    ),
    *(b"RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", b"COUNT=999999999", b"INTERVAL=1000", b"UNTIL=99991231T235959Z"),
    *(
        b"00010101T000000",
        b"99991231T235959Z",
        b"20261025T023000",
        b"20260329T023000",
        b"P9999W",
        b"-PT1S",
        b"+2359",
        b"RDATE:",
    ),
    *(
        b"RECURRENCE-ID;RANGE=THISANDFUTURE:",
        b"20260921T081500",
        b"EXDATE;VALUE=DATE:",
        b"BYDAY=-5MO,53SU",
        b"BYSETPOS=-1",
    ),
    *(
        b"BYWEEKNO=53",
        b"BYYEARDAY=-366",
        b"WKST=SU",
        b"X-WR-TIMEZONE:Ours",
        b"METHOD:COUNTER",
        b"SEQUENCE:9",
        b"BYHOUR=23",
    ),
    *(
        "²".encode(),
        "٣".encode(),
        b"\\n",
        b"\\",
        b'"',
        b",",
        b";",
        b"=",
        b"/",
        b"P1D",
        b"UTC",
        b"Europe",
        b"../../etc/passwd",
    ),
]


def spoiled(seed):
    """A case with some of its bytes and lines exchanged, doubled, cut, or put from another case."""
    chance = random.Random(seed)
    data = chance.choice(PIECES)
    for _ in range(chance.randint(1, 6)):
        first, last = sorted(chance.choices(range(len(data) + 1), k=2))
        last = min(last, first + chance.choice([0, 1, 8, 40]))
        middle = chance.choice([b"", chance.choice(WORDS), data[first:last] * 2, bytes([chance.randrange(256)])])
        data = data[:first] + middle + data[last:]
        lines = data.split(b"\n")
        if chance.random() < 0.5:
            place = chance.randrange(len(lines))
            lines[place:place] = [
                chance.choice(chance.choice(PIECES).split(b"\n")) if chance.random() < 0.5 else chance.choice(WORDS)
            ]
            data = b"\n".join(lines)
    return data


@settings(max_examples=EXAMPLES * 3)
@given(st.integers(0, 2**64))
@example(0)
def test_no_input_ends_in_anything_but_words(seed):
    try:
        for series in read_series(spoiled(seed), Reading(WITHIN, HOME)):
            sentences = [fault.sentence for fault in (*series.faults, *series.orphans, *series.remarks)]
            assert all(sentence.strip() and "\n" not in sentence for sentence in sentences)
    except UnreadableCalendar:
        return


@settings(max_examples=EXAMPLES)
@given(st.binary(max_size=400), st.sampled_from([None, "utf-8", "latin-1", "utf-16", "utf-7", "iso-2022-jp", "big5"]))
def test_no_bytes_end_in_anything_but_words(data, encoding):
    inside = (
        b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:" + data + b"\nDTSTART:20260914T081500\nEND:VEVENT\nEND:VCALENDAR\n"
    )
    for each in (data, inside):
        try:
            assert list(read_series(each, Reading(WITHIN, HOME, encoding=encoding))) is not None
        except UnreadableCalendar:
            continue

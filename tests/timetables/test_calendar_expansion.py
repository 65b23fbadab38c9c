"""When a series takes place, compared with dateutil's rules used directly.

And no input ends in anything but words. Drawn by hypothesis, without the database; `CALENDAR_EXAMPLES=20000` tries
more than CI has time for.
"""

import os
import random
import warnings
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from dateutil import rrule
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kernel.campus_time import Interval
from kernel.ical.errors import UnreadableCalendar
from kernel.ical.series import Reading, read_series

EXAMPLES = int(os.environ.get("CALENDAR_EXAMPLES", "300"))
CASES = Path(__file__).parent / "cases"
HOME = ZoneInfo("Europe/Zurich")
WITHIN = Interval(
    datetime(2026, 9, 14, tzinfo=HOME).astimezone(UTC), datetime(2026, 12, 19, tzinfo=HOME).astimezone(UTC)
)
DAY = timedelta(days=1)
LAST = datetime(2027, 3, 1)
FREQUENCIES = {"DAILY": rrule.DAILY, "WEEKLY": rrule.WEEKLY, "MONTHLY": rrule.MONTHLY, "YEARLY": rrule.YEARLY}
WEEKDAYS = {
    "MO": rrule.MO,
    "TU": rrule.TU,
    "WE": rrule.WE,
    "TH": rrule.TH,
    "FR": rrule.FR,
    "SA": rrule.SA,
    "SU": rrule.SU,
}
DESCRIBED = """BEGIN:VTIMEZONE
TZID:Ours
BEGIN:DAYLIGHT
DTSTART:20070311T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:20071104T020000
RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
END:STANDARD
END:VTIMEZONE
"""
"""New York, as it says itself."""
ZONES = {
    "Europe/Zurich": HOME,
    "America/New_York": ZoneInfo("America/New_York"),
    "Ours": ZoneInfo("America/New_York"),
    "Eastern Standard Time": ZoneInfo("America/New_York"),
    "Australia/Lord_Howe": ZoneInfo("Australia/Lord_Howe"),
    "Asia/Taipei": ZoneInfo("Asia/Taipei"),
    "UTC": ZoneInfo("UTC"),
    "": HOME,
}
"""What a TZID means; none: the wall of the campus."""


@dataclass(frozen=True)
class Drawn:
    """A rule as text, and as dateutil takes it."""

    text: str
    arguments: dict


@st.composite
def rules(draw, start):
    """A rule of a series that begins at a time on a wall."""
    name = draw(st.sampled_from(sorted(FREQUENCIES)))
    parts, arguments = [f"FREQ={name}"], {"freq": FREQUENCIES[name], "dtstart": start}
    if draw(st.booleans()):
        interval = draw(st.integers(1, 6))
        parts.append(f"INTERVAL={interval}")
        arguments["interval"] = interval
    if name == "WEEKLY" and draw(st.booleans()):
        week_start = draw(st.sampled_from(sorted(WEEKDAYS)))
        parts.append(f"WKST={week_start}")
        arguments["wkst"] = WEEKDAYS[week_start]
    if draw(st.booleans()):
        days = draw(st.lists(st.sampled_from(sorted(WEEKDAYS)), min_size=1, max_size=4, unique=True))
        ordinals = [0] * len(days)
        if name in ("MONTHLY", "YEARLY"):
            # Mixed ones dateutil takes for both at once; RFC 5545 says either.
            numbers = st.integers(-5, 5).filter(bool) if draw(st.booleans()) else st.just(0)
            ordinals = draw(st.lists(numbers, min_size=len(days), max_size=len(days)))
        parts.append("BYDAY=" + ",".join(f"{number or ''}{day}" for number, day in zip(ordinals, days, strict=True)))
        arguments["byweekday"] = [
            WEEKDAYS[day](number) if number else WEEKDAYS[day] for number, day in zip(ordinals, days, strict=True)
        ]
    if draw(st.booleans()):
        months = draw(st.lists(st.integers(1, 12), min_size=1, max_size=6, unique=True))
        parts.append("BYMONTH=" + ",".join(map(str, months)))
        arguments["bymonth"] = months
    if name != "WEEKLY" and draw(st.booleans()):
        days = draw(st.lists(st.integers(-31, 31).filter(bool), min_size=1, max_size=5, unique=True))
        parts.append("BYMONTHDAY=" + ",".join(map(str, days)))
        arguments["bymonthday"] = days
    if name in ("MONTHLY", "YEARLY") and {"byweekday", "bymonthday"} & arguments.keys() and draw(st.booleans()):
        positions = draw(st.lists(st.integers(-3, 3).filter(bool), min_size=1, max_size=2, unique=True))
        parts.append("BYSETPOS=" + ",".join(map(str, positions)))
        arguments["bysetpos"] = positions
    return Drawn(";".join(parts), arguments)


@st.composite
def ends(draw, zone):
    """How a rule ends: as text, and as dateutil takes it on the wall of the zone. UNTIL at noon is never twice."""
    kind = draw(st.sampled_from(["never", "count", "utc", "local", "date"]))
    if kind == "never":
        return Drawn("", {})
    if kind == "count":
        number = draw(st.integers(1, 400))
        return Drawn(f";COUNT={number}", {"count": number})
    day = date(2026, 8, 1) + draw(st.integers(0, 150)) * DAY
    if kind == "date":
        return Drawn(f";UNTIL={day:%Y%m%d}", {"until": datetime.combine(day, time())})
    wall = datetime.combine(day, draw(st.sampled_from([time(12), time(8, 15), time(8, 14, 59), time(23, 59, 59)])))
    if kind == "local":
        return Drawn(f";UNTIL={wall:%Y%m%dT%H%M%S}", {"until": wall})
    return Drawn(f";UNTIL={wall.replace(tzinfo=zone).astimezone(UTC):%Y%m%dT%H%M%SZ}", {"until": wall})


@st.composite
def calendars(draw):
    """A calendar of one series, and when it takes place."""
    name = draw(st.sampled_from(sorted(ZONES)))
    zone = ZONES[name]
    start = datetime.combine(
        date(2025, 3, 1) + draw(st.integers(0, 660)) * DAY, draw(st.sampled_from([time(8, 15), time(2, 30)]))
    )
    rule, end = draw(rules(start)), draw(ends(zone))
    arguments = rule.arguments | end.arguments
    # Without an end dateutil goes on to the year 9999, also where a rule never comes true.
    until = min(arguments.get("until", LAST), LAST)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that it is asked for COUNT and UNTIL
        walls = set(rrule.rrule(**arguments | {"until": until}))
    zone_text = f";TZID={name}" if name else ""
    lines = [f"DTSTART{zone_text}:{start:%Y%m%dT%H%M%S}", "DURATION:PT1H", f"RRULE:{rule.text}{end.text}"]
    more = draw(st.lists(st.integers(0, 60), max_size=3))
    for number in more:
        wall = datetime(2026, 9, 20, 17) + number * DAY
        walls.add(wall)
        lines.append(f"RDATE{zone_text}:{wall:%Y%m%dT%H%M%S}")
    by_time = sorted(walls)
    gone = draw(st.lists(st.sampled_from(by_time), max_size=4, unique=True)) if by_time else []
    for wall in gone:
        form = draw(st.sampled_from(["local", "utc", "day", "floating"]))
        if form == "day":
            walls -= {each for each in walls if each.date() == wall.date()}
            lines.append(f"EXDATE;VALUE=DATE:{wall:%Y%m%d}")
        else:
            walls.discard(wall)
            lines.append(_moment("EXDATE", wall, form, zone, zone_text))
    changes = []
    for wall in draw(st.lists(st.sampled_from(sorted(walls)), max_size=3, unique=True)) if walls else []:
        moved = wall + draw(st.integers(-20, 20)) * DAY + timedelta(hours=3)
        state = draw(st.sampled_from(["CONFIRMED", "Cancelled"]))
        walls.discard(wall)
        form = draw(st.sampled_from(["local", "utc", "floating"]))
        changes.append(
            (
                moved if state == "CONFIRMED" else None,
                [
                    _moment("RECURRENCE-ID", wall, form, zone, zone_text),
                    f"DTSTART{zone_text}:{moved:%Y%m%dT%H%M%S}",
                    "DURATION:PT1H",
                    f"STATUS:{state}",
                ],
            )
        )
    starts = [wall.replace(tzinfo=zone) for wall in walls]
    starts += [moved.replace(tzinfo=zone) for moved, _ in changes if moved]
    events = draw(st.permutations([lines, *(lines for _, lines in changes)]))
    body = "".join("BEGIN:VEVENT\nUID:1\n" + "\n".join(event) + "\nEND:VEVENT\n" for event in events)
    text = f"BEGIN:VCALENDAR\n{DESCRIBED}{body}END:VCALENDAR\n"
    inside = (each.astimezone(UTC) for each in starts)
    return text, sorted(each for each in inside if WITHIN.starts_at <= each < WITHIN.ends_at)


def _moment(name, wall, form, zone, zone_text):
    if form == "utc":
        return f"{name}:{wall.replace(tzinfo=zone).astimezone(UTC):%Y%m%dT%H%M%SZ}"
    return f"{name}{zone_text if form == 'local' else ''}:{wall:%Y%m%dT%H%M%S}"


def starts_of(text):
    (series,) = read_series(text.encode(), Reading(WITHIN, HOME))
    assert (series.faults, series.orphans) == ((), [])
    return [each.starts_at.astimezone(UTC) for each in series.occurrences if not each.event.is_cancelled]


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(calendars())
def test_a_series_takes_place_when_dateutil_says(drawn):
    text, starts = drawn
    assert starts_of(text) == starts, text


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

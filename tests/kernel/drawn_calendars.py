"""Calendars of one series, drawn by hypothesis, and when it takes place by dateutil's rules used directly."""

import warnings
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil import rrule
from hypothesis import strategies as st

from kernel.campus_time import Interval

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


@dataclass(frozen=True)
class DrawnCalendar:
    """`dates`: {instant at which a date begins by the series alone: at which it does, None if it is cancelled}."""

    text: str
    dates: dict

    @property
    def starts(self):
        """In the span that is read."""
        starts = (start for start in self.dates.values() if start)
        return sorted(each for each in starts if WITHIN.starts_at <= each < WITHIN.ends_at)


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
    """A `DrawnCalendar`."""
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
    dates = {wall: wall for wall in walls}
    changes = []
    for wall in draw(st.lists(st.sampled_from(sorted(walls)), max_size=3, unique=True)) if walls else []:
        moved = wall + draw(st.integers(-20, 20)) * DAY + timedelta(hours=3)
        state = draw(st.sampled_from(["CONFIRMED", "Cancelled"]))
        dates[wall] = moved if state == "CONFIRMED" else None
        form = draw(st.sampled_from(["local", "utc", "floating"]))
        change = [
            _moment("RECURRENCE-ID", wall, form, zone, zone_text),
            f"DTSTART{zone_text}:{moved:%Y%m%dT%H%M%S}",
            "DURATION:PT1H",
            f"STATUS:{state}",
        ]
        changes.append(change)
    events = draw(st.permutations([lines, *changes]))
    body = "".join("BEGIN:VEVENT\nUID:1\n" + "\n".join(event) + "\nEND:VEVENT\n" for event in events)
    text = f"BEGIN:VCALENDAR\n{DESCRIBED}{body}END:VCALENDAR\n"
    return DrawnCalendar(text, {_instant(wall, zone): start and _instant(start, zone) for wall, start in dates.items()})


def _instant(wall, zone):
    return wall.replace(tzinfo=zone).astimezone(UTC)


def _moment(name, wall, form, zone, zone_text):
    if form == "utc":
        return f"{name}:{_instant(wall, zone):%Y%m%dT%H%M%SZ}"
    return f"{name}{zone_text if form == 'local' else ''}:{wall:%Y%m%dT%H%M%S}"

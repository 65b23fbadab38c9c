"""RRULE: read strictly, and followed day by day.

A rule takes place at most once a day, so the days of a span are a bound on the work, whatever the rule says: one that
never comes true ends with the span. Pure.
"""

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from kernel.ical.errors import WrongValue, quoted
from kernel.ical.values import DAY, Moment, moment_of

FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
WEEKDAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
PART_NAME = re.compile(r"[A-Za-z][A-Za-z-]*")
NUMBER = re.compile(r"[+-]?\d{1,9}", re.ASCII)
MAX_RULE = 1000
"""Characters."""
MAX_INTERVAL = 1000
NUMBERS = {
    "BYMONTH": range(1, 13),
    "BYMONTHDAY": range(-31, 32),
    "BYYEARDAY": range(-366, 367),
    "BYWEEKNO": range(-53, 54),
    "BYSETPOS": range(-366, 367),
}
ONE_NUMBER = {
    "INTERVAL": range(1, MAX_INTERVAL + 1),
    "COUNT": range(1, 10**9),
    "BYHOUR": range(24),
    "BYMINUTE": range(60),
}


@dataclass(frozen=True)
class Rule:
    frequency: str
    interval: int = 1
    count: int | None = None
    until: Moment | None = None
    """Included; a time without a zone is on the wall of the series."""
    numbers: dict[str, frozenset[int]] = field(default_factory=dict)
    """{part, such as BYMONTH: its values}, of those that are there."""
    weekdays: frozenset[tuple[int, int]] = frozenset()
    """(which of its month or year, 0 = each; 0 = Monday)."""
    week_start: int = 0
    hour: int | None = None
    minute: int | None = None

    def numbered(self, part: str) -> frozenset[int]:
        return self.numbers.get(part, frozenset())


def rule_of(text: str) -> Rule | None:
    """None: the text is empty. Raises: WrongValue, which names the part."""
    if len(text) > MAX_RULE:
        raise WrongValue(f"it is longer than {MAX_RULE} characters")
    if not text.strip():
        return None
    parts: dict[str, str] = {}
    for part in text.strip().removesuffix(";").split(";"):
        name, _, value = part.partition("=")
        if name.upper() in parts:
            raise WrongValue(f"{name.upper()} stands twice")
        if not value or not PART_NAME.fullmatch(name):
            raise WrongValue(f"{quoted(part)} is no part of a rule")
        parts[name.upper()] = value.upper()
    return _rule(parts)


def _rule(parts: dict[str, str]) -> Rule:
    frequency = parts.pop("FREQ", "")
    if frequency not in FREQUENCIES:
        fault = f"FREQ={frequency}" if frequency else "FREQ is missing"
        raise WrongValue(f"{fault}: it has to be one of {', '.join(FREQUENCIES)}")
    until = _until(parts.pop("UNTIL", None))
    week_start = parts.pop("WKST", "MO")
    if week_start not in WEEKDAYS:
        raise WrongValue(f"WKST={week_start} is no weekday")
    weekdays = _weekdays(parts.pop("BYDAY", ""), frequency)
    ones = {name: _numbers(name, parts.pop(name), span) for name, span in ONE_NUMBER.items() if name in parts}
    numbers = {name: _numbers(name, parts.pop(name), span) for name, span in NUMBERS.items() if name in parts}
    for name, value in parts.items():
        raise WrongValue(f"{name}={value[:60]} is not followed")
    one = {name: _one(name, values) for name, values in ones.items()}
    if "COUNT" in one and until is not None:
        raise WrongValue("it has COUNT and UNTIL")
    rule = Rule(
        frequency=frequency,
        interval=one.get("INTERVAL", 1),
        count=one.get("COUNT"),
        until=until,
        numbers=numbers,
        weekdays=weekdays,
        week_start=WEEKDAYS.index(week_start),
        hour=one.get("BYHOUR"),
        minute=one.get("BYMINUTE"),
    )
    _check_together(rule)
    return rule


def _check_together(rule: Rule) -> None:
    """Parts that RFC 5545 forbids together, or whose readers do not agree."""
    has = rule.numbers.keys()
    if "BYWEEKNO" in has and (
        rule.frequency != "YEARLY" or rule.interval > 1 or rule.week_start or "BYSETPOS" in has or _is_counted(rule)
    ):
        raise WrongValue("BYWEEKNO is followed only every year, in weeks that begin on Monday, with plain weekdays")
    if "BYYEARDAY" in has and rule.frequency != "YEARLY":
        raise WrongValue(f"BYYEARDAY does not go with FREQ={rule.frequency}")
    if "BYMONTHDAY" in has and rule.frequency == "WEEKLY":
        raise WrongValue("BYMONTHDAY does not go with FREQ=WEEKLY")
    if "BYSETPOS" in has and not (rule.weekdays or has - {"BYSETPOS"}):
        raise WrongValue("BYSETPOS stands alone")


def _is_counted(rule: Rule) -> bool:
    return any(ordinal for ordinal, _ in rule.weekdays)


def _until(text: str | None) -> Moment | None:
    if text is None:
        return None
    try:
        return moment_of(text)
    except WrongValue as error:
        raise WrongValue(f"UNTIL={text[:60]} does not exist or is neither a date nor a time") from error


def _numbers(name: str, text: str, span: range) -> frozenset[int]:
    values = set[int]()
    for word in text.split(","):
        number = int(word) if NUMBER.fullmatch(word) else None
        if number is None or number not in span or (number == 0 and name in NUMBERS):
            raise WrongValue(f"{name}={text[:60]}: {quoted(word)} is not a number from {_range(span)}")
        values.add(number)
    return frozenset(values)


def _range(span: range) -> str:
    return f"{max(span[0], 1)} to {span[-1]}" if span[0] else f"0 to {span[-1]}"


def _one(name: str, values: frozenset[int]) -> int:
    if len(values) > 1:
        raise WrongValue(f"{name} has several values: only what takes place once a day is followed")
    return next(iter(values))


def _weekdays(text: str, frequency: str) -> frozenset[tuple[int, int]]:
    days = set()
    for word in text.split(",") if text else ():
        parts = WEEKDAY.fullmatch(word)
        if parts is None:
            raise WrongValue(f"BYDAY={text[:60]}: {quoted(word)} is no weekday")
        ordinal = int(parts[1]) if parts[1] else 0
        if parts[1] and (not 1 <= abs(ordinal) <= 53 or frequency not in ("MONTHLY", "YEARLY")):
            raise WrongValue(f"BYDAY={text[:60]}: {quoted(word)} does not go with FREQ={frequency}")
        days.add((ordinal, WEEKDAYS.index(parts[2])))
    return frozenset(days)


def followed(
    rule: Rule, start: datetime, first: date, last: date, is_over: Callable[[datetime], bool]
) -> Iterator[datetime]:
    """The times of a rule on the days first…last, both included, on the wall of its series.

    `start`: the DTSTART of the series, which is among them only if it fits the rule. `is_over`: the time lies behind
    UNTIL, and so does all that follows.
    """
    clock = start.time()
    if rule.hour is not None:
        clock = clock.replace(hour=rule.hour)
    if rule.minute is not None:
        clock = clock.replace(minute=rule.minute)
    # COUNT counts from the start; without it the days before the first need not be looked at.
    begins = start.date() if rule.count else max(first, start.date())
    days = _Days(rule, start.date())
    number = 0
    for day in days.between(begins, last):
        moment = datetime.combine(day, clock)
        if moment < start:
            continue
        number += 1
        if is_over(moment) or (rule.count and number > rule.count):
            return
        if day >= first:
            yield moment


class _Days:
    """The days of a rule, period by period."""

    def __init__(self, rule: Rule, start: date) -> None:
        self._rule, self._start = rule, start
        self._months, self._month_days = rule.numbered("BYMONTH"), rule.numbered("BYMONTHDAY")
        self._year_days, self._weeks = rule.numbered("BYYEARDAY"), rule.numbered("BYWEEKNO")
        self._weekdays = rule.weekdays
        self._is_counted = _is_counted(rule)
        if not (self._month_days or self._year_days or self._weeks or self._weekdays):
            self._take_from_start()
        elif self._weeks and not (self._weekdays or self._month_days or self._year_days):
            self._weekdays = frozenset({(0, start.weekday())})
        self._positions = rule.numbered("BYSETPOS")

    def _take_from_start(self) -> None:
        """What a rule does not say, its start says."""
        if self._rule.frequency == "WEEKLY":
            self._weekdays = frozenset({(0, self._start.weekday())})
        elif self._rule.frequency != "DAILY":
            self._month_days = frozenset({self._start.day})
            if self._rule.frequency == "YEARLY" and not self._months:
                self._months = frozenset({self._start.month})

    def between(self, first: date, last: date) -> Iterator[date]:
        """Those on the days first…last, both included, in order."""
        for period in self._periods(first, last):
            days = [day for day in period if self._fits(day)]
            if self._positions:
                size = len(days)
                days = [d for n, d in enumerate(days) if n + 1 in self._positions or n - size in self._positions]
            yield from (day for day in days if first <= day <= last)

    def _periods(self, first: date, last: date) -> Iterator[list[date]]:
        """The days of each day, week, month or year that INTERVAL selects, and that touches first…last."""
        if self._rule.frequency in ("DAILY", "WEEKLY"):
            return self._spans(first, last)
        return self._months_of_periods(first, last)

    def _spans(self, first: date, last: date) -> Iterator[list[date]]:
        size = 7 if self._rule.frequency == "WEEKLY" else 1
        begins = self._start - DAY * ((self._start.weekday() - self._rule.week_start) % 7 if size == 7 else 0)
        step = size * self._rule.interval
        for ahead in range((first - begins).days // step * step, (last - begins).days + 1, step):
            yield [begins + DAY * (ahead + each) for each in range(size)]

    def _months_of_periods(self, first: date, last: date) -> Iterator[list[date]]:
        size = 12 if self._rule.frequency == "YEARLY" else 1
        begins = self._start.year * 12 + (self._start.month - 1 if size == 1 else 0)
        step = size * self._rule.interval
        ahead = (first.year * 12 + first.month - 1 - begins) // step * step
        for month in range(begins + ahead, last.year * 12 + last.month, step):
            yield [day for each in range(month, month + size) for day in self._days_of_month(each)]

    def _days_of_month(self, index: int) -> list[date]:
        year, month = divmod(index, 12)
        if self._months and month + 1 not in self._months:
            return []
        return [date(year, month + 1, day) for day in range(1, monthrange(year, month + 1)[1] + 1)]

    def _fits(self, day: date) -> bool:
        return (
            (not self._months or day.month in self._months)
            and (not self._month_days or self._is_month_day(day))
            and (not self._weekdays or self._is_weekday(day))
            and (not self._year_days or self._is_year_day(day))
            and (not self._weeks or self._is_in_week(day))
        )

    def _is_month_day(self, day: date) -> bool:
        return day.day in self._month_days or day.day - monthrange(day.year, day.month)[1] - 1 in self._month_days

    def _is_year_day(self, day: date) -> bool:
        number, size = _place_in_year(day)
        return number in self._year_days or number - size - 1 in self._year_days

    def _is_in_week(self, day: date) -> bool:
        year, week, _ = day.isocalendar()
        weeks = date(year, 12, 28).isocalendar().week
        return week in self._weeks or week - weeks - 1 in self._weeks

    def _is_weekday(self, day: date) -> bool:
        weekday = day.weekday()
        if (0, weekday) in self._weekdays:
            return True
        if not self._is_counted:
            return False
        if self._rule.frequency == "MONTHLY" or self._months:
            number, size = day.day, monthrange(day.year, day.month)[1]
        else:
            number, size = _place_in_year(day)
        ordinals = ((number - 1) // 7 + 1, -((size - number) // 7 + 1))
        return any((ordinal, weekday) in self._weekdays for ordinal in ordinals)


def _place_in_year(day: date) -> tuple[int, int]:
    """(which day of its year it is, how many that has)."""
    number = day.timetuple().tm_yday
    return number, date(day.year, 12, 31).timetuple().tm_yday

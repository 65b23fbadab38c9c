"""The limit of a rule as JSON says it; one reader for each type of the contract's table (policy §1)."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from policies.enums import CountsBy, Late, LimitType, OwnerKind, Per, QuotaUnit
from policies.rules.limits import (
    BOUNDED,
    MONDAY,
    Anchor,
    Attendance,
    Buffer,
    Cancelling,
    Concurrent,
    Gap,
    Grid,
    Individual,
    Length,
    Lifted,
    Limit,
    NamedPeriod,
    NoBooking,
    NoticePeriod,
    OpeningHours,
    Quota,
    StandingLimit,
    WeeklySeries,
    quota_kind,
)
from policies.rules.reading import OBJECT_REQUIRED, RuleReading

MINUTES = range(1, 24 * 60 + 1)
MANY_MINUTES = range(10 * 366 * 24 * 60 + 1)
DAYS = range(3661)
GRIDS = (5, 10, 15, 20, 30, 60)
MAX_PERIODS = 48
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
ANCHOR = re.compile(rf"({'|'.join(WEEKDAYS)}) ([01][0-9]|2[0-3]):([0-5][0-9])")
NOTHING_SAID = "Name at least one of {}"


def read_limit(reading: RuleReading) -> Limit | None:
    """The limit; None where it cannot be read."""
    of_type = reading.choice("type", LimitType)
    if of_type is None:
        return None
    limit = _lifted(reading, of_type) if reading.has("none") else READERS[of_type](reading)
    reading.finish()
    return limit


def _lifted(reading: RuleReading, of_type: LimitType) -> Lifted:
    """`none: true`, or of some bounds; of a quota with what says which kind it is."""
    bounds = BOUNDED[of_type].bounds if of_type in BOUNDED else ()

    def make(data: Any) -> tuple[str, ...]:
        if data is True:
            return ()
        if bounds and isinstance(data, list) and data and all(each in bounds for each in data):
            listed = tuple(bound for bound in bounds if bound in data)
            return () if listed == bounds else listed
        raise ValueError("Must be true" + (f" or a list of {', '.join(bounds)}" if bounds else ""))

    lifted = reading.value("none", make) or ()
    if of_type != LimitType.QUOTA:
        return Lifted(of_type, lifted)
    unit, (per, days) = reading.choice("unit", QuotaUnit), _per(reading)
    counts, of = _counts(reading, per), reading.choice("of", OwnerKind)
    kind = quota_kind(unit or "", per or "", counts or "", of or "", days)
    return Lifted(of_type, quota=kind)


def _no_booking(reading: RuleReading) -> Limit | None:
    return NoBooking()


def _individual(reading: RuleReading) -> Limit | None:
    return Individual(bool(reading.boolean("allowed", required=True)))


def _opening_hours(reading: RuleReading) -> Limit | None:
    weekdays, (begins, ends) = reading.weekdays("weekdays", required=True), reading.span(required=True)
    return OpeningHours(weekdays or (), begins or 0, ends or 0)


def _notice(reading: RuleReading) -> Limit | None:
    """A day that opens at midnight is open from its beginning, as without a word about it."""
    limit = NoticePeriod(
        reading.integer("min_minutes", MANY_MINUTES), reading.integer("max_days", DAYS), reading.minute("opens_at")
    )
    if limit.opens_at is not None and limit.max_days is None:
        reading.fault("opens_at", "Belongs to max_days")
    limit = replace(limit, opens_at=limit.opens_at or None)
    return _with_a_bound(reading, limit, limit.bounds)


def _cancel(reading: RuleReading) -> Limit | None:
    minutes = reading.integer("min_minutes", MANY_MINUTES, required=True)
    return Cancelling(minutes or 0, reading.choice("then", Late) or Late.REFUSE)


def _length(reading: RuleReading) -> Limit | None:
    limit = Length(reading.integer("min_minutes", MINUTES), reading.integer("max_minutes", MINUTES))
    if limit.min_minutes is not None and limit.max_minutes is not None and limit.min_minutes > limit.max_minutes:
        reading.fault("min_minutes", "Must not be more than max_minutes")
    return _with_a_bound(reading, limit, limit.bounds)


def _grid(reading: RuleReading) -> Limit | None:
    if reading.has("periods"):
        return Grid(periods=tuple(reading.value("periods", lambda data: _periods(reading, data)) or ()))
    minutes, offset = reading.integer("minutes", range(1, 61), required=True), reading.integer("offset", range(60))
    if minutes is not None and minutes not in GRIDS:
        reading.fault("minutes", f"Must be one of {', '.join(map(str, GRIDS))}")
        return None
    return None if minutes is None else Grid(minutes, (offset or 0) % minutes)


def _periods(reading: RuleReading, data: Any) -> list[NamedPeriod]:
    if not isinstance(data, list) or not 0 < len(data) <= MAX_PERIODS:
        raise ValueError(f"A list of 1 to {MAX_PERIODS} periods is required")
    periods = []
    for place, each in enumerate(data):
        inside = RuleReading(each, f"{reading.path}.periods.{place}", reading.faults)
        if not inside.is_object:
            inside.fault("", OBJECT_REQUIRED)
            continue
        begins, ends = inside.span(required=True)
        periods.append(NamedPeriod(begins or 0, ends or 0, inside.text("name", 50, required=True) or ""))
        inside.finish()
    return sorted(periods, key=lambda period: (period.from_minute, period.until_minute, period.name))


def _attendees(reading: RuleReading) -> Limit | None:
    limit = Attendance(reading.integer("min", range(1, 100_001)), reading.integer("min_percent", range(1, 101)))
    return _with_a_bound(reading, limit, limit.bounds)


def _series(reading: RuleReading) -> Limit | None:
    return WeeklySeries(reading.integer("max_weeks", range(1001)), reading.integer("max_per_week", range(1001)))


def _concurrent(reading: RuleReading) -> Limit | None:
    return Concurrent(reading.integer("max", range(1001), required=True) or 0)


def _gap(reading: RuleReading) -> Limit | None:
    return Gap(reading.integer("minutes", MINUTES, required=True) or 0)


def _quota(reading: RuleReading) -> Limit | None:
    amounts = {unit: reading.integer(unit.value, MANY_MINUTES) for unit in QuotaUnit if reading.has(unit.value)}
    per, days = _per(reading)
    counts, of = _counts(reading, per), reading.choice("of", OwnerKind)
    anchor = reading.value("anchor", _anchor)
    if anchor is not None and per != Per.WEEK:
        reading.fault("anchor", "Belongs to a week")
    if len(amounts) != 1:
        reading.fault("", "Name either minutes or bookings")
        return None
    ((unit, amount),) = amounts.items()
    if amount is None or per is None or counts is None or of is None:
        return None
    return Quota(unit, amount, per, counts, of, days, None if anchor == MONDAY else anchor)


def _per(reading: RuleReading) -> tuple[Per | None, int | None]:
    if reading.has("per") and isinstance(reading.data["per"], dict):
        inside = reading.inside("per")
        days = inside.integer("days", range(1, 367), required=True)
        inside.finish()
        return Per.DAYS, days
    per = reading.choice("per", Per)
    if per == Per.DAYS:
        reading.fault("per", 'Say {"days": 14}')
    return per, None


def _counts(reading: RuleReading, per: Per | None) -> CountsBy | None:
    """What means nothing for the future need not be said there."""
    counts = reading.choice("counts", CountsBy, required=per != Per.FUTURE)
    return CountsBy.TAKES_PLACE_IN if per == Per.FUTURE else counts


def _anchor(data: Any) -> Anchor:
    match = ANCHOR.fullmatch(data) if isinstance(data, str) else None
    if match is None:
        raise ValueError('A day and a time like "MON 03:00" are required')
    return Anchor(WEEKDAYS.index(match[1]) + 1, int(match[2]) * 60 + int(match[3]))


def _standing(reading: RuleReading) -> Limit | None:
    return StandingLimit(
        reading.integer("points", range(1, 1001), required=True) or 1,
        reading.integer("within_days", range(1, 3661), required=True) or 1,
        reading.integer("effect_days", range(1, 3661), required=True) or 1,
    )


def _buffer(reading: RuleReading) -> Limit | None:
    limit = Buffer(reading.integer("before_minutes", MINUTES), reading.integer("after_minutes", MINUTES))
    return _with_a_bound(reading, limit, limit.bounds)


def _with_a_bound(reading: RuleReading, limit: Limit, bounds: tuple[str, ...]) -> Limit | None:
    if any(getattr(limit, bound) is not None for bound in bounds) or any(reading.has(bound) for bound in bounds):
        return limit
    reading.fault("", NOTHING_SAID.format(" and ".join(bounds)))
    return None


READERS: dict[LimitType, Callable[[RuleReading], Limit | None]] = {
    LimitType.NO_BOOKING: _no_booking,
    LimitType.INDIVIDUAL: _individual,
    LimitType.OPENING_HOURS: _opening_hours,
    LimitType.NOTICE: _notice,
    LimitType.CANCEL: _cancel,
    LimitType.LENGTH: _length,
    LimitType.GRID: _grid,
    LimitType.ATTENDEES: _attendees,
    LimitType.SERIES: _series,
    LimitType.CONCURRENT: _concurrent,
    LimitType.GAP: _gap,
    LimitType.QUOTA: _quota,
    LimitType.STANDING: _standing,
    LimitType.BUFFER: _buffer,
}

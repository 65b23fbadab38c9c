"""Whether a booking keeps to one rule, for each type of the contract's table (policy §1)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from groups.rules import tag_key
from kernel.academic_calendar import Term
from kernel.campus_time import campus_date, campus_minute
from policies.enums import LimitType
from policies.rules.limits import (
    Attendance,
    Concurrent,
    Gap,
    Grid,
    Length,
    NoticePeriod,
    OpeningHours,
    Quota,
    StandingLimit,
)
from policies.rules.quotas import amount_of, moment_of, owner_of, windows_at
from policies.rules.scopes import PolicyRule, Stay
from policies.rules.wishes import BookingWish, Known

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Broken:
    """A rule that a booking breaks. `limit`, `used` and `wanted` where the rule counts something."""

    rule: PolicyRule
    limit: int | None = None
    used: int | None = None
    wanted: int | None = None

    @property
    def json(self) -> dict[str, Any]:
        numbers = {"limit": self.limit, "used": self.used, "wanted": self.wanted}
        return {
            "rule_id": self.rule.id,
            "type": self.rule.limit.type.value,
            "effect": self.rule.effect.value,
            "sentence": self.rule.sentence,
        } | {name: number for name, number in numbers.items() if number is not None}


def _no_booking(rule: PolicyRule, bound: str, wish: BookingWish, state: Known) -> Broken | None:
    return Broken(rule)


def _individual(rule: PolicyRule, bound: str, wish: BookingWish, state: Known) -> Broken | None:
    limit: Any = rule.limit
    return Broken(rule) if wish.party.group_id is None and not limit.allowed else None


def outside(rules: Sequence[PolicyRule], wish: BookingWish) -> list[Broken]:
    """Those of one who and where make a union, however a tag is spelled; a booking lies inside each."""
    unions = dict[Any, list[PolicyRule]]()
    for rule in rules:
        who = (rule.who.kind, tag_key(rule.who.label), rule.who.id)
        unions.setdefault((who, rule.where), []).append(rule)
    return [Broken(rule) for union in unions.values() if not _is_inside(union, wish.stay) for rule in union]


def _is_inside(union: Sequence[PolicyRule], stay: Stay) -> bool:
    hours = sorted(
        (rule.limit.from_minute, rule.limit.until_minute)
        for rule in union
        if isinstance(rule.limit, OpeningHours) and stay.weekday in rule.limit.weekdays
    )
    covered = stay.start_minute
    for begins, ends in hours:
        if begins <= covered:
            covered = max(covered, ends)
    return covered >= stay.end_minute


def _notice(rule: PolicyRule, bound: str, wish: BookingWish, state: Known) -> Broken | None:
    limit = rule.limit
    if not isinstance(limit, NoticePeriod):
        return None
    if bound == "min_minutes":
        minutes = (wish.stay.interval.starts_at - wish.now) // MINUTE
        is_late = limit.min_minutes is not None and wish.stay.interval.starts_at - wish.now < limit.min_minutes * MINUTE
        return Broken(rule, limit=limit.min_minutes, wanted=max(minutes, 0)) if is_late else None
    ahead = (wish.stay.day - campus_date(wish.now)).days
    is_shut = ahead == limit.max_days and limit.opens_at is not None and campus_minute(wish.now) < limit.opens_at
    is_far = limit.max_days is not None and ahead > limit.max_days
    return Broken(rule, limit=limit.max_days, wanted=ahead) if is_far or is_shut else None


def _length(rule: PolicyRule, bound: str, wish: BookingWish, state: Known) -> Broken | None:
    limit, minutes = rule.limit, wish.stay.minutes
    if not isinstance(limit, Length):
        return None
    if bound == "min_minutes" and limit.min_minutes is not None and minutes < limit.min_minutes:
        return Broken(rule, limit=limit.min_minutes, wanted=minutes)
    if bound == "max_minutes" and limit.max_minutes is not None and minutes > limit.max_minutes:
        return Broken(rule, limit=limit.max_minutes, wanted=minutes)
    return None


def _grid(rule: PolicyRule, bound: str, wish: BookingWish, state: Known) -> Broken | None:
    limit, stay = rule.limit, wish.stay
    if not isinstance(limit, Grid):
        return None
    if limit.minutes is not None:
        ends = (stay.start_minute, stay.end_minute)
        return Broken(rule) if any((minute - limit.offset) % limit.minutes for minute in ends) else None
    starts_on_it = any(period.from_minute == stay.start_minute for period in limit.periods)
    ends_on_it = any(period.until_minute == stay.end_minute for period in limit.periods)
    return None if starts_on_it and ends_on_it else Broken(rule)


def _attendees(rule: PolicyRule, bound: str, wish: BookingWish, state: Known) -> Broken | None:
    """Whoever does not say how many come has nobody come."""
    limit, come = rule.limit, wish.attendees or 0
    if not isinstance(limit, Attendance):
        return None
    if bound == "min" and limit.min is not None:
        needed = limit.min
    elif bound == "min_percent" and limit.min_percent is not None:
        needed = -(-limit.min_percent * wish.place.capacity // 100)
    else:
        return None
    return Broken(rule, limit=needed, wanted=come) if come < needed else None


def _concurrent(rule: PolicyRule, bound: str, wish: BookingWish, state: Known) -> Broken | None:
    limit, mine = rule.limit, wish.stay.interval
    if not isinstance(limit, Concurrent):
        return None
    others = [each.interval for each in state.bookings if each.id != wish.registration_id]
    beside = [each for each in others if each.starts_at < mine.ends_at and mine.starts_at < each.ends_at]
    moments = [max(each.starts_at, mine.starts_at) for each in beside]
    most = max((sum(each.starts_at <= at < each.ends_at for each in beside) for at in moments), default=0)
    return Broken(rule, limit=limit.max, used=most, wanted=1) if most + 1 > limit.max else None


def _gap(rule: PolicyRule, bound: str, wish: BookingWish, state: Known) -> Broken | None:
    limit, mine = rule.limit, wish.stay.interval
    if not isinstance(limit, Gap):
        return None
    apart = limit.minutes * MINUTE
    is_near = any(
        each.interval.starts_at < mine.ends_at + apart and mine.starts_at < each.interval.ends_at + apart
        for each in state.bookings
        if each.id != wish.registration_id and each.classroom_id == wish.place.classroom_id
    )
    return Broken(rule, limit=limit.minutes) if is_near else None


def _standing(rule: PolicyRule, bound: str, wish: BookingWish, state: Known) -> Broken | None:
    """From the mark on with which the points were gathered, for so many days; the most of them, in whatever order."""
    limit = rule.limit
    if not isinstance(limit, StandingLimit):
        return None
    most = 0
    for last in state.marks:
        if not last.given_at <= wish.now < last.given_at + timedelta(days=limit.effect_days):
            continue
        earliest = last.given_at - timedelta(days=limit.within_days)
        gathered = sum(each.points for each in state.marks if earliest < each.given_at <= last.given_at)
        most = max(most, gathered)
    return Broken(rule, limit=limit.points, used=most) if most >= limit.points else None


def overdraws(rule: PolicyRule, wish: BookingWish, state: Known, terms: Sequence[Term]) -> Broken | None:
    """Whether more would be charged to some period than it has; what is charged no more than before never is."""
    quota = rule.limit
    if not isinstance(quota, Quota):
        return None
    owner, amount = owner_of(quota, wish.party), amount_of(quota, wish.stay)
    charges = [each for each in state.charges if each.rule_id == rule.id and each.owner == owner]
    own = [each for each in charges if each.registration_id == wish.registration_id]
    counts_by_booking = quota.counts == "booked_in" and quota.per != "future"
    if counts_by_booking:
        amount -= sum(each.amount for each in own)  # what is added counts now
    for window in windows_at(quota, moment_of(quota, wish.stay, wish.booked_at), terms, now=wish.now):
        inside = [each for each in charges if window.includes(each.counts_at)]
        own_share = sum(each.amount for each in inside if each in own)
        used = sum(each.amount for each in inside) - (0 if counts_by_booking else own_share)
        is_more = amount > (0 if counts_by_booking else own_share)
        if is_more and used + amount > quota.amount:
            return Broken(rule, limit=quota.amount, used=used, wanted=amount)
    return None


CHECKS: dict[LimitType, Callable[[PolicyRule, str, BookingWish, Known], Broken | None]] = {
    LimitType.NO_BOOKING: _no_booking,
    LimitType.INDIVIDUAL: _individual,
    LimitType.NOTICE: _notice,
    LimitType.LENGTH: _length,
    LimitType.GRID: _grid,
    LimitType.ATTENDEES: _attendees,
    LimitType.CONCURRENT: _concurrent,
    LimitType.GAP: _gap,
    LimitType.STANDING: _standing,
}

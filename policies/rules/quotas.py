"""In which time a quota holds, and what a booking is charged to it (policy §3)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from kernel.academic_calendar import Term, period_on
from kernel.campus_time import DAY, campus_date, day_of_week, day_start, wall_or_later
from policies.enums import CountsBy, Per, QuotaUnit
from policies.rules.limits import MONDAY, Anchor, Quota
from policies.rules.scopes import Owner, Party, Stay

SHORTEST = timedelta(microseconds=1)
"""The database tells no shorter times apart."""


@dataclass(frozen=True)
class QuotaWindow:
    """A stretch of instants, half-open; None is without an end there."""

    starts_at: datetime | None
    ends_at: datetime | None

    def includes(self, instant: datetime) -> bool:
        return (self.starts_at is None or self.starts_at <= instant) and (
            self.ends_at is None or instant < self.ends_at
        )


@dataclass(frozen=True)
class Charge:
    """So much of a quota, used by a booking. `counts_at` says in which period; of the future it is the end."""

    rule_id: int
    owner: Owner
    registration_id: int
    counts_at: datetime
    amount: int


def owner_of(quota: Quota, party: Party) -> Owner:
    """Whom a booking is charged to: the group, if it is groups' and it is a group's; else the person."""
    return party.owner if quota.of == "group" else party.person


def windows_at(quota: Quota, moment: datetime, terms: Sequence[Term], *, now: datetime) -> list[QuotaWindow]:
    """Every time in which the quota holds and to which a moment belongs; none, where it does not limit then."""
    day = campus_date(moment)
    match quota.per:
        case Per.FUTURE:
            return [QuotaWindow(now + SHORTEST, None)]  # what ends now is over
        case Per.DAY:
            return [_days(day, day + DAY)]
        case Per.WEEK:
            return [_week(moment, quota.anchor or MONDAY)]
        case Per.MONTH:
            first = day.replace(day=1)
            return [_days(first, (first + timedelta(days=32)).replace(day=1))]
        case Per.TERM:
            _, term = period_on(terms, day)
            return [] if term is None else [_days(term.starts_on, term.ends_on + DAY)]
        case Per.DAYS:
            number = quota.days or 1
            firsts = [day - timedelta(days=back) for back in range(number)]
            return [_days(first, first + timedelta(days=number)) for first in firsts]


def _days(first: date, next_first: date) -> QuotaWindow:
    return QuotaWindow(day_start(first), day_start(next_first))


def _week(moment: datetime, anchor: Anchor) -> QuotaWindow:
    day = campus_date(moment)
    first = day - timedelta(days=(day_of_week(day) - anchor.weekday) % 7)
    begins = wall_or_later(first, anchor.minute)
    if moment < begins:
        first -= timedelta(days=7)
        begins = wall_or_later(first, anchor.minute)
    return QuotaWindow(begins, wall_or_later(first + timedelta(days=7), anchor.minute))


def period_began(quota: Quota, now: datetime, terms: Sequence[Term]) -> datetime:
    """When the earliest of the periods began that are present at a moment; that moment itself, where there is none."""
    windows = windows_at(quota, now, terms, now=now)
    return min((window.starts_at for window in windows if window.starts_at is not None), default=now)


def amount_of(quota: Quota, stay: Stay) -> int:
    return stay.minutes if quota.unit == QuotaUnit.MINUTES else 1


def moment_of(quota: Quota, stay: Stay, booked_at: datetime) -> datetime:
    """What `counts_at` a booking has that was made at a moment."""
    if quota.per == Per.FUTURE:
        return stay.interval.ends_at
    return booked_at if quota.counts == CountsBy.BOOKED_IN else stay.interval.starts_at


def charges_after(
    rule_id: int, quota: Quota, *, owner: Owner, registration_id: int, stay: Stay, own: Iterable[Charge], now: datetime
) -> list[Charge]:
    """What a booking is charged after it was made or changed at `now`; `own`: its charges under the rule before.

    By the time it takes place its charge moves with it. By the time of booking, what is added counts now, and what is
    given up is taken from the newest charges.
    """
    amount = amount_of(quota, stay)
    fresh = Charge(rule_id, owner, registration_id, moment_of(quota, stay, now), amount)
    former = sorted((each for each in own if each.owner == owner), key=lambda each: each.counts_at)
    if quota.counts != CountsBy.BOOKED_IN or quota.per == Per.FUTURE or not former:
        return [fresh]
    missing = amount - sum(each.amount for each in former)
    if missing > 0:
        return [*former, replace(fresh, amount=missing)]
    left, charges = amount, list[Charge]()
    for each in former:
        if left > 0:
            charges.append(replace(each, amount=min(each.amount, left)))
        left -= each.amount
    return charges

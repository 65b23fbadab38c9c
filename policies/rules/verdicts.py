"""Whether a booking keeps to the rules: every broken one at once, in the order of the contract's table (policy §2)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from groups.rules import tag_key
from kernel.academic_calendar import Term
from kernel.campus_time import Interval, campus_date, campus_minute
from policies.enums import Effect, Late, LimitType
from policies.rules.limits import (
    BOUNDED,
    Attendance,
    Cancelling,
    Concurrent,
    Gap,
    Grid,
    Individual,
    Kind,
    Length,
    Lifted,
    NoticePeriod,
    OpeningHours,
    Quota,
    Standing,
    WeeklySeries,
    lifts,
)
from policies.rules.quotas import Charge, amount_of, moment_of, owner_of, windows_at
from policies.rules.scopes import Deciding, Party, Place, Rule, Stay, deciding

MINUTE = timedelta(minutes=1)
TYPE_ORDER = {of_type: place for place, of_type in enumerate(LimitType)}
GIVING_UP = frozenset({LimitType.LENGTH, LimitType.GRID, LimitType.ATTENDEES, LimitType.QUOTA})
"""The types that also judge what gives up room time and takes none: a later start may lie in a week that is full."""


@dataclass(frozen=True)
class Wish:
    """A booking that somebody wants; `booked_at`: when, for quotas that count by it."""

    party: Party
    place: Place
    stay: Stay
    now: datetime
    attendees: int | None = None
    registration_id: int | None = None
    """Its own, if it is one already."""
    reclaimed_from: datetime | None = None
    """It is given back what it was booked for at this moment: of the rules only quotas judge it."""
    gives_up: bool = False
    """It takes no room time that it does not have."""

    @property
    def booked_at(self) -> datetime:
        return self.reclaimed_from or self.now


@dataclass(frozen=True)
class OwnBooking:
    """A live booking of the owner."""

    id: int
    classroom_id: int
    interval: Interval


@dataclass(frozen=True)
class MarkGathered:
    points: int
    given_at: datetime


@dataclass(frozen=True)
class Known:
    """What is known of whose booking it is: his bookings near it, what is charged to him, and his marks."""

    bookings: Sequence[OwnBooking] = ()
    charges: Sequence[Charge] = ()
    marks: Sequence[MarkGathered] = ()


@dataclass(frozen=True)
class Broken:
    """A rule that a booking breaks. `limit`, `used` and `wanted` where the rule counts something."""

    rule: Rule
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


@dataclass(frozen=True)
class Verdict:
    broken: tuple[Broken, ...] = ()
    deciding: Deciding = field(default_factory=Deciding)

    @property
    def is_refused(self) -> bool:
        return any(each.rule.effect == Effect.REFUSE for each in self.broken)

    @property
    def needs_approval(self) -> bool:
        return bool(self.broken) and not self.is_refused

    @property
    def json(self) -> list[dict[str, Any]]:
        return [each.json for each in self.broken]


def judge(rules: Iterable[Rule], wish: Wish, known: Known, terms: Sequence[Term] = ()) -> Verdict:
    """What rules say to a wish."""
    decide = deciding(rules, wish.party, wish.place, wish.stay, terms)
    broken = dict[tuple[int, int], Broken]()
    for kind, of_kind in sorted(decide.of_kind.items(), key=lambda item: _bound_order(item[0])):
        if not _is_asked(kind[0], wish):
            continue
        limiting = [rule for rule in of_kind if not lifts(rule.limit)]
        for found in _broken_of(kind, limiting, wish, known, terms):
            place = (TYPE_ORDER[found.rule.limit.type], found.rule.id)
            broken.setdefault(place, found)
    return Verdict(tuple(broken[place] for place in sorted(broken)), decide)


def _bound_order(kind: Kind) -> int:
    """A rule that breaks both of its bounds is told of the first of the table, whatever other rules there are."""
    of_type = LimitType(kind[0])
    return BOUNDED[of_type].bounds.index(kind[1]) if of_type in BOUNDED else 0


def _is_asked(of_type: str, wish: Wish) -> bool:
    if wish.reclaimed_from is not None:
        return of_type == LimitType.QUOTA
    return not wish.gives_up or of_type in GIVING_UP


def _broken_of(
    kind: tuple[str, ...], limiting: Sequence[Rule], wish: Wish, known: Known, terms: Sequence[Term]
) -> Iterable[Broken]:
    """The broken ones among the limiting rules of one kind."""
    of_type = LimitType(kind[0])
    if of_type == LimitType.OPENING_HOURS:
        return _outside(limiting, wish)
    if of_type == LimitType.QUOTA:
        return [found for rule in limiting if (found := _overdraws(rule, wish, known, terms))]
    check = CHECKS.get(of_type)
    bound = kind[1] if len(kind) > 1 else ""
    return [] if check is None else [found for rule in limiting if (found := check(rule, bound, wish, known))]


def _no_booking(rule: Rule, bound: str, wish: Wish, known: Known) -> Broken | None:
    return Broken(rule)


def _individual(rule: Rule, bound: str, wish: Wish, known: Known) -> Broken | None:
    limit: Any = rule.limit
    return Broken(rule) if wish.party.group_id is None and not limit.allowed else None


def _outside(rules: Sequence[Rule], wish: Wish) -> list[Broken]:
    """Those of one who and where make a union, however a tag is spelled; a booking lies inside each."""
    unions = dict[Any, list[Rule]]()
    for rule in rules:
        who = (rule.who.kind, tag_key(rule.who.label), rule.who.id)
        unions.setdefault((who, rule.where), []).append(rule)
    return [Broken(rule) for union in unions.values() if not _is_inside(union, wish.stay) for rule in union]


def _is_inside(union: Sequence[Rule], stay: Stay) -> bool:
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


def _notice(rule: Rule, bound: str, wish: Wish, known: Known) -> Broken | None:
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


def _length(rule: Rule, bound: str, wish: Wish, known: Known) -> Broken | None:
    limit, minutes = rule.limit, wish.stay.minutes
    if not isinstance(limit, Length):
        return None
    if bound == "min_minutes" and limit.min_minutes is not None and minutes < limit.min_minutes:
        return Broken(rule, limit=limit.min_minutes, wanted=minutes)
    if bound == "max_minutes" and limit.max_minutes is not None and minutes > limit.max_minutes:
        return Broken(rule, limit=limit.max_minutes, wanted=minutes)
    return None


def _grid(rule: Rule, bound: str, wish: Wish, known: Known) -> Broken | None:
    limit, stay = rule.limit, wish.stay
    if not isinstance(limit, Grid):
        return None
    if limit.minutes is not None:
        ends = (stay.start_minute, stay.end_minute)
        return Broken(rule) if any((minute - limit.offset) % limit.minutes for minute in ends) else None
    starts_on_it = any(period.from_minute == stay.start_minute for period in limit.periods)
    ends_on_it = any(period.until_minute == stay.end_minute for period in limit.periods)
    return None if starts_on_it and ends_on_it else Broken(rule)


def _attendees(rule: Rule, bound: str, wish: Wish, known: Known) -> Broken | None:
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


def _concurrent(rule: Rule, bound: str, wish: Wish, known: Known) -> Broken | None:
    limit, mine = rule.limit, wish.stay.interval
    if not isinstance(limit, Concurrent):
        return None
    others = [each.interval for each in known.bookings if each.id != wish.registration_id]
    beside = [each for each in others if each.starts_at < mine.ends_at and mine.starts_at < each.ends_at]
    moments = [max(each.starts_at, mine.starts_at) for each in beside]
    most = max((sum(each.starts_at <= at < each.ends_at for each in beside) for at in moments), default=0)
    return Broken(rule, limit=limit.max, used=most, wanted=1) if most + 1 > limit.max else None


def _gap(rule: Rule, bound: str, wish: Wish, known: Known) -> Broken | None:
    limit, mine = rule.limit, wish.stay.interval
    if not isinstance(limit, Gap):
        return None
    apart = limit.minutes * MINUTE
    is_near = any(
        each.interval.starts_at < mine.ends_at + apart and mine.starts_at < each.interval.ends_at + apart
        for each in known.bookings
        if each.id != wish.registration_id and each.classroom_id == wish.place.classroom_id
    )
    return Broken(rule, limit=limit.minutes) if is_near else None


def _standing(rule: Rule, bound: str, wish: Wish, known: Known) -> Broken | None:
    """From the mark on with which the points were gathered, for so many days; the most of them, in whatever order."""
    limit = rule.limit
    if not isinstance(limit, Standing):
        return None
    most = 0
    for last in known.marks:
        if not last.given_at <= wish.now < last.given_at + timedelta(days=limit.effect_days):
            continue
        earliest = last.given_at - timedelta(days=limit.within_days)
        gathered = sum(each.points for each in known.marks if earliest < each.given_at <= last.given_at)
        most = max(most, gathered)
    return Broken(rule, limit=limit.points, used=most) if most >= limit.points else None


def _overdraws(rule: Rule, wish: Wish, known: Known, terms: Sequence[Term]) -> Broken | None:
    """Whether more would be charged to some period than it has; what is charged no more than before never is."""
    quota = rule.limit
    if not isinstance(quota, Quota):
        return None
    owner, amount = owner_of(quota, wish.party), amount_of(quota, wish.stay)
    charges = [each for each in known.charges if each.rule_id == rule.id and each.owner == owner]
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


CHECKS: dict[LimitType, Callable[[Rule, str, Wish, Known], Broken | None]] = {
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


def may_be_individual(decide: Deciding) -> bool:
    """Whether a rule allows bookings without a group: one that says so decides, and none forbids it outright (§4)."""
    rules = [rule for rule in decide.of(LimitType.INDIVIDUAL) if isinstance(rule.limit, Individual)]
    forbids = any(not rule.limit.allowed and rule.effect == Effect.REFUSE for rule in rules)  # type: ignore[union-attr]
    return bool(rules) and not forbids


def buffer_minutes(decide: Deciding) -> tuple[int, int]:
    """The minutes before and after a booking that others keep away from: the longest that decides of each."""
    before, after = (
        max((getattr(rule.limit, bound, None) or 0 for rule in decide.of(LimitType.BUFFER, bound)), default=0)
        for bound in ("before_minutes", "after_minutes")
    )
    return before, after


def cancelling(decide: Deciding, starts_at: datetime, now: datetime) -> list[Broken]:
    """The rules that a cancellation or a move at this moment is too late for."""
    left = starts_at - now
    return [
        Broken(rule, limit=rule.limit.min_minutes, wanted=max(left // MINUTE, 0))
        for rule in decide.of(LimitType.CANCEL)
        if isinstance(rule.limit, Cancelling) and left < rule.limit.min_minutes * MINUTE
    ]


def marks(rule: Rule) -> bool:
    """Whether it marks what is late, and does not refuse it."""
    return isinstance(rule.limit, Cancelling) and rule.limit.then == Late.LATE


def allows_series(decide: Deciding) -> bool:
    """Whether members may have weekly series at all: not without a rule about them."""
    return any(
        isinstance(rule.limit, WeeklySeries | Lifted)
        for bound in WeeklySeries.bounds
        for rule in decide.of(LimitType.SERIES, bound)
    )


def broken_by_series(decide: Deciding, *, weeks: int, most_beside: int) -> list[Broken]:
    """The rules that a weekly series breaks: with so many weeks, beside so many others in its fullest week."""
    wanted = {"max_weeks": (None, weeks), "max_per_week": (most_beside, 1)}
    found = dict[int, Broken]()
    for bound, (used, number) in wanted.items():
        for rule in decide.of(LimitType.SERIES, bound):
            most = getattr(rule.limit, bound, None) if isinstance(rule.limit, WeeklySeries) else None
            if most is not None and (used or 0) + number > most:
                found.setdefault(rule.id, Broken(rule, limit=most, used=used, wanted=number))
    return [found[rule_id] for rule_id in sorted(found)]

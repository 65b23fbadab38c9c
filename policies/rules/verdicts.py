"""Whether a booking keeps to the rules: every broken one at once, in the order of the contract's table (policy §2)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kernel.academic_calendar import Term
from policies.enums import Effect, Late, LimitType, WhoKind
from policies.rules.checks import CHECKS, MINUTE, Broken, outside, overdraws
from policies.rules.limits import BOUNDED, Cancelling, Individual, Kind, Lifted, WeeklySeries, kinds_of, lifts
from policies.rules.scopes import Deciding, Place, PolicyRule, deciding
from policies.rules.wishes import BookingWish, Known

TYPE_ORDER = {of_type: place for place, of_type in enumerate(LimitType)}
GIVING_UP = frozenset({LimitType.LENGTH, LimitType.GRID, LimitType.ATTENDEES, LimitType.QUOTA})
"""The types that also judge what gives up room time and takes none: a later start may lie in a week that is full."""


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


def judge(rules: Iterable[PolicyRule], wish: BookingWish, state: Known, terms: Sequence[Term] = ()) -> Verdict:
    """What rules say to a wish."""
    decide = deciding(rules, wish.party, wish.place, wish.stay, terms)
    broken = dict[tuple[int, int], Broken]()
    for kind, of_kind in sorted(decide.of_kind.items(), key=lambda item: _bound_order(item[0])):
        if not is_asked(kind[0], wish):
            continue
        limiting = [rule for rule in of_kind if not lifts(rule.limit)]
        for breach in _broken_of(kind, limiting, wish, state, terms):
            place = (TYPE_ORDER[breach.rule.limit.type], breach.rule.id)
            broken.setdefault(place, breach)
    return Verdict(tuple(broken[place] for place in sorted(broken)), decide)


def _bound_order(kind: Kind) -> int:
    """A rule that breaks both of its bounds is told of the first of the table, whatever other rules there are."""
    of_type = LimitType(kind[0])
    return BOUNDED[of_type].bounds.index(kind[1]) if of_type in BOUNDED else 0


def is_asked(of_type: str, wish: BookingWish) -> bool:
    """Whether a wish is judged by rules of a type: what a series as such may be is asked where it is entered."""
    if of_type == LimitType.SERIES:
        return False
    if wish.reclaimed_from is not None:
        return of_type == LimitType.QUOTA
    return not wish.gives_up or of_type in GIVING_UP


def _broken_of(
    kind: tuple[str, ...], limiting: Sequence[PolicyRule], wish: BookingWish, state: Known, terms: Sequence[Term]
) -> Iterable[Broken]:
    """The broken ones among the limiting rules of one kind."""
    of_type = LimitType(kind[0])
    if of_type == LimitType.OPENING_HOURS:
        return outside(limiting, wish)
    if of_type == LimitType.QUOTA:
        return [breach for rule in limiting if (breach := overdraws(rule, wish, state, terms))]
    check = CHECKS.get(of_type)
    bound = kind[1] if len(kind) > 1 else ""
    return [] if check is None else [breach for rule in limiting if (breach := check(rule, bound, wish, state))]


def may_be_individual(decide: Deciding) -> bool:
    """Whether a rule allows bookings without a group: one that says so decides, and none forbids it outright (§4)."""
    rules = [rule for rule in decide.of(LimitType.INDIVIDUAL) if isinstance(rule.limit, Individual)]
    forbids = any(not rule.limit.allowed and rule.effect == Effect.REFUSE for rule in rules)  # type: ignore[union-attr]
    return bool(rules) and not forbids


def lets_people_in(rules: Iterable[PolicyRule], place: Place) -> bool:
    """Whether people may book a room without a group, at any time for which no rule says otherwise."""
    individual, closing = list[PolicyRule](), list[PolicyRule]()
    for rule in rules:
        is_for_people = rule.who.kind in (WhoKind.EVERYBODY, WhoKind.INDIVIDUAL) and rule.where.includes(place)
        if is_for_people and rule.during is None and rule.at is None:
            individual += [rule] if LimitType.INDIVIDUAL.value in _types(rule) else []
            closing += [rule] if LimitType.NO_BOOKING.value in _types(rule) else []
    is_closed = any(rule.effect == Effect.REFUSE and not lifts(rule.limit) for rule in _narrowest(closing))
    return not is_closed and may_be_individual(Deciding({(LimitType.INDIVIDUAL.value,): _narrowest(individual)}))


def _types(rule: PolicyRule) -> set[str]:
    return {kind[0] for kind in kinds_of(rule.limit)}


def _narrowest(rules: Sequence[PolicyRule]) -> tuple[PolicyRule, ...]:
    rank = max((rule.rank for rule in rules), default=None)
    return tuple(rule for rule in rules if rule.rank == rank)


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


def marks(rule: PolicyRule) -> bool:
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
    numbers_of = {"max_weeks": (None, weeks), "max_per_week": (most_beside, 1)}
    breach = dict[int, Broken]()
    for bound, (used, number) in numbers_of.items():
        for rule in decide.of(LimitType.SERIES, bound):
            most = getattr(rule.limit, bound, None) if isinstance(rule.limit, WeeklySeries) else None
            if most is not None and (used or 0) + number > most:
                breach.setdefault(rule.id, Broken(rule, limit=most, used=used, wanted=number))
    return [breach[rule_id] for rule_id in sorted(breach)]

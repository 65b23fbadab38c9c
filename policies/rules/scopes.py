"""For whom, where and when a rule holds, and which of several decide (policy §1)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from groups.rules import tag_key
from kernel.academic_calendar import Term, period_on
from kernel.campus_time import MINUTES_PER_DAY, Interval, day_of_week
from policies.enums import Effect, OwnerKind, Period, WhereKind, WhoKind
from policies.rules.limits import Kind, Limit, Quota, kinds_of

EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
WHO_RANKS = {kind: rank for rank, kind in enumerate(WhoKind)}
Rank = tuple[int, int, int]
"""How specific a rule is: by who, where and when."""


@dataclass(frozen=True)
class Owner:
    """Whose bookings are counted together: a group, or a person."""

    kind: OwnerKind
    id: int


@dataclass(frozen=True)
class Party:
    """Who wants a room: a person, for a group or for himself. `tags` and `group_kind` as `tag_key` makes them."""

    person_id: int
    group_id: int | None = None
    group_kind: str = ""
    tags: frozenset[str] = frozenset()

    @property
    def owner(self) -> Owner:
        """The group booked for, else the person."""
        return self.person if self.group_id is None else Owner(OwnerKind.GROUP, self.group_id)

    @property
    def person(self) -> Owner:
        return Owner(OwnerKind.PERSON, self.person_id)


@dataclass(frozen=True)
class Place:
    """A room, and what rules ask of it."""

    classroom_id: int
    building: str
    floor: int
    capacity: int


@dataclass(frozen=True)
class Stay:
    """When a room is wanted: on the campus wall, and the instants."""

    day: date
    start_minute: int
    end_minute: int
    interval: Interval

    @property
    def minutes(self) -> int:
        """On the wall, whatever the clocks do meanwhile."""
        return self.end_minute - self.start_minute

    @property
    def weekday(self) -> int:
        """1 = Sunday … 7 = Saturday."""
        return day_of_week(self.day)


@dataclass(frozen=True)
class Who:
    kind: WhoKind = WhoKind.EVERYBODY
    label: str = ""
    """Of a tag or a kind of groups."""
    id: int | None = None
    """Of a group or a person."""

    def includes(self, party: Party) -> bool:
        match self.kind:
            case WhoKind.EVERYBODY:
                return True
            case WhoKind.INDIVIDUAL:
                return party.group_id is None
            case WhoKind.USER:
                return party.person_id == self.id
            case WhoKind.GROUP:
                return party.group_id == self.id
            case WhoKind.TAG:
                return tag_key(self.label) in party.tags
            case WhoKind.GROUP_KIND:
                return party.group_id is not None and party.group_kind == tag_key(self.label)


@dataclass(frozen=True)
class Where:
    kind: WhereKind = WhereKind.EVERYWHERE
    building: str | None = None
    floor: int | None = None
    classroom_id: int | None = None

    @property
    def rank(self) -> int:
        if self.kind == WhereKind.FLOOR:
            return 3 if self.building is not None else 2
        return {WhereKind.EVERYWHERE: 0, WhereKind.BUILDING: 1, WhereKind.CLASSROOM: 4}[self.kind]

    def includes(self, place: Place) -> bool:
        match self.kind:
            case WhereKind.EVERYWHERE:
                return True
            case WhereKind.CLASSROOM:
                return place.classroom_id == self.classroom_id
            case WhereKind.BUILDING:
                return place.building == self.building
            case WhereKind.FLOOR:
                return place.floor == self.floor and self.building in (None, place.building)


@dataclass(frozen=True)
class During:
    """Only for bookings that take place then; both days are included."""

    first: date | None = None
    last: date | None = None
    period: Period | None = None

    def includes(self, day: date, terms: Sequence[Term]) -> bool:
        return (
            (self.first is None or self.first <= day)
            and (self.last is None or day <= self.last)
            and (self.period is None or period_on(terms, day)[0] == self.period)
        )


@dataclass(frozen=True)
class At:
    """Only for bookings that touch it."""

    weekdays: tuple[int, ...] = EVERY_DAY
    from_minute: int = 0
    until_minute: int = MINUTES_PER_DAY

    def includes(self, stay: Stay) -> bool:
        return (
            stay.weekday in self.weekdays
            and stay.start_minute < self.until_minute
            and self.from_minute < stay.end_minute
        )


@dataclass(frozen=True)
class PolicyRule:
    """A booking rule. `sentence` says it in words."""

    id: int
    limit: Limit
    who: Who = Who()
    where: Where = Where()
    during: During | None = None
    at: At | None = None
    effect: Effect = Effect.REFUSE
    sentence: str = ""
    charged_from: datetime | None = None
    """Of a quota: charges are complete from then on."""

    @property
    def rank(self) -> Rank:
        return (WHO_RANKS[self.who.kind], self.where.rank, int(self.during is not None or self.at is not None))

    @property
    def quota(self) -> Quota:
        """Its limit, if it is a quota. Raises: TypeError."""
        if not isinstance(self.limit, Quota):
            raise TypeError(f"Rule {self.id} is no quota")
        return self.limit

    def applies(self, party: Party, place: Place, stay: Stay, terms: Sequence[Term]) -> bool:
        return (
            self.who.includes(party)
            and self.where.includes(place)
            and (self.at is None or self.at.includes(stay))
            and (self.during is None or self.during.includes(stay.day, terms))
        )


@dataclass(frozen=True)
class Deciding:
    """The rules that decide, by kind: those of one kind are equally specific."""

    of_kind: dict[Kind, tuple[PolicyRule, ...]] = field(default_factory=dict)

    def of(self, *kind: str) -> tuple[PolicyRule, ...]:
        return self.of_kind.get(kind, ())


def deciding(rules: Iterable[PolicyRule], party: Party, place: Place, stay: Stay, terms: Sequence[Term]) -> Deciding:
    """Among the rules of one kind that apply, those of the most specific scope."""
    best = defaultdict[Kind, list[PolicyRule]](list)
    for rule in rules:
        if not rule.applies(party, place, stay, terms):
            continue
        for kind in kinds_of(rule.limit):
            rivals = best[kind]
            if rivals and rule.rank < rivals[0].rank:
                continue
            if rivals and rule.rank > rivals[0].rank:
                rivals.clear()
            rivals.append(rule)
    return Deciding({kind: tuple(sorted(rivals, key=lambda rule: rule.id)) for kind, rivals in best.items()})

"""What a rule can limit: a value for each type of the contract's table (policy §1). Wall minutes, campus days."""

from dataclasses import dataclass
from typing import ClassVar

from policies.enums import CountsBy, Late, LimitType, OwnerKind, Per, QuotaUnit

Kind = tuple[str, ...]
"""What rules compete about: the type; for types with several bounds a bound; for quotas (unit, per, counts, of)."""


@dataclass(frozen=True)
class NoBooking:
    type: ClassVar[LimitType] = LimitType.NO_BOOKING


@dataclass(frozen=True)
class Individual:
    """Whether somebody may book without a group."""

    type: ClassVar[LimitType] = LimitType.INDIVIDUAL
    allowed: bool


@dataclass(frozen=True)
class OpeningHours:
    """A booking lies inside the union of those of one who and where. `weekdays`: 1 = Sunday … 7 = Saturday."""

    type: ClassVar[LimitType] = LimitType.OPENING_HOURS
    weekdays: tuple[int, ...]
    from_minute: int
    until_minute: int


@dataclass(frozen=True)
class NoticePeriod:
    """At least `min_minutes` before the start, at most `max_days` ahead; the last of these opens at `opens_at`."""

    type: ClassVar[LimitType] = LimitType.NOTICE
    bounds: ClassVar[tuple[str, ...]] = ("min_minutes", "max_days")
    min_minutes: int | None = None
    max_days: int | None = None
    opens_at: int | None = None


@dataclass(frozen=True)
class Cancelling:
    """What becomes of a cancellation or move later than `min_minutes` before the start."""

    type: ClassVar[LimitType] = LimitType.CANCEL
    min_minutes: int
    then: Late


@dataclass(frozen=True)
class Length:
    type: ClassVar[LimitType] = LimitType.LENGTH
    bounds: ClassVar[tuple[str, ...]] = ("min_minutes", "max_minutes")
    min_minutes: int | None = None
    max_minutes: int | None = None


@dataclass(frozen=True)
class NamedPeriod:
    """A period of the day that has a name, `first period`."""

    from_minute: int
    until_minute: int
    name: str


@dataclass(frozen=True)
class Grid:
    """Bookings start and end every `minutes`, `offset` after the hour; or with one of some `periods`."""

    type: ClassVar[LimitType] = LimitType.GRID
    minutes: int | None = None
    offset: int = 0
    periods: tuple[NamedPeriod, ...] = ()


@dataclass(frozen=True)
class Attendance:
    """How many have to come: so many, or so many per cent of the room's seats."""

    type: ClassVar[LimitType] = LimitType.ATTENDEES
    bounds: ClassVar[tuple[str, ...]] = ("min", "min_percent")
    min: int | None = None
    min_percent: int | None = None


@dataclass(frozen=True)
class WeeklySeries:
    """Weekly series by members: how many weeks, and how many that run in one week. Without a bound: any."""

    type: ClassVar[LimitType] = LimitType.SERIES
    bounds: ClassVar[tuple[str, ...]] = ("max_weeks", "max_per_week")
    max_weeks: int | None = None
    max_per_week: int | None = None


@dataclass(frozen=True)
class Concurrent:
    """How many live bookings one owner may have at an instant."""

    type: ClassVar[LimitType] = LimitType.CONCURRENT
    max: int


@dataclass(frozen=True)
class Gap:
    """The minutes between two bookings of one owner in one room."""

    type: ClassVar[LimitType] = LimitType.GAP
    minutes: int


@dataclass(frozen=True)
class Anchor:
    """When a week begins: `weekday` 1 = Sunday … 7 = Saturday."""

    weekday: int
    minute: int


MONDAY = Anchor(weekday=2, minute=0)
"""When a week begins of which nothing is said."""


@dataclass(frozen=True)
class Quota:
    """So many minutes or bookings, in which time. `days`: of `Per.DAYS`. A week begins on Monday or at the `anchor`."""

    type: ClassVar[LimitType] = LimitType.QUOTA
    unit: QuotaUnit
    amount: int
    per: Per
    counts: CountsBy
    of: OwnerKind
    days: int | None = None
    anchor: Anchor | None = None


@dataclass(frozen=True)
class StandingLimit:
    """For `effect_days` after somebody has gathered `points` of marks within `within_days`."""

    type: ClassVar[LimitType] = LimitType.STANDING
    points: int
    within_days: int
    effect_days: int


@dataclass(frozen=True)
class Buffer:
    """The minutes around a booking that other bookings keep away from."""

    type: ClassVar[LimitType] = LimitType.BUFFER
    bounds: ClassVar[tuple[str, ...]] = ("before_minutes", "after_minutes")
    before_minutes: int | None = None
    after_minutes: int | None = None


@dataclass(frozen=True)
class Lifted:
    """No limit of some kinds here. `bounds`: the single ones; empty: all of the type. `quota`: which kind of quota."""

    type: LimitType
    bounds: tuple[str, ...] = ()
    quota: Kind = ()


Limit = (
    NoBooking
    | Individual
    | OpeningHours
    | NoticePeriod
    | Cancelling
    | Length
    | Grid
    | Attendance
    | WeeklySeries
    | Concurrent
    | Gap
    | Quota
    | StandingLimit
    | Buffer
    | Lifted
)
BOUNDED: dict[LimitType, type[NoticePeriod | Length | Attendance | WeeklySeries | Buffer]] = {
    each.type: each for each in (NoticePeriod, Length, Attendance, WeeklySeries, Buffer)
}
"""The types each bound of which is a kind of its own."""


def quota_kind(unit: str, per: str, counts: str, of: str, days: int | None) -> Kind:
    """Two quotas are of one kind if they count the same in the same time. `counts` means nothing for the future."""
    counted = "" if per == Per.FUTURE else counts
    return (LimitType.QUOTA.value, str(unit), f"{per} {days}" if days else str(per), str(counted), str(of))


def kinds_of(limit: Limit) -> tuple[Kind, ...]:
    """The kinds that a limit says something about."""
    if isinstance(limit, Quota):
        return (quota_kind(limit.unit, limit.per, limit.counts, limit.of, limit.days),)
    if isinstance(limit, Lifted) and limit.quota:
        return (limit.quota,)
    of_type = limit.type.value
    if limit.type not in BOUNDED:
        return ((of_type,),)
    bounds = BOUNDED[limit.type].bounds
    if isinstance(limit, Lifted):
        return tuple((of_type, bound) for bound in limit.bounds or bounds)
    bounded = tuple((of_type, bound) for bound in bounds if getattr(limit, bound) is not None)
    return bounded or tuple((of_type, bound) for bound in bounds)


def lifts(limit: Limit) -> bool:
    """Whether it takes away a limit: it says so, or it is a series without a bound, which allows any."""
    return isinstance(limit, Lifted) or limit == WeeklySeries()

"""What a rule would say to bookings that there are already, were they made under it: one after the other, as they were.

Each counts for the ones behind it, unless the rule refuses it. What was made before, and takes place at another time
than the bookings here, is not known, and does not count.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from kernel.academic_calendar import Term
from kernel.campus_time import DAY, monday_of
from policies.enums import LimitType
from policies.rules.checks import Broken
from policies.rules.limits import Quota
from policies.rules.quotas import Charge, charges_after, owner_of
from policies.rules.scopes import Deciding, Owner, Party, Place, PolicyRule, Stay
from policies.rules.verdicts import Verdict, broken_by_series, judge
from policies.rules.wishes import BookingWish, Known, MarkGathered, OwnBooking

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class SeriesSpan:
    """A weekly series: the days on which its first and its last week can lie."""

    id: int
    first: date
    last: date

    @property
    def weeks(self) -> int:
        return (monday_of(self.last) - monday_of(self.first)) // WEEK + 1


@dataclass(frozen=True, kw_only=True)
class LiveBooking:
    """A booking that holds its room, as rules judge it; `group`, `person` and `classroom` are names to show."""

    id: int
    party: Party
    place: Place
    stay: Stay
    booked_at: datetime
    attendees: int | None = None
    series: SeriesSpan | None = None
    group: str | None = None
    person: str = ""
    classroom: str = ""

    def wish(self, now: datetime) -> BookingWish:
        """It, as somebody might want it at a moment."""
        return BookingWish(self.party, self.place, self.stay, now, self.attendees, self.id)


@dataclass
class _Taken:
    """What those before have: bookings by owner and day, charges by owner, and the series of owners."""

    bookings: dict[tuple[Owner, date], list[OwnBooking]] = field(default_factory=lambda: defaultdict(list))
    charges: dict[Owner, list[Charge]] = field(default_factory=lambda: defaultdict(list))
    series: dict[Owner, dict[int, SeriesSpan]] = field(default_factory=lambda: defaultdict(dict))

    def known(self, rule: PolicyRule, booking: LiveBooking, marks: Mapping[Owner, Sequence[MarkGathered]]) -> Known:
        owner, day = booking.party.owner, booking.stay.day
        near = [each for on in (day - DAY, day, day + DAY) for each in self.bookings.get((owner, on), ())]
        counted = owner_of(rule.limit, booking.party) if isinstance(rule.limit, Quota) else owner
        return Known(near, self.charges.get(counted, ()), marks.get(owner, ()))

    def most_beside(self, booking: LiveBooking, span: SeriesSpan) -> int:
        """How many other series of the owner run in the fullest of its weeks."""
        others = [each for each in self.series[booking.party.owner].values() if each.id != span.id]
        weeks = [monday_of(span.first) + number * WEEK for number in range(span.weeks)]
        return max((sum(monday_of(each.first) <= week <= each.last for each in others) for week in weeks), default=0)

    def take(self, rule: PolicyRule, booking: LiveBooking, decide: Deciding) -> None:
        owner, own = booking.party.owner, OwnBooking(booking.id, booking.place.classroom_id, booking.stay.interval)
        self.bookings[owner, booking.stay.day].append(own)
        if booking.series is not None:
            self.series[owner][booking.series.id] = booking.series
        if isinstance(rule.limit, Quota) and any(rule in rules for rules in decide.of_kind.values()):
            counted = owner_of(rule.limit, booking.party)
            self.charges[counted] += charges_after(
                rule.id,
                rule.limit,
                owner=counted,
                registration_id=booking.id,
                stay=booking.stay,
                own=(),
                now=booking.booked_at,
            )


def broken_by_bookings(
    rule: PolicyRule,
    rivals: Iterable[PolicyRule],
    bookings: Iterable[LiveBooking],
    terms: Sequence[Term],
    *,
    marks: Mapping[Owner, Sequence[MarkGathered]],
    now: datetime,
) -> list[tuple[LiveBooking, Broken]]:
    """Those that break the rule, and how, in the order in which they were made. `rivals`: the other rules in force, one
    of which may decide in its place."""
    of_its_type = [*(each for each in rivals if each.limit.type == rule.limit.type and each.id != rule.id), rule]
    taken, breaking = _Taken(), list[tuple[LiveBooking, Broken]]()
    settled = set[int]()
    for booking in sorted(bookings, key=lambda each: (each.booked_at, each.id)):
        span = booking.series
        if rule.limit.type == LimitType.SERIES and (span is None or span.id in settled):
            continue
        moment = now if rule.limit.type == LimitType.STANDING else booking.booked_at
        verdict = judge(of_its_type, booking.wish(moment), taken.known(rule, booking, marks), terms)
        if span is not None:
            settled.add(span.id)
        broken = _broken_of(rule, verdict, booking, taken)
        if broken is not None:
            breaking.append((booking, broken))
        if broken is None or not Verdict((broken,)).is_refused:
            taken.take(rule, booking, verdict.deciding)
    return breaking


def _broken_of(rule: PolicyRule, verdict: Verdict, booking: LiveBooking, taken: _Taken) -> Broken | None:
    """How a booking breaks the rule; of a series its first one does for all."""
    broken = list(verdict.broken)
    if rule.limit.type == LimitType.SERIES and booking.series is not None:
        most_beside = taken.most_beside(booking, booking.series)
        broken = broken_by_series(verdict.deciding, weeks=booking.series.weeks, most_beside=most_beside)
    return next((each for each in broken if each.rule == rule), None)

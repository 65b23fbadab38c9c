"""Rules, wishes and what is known of owners, of such small domains that they meet often."""

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from kernel.academic_calendar import Term
from kernel.campus_time import Interval
from policies.enums import CountsBy, Effect, Late, LimitType, OwnerKind, Per, Period, QuotaUnit, WhereKind, WhoKind
from policies.rules.limits import (
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
    NamedPeriod,
    NoBooking,
    NoticePeriod,
    OpeningHours,
    Quota,
    StandingLimit,
    WeeklySeries,
    quota_kind,
)
from policies.rules.quotas import Charge
from policies.rules.scopes import EVERY_DAY, At, During, Owner, Party, Place, PolicyRule, Stay, Where, Who
from policies.rules.wishes import BookingWish, Known, MarkGathered, OwnBooking

ZONE = "Europe/Berlin"
DAYS = [dt.date(2026, 3, 26) + dt.timedelta(days=ahead) for ahead in range(8)]
"""Thursday to Thursday: around the day the clocks are put forward, the 29th, a semester's end, a month's end."""
TERMS = (
    Term(dt.date(2026, 2, 1), dt.date(2026, 3, 29), ((dt.date(2026, 3, 28), dt.date(2026, 3, 29)),), (DAYS[0],)),
    Term(dt.date(2026, 3, 31), dt.date(2026, 7, 31)),
)
"""The 26th is without classes, on the 28th and 29th are exams, the 30th lies in no semester."""
MINUTES = (0, 60, 90, 240, 480, 490, 495, 540, 545, 600, 615, 660, 720, 1080, 1380, 1440)
"""None of those that are left out on the 29th."""
BOOKINGS, RULE_IDS = (101, 102, 103), range(1, 9)


def instant(day, minute):
    midnight = dt.datetime(day.year, day.month, day.day)
    return (midnight + dt.timedelta(minutes=minute)).replace(tzinfo=ZoneInfo(ZONE)).astimezone(dt.UTC)


def stay(day, begins, ends):
    return Stay(day, begins, ends, Interval(instant(day, begins), instant(day, ends)))


MOMENTS = [instant(day, minute) for day in DAYS[:6] for minute in (0, 180, 181, 540, 599, 600, 601, 1380)]
STAYS = [stay(day, begins, ends) for day in DAYS for begins in MINUTES for ends in MINUTES if begins < ends]
SHORT_STAYS = [each for each in STAYS if each.minutes <= 150]
ENDS = [each.interval.ends_at for each in SHORT_STAYS[::7]]
PLACES = (Place(1, "A", 1, 10), Place(2, "A", 2, 7), Place(3, "B", 1, 20))
PARTIES = (
    Party(7),
    Party(8),
    Party(7, 1, "club", frozenset({"gold"})),
    Party(8, 1, "club", frozenset({"gold", "old"})),
    Party(7, 2, "society", frozenset({"old"})),
    Party(7, 2),
)
OWNERS = [Owner(OwnerKind.PERSON, 7), Owner(OwnerKind.PERSON, 8), Owner(OwnerKind.GROUP, 1), Owner(OwnerKind.GROUP, 2)]
WHOS = [
    *[Who()] * 16,
    Who(WhoKind.INDIVIDUAL),
    Who(WhoKind.GROUP_KIND, "Club"),
    Who(WhoKind.GROUP_KIND, "society"),
    Who(WhoKind.TAG, "gold"),
    Who(WhoKind.TAG, " GOLD"),
    Who(WhoKind.TAG, "old"),
    Who(WhoKind.GROUP, id=1),
    Who(WhoKind.GROUP, id=2),
    Who(WhoKind.USER, id=7),
]
WHERES = [
    *[Where()] * 16,
    Where(WhereKind.BUILDING, "A"),
    Where(WhereKind.BUILDING, "B"),
    Where(WhereKind.FLOOR, floor=1),
    Where(WhereKind.FLOOR, "A", 1),
    Where(WhereKind.FLOOR, "A", 2),
    Where(WhereKind.CLASSROOM, classroom_id=1),
    Where(WhereKind.CLASSROOM, classroom_id=3),
]
DURINGS = [
    *[None] * 16,
    *(During(period=period) for period in Period),
    During(first=DAYS[2]),
    During(last=DAYS[3]),
    During(DAYS[1], DAYS[4], Period.TERM),
]
ATS = [
    *[None] * 16,
    At(weekdays=(2, 3, 4, 5, 6)),
    At((1, 7), 540, 600),
    At(from_minute=540),
    At(until_minute=540),
    At((5, 6), 480, 1440),
]
ANCHORS = [None, Anchor(2, 180), Anchor(1, 150), Anchor(4, 0)]
GRIDS = [
    Grid(60),
    Grid(60, 15),
    Grid(30, 0),
    Grid(5),
    Grid(15),
    Grid(10, 5),
    Grid(periods=(NamedPeriod(480, 540, "1"), NamedPeriod(545, 600, "2"))),
    Grid(periods=(NamedPeriod(495, 545, "I"), NamedPeriod(495, 615, "II"), NamedPeriod(600, 660, "III"))),
]
PERS = [(per, None) for per in Per if per != Per.DAYS] + [(Per.DAYS, 1), (Per.DAYS, 2), (Per.DAYS, 7)]
OPENINGS = [(480, 540), (480, 600), (540, 720), (600, 1440), (0, 1440), (545, 660)]


def perhaps(*numbers):
    return st.sampled_from([None, *numbers])


def bounded(of_type, **bounds):
    """With at least one bound."""
    made = st.builds(of_type, **{name: perhaps(*numbers) for name, numbers in bounds.items()})
    return made.filter(lambda limit: any(getattr(limit, bound) is not None for bound in of_type.bounds))


@st.composite
def quotas(draw):
    per, days = draw(st.sampled_from(PERS))
    unit = draw(st.sampled_from(QuotaUnit))
    amount = draw(
        st.sampled_from((60, 90, 120, 120, 150, 180, 240, 0) if unit == QuotaUnit.MINUTES else (1, 1, 2, 2, 3, 0))
    )
    counts = CountsBy.TAKES_PLACE_IN if per == Per.FUTURE else draw(st.sampled_from(CountsBy))
    anchor = draw(st.sampled_from(ANCHORS)) if per == Per.WEEK else None
    return Quota(unit, amount, per, counts, draw(st.sampled_from(OwnerKind)), days, anchor)


LIMITS = {
    LimitType.NO_BOOKING: st.just(NoBooking()),
    LimitType.INDIVIDUAL: st.builds(Individual, st.booleans()),
    LimitType.OPENING_HOURS: st.builds(
        lambda weekdays, span: OpeningHours(weekdays, *span),
        st.sampled_from([EVERY_DAY, (2, 3, 4, 5, 6), (1, 7), (5,)]),
        st.sampled_from(OPENINGS),
    ),
    LimitType.NOTICE: bounded(NoticePeriod, min_minutes=(0, 60, 1440), max_days=(0, 1, 2, 4)).flatmap(
        lambda limit: (
            st.just(limit)
            if limit.max_days is None
            else perhaps(600, 1380).map(lambda opens: replace(limit, opens_at=opens))
        )
    ),
    LimitType.CANCEL: st.builds(Cancelling, st.sampled_from((0, 60, 1440, 2880)), st.sampled_from(Late)),
    LimitType.LENGTH: bounded(Length, min_minutes=(50, 60, 61), max_minutes=(61, 120, 180)),
    LimitType.GRID: st.sampled_from(GRIDS),
    LimitType.ATTENDEES: bounded(Attendance, min=(1, 4, 5), min_percent=(1, 50, 51, 100)),
    LimitType.SERIES: st.builds(WeeklySeries, perhaps(0, 4, 10), perhaps(0, 1, 2)),
    LimitType.CONCURRENT: st.builds(Concurrent, st.sampled_from((0, 1, 2))),
    LimitType.GAP: st.builds(Gap, st.sampled_from((1, 5, 55, 60, 61))),
    LimitType.QUOTA: quotas(),
    LimitType.STANDING: st.builds(
        StandingLimit, st.sampled_from((1, 2, 3, 4)), st.sampled_from((1, 2, 5)), st.sampled_from((1, 2, 5))
    ),
    LimitType.BUFFER: bounded(Buffer, before_minutes=(5, 15), after_minutes=(10, 30)),
}


def liftings(of_type, limits=None):
    """`none` of a type: of all its bounds or of some; of a quota's kind."""
    if of_type == LimitType.QUOTA:
        return quotas().map(
            lambda quota: Lifted(of_type, quota=quota_kind(quota.unit, quota.per, quota.counts, quota.of, quota.days))
        )
    bounds = {each.type: each.bounds for each in (NoticePeriod, Length, Attendance, WeeklySeries, Buffer)}
    return st.sampled_from([Lifted(of_type), *(Lifted(of_type, (bound,)) for bound in bounds.get(of_type, ()))])


def limits(*types):
    """Of some of the types, or of all; one in six lifts."""
    of_types = [LIMITS[of_type] for of_type in types or LimitType for _ in range(5)]
    return st.one_of(*of_types, *(liftings(of_type) for of_type in types or LimitType))


def rules(*types, most=8):
    """Of different ids, which are not in their order."""
    scoped = st.builds(
        PolicyRule,
        st.just(0),
        limits(*types),
        st.sampled_from(WHOS),
        st.sampled_from(WHERES),
        st.sampled_from(DURINGS),
        st.sampled_from(ATS),
        st.sampled_from(Effect),
    )
    return st.tuples(st.lists(scoped, min_size=1, max_size=most), st.permutations(RULE_IDS)).map(
        lambda made: [replace(rule, id=rule_id) for rule, rule_id in zip(made[0], made[1], strict=False)]
    )


WISHES = st.builds(
    BookingWish,
    party=st.sampled_from(PARTIES),
    place=st.sampled_from(PLACES),
    stay=st.one_of(st.sampled_from(SHORT_STAYS), st.sampled_from(STAYS)),
    now=st.sampled_from(MOMENTS),
    attendees=perhaps(1, 3, 4, 5, 10),
    registration_id=perhaps(*BOOKINGS, *BOOKINGS),
    reclaimed_from=st.sampled_from([None] * 2 * len(MOMENTS) + MOMENTS),
    gives_up=st.sampled_from([False] * 9 + [True]),
)
OWN_BOOKINGS = st.builds(
    lambda booking_id, room, stay: OwnBooking(booking_id, room, stay.interval),
    st.sampled_from(BOOKINGS),
    st.sampled_from((1, 2, 3)),
    st.sampled_from(STAYS),
)
MARKS = st.builds(MarkGathered, st.sampled_from((1, 2, 3)), st.sampled_from(MOMENTS))


@st.composite
def judged(draw, some_rules):
    """A wish and what is known of its owner: charges mostly to quotas of these rules."""
    wish = draw(WISHES)
    quota_ids = [rule.id for rule in some_rules if rule.limit.type == LimitType.QUOTA]
    owners = [wish.party.owner, wish.party.person]
    booking_ids = [wish.registration_id or BOOKINGS[0], *BOOKINGS]
    charges = st.builds(
        Charge,
        st.sampled_from(quota_ids or RULE_IDS),
        st.sampled_from(owners * 3 + OWNERS),
        st.sampled_from(booking_ids),
        st.sampled_from([*MOMENTS, *[wish.booked_at, wish.stay.interval.starts_at] * 20, *ENDS]),
        st.sampled_from((1, 30, 60, 120)),
    )
    types = {rule.limit.type for rule in some_rules}
    return wish, Known(
        draw(st.lists(OWN_BOOKINGS, max_size=4)) if types & {LimitType.CONCURRENT, LimitType.GAP} else (),
        draw(st.lists(charges, min_size=2, max_size=6)) if quota_ids else (),
        draw(st.lists(MARKS, max_size=4)) if LimitType.STANDING in types else (),
    )

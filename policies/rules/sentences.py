"""A rule in words. English, as all refusals are."""

from kernel.campus_time import MINUTES_PER_DAY, format_minute
from kernel.wording import WEEKDAYS, span_in_words
from policies.enums import CountsBy, Effect, Late, LimitType, OwnerKind, Per, QuotaUnit
from policies.rules.limits import (
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
    NoBooking,
    NoticePeriod,
    OpeningHours,
    Quota,
    StandingLimit,
    WeeklySeries,
)
from policies.rules.reading import WhereNamed, WhoNamed
from policies.rules.scopes import EVERY_DAY, At, During

SHORT_DAYS = [day[:3] for day in WEEKDAYS]
PERIODS = {"term": "in term time", "exam": "in exam periods", "break": "outside of term and exams"}
NOUNS = {
    LimitType.NO_BOOKING: "ban on bookings",
    LimitType.INDIVIDUAL: "rule about bookings without a group",
    LimitType.OPENING_HOURS: "opening hours",
    LimitType.NOTICE: "limit on how far ahead",
    LimitType.CANCEL: "limit on cancelling",
    LimitType.LENGTH: "limit on the length",
    LimitType.GRID: "grid of times",
    LimitType.ATTENDEES: "least number of attendees",
    LimitType.SERIES: "limit on weekly series",
    LimitType.CONCURRENT: "limit on bookings at the same time",
    LimitType.GAP: "gap between bookings",
    LimitType.QUOTA: "quota",
    LimitType.STANDING: "rule about marks",
    LimitType.BUFFER: "buffer",
}
BOUND_NOUNS = {
    "min_minutes": "shortest",
    "max_minutes": "longest",
    "max_days": "farthest",
    "min": "number",
    "min_percent": "share of the seats",
    "max_weeks": "number of weeks",
    "max_per_week": "number a week",
    "before_minutes": "before",
    "after_minutes": "after",
}


def sentence_of(
    limit: Limit, who: WhoNamed, where: WhereNamed, during: During | None, at: At | None, effect: Effect
) -> str:
    """ "At most 12 hours a week, for groups tagged gold, in Library, on Mon–Fri 18:00–23:00"."""
    parts = [limit_in_words(limit), _who(who), _where(where), _during(during), _at(at)]
    tail = "; else by approval" if effect == Effect.APPROVAL else ""
    return ", ".join(part for part in parts if part) + tail


def days_in_words(weekdays: tuple[int, ...]) -> str:
    """ "Mon, Tue, Fri"; days that follow one another "Mon–Fri", Monday first."""
    if weekdays == EVERY_DAY:
        return "every day"
    from_monday = sorted((day - 2) % 7 for day in weekdays)
    names = [SHORT_DAYS[(place + 1) % 7] for place in from_monday]
    is_run = len(from_monday) > 2 and from_monday[-1] - from_monday[0] == len(from_monday) - 1
    return f"{names[0]}–{names[-1]}" if is_run else ", ".join(names)


def minutes_in_words(minutes: int) -> str:
    """ "90 minutes", "2 hours", "3 days"."""
    for size, noun in ((24 * 60, "day"), (60, "hour")):
        if minutes >= size and minutes % size == 0 and (noun == "hour" or minutes >= 2 * size):
            return counted(minutes // size, noun)
    return counted(minutes, "minute")


def counted(number: int, noun: str) -> str:
    """ "1 day", "3 days"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def limit_in_words(limit: Limit) -> str:
    """The limit alone."""
    match limit:
        case Lifted():
            return _lifted(limit)
        case NoBooking():
            return "No bookings"
        case Individual():
            return "Bookings without a group are possible" if limit.allowed else "No bookings without a group"
        case OpeningHours():
            return f"Open {days_in_words(limit.weekdays)} {span_in_words(limit.from_minute, limit.until_minute)}"
        case NoticePeriod():
            return _notice(limit)
        case Cancelling():
            late = "Not" if limit.then == Late.REFUSE else "Only with a mark"
            return f"{late} cancelled or moved within {minutes_in_words(limit.min_minutes)} before the start"
        case Length():
            return _between("long", limit.min_minutes, limit.max_minutes)
        case Grid():
            return _grid(limit)
        case Attendance():
            percent = None if limit.min_percent is None else f"{limit.min_percent} % of the seats taken"
            people = None if limit.min is None else f"{limit.min} attendees"
            return "At least " + " and ".join(part for part in (people, percent) if part)
        case WeeklySeries():
            return _series(limit)
        case Concurrent():
            return f"At most {counted(limit.max, 'booking')} at the same time"
        case Gap():
            return f"{minutes_in_words(limit.minutes)} between two bookings of one room"
        case Quota():
            return _quota(limit)
        case StandingLimit():
            return (
                f"Nothing for {counted(limit.effect_days, 'day')} after {counted(limit.points, 'point')}"
                f" of marks within {counted(limit.within_days, 'day')}"
            )
        case Buffer():
            sides = ((limit.before_minutes, "before"), (limit.after_minutes, "after"))
            return " and ".join(f"{minutes_in_words(minutes)} {side}" for minutes, side in sides if minutes) + (
                " each booking kept free"
            )


def _lifted(limit: Lifted) -> str:
    if limit.quota:
        _, unit, per, counts, of = limit.quota
        word, _, days = per.partition(" ")
        return f"No limit on {unit} {_every(word, int(days or 0))} for each {of}{_counted_by(counts)}"
    bounds = " and ".join(BOUND_NOUNS[bound] for bound in limit.bounds)
    return f"No {NOUNS[limit.type]}" + (f" ({bounds})" if bounds else "")


def _notice(limit: NoticePeriod) -> str:
    parts = []
    if limit.min_minutes is not None:
        parts.append(f"at least {minutes_in_words(limit.min_minutes)} before the start")
    if limit.max_days is not None:
        opens = f", the last of them from {format_minute(limit.opens_at)} on" if limit.opens_at is not None else ""
        parts.append(f"at most {counted(limit.max_days, 'day')} ahead{opens}")
    return "Booked " + " and ".join(parts)


def _between(word: str, least: int | None, most: int | None) -> str:
    sides = [
        f"{name} {minutes_in_words(minutes)}" for name, minutes in (("at least", least), ("at most", most)) if minutes
    ]
    text = " and ".join(sides)
    return f"{text[:1].upper()}{text[1:]} {word}"


def _grid(limit: Grid) -> str:
    if limit.periods:
        return "In whole periods: " + ", ".join(
            f"{each.name} {span_in_words(each.from_minute, each.until_minute)}" for each in limit.periods
        )
    offset = f", from {limit.offset:02} past" if limit.offset else ""
    return f"Starting and ending every {minutes_in_words(limit.minutes or 0)}{offset}"


def _series(limit: WeeklySeries) -> str:
    parts = []
    if limit.max_weeks is not None:
        parts.append(f"of at most {counted(limit.max_weeks, 'week')}")
    if limit.max_per_week is not None:
        parts.append(f"at most {limit.max_per_week} in one week")
    return "Weekly series by members" + (f" {' and '.join(parts)}" if parts else " of any length")


def _quota(quota: Quota) -> str:
    amount = minutes_in_words(quota.amount) if quota.unit == QuotaUnit.MINUTES else counted(quota.amount, "booking")
    if quota.unit == QuotaUnit.MINUTES and quota.amount % 60 == 0:
        amount = counted(quota.amount // 60, "hour")  # "24 hours a week", not "1 day"
    whose = "group" if quota.of == OwnerKind.GROUP else "person"
    anchor = f", from {WEEKDAYS[quota.anchor.weekday - 1]} {format_minute(quota.anchor.minute)}" if quota.anchor else ""
    every, counted_by = _every(quota.per, quota.days), "" if quota.per == Per.FUTURE else _counted_by(quota.counts)
    return f"At most {amount} {every} for each {whose}{anchor}{counted_by}"


def _every(per: str, days: int | None) -> str:
    """ "a week", "in 14 days", "outstanding"."""
    if per == Per.FUTURE:
        return "outstanding"
    return f"in {counted(days or 1, 'day')}" if per == Per.DAYS else f"a {per}"


def _counted_by(counts: str) -> str:
    return ", by the time of booking" if counts == CountsBy.BOOKED_IN else ""


def _who(who: WhoNamed) -> str:
    return {
        "everybody": "",
        "individual": "for bookings without a group",
        "group_kind": f"for groups of kind {who.label}",
        "tag": f"for groups tagged {who.label}",
        "group": f"for group {who.label or who.group_id}",
        "user": f"for {who.username}",
    }[who.kind.value]


def _where(where: WhereNamed) -> str:
    building = f" of {where.building}" if where.building is not None else ""
    return {
        "everywhere": "",
        "building": f"in {where.building}",
        "floor": f"on floor {where.floor}{building}",
        "classroom": f"in {where.classroom}",
    }[where.kind.value]


def _during(during: During | None) -> str:
    if during is None:
        return ""
    first = f"from {during.first}" if during.first else ""
    last = f"until {during.last}" if during.last else ""
    period = PERIODS[during.period.value] if during.period else ""
    return " ".join(part for part in (period, first, last) if part)


def _at(at: At | None) -> str:
    if at is None:
        return ""
    is_whole_day = (at.from_minute, at.until_minute) == (0, MINUTES_PER_DAY)
    span = "" if is_whole_day else f" {span_in_words(at.from_minute, at.until_minute)}"
    return f"on {days_in_words(at.weekdays)}{span}" if at.weekdays != EVERY_DAY else f"daily{span}"

"""What the pages show of a rule's preview: whom it touches, and which live bookings it would have refused."""

from datetime import datetime
from typing import Any

from kernel.campus_time import format_wall
from kernel.wording import interval_in_words
from policies.enums import Effect, LimitType
from policies.queries.previewing import preview_of
from policies.queries.rulebook import NamedRule
from policies.rules.checks import Broken
from policies.rules.limits import lifts
from policies.rules.previewing import LiveBooking

NOT_ABOUT_MAKING = {
    LimitType.CANCEL: "It refuses no booking: it is about cancelling and moving.",
    LimitType.BUFFER: "It refuses no booking by itself: it keeps time around bookings free.",
}
LIFTS = "It refuses no booking: it takes a limit away."
BESIDE = {
    LimitType.QUOTA: "Only what takes place in these four weeks is counted.",
    LimitType.CONCURRENT: "Only what takes place in these four weeks is counted.",
    LimitType.GAP: "Only what takes place in these four weeks is counted.",
    LimitType.SERIES: "A series is named by its first date; only series with dates in these weeks are counted.",
    LimitType.STANDING: "Whose marks are enough now is looked at, not whose were when it was made.",
    LimitType.NOTICE: "It goes by when they were made.",
}


def preview_context(of: NamedRule, *, now: datetime) -> dict[str, Any]:
    """What `preview.html` shows of a rule, written or not."""
    rule, preview = of.rule, preview_of(of.rule, now=now)
    return {
        "sentence": rule.sentence,
        "is_active": of.is_active,
        "is_refusing": rule.effect == Effect.REFUSE,
        "preview": preview,
        "says_no_more": LIFTS if lifts(rule.limit) else NOT_ABOUT_MAKING.get(rule.limit.type, ""),
        "beside": BESIDE.get(rule.limit.type, ""),
        "lines": [_line(booking, broken) for booking, broken in preview.shown],
    }


def _line(booking: LiveBooking, broken: Broken) -> dict[str, str]:
    return {
        "when": interval_in_words(booking.stay.interval),
        "room": booking.classroom,
        "group": booking.group or "–",
        "person": booking.person,
        "made": format_wall(booking.booked_at),
        "why": _numbers(broken),
    }


def _numbers(broken: Broken) -> str:
    """ "limit 2, used 2, wanted 1"."""
    numbers = {"limit": broken.limit, "used": broken.used, "wanted": broken.wanted}
    return ", ".join(f"{name} {number}" for name, number in numbers.items() if number is not None) or "–"

"""The numbers of this wire as booking rules: a house that opens it writes them once, and changes them as any others.

Quotas count bookings of people by the moment at which they book, in weeks that begin on Monday at three.
"""

from collections.abc import Iterator
from typing import Any

from groups.rules import SOCIETY

QUOTA_MINUTES = 180
DAYS_AHEAD, SOCIETY_DAYS_AHEAD, UNLIMITED_DAYS_AHEAD = 7, 21, 90
"""Of people, of societies; and of cspace, which is kept from nothing else."""
MONDAY_AT_THREE = "MON 03:00"
WEEKDAYS = {"weekdays": [2, 3, 4, 5, 6], "from": "08:00", "until": "21:00"}
WEEKENDS = {"weekdays": [1, 7], "from": "09:00", "until": "18:00"}
PEOPLE, SOCIETIES = {"kind": "individual"}, {"kind": "group_kind", "group_kind": SOCIETY}


def _rule(name: str, who: dict[str, Any], limit: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "who": who, "where": {"kind": "everywhere"}, "limit": limit}


def house_rules() -> Iterator[dict[str, Any]]:
    """Each as `/booking-rules/` takes it."""
    yield _rule("People book for themselves", PEOPLE, {"type": "individual", "allowed": True})
    yield _rule(
        "Three hours a week",
        PEOPLE,
        {
            "type": "quota",
            "minutes": QUOTA_MINUTES,
            "per": "week",
            "anchor": MONDAY_AT_THREE,
            "counts": "booked_in",
            "of": "person",
        },
    )
    yield _rule("People book a week ahead", PEOPLE, {"type": "notice", "max_days": DAYS_AHEAD})
    yield _rule("Societies book three weeks ahead", SOCIETIES, {"type": "notice", "max_days": SOCIETY_DAYS_AHEAD})
    for who, whom in ((PEOPLE, "people"), (SOCIETIES, "societies")):
        yield _rule(f"Open to {whom} on weekdays", who, {"type": "opening_hours", **WEEKDAYS})
        yield _rule(f"Open to {whom} at weekends", who, {"type": "opening_hours", **WEEKENDS})

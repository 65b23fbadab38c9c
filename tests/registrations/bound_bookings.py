"""For each type of rule that judges a booking a scene: a booking at the rule's edge, and one just over it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from policies.models import BookingRule
from policies.services.booking_rules import named_rule
from tests.factories import cspace_group, join, make_classroom, make_group, make_registration, make_user
from tests.policies.scenes import make_mark, make_rule

DAY = date(2026, 2, 2)
"""A Monday, 13 days after the documents' clock."""
EARLIER = date(2026, 1, 27)
HOUR = {"date": str(DAY), "start_time": "10:00", "end_time": "11:00"}
A_MINUTE_LONGER = {"end_time": "11:01"}
EVERY_DAY = [1, 2, 3, 4, 5, 6, 7]
QUOTA = {"type": "quota", "minutes": 120, "per": "day", "counts": "takes_place_in", "of": "group"}
QUOTA_AHEAD = {"type": "quota", "bookings": 2, "per": "future", "counts": "takes_place_in", "of": "group"}


class Scene:
    """A group with a room that approves by itself, which its member and cspace book."""

    def __init__(self) -> None:
        self.team, self.member, self.cspace = make_group("522"), make_user("member"), make_user("cspace_member")
        join(self.member, self.team)
        join(self.cspace, cspace_group())
        self.room, self.other_room = (make_classroom(name, auto_approve=True) for name in ("Room A", "Room B"))

    def booked(self, room: Any, start: int, end: int, day: date = DAY) -> Any:
        return make_registration(by=self.member, group=self.team, classroom=room, day=day, start=start, end=end)

    def body(self, **more: Any) -> dict[str, Any]:
        return {"classroom": "Room A", "group_id": self.team.pk, "attendees": 20} | HOUR | more


@dataclass(frozen=True)
class Case:
    """`kept` and `over`: what of the hour is different; `prepared`: what was there before, and before what is over it;
    `numbers`: what a refusal says."""

    limit: Mapping[str, Any]
    over: Mapping[str, Any] = field(default_factory=lambda: dict(A_MINUTE_LONGER))
    kept: Mapping[str, Any] = field(default_factory=dict)
    numbers: Mapping[str, int] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)
    before: Callable[[Scene], Any] = lambda scene: None
    before_over: Callable[[Scene], Any] = lambda scene: None
    binds_moves: bool = True
    """Whether it can be broken by moving a booking from another day, which has it already."""

    def rule(self, scene: Scene, **more: Any) -> dict[str, Any]:
        """Write the rule; what a refusal says of it."""
        rule_id = make_rule(scene.cspace, limit=self.limit, **{**self.more, **more})
        row = BookingRule.objects.get(pk=rule_id)
        return {
            "rule_id": rule_id,
            "type": self.limit["type"],
            "effect": row.effect,
            "sentence": named_rule(rule_id).rule.sentence,
            **self.numbers,
        }


CASES = {
    "no_booking": Case({"type": "no_booking"}, more={"at": {"from": "11:00", "until": "13:00"}}),
    "opening_hours": Case({"type": "opening_hours", "weekdays": EVERY_DAY, "from": "08:00", "until": "11:00"}),
    "notice": Case(
        {"type": "notice", "max_days": 13},
        over={"date": "2026-02-03"},
        numbers={"limit": 13, "wanted": 14},
    ),
    "notice opening": Case(
        {"type": "notice", "max_days": 13, "opens_at": "10:00"},
        over={"date": "2026-02-03"},
        numbers={"limit": 13, "wanted": 14},
    ),
    "length": Case({"type": "length", "max_minutes": 60}, numbers={"limit": 60, "wanted": 61}),
    "grid": Case({"type": "grid", "minutes": 30}),
    "attendees": Case(
        {"type": "attendees", "min_percent": 50},
        kept={"attendees": 15},
        over={"attendees": 14},
        numbers={"limit": 15, "wanted": 14},
    ),
    "concurrent": Case(
        {"type": "concurrent", "max": 1},
        numbers={"limit": 1, "used": 1, "wanted": 1},
        before=lambda scene: scene.booked(scene.other_room, 660, 720),
    ),
    "gap": Case(
        {"type": "gap", "minutes": 30},
        numbers={"limit": 30},
        before=lambda scene: scene.booked(scene.room, 690, 750),
    ),
    "quota": Case(
        QUOTA,
        numbers={"limit": 120, "used": 60, "wanted": 61},
        before=lambda scene: scene.booked(scene.other_room, 900, 960),
    ),
    "quota of bookings": Case(
        QUOTA_AHEAD,
        over={},
        numbers={"limit": 2, "used": 2, "wanted": 1},
        before=lambda scene: scene.booked(scene.other_room, 900, 960),
        before_over=lambda scene: scene.booked(scene.other_room, 960, 1020),
        binds_moves=False,
    ),
    "standing": Case(
        {"type": "standing", "points": 2, "within_days": 30, "effect_days": 30},
        over={},
        numbers={"limit": 2, "used": 2},
        before=lambda scene: make_mark(scene.cspace, scene.team),
        before_over=lambda scene: make_mark(scene.cspace, scene.team),
    ),
}

"""The demo's booking rules: few, so that each can be met, and so wide that what is tried on the campus keeps them."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from accounts.models import User
from demo.campus import HALL, STUDY_ROOM
from groups.models import Group
from groups.services.groups import change_group
from policies.services.booking_rules import create_rule, read_rule

SOCIETY, TAG = "316", "society"
SOCIETY_MINUTES = 8 * 60
"""A week: less than any other group has."""
EVERYBODY, INDIVIDUALS, SOCIETIES = {"kind": "everybody"}, {"kind": "individual"}, {"kind": "tag", "tag": TAG}
EVERYWHERE = {"kind": "everywhere"}
IN_STUDY_ROOM = {"kind": "classroom", "classroom": STUDY_ROOM}
A_WEEK = {"type": "quota", "per": "week", "counts": "takes_place_in"}
BOOKING_RULES: tuple[dict[str, Any], ...] = (
    {
        "name": "Open on weekdays",
        "limit": {"type": "opening_hours", "weekdays": [2, 3, 4, 5, 6], "from": "07:00", "until": "23:00"},
    },
    {
        "name": "Open at weekends",
        "limit": {"type": "opening_hours", "weekdays": [1, 7], "from": "08:00", "until": "22:00"},
    },
    {"name": "Hours of a group", "limit": {**A_WEEK, "minutes": 30 * 60, "of": "group"}},
    {"name": "Long bookings are looked at", "effect": "approval", "limit": {"type": "length", "max_minutes": 180}},
    {
        "name": "Hours of a society",
        "who": SOCIETIES,
        "limit": {**A_WEEK, "minutes": SOCIETY_MINUTES, "of": "group"},
    },
    {
        "name": "Societies cancel a day before",
        "who": SOCIETIES,
        "limit": {"type": "cancel", "min_minutes": 24 * 60, "then": "late"},
    },
    {
        "name": "Societies with three marks ask",
        "who": SOCIETIES,
        "effect": "approval",
        "limit": {"type": "standing", "points": 3, "within_days": 120, "effect_days": 90},
    },
    {
        "name": "The study room is for everybody",
        "where": IN_STUDY_ROOM,
        "limit": {"type": "individual", "allowed": True},
    },
    {
        "name": "Alone for two hours",
        "who": INDIVIDUALS,
        "where": IN_STUDY_ROOM,
        "limit": {"type": "length", "max_minutes": 120},
    },
    {
        "name": "Alone three times a week",
        "who": INDIVIDUALS,
        "where": IN_STUDY_ROOM,
        "limit": {**A_WEEK, "bookings": 3, "of": "person"},
    },
    {
        "name": "The hall is cleared",
        "where": {"kind": "classroom", "classroom": HALL},
        "limit": {"type": "buffer", "after_minutes": 15},
    },
)


def write_rules(rules: Iterable[Mapping[str, Any]], *, by: User, now: datetime) -> Iterator[int]:
    """Give the society its tag and write the rules, one after the other; their ids."""
    society = Group.objects.living().get(name=SOCIETY)
    change_group(group_id=society.pk, by=by, now=now, tags=[TAG])
    for rule in rules:
        wish = read_rule({"who": EVERYBODY, "where": EVERYWHERE, **rule})
        yield create_rule(by=by, now=now, wish=wish).rule.id

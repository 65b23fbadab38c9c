"""A house of societies: a building with rooms of its own, booked by the rules of the Roomie wire, and two societies."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote

from accounts.models import User
from demo.campus import LATITUDE, LONGITUDE
from dialects.roomie.house_rules import PEOPLE, house_rules
from groups.enums import Permissions
from groups.models import Group
from groups.rules import SOCIETY
from groups.services.groups import change_group, create_group
from groups.services.members import add_member

BUILDING = "Union"
SOCIETIES = {"Debate Club": "DEBATE", "Film Society": "FILM"}
"""Their codes."""
PLACES = (
    ("Debate Club", "hil", Permissions.ADMIN),
    ("Debate Club", "john_doe", Permissions.MEMBER),
    ("Debate Club", "hsinmu", Permissions.MEMBER),
    ("Film Society", "hsinmu", Permissions.ADMIN),
    ("Film Society", "hil", Permissions.MEMBER),
)
ROOMS: dict[str, dict[str, Any]] = {
    "Common Room": {"code": "UNION-1", "capacity": 40, "equipment": {"chair": 40, "coffee_machine": 1}},
    "Cinema": {"code": "UNION-2", "capacity": 60, "equipment": {"chair": 60, "projector": 1, "water_fountain": 1}},
    "Game Room": {"code": "UNION-3", "capacity": 16, "equipment": {"chair": 16, "printers": 1}},
}
FOR_SOCIETIES = "Cinema"


def _rules() -> Iterator[dict[str, Any]]:
    """Those of the wire; what it says of people only here, since elsewhere groups alone book, or by other rules."""
    where = {"kind": "building", "building": BUILDING}
    for rule in house_rules():
        yield rule | {"where": where} if rule["who"] == PEOPLE else rule
    yield {
        "name": "The cinema is for societies",
        "who": PEOPLE,
        "where": {"kind": "classroom", "classroom": FOR_SOCIETIES},
        "limit": {"type": "individual", "allowed": False},
    }


HOUSE_RULES = tuple(_rules())


def rooms() -> Iterator[dict[str, Any]]:
    """What `create_classroom` takes for each room of the house."""
    for number, (name, room) in enumerate(ROOMS.items()):
        yield room | {
            "name": name,
            "floor": 1,
            "type": "society",
            "building": BUILDING,
            "link": f"https://rooms.example.edu/{quote(name)}",
            "latitude": LATITUDE,
            "longitude": round(LONGITUDE + (number + 20) * 0.0001, 4),
        }


def make_societies(*, by: User, now: datetime) -> None:
    """With their codes, presidents and members, who are there already."""
    groups: dict[str, Group] = {}
    for name, code in SOCIETIES.items():
        groups[name] = create_group(by=by, now=now, name=name)
        change_group(group_id=groups[name].pk, by=by, now=now, kind=SOCIETY, code=code)
    for name, username, permissions in PLACES:
        add_member(group_id=groups[name].pk, by=by, now=now, username=username, permissions=permissions)

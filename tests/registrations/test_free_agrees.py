"""What is shown free for somebody he can book, and what a rule has left out is refused by it, whatever the rules are.

Rules and bookings are drawn at random from domains so small that they meet often; each room that is looked for is then
asked for, in a dry run.
"""

import datetime as dt
from contextlib import suppress
from random import Random

import pytest

from classrooms.models import Classroom
from classrooms.services.closures import close_rooms
from kernel import clock
from kernel.campus_time import campus_interval, format_minute
from policies.services.booking_rules import RuleExists
from registrations.models import Registration
from tests.factories import join, make_classroom, make_group, make_registration, make_user
from tests.policies.scenes import make_mark, make_rule

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("document_clock")]
DAYS = [dt.date(2026, 1, 21) + dt.timedelta(days=ahead) for ahead in range(3)]
STARTS, LENGTHS = (540, 570, 600, 660), (30, 60, 90, 120)
ROOMS = (("A", "Main", 1, 10), ("B", "Main", 2, 20), ("C", "BC", 1, 20), ("D", "BC", 2, 200), ("E", "", 2, 20))
SEEDS = 30
COUNTED = {"per": "day", "counts": "takes_place_in"}


def limits(random):
    """One of each type that speaks of a single booking."""
    return [
        {"type": "no_booking"},
        {"type": "individual", "allowed": random.random() < 0.9},
        {
            "type": "opening_hours",
            "weekdays": [3, 4, 5, 6],
            "from": "09:00",
            "until": random.choice(["11:00", "12:30"]),
        },
        {"type": "notice", "min_minutes": 1440},
        {"type": "notice", "max_days": 2, "opens_at": random.choice(["09:00", "11:00"])},
        {"type": "length", "max_minutes": random.choice([60, 90])},
        {"type": "length", "min_minutes": 60},
        {"type": "grid", "minutes": random.choice([30, 60])},
        {"type": "attendees", "min_percent": random.choice([40, 50])},
        {"type": "attendees", "min": random.choice([5, 10])},
        {"type": "concurrent", "max": random.choice([1, 2])},
        {"type": "gap", "minutes": 60},
        {"type": "quota", "minutes": random.choice([60, 150]), "of": random.choice(["group", "person"]), **COUNTED},
        {"type": "quota", "bookings": 2, "per": "future", "of": "person"},
        {"type": "standing", "points": 2, "within_days": 10, "effect_days": 10},
        {"type": "buffer", "before_minutes": 30, "after_minutes": random.choice([15, 60])},
        {"type": "length", "none": True},
        {"type": "buffer", "none": True},
    ]


class Campus:
    """Five rooms, three groups of two people, bookings, a closure and rules."""

    def __init__(self, seed, cspace):
        self.random = random = Random(seed)
        self.cspace = cspace
        for name, building, floor, capacity in ROOMS:
            make_classroom(name, building=building, floor=floor, capacity=capacity)
        self.rooms = list(Classroom.objects.in_order())
        self.people, self.groups = [make_user("eve"), make_user("mallory")], [make_group(), make_group()]
        for person in self.people:
            for group in self.groups:
                join(person, group)
        for _ in range(random.randrange(3, 9)):
            self.rule()
        for _ in range(8):
            self.booking()
        start = random.choice(STARTS)
        interval = campus_interval(random.choice(DAYS), start, start + 60)
        close_rooms(
            by=cspace,
            now=clock.now(),
            classrooms=[self.rooms[0]],
            interval=interval,
            reason="",
            cancel_registrations=True,
        )
        make_mark(cspace, random.choice([*self.people, *self.groups]), points=random.choice([1, 2]))

    def rule(self):
        random, room = self.random, self.random.choice(self.rooms)
        who = [
            {"kind": "everybody"},
            {"kind": "everybody"},
            {"kind": "individual"},
            {"kind": "group", "group_id": random.choice(self.groups).pk},
            {"kind": "user", "username": random.choice(self.people).username},
        ]
        where = [
            {"kind": "everywhere"},
            {"kind": "building", "building": "BC"},
            {"kind": "floor", "floor": 2},
            {"kind": "classroom", "classroom": room.name},
        ]
        at = [None, None, {"weekdays": [4]}, {"from": "10:30", "until": "12:00"}]
        limit = random.choice(limits(random))
        never_waits = limit["type"] == "buffer" or "none" in limit
        with suppress(RuleExists):
            make_rule(
                self.cspace,
                name=f"Rule {random.random()}",
                who=random.choice(who),
                where=random.choice(where),
                at=random.choice(at),
                limit=limit,
                effect="refuse" if never_waits else random.choice(["refuse", "refuse", "approval"]),
            )

    def booking(self):
        """By whoever may, unless something is in the way already."""
        start, day, room = self.random.choice(STARTS), self.random.choice(DAYS), self.random.choice(self.rooms)
        end = start + self.random.choice(LENGTHS)
        interval = campus_interval(day, start - 60, end + 60)
        if not Registration.objects.filter(
            occupancy__classroom=room,
            occupancy__starts_at__lt=interval.ends_at,
            occupancy__ends_at__gt=interval.starts_at,
        ).exists():
            group = self.random.choice(self.groups)
            make_registration(
                by=self.cspace,
                group=group,
                classroom=room,
                day=day,
                start=start,
                end=end,
                is_overriding=True,
            )

    def wish(self):
        start = self.random.choice(STARTS)
        end = start + self.random.choice(LENGTHS)
        return {
            "date": self.random.choice(DAYS).isoformat(),
            "start_time": format_minute(start),
            "end_time": format_minute(end),
        } | self.random.choice([{}, {"attendees": self.random.choice([4, 8, 15])}])


def assert_agreed(why, booked, shown, *, is_too_many):
    """What `explain` says of a room (None: it is shown free), a booking in it, and its availability."""
    code, refused_by = booked.json().get("code"), [rule for rule in shown["rules"] if rule["effect"] == "refuse"]
    assert (booked.status_code == 201) == (why is None) == shown["is_available"], (why, booked.json(), shown)
    if why is None:
        assert not refused_by
        assert booked.json()["status"] == "pending"
        assert not shown["conflicts"]
    elif is_too_many:
        assert (code, list(booked.json()["details"])) == ("VALIDATION_ERROR", ["attendees"])
    elif code == "POLICY":
        assert booked.json()["details"]["rules"] == shown["rules"]
        assert shown["reason"] == refused_by[0]["sentence"]
        assert why["why"] in ("closed", "booked") or (why["why"], why["sentence"]) == ("policy", shown["reason"])
    elif code == "PERMISSION_DENIED":
        assert why["why"] in ("closed", "booked") or (why["why"], why["sentence"]) == ("policy", shown["reason"])
    else:
        assert (code, why["why"] in ("closed", "booked"), refused_by) == ("CONFLICT", True, [])
        assert shown["conflicts"]
        told = {(each["id"], each.get("kind") == "buffer") for each in booked.json()["details"]["conflicts"]}
        assert {(each["id"], each.get("kind") == "buffer") for each in shown["conflicts"]} == told


@pytest.mark.parametrize("seed", range(SEEDS))
def test_what_is_shown_free_can_be_booked_and_what_a_rule_leaves_out_is_refused(api, cspace, seed):
    campus = Campus(seed, cspace)
    for _ in range(3):
        wish, client = campus.wish(), api(campus.random.choice([*campus.people, cspace]))
        whose = campus.random.choice([{"individual": "true"}, *({"group_id": each.pk} for each in campus.groups)])
        query = "&".join(f"{name}={value}" for name, value in (wish | whose).items())
        answer = client.get(f"classrooms/free/?{query}&explain=true").json()
        why = {each["classroom"]: each for each in answer["unavailable"]}
        assert sorted([*(room["name"] for room in answer["results"]), *why]) == [name for name, *_ in ROOMS]
        for room in campus.rooms:
            booked = client.post(
                "registrations/?dry_run=true", {"group_id": whose.get("group_id"), "classroom": room.name} | wish
            )
            shown = client.get(f"classrooms/{room.name}/availability/?{query}").json()
            is_too_many = wish.get("attendees", 0) > room.capacity
            assert_agreed(why.get(room.name), booked, shown, is_too_many=is_too_many)

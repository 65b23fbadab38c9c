"""A process goes by the rules that it has read; what it refuses by them, it refuses by those in force (policy §1)."""

import random

import pytest

from policies.models import BookingRule
from policies.queries.rulebook import go_by, kept_rulebook, renew_rulebook
from registrations.models import Registration
from tests.conftest import Api
from tests.policies.scenes import make_rule
from tests.registrations.bound_bookings import CASES, Scene

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("document_clock")]


class OtherProcess:
    """Rules written elsewhere: this process still goes by those it went by before."""

    def __enter__(self):
        self.kept = kept_rulebook()

    def __exit__(self, *_error):
        go_by(self.kept)


def test_nobody_is_refused_by_a_rule_that_is_gone(api):
    scene = Scene()
    rule_id = make_rule(scene.cspace, limit={"type": "no_booking"})
    assert api(scene.member).post("registrations/", scene.body()).json()["code"] == "POLICY"
    with OtherProcess():
        api(scene.cspace).delete(f"booking-rules/{rule_id}/")
    assert api(scene.member).post("registrations/", scene.body()).status_code == 201


def test_nobody_is_forbidden_what_a_new_rule_allows(api):
    scene = Scene()
    renew_rulebook()
    with OtherProcess():
        make_rule(scene.cspace, limit={"type": "individual", "allowed": True})
    assert api(scene.member).post("registrations/", scene.body(group_id=None)).status_code == 201


@pytest.mark.parametrize("limit", [{"type": "no_booking"}, {"type": "quota", "bookings": 0, "per": "day"}])
def test_nobody_is_granted_what_a_new_rule_forbids(limit, api):
    scene = Scene()
    held = scene.booked(scene.room, 900, 960)
    if limit["type"] == "quota":
        limit = limit | {"counts": "booked_in", "of": "group"}
    renew_rulebook()
    with OtherProcess():
        make_rule(scene.cspace, limit=limit)
    kept, call = kept_rulebook(), api(scene.member)
    assert call.post("registrations/check/", scene.body()).json()["allowed"] is False
    go_by(kept)
    assert call.post("registrations/", scene.body()).json()["code"] == "POLICY"
    if limit["type"] == "no_booking":
        go_by(kept)
        assert call.put(f"registrations/{held.pk}/", {"start_time": "14:00"}).json()["code"] == "POLICY"


ROUNDS = 60
LIMITS = [
    *(case.limit for case in CASES.values()),
    *({"type": "individual", "allowed": allowed} for allowed in (True, True, False)),
    {"type": "buffer", "before_minutes": 15, "after_minutes": 30},
    {"type": "notice", "min_minutes": 13 * 24 * 60},
    {"type": "length", "none": True},
    {"type": "grid", "periods": [{"from": "10:00", "until": "11:00", "name": "III"}]},
]
PLACES = [{"kind": "everywhere"}, {"kind": "everywhere"}, {"kind": "classroom", "classroom": "Room A"}]


def drawn(dice):
    """Some rules of all types, as JSON."""
    for number in range(dice.randrange(1, 4)):
        limit = dice.choice(LIMITS)
        effect = "refuse" if limit["type"] == "buffer" else dice.choice(("refuse", "approval"))
        who = dice.choice(({"kind": "everybody"}, {"kind": "individual"}))
        where = dice.choice(PLACES)
        yield {"name": f"Rule {number}", "limit": limit, "effect": effect, "who": who, "where": where}


def test_asking_beforehand_says_what_booking_then_does():
    """With rules of all types, some of them at once; nothing is between the two."""
    scene = Scene()
    scene.booked(scene.other_room, 600, 630)
    scene.booked(scene.room, 675, 720)
    decider, outcomes, dice = Api(scene.cspace), set(), random.Random(7)
    for _ in range(ROUNDS):
        bodies = list(drawn(dice))
        for body in bodies:
            assert decider.post("booking-rules/", body).status_code in (201, 409)
        group_id = dice.choice((scene.team.pk, scene.team.pk, None))
        start, length = dice.choice((480, 540, 600, 615)), dice.choice((30, 60, 61, 120))
        times = {"start_time": clock_face(start), "end_time": clock_face(start + length)}
        wish = scene.body(group_id=group_id, attendees=dice.choice((None, 3, 20)), **times)
        caller = Api(dice.choice((scene.member, scene.cspace)))
        said, made = caller.post("registrations/check/", wish).json(), caller.post("registrations/", wish)
        told = made.json()
        outcomes.add(told["status"] if made.status_code == 201 else told["code"])
        assert said["allowed"] == (made.status_code == 201), (bodies, said, told)
        if made.status_code == 201:
            row = Registration.objects.get(pk=told["id"])
            assert said["needs_approval"] == (told["status"] == "pending")
            assert said["rules"] == (row.broken_rules or [])
            decider.delete(f"registrations/{row.pk}/?override=true")
        elif told["code"] == "CONFLICT":
            assert said["conflicts"] == told["details"]["conflicts"]
        elif told["code"] == "POLICY":
            assert said["rules"] == told["details"]["rules"]
        for rule_id in BookingRule.objects.values_list("pk", flat=True):
            decider.delete(f"booking-rules/{rule_id}/")
    assert outcomes >= {"approved", "pending", "POLICY", "PERMISSION_DENIED", "CONFLICT"}


def clock_face(minute):
    return f"{minute // 60:02}:{minute % 60:02}"


def test_asking_beforehand_minds_the_buffers_that_the_booking_would_have(api):
    scene = Scene()
    neighbour = scene.booked(scene.room, 675, 720)
    make_rule(scene.cspace, limit={"type": "buffer", "after_minutes": 16})
    call = api(scene.member)
    said, told = (call.post(path, scene.body()).json() for path in ("registrations/check/", "registrations/"))
    assert (said["allowed"], said["conflicts"]) == (False, told["details"]["conflicts"])
    assert [(row["kind"], row["id"]) for row in said["conflicts"]] == [("buffer", neighbour.pk)]
    nearer = scene.body(end_time="10:59")
    assert [call.post(path, nearer).status_code for path in ("registrations/check/", "registrations/")] == [200, 201]

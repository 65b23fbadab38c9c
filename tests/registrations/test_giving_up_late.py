"""Cancelling or moving later than a rule says: refused, or allowed and marked with one point (policy §1)."""

import pytest

from auditlog.models import LogEntry
from policies.models import Mark
from registrations.models import Registration
from tests.factories import make_registration
from tests.policies.scenes import make_rule
from tests.registrations.bound_bookings import DAY, Scene
from tests.registrations.test_rules_on_the_way import FORBIDDEN, answer, refusal

pytestmark = pytest.mark.usefixtures("document_clock")
LEFT = 13 * 24 * 60
"""Minutes from now to the start of the booking."""
MOVED = {"start_time": "12:00", "end_time": "13:00"}


@pytest.fixture
def scene(db):
    return Scene()


@pytest.fixture
def held(scene):
    return make_registration(by=scene.member, group=scene.team, classroom=scene.room, day=DAY, start=600, end=660)


def rule(scene, minutes, then="refuse"):
    limit = {"type": "cancel", "min_minutes": minutes, "then": then}
    rule_id = make_rule(scene.cspace, limit=limit)
    return {"rule_id": rule_id, "type": "cancel", "effect": "refuse", "limit": minutes, "wanted": LEFT}


def told(found, expected):
    """The refusal, whose sentence is the rule's."""
    (row,) = found["details"]["rules"]
    assert {name: value for name, value in row.items() if name != "sentence"} == expected
    assert found == refusal(row)
    return row


def marks():
    return [(mark.group_id, mark.user_id, mark.kind, mark.points, mark.registration_id) for mark in Mark.objects.all()]


def details(action):
    return LogEntry.objects.filter(action=action).latest("id").details


def calls(api, person, held):
    """To cancel, and to move."""
    path = f"registrations/{held.pk}/"
    return {
        "cancelled": lambda override=False: api(person).delete(f"{path}{'?override=true' if override else ''}"),
        "changed": lambda override=False: api(person).put(path, MOVED | ({"override": True} if override else {})),
    }


@pytest.mark.parametrize("what", ["cancelled", "changed"])
def test_at_the_edge_it_is_given_up_and_a_minute_later_refused(scene, held, api, what):
    call = calls(api, scene.member, held)[what]
    expected = rule(scene, LEFT + 1)
    response = call()
    assert response.status_code == 409
    told(response.json(), expected)
    assert Registration.objects.get().occupancy.is_live
    assert api(scene.cspace).put(f"registrations/{held.pk}/", {"description": "Other words"}).status_code == 200
    with_rule = rule(scene, LEFT)["rule_id"]
    api(scene.cspace).delete(f"booking-rules/{expected['rule_id']}/")
    assert call().status_code == (204 if what == "cancelled" else 200), with_rule
    assert marks() == []


@pytest.mark.parametrize("what", ["cancelled", "changed"])
def test_cspace_is_bound_too_unless_it_says_so_and_the_log_says_it_then(scene, held, api, what):
    expected = rule(scene, LEFT + 1)
    by_member, by_cspace = (calls(api, person, held)[what] for person in (scene.member, scene.cspace))
    assert answer(by_member(override=True)) == (403, FORBIDDEN)
    join_team(scene)
    row = told(by_cspace().json(), expected)
    assert by_cspace(override=True).status_code in (200, 204)
    logged = details(f"registration.{what}")
    assert (logged["override"], logged["rules"]) == (True, [row])


def join_team(scene):
    from tests.factories import join

    join(scene.cspace, scene.team)


@pytest.mark.parametrize("what", ["cancelled", "changed"])
def test_late_is_marked_with_one_point_of_the_group(scene, held, api, what):
    rule(scene, LEFT + 1, "late")
    assert calls(api, scene.member, held)[what]().status_code in (200, 204)
    assert marks() == [(scene.team.pk, None, "late_cancel", 1, held.pk)]


def test_in_time_nothing_is_marked_and_not_where_cspace_goes_over_it(scene, held, api):
    rule(scene, LEFT, "late")
    api(scene.member).put(f"registrations/{held.pk}/", MOVED | {"start_time": "11:00"})
    assert marks() == []
    rule(scene, LEFT + 60 * 24, "late")
    assert calls(api, scene.cspace, held)["cancelled"](override=True).status_code == 204
    assert marks() == []
    assert details("registration.cancelled")["override"] is True

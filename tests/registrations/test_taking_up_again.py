"""What was rejected is approved again only where quotas still have room for it (policy §3)."""

import pytest

from auditlog.models import LogEntry
from registrations.models import Registration
from tests.factories import make_registration
from tests.policies.scenes import make_rule
from tests.registrations.bound_bookings import DAY, QUOTA, Scene
from tests.registrations.test_rules_on_the_way import answer, refusal

pytestmark = pytest.mark.usefixtures("document_clock")


@pytest.fixture
def scene(db):
    return Scene()


@pytest.fixture
def rejected(scene, api):
    held = scene.booked(scene.room, 600, 660)
    api(scene.cspace).post(f"registrations/{held.pk}/reject/")
    return f"registrations/{held.pk}/approve/"


def test_what_fits_exactly_is_given_back_and_a_minute_more_is_not(scene, rejected, api):
    other = scene.booked(scene.other_room, 900, 961)
    rule_id = make_rule(scene.cspace, limit=QUOTA)
    call = api(scene.cspace)
    response = call.post(rejected)
    (row,) = response.json()["details"]["rules"]
    numbers = {"limit": 120, "used": 61, "wanted": 60}
    expected = {"rule_id": rule_id, "type": "quota", "effect": "refuse", "sentence": row["sentence"]} | numbers
    assert answer(response) == (409, refusal(expected))
    api(scene.member).put(f"registrations/{other.pk}/", {"end_time": "16:00"})
    assert call.post(rejected).json()["status"] == "approved"


def test_cspace_goes_over_it_and_the_log_says_so(scene, rejected, api):
    scene.booked(scene.other_room, 900, 961)
    rule_id = make_rule(scene.cspace, limit=QUOTA)
    assert api(scene.cspace).post(rejected, {"override": True}).json()["status"] == "approved"
    details = LogEntry.objects.filter(action="registration.approved").latest("id").details
    assert (details["override"], [row["rule_id"] for row in details["rules"]]) == (True, [rule_id])


def test_the_quota_is_told_of_before_what_has_the_room_by_now(scene, rejected, api):
    make_registration(by=scene.member, group=scene.team, classroom=scene.room, day=DAY, start=600, end=721)
    make_rule(scene.cspace, limit=QUOTA)
    assert api(scene.cspace).post(rejected).json()["code"] == "POLICY"
    assert api(scene.cspace).post(rejected, {"override": True}).json()["code"] == "CONFLICT"
    assert Registration.objects.filter(status="rejected").count() == 1


def test_of_other_rules_it_is_not_asked(scene, rejected, api):
    make_rule(scene.cspace, limit={"type": "no_booking"})
    make_rule(scene.cspace, limit={"type": "length", "max_minutes": 30})
    assert api(scene.cspace).post(rejected).json()["status"] == "approved"

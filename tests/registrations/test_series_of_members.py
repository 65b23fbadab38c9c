"""Weekly series by members: only where a rule is about them, and within its bounds (policy §1)."""

from datetime import timedelta

import pytest

from registrations.models import Series
from tests.factories import make_group
from tests.policies.scenes import make_rule
from tests.registrations.bound_bookings import DAY, Scene
from tests.registrations.test_rules_on_the_way import FORBIDDEN, answer

pytestmark = pytest.mark.usefixtures("document_clock")
PATH = "batch-allocations/"


@pytest.fixture
def scene(db):
    return Scene()


def body(scene, weeks=3, **more):
    wish = scene.body() | {"day_of_week": 2, "start_date": str(DAY)} | more
    return {name: value for name, value in wish.items() if name != "date"} | {
        "end_date": str(DAY + timedelta(days=7 * weeks - 7))
    }


def told(response):
    found = response.json()
    assert (response.status_code, found["code"]) == (409, "POLICY"), found
    return [{name: value for name, value in row.items() if name != "sentence"} for row in found["details"]["rules"]]


def test_without_a_rule_series_are_cspace_s(scene, api):
    assert answer(api(scene.member).post(PATH, body(scene))) == (403, FORBIDDEN)
    assert api(scene.cspace).post(PATH, body(scene)).status_code == 201


def test_with_one_a_member_enters_them_for_his_group_in_his_own_name_and_for_nobody_else(scene, api):
    make_rule(scene.cspace, limit={"type": "series"})
    call = api(scene.member)
    assert answer(call.post(PATH, body(scene, group_id=make_group().pk))) == (403, FORBIDDEN)
    assert answer(call.post(PATH, body(scene, on_behalf_of="cspace_member"))) == (403, FORBIDDEN)
    assert answer(call.post(PATH, body(scene, override=True))) == (403, FORBIDDEN)
    made = call.post(PATH, body(scene))
    assert (made.status_code, made.json()["created_by"]) == (201, "member")
    assert Series.objects.count() == 1


def test_a_rule_about_some_rooms_is_none_about_others(scene, api):
    make_rule(scene.cspace, limit={"type": "series"}, where={"kind": "classroom", "classroom": "Room B"})
    assert answer(api(scene.member).post(PATH, body(scene))) == (403, FORBIDDEN)
    assert api(scene.member).post(PATH, body(scene, classroom="Room B")).status_code == 201


def test_so_many_weeks_and_no_more(scene, api):
    rule_id = make_rule(scene.cspace, limit={"type": "series", "max_weeks": 3})
    for caller in (scene.member, scene.cspace):
        rows = told(api(caller).post(PATH, body(scene, weeks=4)))
        assert rows == [{"rule_id": rule_id, "type": "series", "effect": "refuse", "limit": 3, "wanted": 4}]
    assert api(scene.member).post(PATH, body(scene)).status_code == 201
    assert api(scene.cspace).post(PATH, body(scene, weeks=4, classroom="Room B", override=True)).status_code == 201


def test_so_many_that_run_in_one_week(scene, api):
    rule_id = make_rule(scene.cspace, limit={"type": "series", "max_per_week": 1})
    call, other = api(scene.member), {"day_of_week": 3}
    first = call.post(PATH, body(scene)).json()
    rows = told(call.post(PATH, body(scene, **other)))
    assert rows == [{"rule_id": rule_id, "type": "series", "effect": "refuse", "limit": 1, "used": 1, "wanted": 1}]
    api(scene.cspace).delete(f"{PATH}{first['id']}/")
    assert call.post(PATH, body(scene, **other)).status_code == 201


def test_a_series_that_breaks_a_rule_of_approval_waits_as_a_whole(scene, api):
    make_rule(scene.cspace, limit={"type": "series", "max_weeks": 2}, effect="approval")
    made = api(scene.member).post(PATH, body(scene)).json()
    statuses = {api(scene.cspace).get(f"registrations/{row['id']}/").json()["status"] for row in made["registrations"]}
    assert statuses == {"pending"}


@pytest.mark.parametrize("most", [2, 3])
def test_dates_take_of_a_quota_what_the_ones_before_have_left(scene, api, most):
    limit = {"type": "quota", "bookings": most, "per": "future", "counts": "takes_place_in", "of": "group"}
    rule_id = make_rule(scene.cspace, limit=limit)
    call = api(scene.cspace)
    made = call.post(PATH, body(scene) | {"on_conflict": "fail"})
    if most == 3:
        assert made.status_code == 201
        return
    third = str(DAY + timedelta(days=14))
    rows = told(made)
    numbers = {"limit": 2, "used": 2, "wanted": 1, "dates": [third]}
    assert rows == [{"rule_id": rule_id, "type": "quota", "effect": "refuse"} | numbers]
    skipped = call.post(PATH, body(scene) | {"on_conflict": "skip"}).json()["skipped"]
    assert skipped == [{"date": third, "existing_registration_id": None, "why": "policy"}]


@pytest.mark.parametrize("is_overriding", [False, True])
def test_a_series_is_handed_to_a_group_only_where_all_of_its_dates_fit(scene, api, is_overriding):
    other = make_group("523")
    made = api(scene.cspace).post(PATH, body(scene)).json()
    limit = {"type": "quota", "bookings": 2, "per": "future", "counts": "takes_place_in", "of": "group"}
    rule_id = make_rule(scene.cspace, limit=limit, who={"kind": "group", "group_id": other.pk})
    change = {"group_id": other.pk} | ({"override": True} if is_overriding else {})
    response = api(scene.cspace).put(f"{PATH}{made['id']}/", change)
    if is_overriding:
        assert (response.status_code, response.json()["group_id"]) == (200, other.pk)
        return
    (row,) = told(response)
    assert (row["rule_id"], row["used"], row["dates"]) == (rule_id, 2, [str(DAY + timedelta(days=14))])

"""Bookings without a group (policy §4): where a rule allows them, and shown everywhere as nobody's group's."""

import pytest

from notifications.models import Notification
from registrations.models import Registration
from tests.factories import join, make_classroom, make_group, make_user
from tests.policies.scenes import make_rule
from tests.registrations.test_rules_on_the_way import FORBIDDEN, answer

pytestmark = pytest.mark.usefixtures("document_clock")
ALLOWED = {"type": "individual", "allowed": True}
IN_ROOM_A = {"kind": "classroom", "classroom": "Room A"}


@pytest.fixture
def alone(wish):
    make_classroom("Room B")
    return wish | {"group_id": None}


@pytest.fixture(params=["in no group", "in a group"])
def person(request, db):
    person = make_user("eve", display_name="Eve")
    if request.param == "in a group":
        join(person, make_group("523"))
    return person


def test_without_a_rule_nobody_books_without_a_group(api, person, cspace, alone):
    for caller in (person, cspace):
        assert answer(api(caller).post("registrations/", alone)) == (403, FORBIDDEN)
    assert Registration.objects.count() == 0


def test_a_rule_allows_it_where_it_holds_and_nowhere_else(api, person, cspace, alone):
    make_rule(cspace, limit=ALLOWED, where=IN_ROOM_A)
    elsewhere = alone | {"classroom": "Room B"}
    assert answer(api(person).post("registrations/", elsewhere)) == (403, FORBIDDEN)
    checked = api(person).post("registrations/check/", elsewhere)
    assert (checked.status_code, checked.json()["allowed"]) == (200, False)
    assert api(person).post("registrations/check/", alone).json()["allowed"] is True
    made = api(person).post("registrations/", alone)
    assert made.status_code == 201
    assert (made.json()["group_id"], made.json()["reserved_group"]) == (None, None)
    path = f"registrations/{made.json()['id']}/"
    assert answer(api(person).put(path, {"classroom": "Room B"})) == (403, FORBIDDEN)
    assert api(person).put(path, {"start_time": "11:00"}).status_code == 200


def test_a_more_specific_rule_forbids_it(api, person, cspace, alone):
    make_rule(cspace, limit=ALLOWED)
    make_rule(cspace, limit={"type": "individual", "allowed": False}, where=IN_ROOM_A)
    assert answer(api(person).post("registrations/", alone)) == (403, FORBIDDEN)
    assert api(person).post("registrations/", alone | {"classroom": "Room B"}).status_code == 201


def test_what_may_not_be_alone_goes_to_approval_where_the_rule_says_so(api, person, cspace, alone, room):
    room.auto_approve = True
    room.save()
    rule_id = make_rule(cspace, limit={"type": "individual", "allowed": False}, effect="approval")
    made = api(person).post("registrations/", alone).json()
    assert made["status"] == "pending"
    (row,) = api(cspace).get(f"registrations/{made['id']}/").json()["broken_rules"]
    assert (row["rule_id"], row["type"], row["effect"]) == (rule_id, "individual", "approval")


def test_its_creator_and_cspace_decide_over_it_and_nobody_else(api, person, member, cspace, alone):
    make_rule(cspace, limit=ALLOWED)
    path = f"registrations/{api(person).post('registrations/', alone).json()['id']}/"
    for word, body in (("put", {"start_time": "11:00"}), ("delete", None), ("get", None)):
        arguments = [path] if body is None else [path, body]
        assert answer(getattr(api(member), word)(*arguments)) == (403, FORBIDDEN)
    assert api(cspace).put(path, {"description": "Quiet"}).status_code == 200
    assert api(cspace).post(f"{path}approve/").json()["status"] == "approved"
    assert api(person).delete(path).status_code == 204


def test_everywhere_its_group_is_null(api, person, cspace, alone, client):
    make_rule(cspace, limit=ALLOWED)
    pk = api(person).post("registrations/", alone).json()["id"]
    reads = {
        "classrooms/Room A/agenda/": (person, "registrations"),
        "users/me/registrations/": (person, "results"),
        "registrations/": (cspace, "registrations"),
    }
    for path, (caller, key) in reads.items():
        (row,) = api(caller).get(path).json()[key]
        assert row["reserved_group"] is None, path
    shown = api(person).get(f"registrations/{pk}/").json()
    assert (shown["group_id"], shown["reserved_group"]) == (None, None)
    told = Notification.objects.get(user=cspace).description
    assert told.startswith("eve asks for Room A")
    assert "None" not in told
    api(cspace).post(f"registrations/{pk}/approve/")
    assert "None" not in Notification.objects.get(user=person).description
    client.force_login(cspace)
    for page in ("", f"{pk}/change/"):
        response = client.get(f"/admin/registrations/registration/{page}")
        assert response.status_code == 200


@pytest.mark.parametrize("names_groups", [False, True])
def test_other_wire_formats_name_nobody(names_groups, api, person, cspace, alone, settings):
    settings.OCCUPANCY_PUBLIC_NAMES = names_groups
    make_rule(cspace, limit=ALLOWED)
    api(person).post("registrations/", alone)
    (shown,) = api().get("/api/rooms/Room A/").json()["schedules"]
    assert shown["name"] == "Reserved"


def test_a_quota_of_groups_is_the_person_s_own_there(api, person, cspace, alone):
    make_rule(cspace, limit=ALLOWED)
    limit = {"type": "quota", "bookings": 1, "per": "future", "counts": "takes_place_in", "of": "group"}
    make_rule(cspace, limit=limit)
    assert api(person).post("registrations/", alone).status_code == 201
    refused = api(person).post("registrations/", alone | {"classroom": "Room B"})
    assert (refused.status_code, refused.json()["code"]) == (409, "POLICY")
    other = make_user()
    assert api(other).post("registrations/", alone | {"classroom": "Room B"}).status_code == 201

"""Every request of the CSpace document except allocation events: the documented status, keys and types.

The clock stands at 2026-01-20, so that the document's dates lie ahead. Its trailing commas and blanks are
repaired, and its `group_id` 1 in bookings is read as the id of the group 522.
"""

from datetime import date
from typing import Any

import pytest

from classrooms.models import Classroom
from groups.models import Group, UserGroup
from registrations.services.deciding import approve_registration
from tests.contract.shapes import assert_like
from tests.factories import PASSWORD, cspace_group, join, make_classroom, make_group, make_registration, make_user

pytestmark = pytest.mark.usefixtures("document_clock")

EQUIPMENT = {
    "projector": 1,
    "projection_screen": 1,
    "whiteboard": 3,
    "chair": 23,
    "svg": {"x": 12, "y": 345, "width": 93, "height": 110, "text": "321\n319", "type": "discuss"},
}
ROOM = {"id": 1, "name": "Room A", "capacity": 30, "floor": 2, "equipment": EQUIPMENT}
MEMBERSHIP = {"user_group_id": 1, "user_id": 1, "username": "ta217", "permissions": "admin"}
REGISTRATION = {
    "id": 100,
    "classroom": "Room A",
    "date": "2026-02-01",
    "start_time": "10:00",
    "end_time": "12:00",
    "description": "Team meeting",
    "status": "pending",
    "created_by": "john_doe",
    "created_at": "2026-01-22T09:00:00Z",
}
LISTED = {
    "id": 100,
    "classroom": "102",
    "date": "2026-02-01",
    "start_time": "10:00",
    "end_time": "12:00",
    "reserved_by": "呂學一",
    "reserved_group": "522",
    "description": "Team meeting",
    "status": "pending",
}
BOOKING = {
    "classroom": "Room A",
    "group_id": 1,
    "date": "2026-02-01",
    "start_time": "10:00",
    "end_time": "12:00",
    "description": "Team meeting",
}


class Campus:
    """The document's people, groups and rooms."""

    def __init__(self, api: Any) -> None:
        self.cspace, self.team, self.other = cspace_group(), make_group("522"), make_group("316")
        self.ta217 = make_user("ta217", display_name="TA 217")
        self.john_doe = make_user("john_doe", display_name="John Doe")
        self.hil = make_user("hil", display_name="呂學一")
        self.user1 = make_user("user1")
        join(self.ta217, self.cspace, "admin")
        join(self.ta217, self.team, "admin")
        join(self.john_doe, self.team)
        join(self.hil, self.team, "admin")
        self.room = make_classroom("Room A", equipment=EQUIPMENT)
        make_classroom("102", floor=1)
        self.admin, self.john = api(self.ta217), api(self.john_doe)

    def book(self, **more: Any) -> Any:
        return make_registration(
            by=self.john_doe,
            group=self.team,
            classroom=self.room,
            day=date(2026, 2, 1),
            description="Team meeting",
            **more,
        )


@pytest.fixture
def campus(db, api):
    return Campus(api)


def expect(response: Any, status: int, sample: Any = None) -> Any:
    assert response.status_code == status, response.content
    if sample is None:
        return None
    assert_like(sample, response.json())
    return response.json()


def test_login_refresh_logout(api, campus):
    anonymous = api()
    response = anonymous.post("auth/token/", {"username": "john_doe", "password": PASSWORD})
    access = expect(response, 200, {"access": "eyJ"})["access"]
    cookie = response.cookies["refresh_token"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/api/v1/auth/", True, "Lax")
    bearer = {"Authorization": f"Bearer {access}"}
    expect(anonymous.get("users/me/", **bearer), 200, {"id": 1, "username": "john_doe", "display_name": "John Doe"})
    expect(anonymous.post("auth/token/refresh/"), 200, {"access": "eyJ"})
    left = anonymous.post("auth/logout/", **bearer)
    assert (left.status_code, left.content) == (205, b"")
    assert left.cookies["refresh_token"].value == ""
    expect(anonymous.get("users/me/", **bearer), 401)


def test_users(campus):
    expect(campus.admin.get("users/"), 200, {"results": [{"id": 1, "username": "ta217", "display_name": "TA 217"}]})
    expect(campus.john.get("users/me/"), 200, {"id": 1, "username": "", "display_name": ""})
    body = expect(
        campus.admin.get("users/me/user-groups/"), 200, {"results": [{"id": 1, "name": "", "permissions": ""}]}
    )
    assert {(row["id"], row["name"], row["permissions"]) for row in body["results"]} == {
        (campus.cspace.pk, "cspace", "admin"),
        (campus.team.pk, "522", "admin"),
    }


def test_notifications(campus):
    registration = campus.book()
    approve_registration(registration_id=registration.pk, by=campus.ta217, now=registration.created_at)
    body = expect(
        campus.john.get("notifications/"),
        200,
        {
            "count": 25,
            "next": None,
            "previous": None,
            "results": [
                {"id": 1, "description": "", "status": "unread", "created_at": "2026-01-20T10:30:00Z"},
            ],
        },
    )
    assert body["results"][0]["created_at"] == "2026-01-20T02:00:00Z"
    row = body["results"][0]["id"]
    for word in ("read", "archived"):
        response = campus.john.patch(f"notifications/{row}/", {"status": word})
        assert (response.status_code, response.json()) == (200, {"id": row, "status": word})


def test_groups(campus):
    expect(campus.admin.get("groups/"), 200, {"results": [{"id": 1, "name": "cspace"}]})
    expect(campus.john.get(f"groups/{campus.team.pk}/"), 200, {"results": [MEMBERSHIP]})
    made = expect(campus.admin.post("groups/", {"name": "research-team"}), 201, {"id": 3, "name": "research-team"})
    expect(
        campus.admin.post(f"groups/{made['id']}/user-groups/", {"username": "user1", "permissions": "member"}),
        201,
        {"user_group_id": 15, "username": "", "group_id": 1},
    )
    response = campus.admin.delete(f"groups/{made['id']}/")
    assert (response.status_code, response.content) == (204, b"")
    assert Group.objects.living().filter(name="research-team").count() == 0


def test_user_groups(campus):
    expect(campus.admin.get("user-groups/"), 200, {"results": [MEMBERSHIP | {"group_id": 1}]})
    place = UserGroup.objects.get(user=campus.john_doe, group=campus.team)
    detail = {"id": 1, "username": "", "permissions": "", "group": {"id": 1, "name": ""}}
    expect(campus.john.get(f"user-groups/{place.pk}/"), 200, detail)
    changed = expect(campus.admin.put(f"user-groups/{place.pk}/", {"permissions": "admin"}), 200, detail)
    assert changed == {
        "id": place.pk,
        "username": "john_doe",
        "permissions": "admin",
        "group": {"id": campus.team.pk, "name": "522"},
    }
    assert campus.admin.delete(f"user-groups/{place.pk}/").status_code == 204


def test_classrooms(campus):
    expect(campus.john.get("classrooms/"), 200, {"results": [ROOM | {"equipment": {}}]})
    body = expect(campus.john.get("classrooms/Room A/"), 200, ROOM)
    assert body["equipment"] == EQUIPMENT
    wanted = {"name": "Room B", "capacity": 50, "floor": 3, "equipment": EQUIPMENT}
    made = expect(campus.admin.post("classrooms/", wanted), 201, ROOM)
    assert {key: made[key] for key in wanted} == wanted
    changed = expect(campus.admin.put("classrooms/Room B/", {"capacity": 55, "equipment": EQUIPMENT}), 200, ROOM)
    assert (changed["capacity"], changed["floor"]) == (55, 3)
    assert Classroom.objects.get(name="Room B").capacity == 55


def test_registrations(campus):
    wanted = BOOKING | {"group_id": campus.team.pk}
    made = expect(campus.john.post("registrations/", wanted), 201, REGISTRATION | {"group_id": 1})
    assert {key: made[key] for key in wanted} == wanted
    url = f"registrations/{made['id']}/"
    detail = expect(campus.john.get(url), 200, REGISTRATION | {"reserved_group": "522"})
    assert detail["reserved_group"] == "522"
    expect(campus.john.put(url, wanted | {"start_time": "9:00"}), 200)
    expect(
        campus.john.get("users/me/registrations/?status=upcoming&limit=5"),
        200,
        {"results": [{key: LISTED[key] for key in LISTED if key != "reserved_by"}]},
    )
    expect(campus.admin.get("registrations/?status=pending"), 200, {"registrations": [LISTED]})
    expect(campus.admin.post(f"{url}approve/"), 200)
    expect(campus.admin.get("registrations/?status=approved"), 200, {"registrations": [LISTED]})
    expect(campus.admin.post(f"{url}reject/"), 200)
    assert campus.john.delete(url).status_code == 204


def test_agenda_and_availability(campus):
    registration = campus.book()
    agenda = campus.john.get("classrooms/Room A/agenda/?start_date=2026-02-01&end_date=2026-02-01")
    body = expect(
        agenda,
        200,
        {"classroom": "Room A", "registrations": [{key: LISTED[key] for key in LISTED if key != "classroom"}]},
    )
    assert body["registrations"][0]["reserved_by"] == "John Doe"
    answer = campus.john.get("classrooms/Room A/availability/?date=2026-02-01&start_time=10:00&end_time=12:00")
    assert_like({"conflicts": [{"id": 99, "start_time": "09:00", "end_time": "11:00"}]}, answer.json())
    assert {key: value for key, value in answer.json().items() if key != "conflicts"} == {
        "classroom": "Room A",
        "date": "2026-02-01",
        "start_time": "10:00",
        "end_time": "12:00",
        "is_available": False,
    }
    assert answer.json()["conflicts"][0]["id"] == registration.pk


def test_logs(campus):
    registration = campus.book()
    approve_registration(registration_id=registration.pk, by=campus.ta217, now=registration.created_at)
    body = expect(
        campus.admin.get("logs/?page=1&per_page=1&action=registration.approved&user=ta217"),
        200,
        {
            "count": 500,
            "next": None,
            "previous": None,
            "results": [
                {
                    "id": 1,
                    "action": "registration.approved",
                    "user": "admin_user",
                    "target": "registration:100",
                    "details": {"classroom": "Room A", "date": "2026-02-01"},
                    "created_at": "2026-01-22T10:00:00Z",
                }
            ],
        },
    )
    assert body["results"][0]["target"] == f"registration:{registration.pk}"
    links = campus.admin.get("logs/?per_page=1").json()
    assert links["next"] == "/api/v1/logs/?per_page=1&page=2"


def test_error_responses(api, campus):
    wanted = BOOKING | {"group_id": campus.team.pk}
    past = campus.john.post("registrations/", wanted | {"date": "2026-01-19", "start_time": "13:00"})
    assert (past.status_code, past.json()) == (
        400,
        {
            "error": "Validation failed",
            "code": "VALIDATION_ERROR",
            "details": {
                "start_time": ["Start time must be before end time"],
                "date": ["Date cannot be in the past"],
            },
        },
    )
    nobody = api().get("users/me/")
    assert nobody.status_code == 401
    assert nobody["WWW-Authenticate"] == "Bearer"
    assert nobody.json() == {
        "error": "Authentication credentials were not provided",
        "code": "NOT_AUTHENTICATED",
        "details": {"reason": "missing"},
    }
    forbidden = campus.john.get("users/")
    assert (forbidden.status_code, forbidden.json()) == (
        403,
        {"error": "You do not have permission to perform this action", "code": "PERMISSION_DENIED"},
    )
    missing = campus.john.get("registrations/4711/")
    assert (missing.status_code, missing.json()) == (404, {"error": "Registration not found", "code": "NOT_FOUND"})
    held = campus.book()
    taken = campus.john.post("registrations/", wanted)
    assert taken.status_code == 409
    assert_like(
        {
            "error": "Room is already booked for the requested time",
            "code": "CONFLICT",
            "details": {"existing_registration_id": 99},
        },
        taken.json(),
    )
    assert taken.json()["details"]["existing_registration_id"] == held.pk

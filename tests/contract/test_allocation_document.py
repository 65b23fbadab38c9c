"""Every request of the document about allocation events, except the draw itself: status, keys and types.

The clock stands at 2026-01-20, inside the document's registration window.
"""

import datetime as dt
from typing import Any

import pytest

from tests.contract.shapes import assert_like
from tests.contract.test_cspace_document import Campus, expect
from tests.factories import make_registration

pytestmark = pytest.mark.usefixtures("document_clock")

EVENT = {
    "registration_start": "2026-01-15T00:00:00Z",
    "registration_end": "2026-01-30T23:59:59Z",
    "target_start_date": "2026-02-22",
    "target_end_date": "2026-06-12",
}
LISTED = {
    "id": 1,
    "status": "open",
    "registration_start": "2026-01-15T00:00:00Z",
    "registration_end": "2026-01-30T23:59:59Z",
}
ENTRY = {
    "classroom": "Room A",
    "start_time": "9:10",
    "end_time": "10:20",
    "day_of_week": 3,
    "description": "Research project meetings",
}


@pytest.fixture
def campus(db, api):
    return Campus(api)


@pytest.fixture
def event(campus: Any) -> str:
    """The path of the document's event."""
    body = expect(campus.admin.post("allocation-events/", EVENT), 201, LISTED | EVENT)
    return f"allocation-events/{body['id']}/"


def file(campus: Any, event: str, **more: Any) -> dict[str, Any]:
    body = ENTRY | {"group_id": campus.team.pk} | more
    filed: dict[str, Any] = expect(campus.john.post(f"{event}registrations/", body), 201, {"id": 200})
    return filed


def test_create_list_and_detail(campus, event):
    listed = campus.john.get("allocation-events/")
    assert (listed.status_code, listed.json()) == (200, {"results": [LISTED | {"id": int(event.split("/")[1])}]})
    body = expect(campus.john.get(event), 200, LISTED | EVENT)
    assert {key: body[key] for key in EVENT} == EVENT
    assert body["status"] == "open"


def test_end(campus, event):
    for _ in range(2):
        body = expect(campus.admin.post(f"{event}end/"), 200, LISTED | EVENT)
        assert body["status"] == "closed"


def test_unavailable_dates(campus, event):
    for day in (dt.date(2026, 2, 6), dt.date(2026, 2, 5)):
        make_registration(by=campus.john_doe, group=campus.team, classroom=campus.room, day=day)
    asked = f"{event}unavailable-dates/?classroom=Room A&start_date=2026-02-01&end_date=2026-02-28"
    response = campus.john.get(asked)
    assert (response.status_code, response.json()) == (
        200,
        {"classroom": "Room A", "unavailable_dates": ["2026-02-05", "2026-02-06"]},
    )


def test_room_agenda(campus, event):
    filed = file(campus, event, start_time="12:00", end_time="14:00", description="Team meeting")
    response = campus.admin.get(f"{event}room-agenda/?classroom=Room A")
    assert (response.status_code, response.json()) == (
        200,
        {
            "classroom": "Room A",
            "registrations": [
                {
                    "id": filed["id"],
                    "is_pending": True,
                    "start_time": "12:00",
                    "end_time": "14:00",
                    "day_of_week": 3,
                    "reserved_by": "John Doe",
                    "reserved_group": "522",
                    "description": "Team meeting",
                }
            ],
        },
    )


def test_register_and_list(campus, event):
    filed = file(campus, event)
    assert {key: filed[key] for key in ENTRY} == ENTRY | {"start_time": "09:10"}
    response = campus.john.get(f"{event}registrations/")
    assert (response.status_code, response.json()) == (
        200,
        {
            "registrations": [
                {
                    "id": filed["id"],
                    "is_pending": True,
                    "classroom": "Room A",
                    "start_time": "09:10",
                    "end_time": "10:20",
                    "day_of_week": 3,
                    "reserved_group": "522",
                    "description": "Research project meetings",
                    "attendees": None,
                    "status": "pending",
                }
            ]
        },
    )
    for query, found in (("status=pending", 1), ("status=approved", 0)):
        assert len(campus.john.get(f"{event}registrations/?{query}").json()["registrations"]) == found
    for user, found in (("john_doe", 1), ("hil", 0)):
        assert len(campus.admin.get(f"{event}registrations/?user={user}").json()["registrations"]) == found


def test_result_approve_and_reject(campus, event):
    path = f"{event}registrations/{file(campus, event)['id']}/"
    for word, status in (("approve", "approved"), ("reject", "rejected")):
        expect(campus.admin.post(f"{path}{word}/"), 200)
        body = campus.john.get(path).json()
        sample = {
            "id": 200,
            "event_id": 1,
            "classroom": "Room A",
            "start_time": "07:10",
            "end_time": "22:00",
            "day_of_week": 3,
            "reserved_group": "522",
            "status": "approved",
        }
        assert_like(sample, body)
        assert body["status"] == status


def test_update_and_delete(campus, event):
    path = f"{event}registrations/{file(campus, event)['id']}/"
    change = {
        "classroom": "Room A",
        "group_id": campus.team.pk,
        "start_time": "3:00",
        "end_time": "4:00",
        "day_of_week": 3,
        "description": "Updated description",
    }
    expect(campus.john.put(path, change), 200)
    body = campus.john.get(path).json()
    assert {key: body[key] for key in change} == change | {"start_time": "03:00", "end_time": "04:00"}
    gone = campus.john.delete(path)
    assert (gone.status_code, gone.content) == (204, b"")
    assert campus.john.get(path).json() == {"error": "Allocation registration not found", "code": "NOT_FOUND"}

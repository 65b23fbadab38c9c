"""Asking for a room: contract §5, `POST /registrations/`."""

from datetime import date

import pytest
import time_machine

from auditlog.models import LogEntry
from classrooms.models import Occupancy
from kernel.errors import PermissionDenied
from notifications.models import Notification
from registrations.models import Registration
from tests.factories import join, make_classroom, make_group, make_registration

pytestmark = pytest.mark.usefixtures("document_clock")


def log():
    return list(LogEntry.objects.order_by("id").values_list("action", "actor__username", "target"))


def test_booking_answers_as_documented(api, member, cspace, wish, team):
    response = api(member).post("registrations/", wish)

    assert response.status_code == 201
    body = response.json()
    assert body == {
        "id": body["id"],
        "classroom": "Room A",
        "group_id": team.pk,
        "reserved_group": "522",
        "date": "2026-02-01",
        "start_time": "10:00",
        "end_time": "12:00",
        "description": "Team meeting",
        "attendees": None,
        "status": "pending",
        "created_by": "member",
        "created_at": "2026-01-20T02:00:00Z",
        "series_id": None,
    }
    assert response["Location"] == f"/api/v1/registrations/{body['id']}/"
    assert log() == [("registration.created", "member", f"registration:{body['id']}")]
    assert list(Notification.objects.values_list("user__username", "description", "status")) == [
        ("cspace_member", "522 asks for Room A, 2026-02-01 10:00–12:00.", "unread")
    ]


def test_taken_slot_names_the_existing_registration_and_leaves_nothing(api, member, wish):
    first = api(member).post("registrations/", wish).json()["id"]

    response = api(member).post("registrations/", wish | {"start_time": "11:00", "end_time": "13:00"})

    assert response.status_code == 409
    assert response.json() == {
        "error": "Room is already booked for the requested time",
        "code": "CONFLICT",
        "details": {
            "existing_registration_id": first,
            "conflicts": [
                {
                    "id": first,
                    "kind": "registration",
                    "date": "2026-02-01",
                    "start_time": "10:00",
                    "end_time": "12:00",
                }
            ],
        },
    }
    assert Registration.objects.count() == 1
    assert len(log()) == 1


def test_touching_slots_do_not_conflict(api, member, wish):
    assert api(member).post("registrations/", wish).status_code == 201
    assert api(member).post("registrations/", wish | {"start_time": "12:00", "end_time": "13:00"}).status_code == 201
    assert api(member).post("registrations/", wish | {"start_time": "9:00", "end_time": "10:00"}).status_code == 201


def test_room_that_needs_no_approval_approves_at_once_and_tells_nobody(api, member, cspace, wish):
    make_classroom("Open Room", auto_approve=True)

    response = api(member).post("registrations/", wish | {"classroom": "Open Room"})

    assert (response.status_code, response.json()["status"]) == (201, "approved")
    assert Notification.objects.count() == 0


def test_every_fault_is_named_at_once(api, member, wish):
    response = api(member).post(
        "registrations/",
        wish | {"classroom": "Nope", "date": "2026-01-19", "start_time": "12:00", "description": 5},
    )

    assert response.status_code == 400
    assert response.json() == {
        "error": "Validation failed",
        "code": "VALIDATION_ERROR",
        "details": {
            "classroom": ["Unknown classroom"],
            "description": ["Not a valid string."],
            "date": ["Date cannot be in the past"],
            "start_time": ["Start time must be before end time"],
        },
    }
    assert log() == []


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"date": "2026-01-19"}, "date", "Date cannot be in the past"),
        ({"date": "2028-01-21"}, "date", "Date cannot be more than 730 days ahead"),
        ({"date": "2026-01-20", "start_time": "09:59"}, "start_time", "Start time cannot be in the past"),
        ({"end_time": "10:00"}, "start_time", "Start time must be before end time"),
        ({"classroom": "Closed Room"}, "classroom", "Closed Room is not open for booking"),
        ({"description": "x" * 2001}, "description", "Ensure this field has no more than 2000 characters."),
    ],
)
def test_a_rule_that_is_broken_is_named(api, member, wish, change, field, sentence):
    make_classroom("Closed Room", is_active=False)

    response = api(member).post("registrations/", wish | change)

    assert (response.status_code, response.json()["details"]) == (400, {field: [sentence]})


@pytest.mark.parametrize("change", [{"date": "2028-01-20"}, {"date": "2026-01-20", "start_time": "10:00"}])
def test_the_edges_of_the_horizon_are_inside(api, member, wish, change):
    assert api(member).post("registrations/", wish | change).status_code == 201


def test_midnight_is_an_end(api, member, wish):
    response = api(member).post("registrations/", wish | {"start_time": "23:00", "end_time": "24:00"})

    assert (response.status_code, response.json()["end_time"]) == (201, "24:00")
    next_day = wish | {"date": "2026-02-02", "start_time": "00:00", "end_time": "01:00"}
    assert api(member).post("registrations/", next_day).status_code == 201


def test_unknown_group_is_a_fault_and_a_foreign_one_is_forbidden(api, member, cspace, wish):
    foreign = make_group()
    assert api(member).post("registrations/", wish | {"group_id": 999_999}).json()["details"] == {
        "group_id": ["Unknown group"]
    }
    # Forbidden comes before invalid (contract §0, order of answers).
    assert api(member).post("registrations/", wish | {"group_id": foreign.pk, "date": "x"}).status_code == 403
    both = api(cspace).post("registrations/", wish | {"group_id": 999_999, "date": "x"})
    assert set(both.json()["details"]) == {"group_id", "date"}
    assert api(cspace).post("registrations/", wish | {"group_id": foreign.pk}).status_code == 201


def test_who_may_book(api, stranger, member, group_admin, cspace, wish):
    assert api().post("registrations/", wish).status_code == 401
    assert api(stranger).post("registrations/", {}).status_code == 403
    for hour, person in enumerate((member, group_admin, cspace), start=10):
        body = wish | {"start_time": f"{hour}:00", "end_time": f"{hour + 1}:00"}
        assert api(person).post("registrations/", body).status_code == 201


def test_fields_that_are_not_ours_to_set_are_ignored(api, member, wish):
    body = (
        api(member)
        .post("registrations/", wish | {"status": "approved", "id": 1, "created_by": "root", "is_live": False})
        .json()
    )

    assert (body["status"], body["created_by"]) == ("pending", "member")
    assert Occupancy.objects.get().is_live is True


def test_a_dry_run_answers_and_leaves_nothing(api, member, cspace, wish):
    response = api(member).post("registrations/?dry_run=true", wish)

    assert (response.status_code, response["X-Dry-Run"]) == (201, "true")
    assert "Location" not in response
    assert {name: response.json()[name] for name in ("id", "created_at", "status")} == {
        "id": None,
        "created_at": None,
        "status": "pending",
    }
    assert Occupancy.objects.count() == LogEntry.objects.count() == Notification.objects.count() == 0
    assert api(member).post("registrations/?dry_run=1", wish).status_code == 400


@pytest.mark.parametrize(("change", "status"), [({}, 409), ({"date": "2026-01-19"}, 400), ({"group_id": 999_999}, 400)])
def test_a_dry_refusal_says_that_it_was_one(api, member, wish, change, status):
    api(member).post("registrations/", wish)
    real = api(member).post("registrations/", wish | change)
    dry = api(member).post("registrations/?dry_run=true", wish | change)
    assert (real.status_code, dry.status_code, dry.json()) == (status, status, real.json())
    assert (real.headers.get("X-Dry-Run"), dry["X-Dry-Run"]) == (None, "true")


def test_a_repeated_request_is_executed_once(api, member, wish):
    key = {"Idempotency-Key": "booking-1"}
    first = api(member).post("registrations/", wish, **key)
    again = api(member).post("registrations/", wish, **key)

    assert (again.status_code, again.json(), again["Location"]) == (201, first.json(), first["Location"])
    assert Registration.objects.count() == 1
    other = api(member).post("registrations/", wish | {"description": "else"}, **key)
    assert (other.status_code, other.json()["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")
    assert api(member).post("registrations/", wish, **{"Idempotency-Key": "x" * 129}).status_code == 400


def test_a_refused_request_is_not_remembered(api, member, wish):
    key = {"Idempotency-Key": "k"}
    assert api(member).post("registrations/", wish | {"date": "2026-01-01"}, **key).status_code == 400
    assert api(member).post("registrations/", wish, **key).status_code == 201


def test_an_archived_group_cannot_book(api, member, wish, team, cspace):
    from kernel import clock

    team.archived_at = clock.now()
    team.save()
    other = make_group()
    join(member, other)
    assert api(member).post("registrations/", wish).json()["details"] == {"group_id": ["Unknown group"]}
    assert api(cspace).post("registrations/", wish).json()["details"] == {"group_id": ["Unknown group"]}
    assert Registration.objects.filter(occupancy__starts_at__date=date(2026, 2, 1)).count() == 0


@pytest.mark.parametrize(
    ("zone", "now", "day", "gone", "ahead"),
    [
        # 02:00–03:00 comes twice: at 02:30 for the second time, all of it has gone, for the earlier is meant.
        ("Europe/Berlin", "2026-10-25T01:30:00Z", "2026-10-25", ("02:00", "02:45", "02:59"), ("03:00", "03:30")),
        ("Australia/Lord_Howe", "2026-04-04T15:10:00Z", "2026-04-05", ("01:30", "01:50", "01:59"), ("02:00", "02:30")),
        ("Asia/Taipei", "2026-01-20T02:00:30Z", "2026-01-20", ("09:59", "00:00"), ("10:00", "10:01")),
    ],
)
def test_a_start_that_has_gone_is_refused_by_the_instant_it_means(
    api, member, wish, settings, zone, now, day, gone, ahead
):
    settings.CSPACE_TIME_ZONE = zone
    with time_machine.travel(now, tick=False):
        for start in gone:
            response = api(member).post("registrations/?dry_run=true", wish | {"date": day, "start_time": start})
            assert (response.status_code, response.json().get("details")) == (
                400,
                {"start_time": ["Start time cannot be in the past"]},
            )
        for start in ahead:
            response = api(member).post("registrations/?dry_run=true", wish | {"date": day, "start_time": start})
            assert (response.status_code, response.json()["start_time"]) == (201, start)


def test_who_has_left_the_group_since_he_logged_in_books_no_more(member, team, room):
    """What he may was read when the request began; the place in the group is looked for again under its lock."""
    assert member.access.is_member_of(team.pk)
    team.user_groups.filter(user=member).delete()
    with pytest.raises(PermissionDenied):
        make_registration(by=member, group=team, classroom=room, day=date(2026, 2, 1))
    assert (Registration.objects.count(), Occupancy.objects.count(), LogEntry.objects.count()) == (0, 0, 0)

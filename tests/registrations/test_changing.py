"""Reading, moving, cancelling, approving and rejecting: contract §5."""

import datetime as dt

import pytest
import time_machine

from auditlog.models import LogEntry
from classrooms.models import Occupancy
from notifications.models import Notification
from registrations.models import Registration
from tests.factories import cspace_group, join, make_classroom, make_group, make_registration, make_user

pytestmark = pytest.mark.usefixtures("document_clock")
DAY = dt.date(2026, 2, 1)


@pytest.fixture
def held(member, team, room):
    """A pending registration of `member`: Room A, 2026-02-01, 10:00–12:00."""
    return make_registration(by=member, group=team, classroom=room, day=DAY, description="Team meeting")


@pytest.fixture
def approved(held, cspace, api):
    assert api(cspace).post(f"registrations/{held.pk}/approve/").status_code == 200
    return held


def url(registration, command=""):
    return f"registrations/{registration.pk}/{command}"


def actions():
    return list(LogEntry.objects.order_by("id").values_list("action", flat=True))


def state(registration):
    row = Registration.objects.select_related("occupancy").get(pk=registration.pk)
    return row.status, row.occupancy.is_live


def test_who_sees_a_registration(api, held, member, cspace, group_admin, stranger):
    assert api().get(url(held)).status_code == 401
    for person, status in ((member, 200), (cspace, 200), (group_admin, 403), (stranger, 403)):
        assert api(person).get(url(held)).status_code == status
    missing = api(member).get("registrations/999999/")
    assert (missing.status_code, missing.json()) == (404, {"error": "Registration not found", "code": "NOT_FOUND"})


def test_a_move_takes_the_new_slot_and_gives_up_the_old_one(api, held, member):
    make_classroom("Room B")

    response = api(member).put(url(held), {"classroom": "Room B", "start_time": "9:10", "end_time": "10:20"})

    assert response.status_code == 200
    body = response.json()
    assert (body["classroom"], body["start_time"], body["end_time"], body["description"]) == (
        "Room B",
        "09:10",
        "10:20",
        "Team meeting",
    )
    assert actions() == ["registration.created", "registration.changed"]
    change = LogEntry.objects.get(action="registration.changed").details["changes"]
    assert change == {
        "classroom": ["Room A", "Room B"],
        "time": ["2026-02-01 10:00–12:00", "2026-02-01 09:10–10:20"],
    }
    assert Occupancy.objects.get().classroom.name == "Room B"


def test_a_move_onto_a_taken_slot_changes_nothing(api, held, member, team, room):
    other = make_registration(by=member, group=team, classroom=room, day=DAY, start=780, end=840)

    response = api(member).put(url(held), {"start_time": "13:30", "end_time": "15:00"})

    assert response.status_code == 409
    assert response.json()["details"]["existing_registration_id"] == other.pk
    assert api(member).get(url(held)).json()["start_time"] == "10:00"
    assert "registration.changed" not in actions()


def test_a_registration_may_overlap_its_former_self(api, held, member):
    assert api(member).put(url(held), {"start_time": "11:00", "end_time": "13:00"}).status_code == 200


@pytest.mark.parametrize("body", [{}, {"start_time": "10:00"}, {"description": "Team meeting"}])
def test_a_change_that_changes_nothing_is_not_logged(api, held, member, body):
    assert api(member).put(url(held), body).status_code == 200
    assert actions() == ["registration.created"]


def test_an_approved_one_needs_approval_again_after_its_owner_moves_it(api, approved, member, cspace):
    Notification.objects.all().delete()
    response = api(member).put(url(approved), {"end_time": "13:00"})

    assert response.json()["status"] == "pending"
    assert list(Notification.objects.values_list("user__username", flat=True)) == ["cspace_member"]


def test_new_words_keep_the_approval(api, approved, member):
    assert api(member).put(url(approved), {"description": "Other"}).json()["status"] == "approved"


def test_cspace_moves_without_a_new_approval_and_the_owner_is_told(api, approved, cspace):
    Notification.objects.all().delete()
    assert api(cspace).put(url(approved), {"end_time": "13:00"}).json()["status"] == "approved"
    assert list(Notification.objects.values_list("user__username", "description")) == [
        ("member", "Your room registration has been changed: Room A, 2026-02-01 10:00–13:00.")
    ]


def test_a_room_that_needs_no_approval_keeps_it_approved(api, approved, member):
    make_classroom("Open Room", auto_approve=True)
    assert api(member).put(url(approved), {"classroom": "Open Room"}).json()["status"] == "approved"


def test_a_change_of_group_needs_membership(api, approved, member):
    own, foreign = make_group(), make_group()
    join(member, own)
    assert api(member).put(url(approved), {"group_id": foreign.pk}).status_code == 403
    assert api(member).put(url(approved), {"group_id": own.pk}).json()["status"] == "pending"


def test_a_creator_who_has_left_the_group_may_repeat_it(api, held, member, team):
    team.user_groups.filter(user=member).delete()
    join(member, make_group())
    response = api(member).put(url(held), {"group_id": team.pk, "description": "x"})
    assert (response.status_code, response.json()["group_id"], response.json()["description"]) == (200, team.pk, "x")


def test_a_rejected_one_cannot_be_changed(api, held, member, cspace):
    api(cspace).post(url(held, "reject/"))
    response = api(member).put(url(held), {"end_time": "13:00"})
    assert (response.status_code, response.json()["code"]) == (409, "INVALID_STATE")


def test_a_bad_value_is_named_before_a_bad_state(api, held, member, cspace):
    api(cspace).post(url(held, "reject/"))
    bad = {"date": "2026-01-19", "start_time": "12:00"}
    faults = {"date": ["Date cannot be in the past"], "start_time": ["Start time must be before end time"]}
    for change, details in ((bad, faults), ({"date": "soon"}, {"date": ["A date of the form YYYY-MM-DD is required"]})):
        response = api(member).put(url(held), change)
        assert (response.status_code, response.json()["details"]) == (400, details)


def test_every_fault_of_a_change_is_named_at_once(api, held, member):
    make_classroom("Closed", is_active=False)
    change = {"classroom": "Nope", "date": "2026-01-19", "start_time": "12:00", "description": 5}
    assert api(member).put(url(held), change).json()["details"] == {
        "classroom": ["Unknown classroom"],
        "date": ["Date cannot be in the past"],
        "start_time": ["Start time must be before end time"],
        "description": ["Not a valid string."],
    }
    change = {"classroom": "Closed", "date": "soon", "start_time": "13:00"}
    assert api(member).put(url(held), change).json()["details"] == {
        "classroom": ["Closed is not open for booking"],
        "date": ["A date of the form YYYY-MM-DD is required"],
        "start_time": ["Start time must be before end time"],
    }
    for change in ({"start_time": "9:5", "end_time": "09:30"}, {"start_time": "13:00", "end_time": "noon"}):
        ((field, sentences),) = api(member).put(url(held), change).json()["details"].items()
        assert (change[field] in ("9:5", "noon"), sentences) == (True, ["A time of the form HH:MM is required"])


def test_cancelling_frees_the_room_and_hides_it_from_its_creator(api, held, member, cspace):
    assert api(member).delete(url(held)).status_code == 204
    assert state(held) == ("cancelled", False)
    assert api(member).get(url(held)).status_code == 404
    assert api(cspace).get(url(held)).json()["status"] == "cancelled"
    assert api(member).delete(url(held)).status_code == 404
    assert api(cspace).put(url(held), {"description": "x"}).status_code == 409
    assert actions() == ["registration.created", "registration.cancelled"]


def test_after_the_start_only_cspace_may_touch_it(api, held, member, cspace):
    with time_machine.travel("2026-02-01T02:00:00Z", tick=False):
        for response in (api(member).put(url(held), {"description": "x"}), api(member).delete(url(held))):
            assert (response.status_code, response.json()) == (
                409,
                {"error": "The registration has already started", "code": "INVALID_STATE"},
            )
        assert api(cspace).put(url(held), {"description": "x"}).status_code == 200
        assert api(cspace).delete(url(held)).status_code == 204


def test_past_rules_are_checked_for_changed_values_only(api, held, cspace):
    with time_machine.travel("2026-02-05T02:00:00Z", tick=False):
        assert api(cspace).put(url(held), {"date": "2026-02-01", "description": "x"}).status_code == 200
        assert api(cspace).put(url(held), {"date": "2026-02-02"}).json()["details"] == {
            "date": ["Date cannot be in the past"]
        }


def test_approving_twice_logs_once_and_tells_the_creator(api, held, member, cspace):
    first = api(cspace).post(url(held, "approve/"), {"reason": "fine"})
    again = api(cspace).post(url(held, "approve/"))

    assert (first.status_code, again.status_code, again.json()) == (200, 200, first.json())
    assert first.json()["status"] == "approved"
    assert actions() == ["registration.created", "registration.approved"]
    assert Notification.objects.filter(user=member).values_list("description", flat=True).get() == (
        "Your room registration has been approved: Room A, 2026-02-01 10:00–12:00. Reason: fine"
    )


def test_rejecting_frees_the_room_and_approving_later_needs_it_free(api, held, member, team, room, cspace):
    assert api(cspace).post(url(held, "reject/")).json()["status"] == "rejected"
    assert state(held) == ("rejected", False)
    other = make_registration(by=member, group=team, classroom=room, day=DAY, start=660, end=720)

    refused = api(cspace).post(url(held, "approve/"))
    assert (refused.status_code, refused.json()["details"]["existing_registration_id"]) == (409, other.pk)
    assert state(held) == ("rejected", False)

    api(member).delete(url(other))
    assert api(cspace).post(url(held, "approve/")).status_code == 200
    assert state(held) == ("approved", True)


def test_a_cancelled_one_cannot_be_decided(api, held, member, cspace):
    api(member).delete(url(held))
    for command in ("approve/", "reject/"):
        assert api(cspace).post(url(held, command)).json()["code"] == "INVALID_STATE"


def test_only_cspace_decides(api, held, member, group_admin, stranger, cspace):
    for command in ("approve/", "reject/"):
        assert api().post(url(held, command)).status_code == 401
        for person in (member, group_admin, stranger):
            assert api(person).post(url(held, command)).status_code == 403
        assert api(cspace).post(f"registrations/999999/{command}").status_code == 404


def test_a_dry_decision_decides_nothing(api, held, cspace):
    response = api(cspace).post(url(held, "approve/?dry_run=true"))
    assert (response.json()["status"], response.json()["id"]) == ("approved", held.pk)
    assert state(held) == ("pending", True)
    assert actions() == ["registration.created"]


def test_own_registrations(api, held, member, team, room, cspace):
    past = make_registration(by=member, group=team, classroom=room, day=dt.date(2026, 1, 21))
    rejected = make_registration(by=member, group=team, classroom=room, day=dt.date(2026, 1, 22))
    gone = make_registration(by=member, group=team, classroom=room, day=dt.date(2026, 1, 23))
    api(cspace).post(url(rejected, "reject/"))
    api(member).delete(url(gone))
    with time_machine.travel("2026-01-22T01:00:00Z", tick=False):

        def ids(query):
            return [row["id"] for row in api(member).get(f"users/me/registrations/{query}").json()["results"]]

        assert ids("") == [past.pk, rejected.pk, held.pk]
        assert ids("?status=upcoming") == [rejected.pk, held.pk]
        assert ids("?status=past") == [past.pk]
        assert ids("?status=all&limit=1") == [past.pk]
        assert ids("?page=2&per_page=2") == [held.pk]
        assert ids("?status=upcoming&limit=1&page=1&per_page=1") == [rejected.pk]
        page = api(member).get("users/me/registrations/?limit=2&page=1&per_page=1").json()
        assert (page["count"], page["previous"]) == (2, None)
        assert page["next"].endswith("/users/me/registrations/?limit=2&page=2&per_page=1")
        assert api(member).get("users/me/registrations/?limit=2&page=3&per_page=1").status_code == 404
        assert api(cspace).get("users/me/registrations/?page=1").json()["count"] == 0
        assert api(member).get("users/me/registrations/?status=x&limit=0").json()["details"].keys() == {
            "status",
            "limit",
        }
    assert api(member).get("users/me/registrations/").json()["results"][-1] == {
        "id": held.pk,
        "reserved_group": "522",
        "classroom": "Room A",
        "date": "2026-02-01",
        "start_time": "10:00",
        "end_time": "12:00",
        "status": "pending",
        "description": "Team meeting",
        "attendees": None,
        "series_id": None,
    }


def test_the_list_for_cspace(api, held, member, cspace, team, room):
    rejected = make_registration(by=member, group=team, classroom=room, day=dt.date(2026, 1, 22))
    api(cspace).post(url(rejected, "reject/"))
    assert api(member).get("registrations/").status_code == 403

    assert api(cspace).get("registrations/").json() == {
        "registrations": [
            {
                "id": held.pk,
                "classroom": "Room A",
                "date": "2026-02-01",
                "start_time": "10:00",
                "end_time": "12:00",
                "reserved_by": "Mem Ber",
                "reserved_group": "522",
                "description": "Team meeting",
                "attendees": None,
                "status": "pending",
                "series_id": None,
            }
        ]
    }

    def ids(query):
        return [row["id"] for row in api(cspace).get(f"registrations/?{query}").json()["registrations"]]

    assert ids("status=all") == [rejected.pk, held.pk]
    assert ids("status=rejected") == [rejected.pk]
    assert ids("classroom=Room A&status=all&date_from=2026-01-23") == [held.pk]
    assert ids("date_to=2026-01-31&status=all") == [rejected.pk]
    assert ids(f"group_id={team.pk}&user=member") == [held.pk]
    assert ids(f"user={cspace.username}") == []
    page = api(cspace).get("registrations/?status=all&per_page=1&page=2").json()
    assert (page["count"], page["next"]) == (2, None)
    assert page["previous"] == "/api/v1/registrations/?status=all&per_page=1&page=1"
    assert api(cspace).get("registrations/?page=3").status_code == 404


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=foo", "status"),
        ("page=0", "page"),
        ("per_page=101", "per_page"),
        ("date_from=20260101", "date_from"),
        ("group_id=x", "group_id"),
        ("classroom=Nope", "classroom"),
        ("user=%00", "user"),
    ],
)
def test_the_list_refuses_unknown_values(api, cspace, query, field):
    response = api(cspace).get(f"registrations/?{query}")
    assert (response.status_code, list(response.json()["details"])) == (400, [field])


def test_a_room_that_has_closed_takes_no_other_time_but_keeps_what_it_has(api, held, member, cspace, room):
    room.is_active = False
    room.save()
    for person in (member, cspace):
        response = api(person).put(url(held), {"start_time": "09:00"})
        assert (response.status_code, response.json()["details"]) == (
            400,
            {"classroom": ["Room A is not open for booking"]},
        )
    assert api(member).put(url(held), {"description": "stays"}).json()["description"] == "stays"


def archive(api, cspace, held, member):
    assert api(cspace).delete(f"groups/{held.group_id}/").status_code == 204


def close_for_booking(api, cspace, held, member):
    assert api(cspace).put("classrooms/Room A/", {"is_active": False}).status_code == 200


@pytest.mark.parametrize(
    ("meanwhile", "error"),
    [(archive, "The group has been archived"), (close_for_booking, "The room is not open for booking")],
)
def test_a_rejected_one_gets_its_room_back_only_while_it_could_be_booked(api, held, member, cspace, meanwhile, error):
    api(cspace).post(url(held, "reject/"))
    meanwhile(api, cspace, held, member)
    logged = actions()
    refused = api(cspace).post(url(held, "approve/"))
    assert (refused.status_code, refused.json()) == (409, {"error": error, "code": "INVALID_STATE"})
    assert (state(held), actions()) == (("rejected", False), logged)


def test_what_is_booked_in_a_room_no_longer_open_is_still_approved(api, held, member, cspace):
    close_for_booking(api, cspace, held, member)
    assert api(cspace).post(url(held, "approve/")).json()["status"] == "approved"


def test_a_decider_who_has_asked_himself_is_told_once(api, team, room, cspace, cspace_admin):
    join(cspace, team)
    own = make_registration(by=cspace, group=team, classroom=room, day=DAY)
    join(make_user("another"), cspace_group())
    Notification.objects.all().delete()
    assert api(cspace_admin).put(url(own), {"start_time": "9:00"}).json()["status"] == "pending"
    slot = "Room A, 2026-02-01 09:00–12:00."
    assert sorted(Notification.objects.values_list("user__username", "description")) == [
        ("another", f"522 has changed its request: {slot}"),
        ("cspace_member", f"Your room registration has been changed: {slot}"),
    ]


@pytest.mark.parametrize("start", ["01:00", "11:59"])
def test_what_is_past_is_not_moved_within_the_past(api, held, cspace, start):
    with time_machine.travel("2026-02-03T02:00:00Z", tick=False):
        refused = api(cspace).put(url(held), {"start_time": start})
        assert (refused.status_code, refused.json()["details"]) == (
            400,
            {"start_time": ["Start time cannot be in the past"]},
        )
        assert api(cspace).put(url(held), {"description": "It went well"}).status_code == 200

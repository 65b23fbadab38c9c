"""Entries of the draw before it: contract §6, and what §4 of the draw's contract asks of filing."""

import datetime as dt

import pytest
import time_machine

from allocations.models import AllocationEvent, AllocationRegistration
from auditlog.models import LogEntry
from classrooms.models import Occupancy
from classrooms.services.rooms import ClassroomIsUsed
from kernel import clock
from notifications.models import Notification
from tests.factories import join, make_classroom, make_group, make_registration, make_user
from tests.factories.allocations import make_entry, make_event

pytestmark = pytest.mark.usefixtures("document_clock")
NOT_OPEN = {"error": "The allocation event is not open", "code": "INVALID_STATE"}


@pytest.fixture
def event(cspace):
    return make_event(by=cspace)


@pytest.fixture
def path(event):
    return f"allocation-events/{event.pk}/registrations/"


@pytest.fixture
def asked(room, team):
    """A valid body: Tuesdays."""
    return {
        "group_id": team.pk,
        "classroom": "Room A",
        "start_time": "9:10",
        "end_time": "10:20",
        "day_of_week": 3,
        "description": "Research",
    }


def log():
    rows = LogEntry.objects.filter(action__startswith="allocation_registration.").order_by("id")
    return list(rows.values_list("action", "actor__username", "target"))


def answer(response):
    return response.status_code, response.json() if response.content else None


def refused(response):
    body = response.json()
    return response.status_code, body["code"], body.get("details")


def set_event(event, **values):
    AllocationEvent.objects.filter(pk=event.pk).update(**values)


def tuesdays(first, last):
    return [(first + dt.timedelta(weeks=week)).isoformat() for week in range((last - first).days // 7 + 1)]


TUESDAYS = tuesdays(dt.date(2026, 2, 24), dt.date(2026, 6, 9))


# --- filing ---------------------------------------------------------------------------------------


def test_filing_answers_in_full(api, member, event, path, asked, team):
    response = api(member).post(path, asked | {"rank": 2, "choice": 7})
    entry = AllocationRegistration.objects.get()
    detail = {
        "id": entry.pk,
        "event_id": event.pk,
        "classroom": "Room A",
        "group_id": team.pk,
        "reserved_group": "522",
        "start_time": "09:10",
        "end_time": "10:20",
        "day_of_week": 3,
        "description": "Research",
        "attendees": None,
        "status": "pending",
        "is_pending": True,
        "reason": None,
        "rank": 2,
        "choice": 7,
    }
    preview = {"open_dates": TUESDAYS, "kept_dates": TUESDAYS, "skipped": []}
    assert answer(response) == (201, detail | {"preview": preview})
    assert response["Location"] == f"/api/v1/{path}{entry.pk}/"
    assert answer(api(member).get(f"{path}{entry.pk}")) == (200, detail | {"outcome": None})
    assert log() == [("allocation_registration.filed", "member", f"allocation_registration:{entry.pk}")]
    assert LogEntry.objects.order_by("-id").first().details == {
        "event_id": event.pk,
        "classroom": "Room A",
        "group": "522",
        "day_of_week": 3,
        "start_time": "09:10",
        "end_time": "10:20",
    }


def test_the_preview_skips_what_is_closed_or_booked(api, cspace, member, team, room, path, asked):
    def close(day, first_hour, hours):
        starts_at = dt.datetime.combine(day, dt.time(first_hour), dt.timezone(dt.timedelta(hours=8)))
        ends_at = starts_at + dt.timedelta(hours=hours)
        body = {"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat()}
        assert api(cspace).post("classrooms/Room A/closures/", body).status_code == 201

    close(dt.date(2026, 2, 24), 0, 24)  # a whole day: closed
    close(dt.date(2026, 3, 3), 0, 10)  # two halves, together a whole day
    close(dt.date(2026, 3, 3), 10, 14)
    close(dt.date(2026, 3, 10), 0, 10)  # a part of a day counts as booked
    make_registration(by=member, group=team, classroom=room, day=dt.date(2026, 3, 17), start=600, end=660)
    # Touching, or another room or day: nothing to do with it.
    make_registration(by=member, group=team, classroom=room, day=dt.date(2026, 3, 24), start=620, end=680)
    make_registration(by=member, group=team, classroom=room, day=dt.date(2026, 3, 25), start=550, end=620)
    other = make_classroom("Room B")
    make_registration(by=member, group=team, classroom=other, day=dt.date(2026, 3, 31), start=550, end=620)

    preview = api(member).post(path, asked).json()["preview"]
    assert preview["skipped"] == [
        {"date": "2026-02-24", "why": "closed"},
        {"date": "2026-03-03", "why": "closed"},
        {"date": "2026-03-10", "why": "booked"},
        {"date": "2026-03-17", "why": "booked"},
    ]
    assert (preview["open_dates"], preview["kept_dates"]) == (TUESDAYS[2:], TUESDAYS[4:])


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"start_time": "10:20"}, ["start_time"]),
        ({"start_time": "24:00"}, ["start_time"]),
        ({"end_time": "10:60"}, ["end_time"]),
        ({"day_of_week": 0}, ["day_of_week"]),
        ({"day_of_week": 8}, ["day_of_week"]),
        ({"day_of_week": "3"}, ["day_of_week"]),
        ({"classroom": "Nope"}, ["classroom"]),
        ({"classroom": 5, "start_time": None}, ["classroom", "start_time"]),
        ({"group_id": 999_999}, ["group_id"]),
        ({"rank": 0}, ["rank"]),
        ({"choice": 0}, ["choice"]),
        ({"choice": 10**12}, ["choice"]),
        ({"description": "x" * 2001}, ["description"]),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(api, member, path, asked, change, fields):
    status, code, details = refused(api(member).post(path, asked | change))
    assert (status, code, sorted(details)) == (400, "VALIDATION_ERROR", fields)
    assert (AllocationRegistration.objects.count(), log()) == (0, [])


def test_cspace_filing_for_a_group_that_is_not_there(api, cspace, path, asked):
    for number in (999_999, 2**63 - 1):
        assert refused(api(cspace).post(path, asked | {"group_id": number}))[2] == {"group_id": ["Unknown group"]}
    everything = {"group_id": 999_999, "classroom": "Nope", "start_time": "11:00"}
    assert sorted(refused(api(cspace).post(path, asked | everything))[2]) == ["classroom", "group_id", "start_time"]


def test_a_day_that_never_comes_in_range_is_refused(api, cspace, member, asked):
    event = make_event(by=cspace, target_starts_on=dt.date(2026, 2, 25), target_ends_on=dt.date(2026, 3, 2))
    response = api(member).post(f"allocation-events/{event.pk}/registrations/", asked)
    assert refused(response)[2] == {"day_of_week": ["No such day lies between 2026-02-25 and 2026-03-02"]}


def test_an_inactive_room_is_not_filed_for(api, member, path, asked):
    make_classroom("Shut", is_active=False)
    assert refused(api(member).post(path, asked | {"classroom": "Shut"}))[2] == {
        "classroom": ["Shut is not open for booking"]
    }


@pytest.mark.parametrize("status", ["closed", "distributed", "cancelled"])
def test_only_an_open_event_takes_entries(api, member, event, path, asked, room, team, status):
    entry = make_entry(event, by=member, group=team, classroom=room)
    set_event(event, status=status)
    for response in (
        api(member).post(path, asked),
        api(member).put(f"{path}{entry.pk}/", {"description": "Later"}),
        api(member).delete(f"{path}{entry.pk}/"),
    ):
        assert answer(response) == (409, NOT_OPEN)
    assert AllocationRegistration.objects.get().description == ""
    assert len(log()) == 1


def test_the_window_decides_before_the_step_has_seen_it(api, cspace, member, asked):
    event = make_event(by=cspace, opens_in=dt.timedelta(hours=1))
    path = f"allocation-events/{event.pk}/registrations/"
    assert answer(api(member).post(path, asked)) == (409, NOT_OPEN)
    opens = clock.now() + dt.timedelta(hours=1)
    with time_machine.travel(opens + dt.timedelta(days=10, seconds=1), tick=False):
        assert answer(api(member).post(path, asked)) == (409, NOT_OPEN)
    with time_machine.travel(opens + dt.timedelta(days=10, milliseconds=999), tick=False):
        assert api(member).post(path, asked).status_code == 201


def test_the_same_wish_twice(api, member, group_admin, path, asked):
    assert api(member).post(path, asked).status_code == 201
    for changed in ({}, {"description": "Other words"}, {"choice": 3}, {"rank": 2}):
        assert answer(api(group_admin).post(path, asked | changed)) == (
            409,
            {
                "error": "The group has already filed this wish",
                "code": "ALREADY_EXISTS",
                "details": {"non_field_errors": ["The group has already filed this wish"]},
            },
        )
    assert len(log()) == 1


def test_own_wishes_overlap_only_inside_one_choice(api, member, team, path, asked):
    overlapping = asked | {"start_time": "10:00", "end_time": "11:00"}
    assert api(member).post(path, asked | {"choice": 4}).status_code == 201
    for choice in ({}, {"choice": 5}):
        assert refused(api(member).post(path, overlapping | choice))[:2] == (409, "ALREADY_EXISTS")
    assert api(member).post(path, overlapping | {"choice": 4, "rank": 2}).status_code == 201
    touching = {"start_time": "11:00", "end_time": "12:00"}
    for other in (touching, {"day_of_week": 4}, {"classroom": make_classroom("Room B").name}):
        assert api(member).post(path, asked | other).status_code == 201
    # Other groups may want the same.
    other = make_group("316")
    join(member, other)
    assert api(member).post(path, asked | {"group_id": other.pk}).status_code == 201


def test_a_rejected_wish_is_in_nobodys_way(api, cspace, member, path, asked):
    first = api(member).post(path, asked).json()["id"]
    api(cspace).post(f"{path}{first}/reject/")
    second = api(member).post(path, asked | {"end_time": "10:30"})
    assert second.status_code == 201
    # But the very same one has been decided: nothing new is filed for it, and nothing is moved there.
    assert api(member).delete(f"{path}{second.json()['id']}/").status_code == 204
    decided = (409, "ALREADY_EXISTS", {"non_field_errors": ["The group has already filed this wish"]})
    assert refused(api(member).post(path, asked)) == decided
    other = api(member).post(path, asked | {"day_of_week": 4}).json()["id"]
    assert refused(api(member).put(f"{path}{other}/", {"day_of_week": 3})) == decided


def test_limits(api, cspace, member, event, path, asked):
    set_event(event, max_entries_per_group=2, max_minutes_per_entry=70)
    assert api(member).post(path, asked).status_code == 201
    assert answer(api(member).post(path, asked | {"day_of_week": 4, "end_time": "10:21"})) == (
        409,
        {"error": "An entry may last at most 70 minutes", "code": "LIMIT_REACHED"},
    )
    second = api(member).post(path, asked | {"day_of_week": 4}).json()["id"]
    assert answer(api(member).post(path, asked | {"day_of_week": 5})) == (
        409,
        {"error": "A group may file at most 2 entries", "code": "LIMIT_REACHED"},
    )
    # What is rejected no longer counts; the limit of minutes holds for changes, the one of entries does not grow.
    assert api(member).put(f"{path}{second}/", {"day_of_week": 6}).status_code == 200
    assert refused(api(member).put(f"{path}{second}/", {"end_time": "10:21"}))[:2] == (409, "LIMIT_REACHED")
    api(cspace).post(f"{path}{second}/reject/")
    assert api(member).post(path, asked | {"day_of_week": 5}).status_code == 201


def test_a_wish_may_reach_midnight(api, member, path, asked):
    body = api(member).post(path, asked | {"start_time": "23:59", "end_time": "24:00"}).json()
    assert (body["start_time"], body["end_time"]) == ("23:59", "24:00")


def test_dry_run_and_idempotency(api, member, path, asked):
    dry = api(member).post(f"{path}?dry_run=true", asked)
    assert (dry.status_code, dry.json()["id"], "Location" in dry) == (201, None, False)
    assert AllocationRegistration.objects.count() == 0
    first, second = (api(member).post(path, asked, **{"Idempotency-Key": "once"}) for _ in range(2))
    assert (first.content, second.status_code) == (second.content, 201)
    assert len(log()) == 1


# --- changing and deleting --------------------------------------------------------------------------


def test_changing(api, member, group_admin, event, path, asked, team):
    entry = api(member).post(path, asked | {"choice": 3}).json()["id"]
    other = make_group("316")
    join(group_admin, other)
    for _ in range(2):
        status, body = answer(api(group_admin).put(f"{path}{entry}/", {"start_time": "09:00", "choice": None}))
        assert (status, body["start_time"], body["choice"], body["description"]) == (200, "09:00", None, "Research")
    moved = api(group_admin).patch(f"{path}{entry}/", {"group_id": other.pk}).json()
    assert (moved["group_id"], moved["reserved_group"]) == (other.pk, "316")
    assert [action for action, *_ in log()] == [
        "allocation_registration.filed",
        "allocation_registration.changed",
        "allocation_registration.changed",
    ]
    changes = [row.details["changes"] for row in LogEntry.objects.filter(action__endswith=".changed").order_by("id")]
    assert changes == [
        {"slot": ["Room A, Tuesday 09:10–10:20", "Room A, Tuesday 09:00–10:20"], "choice": [3, 0]},
        {"group": ["522", "316"]},
    ]
    # Its filer is told when somebody else does it.
    notices = Notification.objects.exclude(description__contains="event").values_list("user__username", "description")
    assert list(notices) == [("member", "Your draw entry has been changed: Room A, Tuesday 09:00–10:20.")] * 2


def test_a_change_meets_the_same_rules(api, member, event, path, asked):
    api(member).post(path, asked)
    second = api(member).post(path, asked | {"day_of_week": 4}).json()["id"]
    foreign, shut = make_group("316"), make_classroom("Shut", is_active=False)
    for change, expected in (
        ({"day_of_week": 3}, (409, "ALREADY_EXISTS")),
        ({"day_of_week": 3, "start_time": "09:00"}, (409, "ALREADY_EXISTS")),
        ({"start_time": "11:00"}, (400, "VALIDATION_ERROR")),
        ({"classroom": shut.name}, (400, "VALIDATION_ERROR")),
        ({"group_id": foreign.pk}, (403, "PERMISSION_DENIED")),
        ({"group_id": 999_999}, (400, "VALIDATION_ERROR")),
    ):
        assert refused(api(member).put(f"{path}{second}/", change))[:2] == expected
    set_event(event, max_entries_per_group=1)
    join(member, foreign)
    api(member).post(path, asked | {"group_id": foreign.pk})
    assert refused(api(member).put(f"{path}{second}/", {"group_id": foreign.pk}))[:2] == (409, "LIMIT_REACHED")
    assert len(log()) == 3


def test_a_range_that_shrank_keeps_nobody_from_rewording(api, cspace, member, event, path, asked):
    entry = api(member).post(path, asked).json()["id"]
    shorter = {"target_start_date": "2026-02-25", "target_end_date": "2026-03-02"}
    assert api(cspace).put(f"allocation-events/{event.pk}/", shorter).status_code == 200
    assert api(member).put(f"{path}{entry}/", {"description": "Other words"}).status_code == 200
    assert list(refused(api(member).put(f"{path}{entry}/", {"day_of_week": 3, "group_id": 0}))[2]) == ["group_id"]
    for day, status in ((4, 200), (3, 400)):
        assert api(member).put(f"{path}{entry}/", {"day_of_week": day}).status_code == status


def test_a_decided_entry_stays_as_it_is_for_everybody(api, cspace, member, path, asked):
    entry = api(member).post(path, asked).json()["id"]
    api(cspace).post(f"{path}{entry}/approve/")
    for person in (member, cspace):
        for response in (
            api(person).put(f"{path}{entry}/", {"description": "Later"}),
            api(person).delete(f"{path}{entry}/"),
        ):
            assert answer(response) == (
                409,
                {"error": "Only a pending entry can be changed or deleted", "code": "INVALID_STATE"},
            )


def test_deleting_leaves_no_row(api, member, group_admin, path, asked):
    entry = api(member).post(path, asked).json()["id"]
    assert answer(api(group_admin).delete(f"{path}{entry}/")) == (204, None)
    gone = {"error": "Allocation registration not found", "code": "NOT_FOUND"}
    assert answer(api(group_admin).delete(f"{path}{entry}/")) == (404, gone)
    assert AllocationRegistration.objects.count() == 0
    assert log()[1:] == [("allocation_registration.deleted", "group_admin", f"allocation_registration:{entry}")]
    assert Notification.objects.order_by("-id").first().description == (
        "Your draw entry has been deleted: Room A, Tuesday 09:10–10:20."
    )
    assert api(member).post(path, asked).status_code == 201


# --- deciding before the draw -----------------------------------------------------------------------


@pytest.mark.parametrize("status", ["open", "closed"])
def test_deciding_before_the_draw(api, cspace, member, event, path, asked, status):
    entry = api(member).post(path, asked).json()["id"]
    set_event(event, status=status)
    Notification.objects.all().delete()
    for word, state, reason in (
        ("approve", "approved", None),
        ("reject", "rejected", "REJECTED_BY_ADMIN"),
        ("approve", "approved", None),
    ):
        for _ in range(2):
            code, body = answer(api(cspace).post(f"{path}{entry}/{word}/"))
            assert (code, body["status"], body["is_pending"], body["reason"]) == (200, state, False, reason)
    words = [action.split(".")[1] for action, *_ in log()]
    assert words == ["filed", "approved", "rejected", "approved"]
    assert [notice.description for notice in Notification.objects.order_by("id")] == [
        "Your draw entry has been approved ahead of the draw: Room A, Tuesday 09:10–10:20.",
        "Your draw entry has been rejected and takes no part in the draw: Room A, Tuesday 09:10–10:20.",
        "Your draw entry has been approved ahead of the draw: Room A, Tuesday 09:10–10:20.",
    ]
    assert Occupancy.objects.count() == 0


def test_two_overlapping_entries_are_not_both_approved(api, cspace, member, team, path, asked):
    first = api(member).post(path, asked).json()["id"]
    other = make_group("316")
    join(member, other)
    second = api(member).post(path, asked | {"group_id": other.pk, "start_time": "10:19", "end_time": "11:00"}).json()
    third = api(member).post(path, asked | {"group_id": other.pk, "start_time": "11:00", "end_time": "12:00"}).json()
    assert api(cspace).post(f"{path}{first}/approve/").status_code == 200
    assert answer(api(cspace).post(f"{path}{second['id']}/approve/")) == (
        409,
        {
            "error": "Another approved entry of this event overlaps it",
            "code": "CONFLICT",
            "details": {"existing_registration_id": None, "conflicts": [], "entry_id": first},
        },
    )
    assert api(cspace).post(f"{path}{third['id']}/approve/").status_code == 200
    api(cspace).post(f"{path}{first}/reject/")
    assert api(cspace).post(f"{path}{second['id']}/approve/").status_code == 200


def test_of_a_choice_one_entry_is_approved(api, cspace, member, path, asked):
    first = api(member).post(path, asked | {"choice": 4}).json()["id"]
    same = api(member).post(path, asked | {"choice": 4, "start_time": "17:00", "end_time": "18:00"}).json()["id"]
    other = api(member).post(path, asked | {"choice": 5, "start_time": "19:00", "end_time": "20:00"}).json()["id"]
    assert api(cspace).post(f"{path}{first}/approve/").status_code == 200
    refusal = api(cspace).post(f"{path}{same}/approve/")
    assert (refusal.status_code, refusal.json()) == (
        409,
        {
            "error": "Another entry of the same choice is approved already",
            "code": "CONFLICT",
            "details": {"existing_registration_id": None, "conflicts": [], "entry_id": first},
        },
    )
    assert api(cspace).post(f"{path}{other}/approve/").status_code == 200
    assert api(cspace).post(f"{path}{first}/reject/").status_code == 200
    assert api(cspace).post(f"{path}{same}/approve/").status_code == 200


@pytest.mark.parametrize(
    ("conflict", "min_percent", "booked", "status"),
    [
        ("skip", 50, 2, 200),
        ("skip", 50, 3, 409),
        ("skip", 25, 3, 200),
        ("skip", 1, 4, 409),
        ("reject", 1, 0, 200),
        ("reject", 1, 1, 409),
    ],
)
def test_approving_what_is_mostly_booked(api, cspace, member, team, room, asked, conflict, min_percent, booked, status):
    event = make_event(
        by=cspace,
        target_starts_on=dt.date(2026, 2, 22),
        target_ends_on=dt.date(2026, 3, 20),  # four Tuesdays
        conflict=conflict,
        min_percent=min_percent,
    )
    path = f"allocation-events/{event.pk}/registrations/"
    entry = api(member).post(path, asked).json()["id"]
    held = [
        make_registration(
            by=member,
            group=team,
            classroom=room,
            day=dt.date(2026, 2, 24) + dt.timedelta(weeks=week),
            start=600,
            end=660,
        )
        for week in range(booked)
    ]
    response = api(cspace).post(f"{path}{entry}/approve/")
    assert response.status_code == status
    if status == 409:
        body = response.json()
        assert body["code"] == "CONFLICT"
        assert [piece["id"] for piece in body["details"]["conflicts"]] == [row.pk for row in held]
        assert body["details"]["existing_registration_id"] == held[0].pk


def test_a_cancelled_event_decides_nothing(api, cspace, member, event, path, asked):
    entry = api(member).post(path, asked).json()["id"]
    api(cspace).post(f"allocation-events/{event.pk}/cancel/")
    for word in ("approve", "reject"):
        assert answer(api(cspace).post(f"{path}{entry}/{word}/")) == (
            409,
            {"error": "The allocation event has been cancelled", "code": "INVALID_STATE"},
        )
    assert [action for action, *_ in log()] == ["allocation_registration.filed"]


# --- seeing ---------------------------------------------------------------------------------------


def test_each_sees_the_entries_of_his_groups(api, cspace, member, stranger, event, path, team, room):
    other, person = make_group("316"), make_user("other")
    join(person, other)
    own = make_entry(event, by=member, group=team, classroom=room)
    foreign = make_entry(event, by=person, group=other, classroom=room)

    def seen(by, query=""):
        return [row["id"] for row in api(by).get(path + query).json()["registrations"]]

    assert (seen(member), seen(person), seen(stranger)) == ([own.pk], [foreign.pk], [])
    assert (seen(cspace), seen(cspace, "?user=other"), seen(cspace, f"?user={stranger.username}")) == (
        [own.pk, foreign.pk],
        [foreign.pk],
        [],
    )
    api(cspace).post(f"{path}{own.pk}/reject/")
    assert (seen(cspace, "?status=rejected"), seen(cspace, "?status=pending")) == ([own.pk], [foreign.pk])
    assert refused(api(member).get(f"{path}?user=member"))[:2] == (403, "PERMISSION_DENIED")
    assert list(refused(api(member).get(f"{path}?status=lost"))[2]) == ["status"]
    page = api(cspace).get(f"{path}?per_page=1&page=2").json()
    assert (page["count"], page["previous"], [row["id"] for row in page["registrations"]]) == (
        2,
        f"/api/v1/{path}?per_page=1&page=1",
        [foreign.pk],
    )


def test_an_entry_under_another_event_is_not_found(api, cspace, member, event, team, room):
    entry = make_entry(event, by=member, group=team, classroom=room)
    other = f"allocation-events/{make_event(by=cspace).pk}/registrations/{entry.pk}/"
    gone = (404, {"error": "Allocation registration not found", "code": "NOT_FOUND"})
    calls = (api(cspace).get, api(cspace).put, api(cspace).delete)
    assert [answer(call(other)) for call in calls] == [gone] * 3
    assert [answer(api(cspace).post(f"{other}{word}/")) for word in ("approve", "reject")] == [gone] * 2


OPERATIONS = [
    # method, path, then the statuses for: anonymous, stranger, member, group_admin, cspace
    ("GET", "", 401, 200, 200, 200, 200),
    ("POST", "", 401, 403, 403, 403, 400),
    ("GET", "{event}/", 401, 200, 200, 200, 200),
    ("PUT", "{event}/", 401, 403, 403, 403, 200),
    ("PATCH", "{event}/", 401, 403, 403, 403, 200),
    ("DELETE", "{event}/", 401, 403, 403, 403, 409),
    ("POST", "{event}/end/", 401, 403, 403, 403, 200),
    ("POST", "{event}/cancel/", 401, 403, 403, 403, 200),
    ("PUT", "{event}/weights/", 401, 403, 403, 403, 200),
    ("GET", "{event}/unavailable-dates/?classroom=Room A", 401, 200, 200, 200, 200),
    ("GET", "{event}/room-agenda/?classroom=Room A", 401, 403, 403, 403, 200),
    ("GET", "{event}/registrations/", 401, 200, 200, 200, 200),
    ("POST", "{event}/registrations/", 401, 403, 400, 400, 400),
    ("GET", "{event}/registrations/{entry}/", 401, 403, 200, 200, 200),
    ("PUT", "{event}/registrations/{entry}/", 401, 403, 200, 200, 200),
    ("PATCH", "{event}/registrations/{entry}/", 401, 403, 200, 200, 200),
    ("DELETE", "{event}/registrations/{entry}/", 401, 403, 204, 204, 204),
    ("POST", "{event}/registrations/{entry}/approve/", 401, 403, 403, 403, 200),
    ("POST", "{event}/registrations/{entry}/reject/", 401, 403, 403, 403, 200),
]


@pytest.mark.parametrize(
    ("method", "path", "anonymous", "by_stranger", "by_member", "by_group_admin", "by_cspace"), OPERATIONS
)
def test_who_may(
    api, cspace, member, group_admin, stranger, event, team, room, method, path, anonymous, by_stranger, by_member,
    by_group_admin, by_cspace,
):  # fmt: skip
    outsider = make_user("outsider")
    join(outsider, make_group("316"))
    expected = ((None, anonymous), (stranger, by_stranger), (member, by_member), (group_admin, by_group_admin))
    for person, status in (*expected, (cspace, by_cspace)):
        entry = make_entry(event, by=member, group=team, classroom=room)
        before = LogEntry.objects.count()
        url = "allocation-events/" + path.format(event=event.pk, entry=entry.pk)
        response = api(person)(method, url, {} if method in ("POST", "PUT", "PATCH") else None)
        assert (person, response.status_code) == (person, status)
        if status >= 400:
            assert LogEntry.objects.count() == before
        AllocationRegistration.objects.all().delete()


@pytest.mark.parametrize("call", ["get", "put", "delete"])
def test_a_foreign_groups_entry_is_refused(api, event, path, member, team, room, call):
    outsider = make_user("outsider")
    join(outsider, make_group("316"))
    entry = make_entry(event, by=member, group=team, classroom=room)
    assert answer(getattr(api(outsider), call)(f"{path}{entry.pk}/")) == (
        403,
        {"error": "You do not have permission to perform this action", "code": "PERMISSION_DENIED"},
    )


def test_filing_for_a_foreign_group_is_refused_and_cspace_may(api, cspace, path, asked):
    outsider = make_user("outsider")
    join(outsider, make_group("316"))
    assert refused(api(outsider).post(path, asked))[:2] == (403, "PERMISSION_DENIED")
    assert api(cspace).post(path, asked).status_code == 201


@pytest.mark.parametrize("path", ["", "1/", "1/end/", "1/cancel/", "1/weights/", "1/room-agenda/", "1/registrations/"])
def test_an_unknown_event_is_not_found(api, cspace, path):
    method = {"1/end/": "POST", "1/cancel/": "POST", "1/weights/": "PUT"}.get(path, "GET")
    response = api(cspace)(method, f"allocation-events/{path}", None if method == "GET" else {})
    expected = (404, {"error": "Allocation event not found", "code": "NOT_FOUND"}) if path else (200, {"results": []})
    assert answer(response) == expected


def test_the_list_costs_the_same_at_one_and_at_three(api, member, event, path, team, room, django_assert_num_queries):
    for start in (60, 300, 540):
        make_entry(event, by=member, group=team, classroom=room, start=start)
        with django_assert_num_queries(3):
            assert api(member).get(path).status_code == 200


def test_filing_costs_the_same_at_one_and_at_three(api, member, event, path, asked, django_assert_num_queries):
    set_event(event, max_entries_per_group=10)
    for day in (2, 3, 4):
        with django_assert_num_queries(15):
            assert api(member).post(path, asked | {"day_of_week": day}).status_code == 201


# --- an archived group ------------------------------------------------------------------------------


def test_an_archived_groups_open_entries_are_withdrawn(api, cspace, member, team, room, event, path):
    entries = {
        name: make_entry(event, by=member, group=team, classroom=room, start=60 + 180 * number)
        for number, name in enumerate(("pending", "approved", "rejected"))
    }
    for word, name in (("approve", "approved"), ("reject", "rejected")):
        api(cspace).post(f"{path}{entries[name].pk}/{word}/")
    elsewhere = {}
    for status in ("closed", "distributed", "cancelled"):
        other = make_event(by=cspace)
        elsewhere[status] = make_entry(other, by=member, group=team, classroom=room)
        set_event(other, status=status)
    Notification.objects.all().delete()

    assert api(cspace).delete(f"groups/{team.pk}/").status_code == 204

    withdrawn = [entries["pending"].pk, entries["approved"].pk, elsewhere["closed"].pk]
    left = AllocationRegistration.objects.order_by("id").values_list("id", "status")
    assert [pk for pk, status in left if status == "withdrawn"] == withdrawn
    targets = [f"allocation_registration:{pk}" for pk in withdrawn]
    rows = list(LogEntry.objects.order_by("id"))[-4:]
    assert [(row.action, row.target) for row in rows[:3]] == [
        ("allocation_registration.withdrawn", target) for target in targets
    ]
    assert (rows[3].action, rows[3].details["cancelled"]) == ("group.archived", targets)
    told = Notification.objects.filter(description__startswith="Your draw entry").values_list("user__username")
    assert list(told) == [("member",)] * 3
    for word in ("approve", "reject"):
        assert answer(api(cspace).post(f"{path}{withdrawn[0]}/{word}/")) == (
            409,
            {"error": "The entry has been withdrawn", "code": "INVALID_STATE"},
        )


# --- holding single registrations ---------------------------------------------------------------------


HELD = (
    "Single registrations from 2026-02-22 to 2026-06-12 are closed until the allocation event for these dates has been"
    " distributed"
)
QUESTION = "date=2026-02-24&start_time=10:00&end_time=12:00"


@pytest.fixture
def holding(cspace):
    return make_event(by=cspace, hold_singles=True)


def test_a_hold_keeps_single_registrations_for_cspace(api, cspace, member, holding, wish):
    inside, outside = wish | {"date": "2026-02-24"}, wish | {"date": "2026-02-21"}
    assert answer(api(member).post("registrations/", inside)) == (409, {"error": HELD, "code": "INVALID_STATE"})
    own = api(member).post("registrations/", outside)
    assert own.status_code == 201
    registration = f"registrations/{own.json()['id']}/"
    assert answer(api(member).put(registration, {"date": "2026-02-24"})) == (
        409,
        {"error": HELD, "code": "INVALID_STATE"},
    )
    assert api(member).put(registration, {"start_time": "09:00"}).status_code == 200
    assert api(cspace).put(registration, {"date": "2026-02-24"}).status_code == 200
    assert api(cspace).post("registrations/", inside | {"start_time": "8:00", "end_time": "9:00"}).status_code == 201
    # What stands inside may be reworded, not moved.
    assert api(member).put(registration, {"description": "Other words"}).status_code == 200
    assert refused(api(member).put(registration, {"end_time": "13:00"}))[:2] == (409, "INVALID_STATE")


def test_what_is_held_is_not_shown_free(api, cspace, member, holding, room):
    free, availability = f"classrooms/free/?{QUESTION}&suggest=true", f"classrooms/Room A/availability/?{QUESTION}"
    body = api(member).get(availability).json()
    assert (body["is_available"], body["conflicts"], body["reason"]) == (False, [], HELD)
    assert api(member).get(free).json() == {"results": [], "suggestions": [], "reason": HELD}
    assert api(cspace).get(availability).json()["is_available"] is True
    assert [found["name"] for found in api(cspace).get(free).json()["results"]] == ["Room A"]
    outside = QUESTION.replace("02-24", "02-21")
    assert api(member).get(f"classrooms/Room A/availability/?{outside}").json()["is_available"] is True
    # A weekly question that reaches into the range is held as well.
    weekly = f"classrooms/free/?{outside}&weekly_until=2026-03-01"
    assert api(member).get(weekly).json() == {"results": [], "reason": HELD}
    # Where rooms are merely taken there is no such reason.
    assert api(member).get(f"classrooms/free/?{outside}&min_capacity=999").json() == {"results": []}


@pytest.mark.parametrize("end", ["cancel", "delete", "switch off", "move"])
def test_a_hold_ends_with_its_reason(api, cspace, member, wish, end):
    event = make_event(by=cspace, opens_in=dt.timedelta(days=1), hold_singles=True)
    path, inside = f"allocation-events/{event.pk}/", wish | {"date": "2026-02-24"}
    assert api(member).post("registrations/", inside).status_code == 409
    if end == "cancel":
        api(cspace).post(f"{path}cancel/")
    elif end == "delete":
        api(cspace).delete(path)
    else:
        api(cspace).put(path, {"hold_singles": False} if end == "switch off" else {"target_start_date": "2026-02-25"})
    assert api(member).post("registrations/", inside).status_code == 201


def test_a_hold_lasts_until_the_draw(api, cspace, member, holding, wish):
    api(cspace).post(f"allocation-events/{holding.pk}/end/")
    assert api(member).post("registrations/", wish | {"date": "2026-02-24"}).status_code == 409


def test_a_hold_costs_a_booking_no_statement(api, member, cspace, wish, stock_of_ids, django_assert_num_queries):
    with django_assert_num_queries(9) as without:
        assert api(member).post("registrations/", wish).status_code == 201
    make_event(by=cspace, hold_singles=True)
    with django_assert_num_queries(len(without)):
        assert api(member).post("registrations/", wish | {"date": "2026-02-02"}).status_code == 201


def test_a_room_that_was_only_filed_for_is_not_deleted(api, cspace, member, team, event, room):
    make_entry(event, by=member, group=team, classroom=room)
    assert answer(api(cspace).delete("classrooms/Room A/")) == (
        409,
        {
            "error": ClassroomIsUsed.message,
            "code": "INVALID_STATE",
        },
    )

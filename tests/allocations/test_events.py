"""Allocation events: contract §6, and what §2, §4 and §5 of the draw's contract ask of them."""

import datetime as dt
import hashlib

import pytest
import time_machine

from allocations.models import AllocationEvent, AllocationRegistration, DrawSecret
from allocations.services.events import set_weights
from auditlog.models import LogEntry
from classrooms.models import BookingHold
from kernel import clock
from notifications.models import Notification
from tests.factories import make_classroom, make_group, make_registration
from tests.factories.allocations import make_entry, make_event

pytestmark = pytest.mark.usefixtures("document_clock")
EVENT = {
    "registration_start": "2026-01-20T02:00:00Z",
    "registration_end": "2026-01-30T15:59:59Z",
    "target_start_date": "2026-02-22",
    "target_end_date": "2026-06-12",
}
UPCOMING = EVENT | {"registration_start": "2026-01-21T00:00:00Z"}
OPTIONS = {
    "balance": "entries",
    "conflict": "reject",
    "tie": "spread",
    "min_percent": 80,
    "max_wins_per_group": 2,
    "max_entries_per_group": 5,
    "max_minutes_per_entry": 240,
    "hold_singles": True,
}
DAY = dt.timedelta(days=1)


def log():
    return list(LogEntry.objects.order_by("id").values_list("action", "actor__username", "target"))


def answer(response):
    return response.status_code, response.json() if response.content else None


def refused(response):
    body = response.json()
    return response.status_code, body["code"], body.get("details")


def test_creating_answers_with_the_detail(api, cspace):
    response = api(cspace).post("allocation-events/", EVENT)
    event = AllocationEvent.objects.get()
    detail = {
        "id": event.pk,
        "status": "open",
        **EVENT,
        "balance": "minutes",
        "conflict": "skip",
        "tie": "ticket",
        "min_percent": 50,
        "max_wins_per_group": None,
        "max_entries_per_group": None,
        "max_minutes_per_entry": None,
        "hold_singles": False,
        "weights": {},
        "draw": {
            "algorithm": "cspace-draw/v1",
            "commitment": event.commitment,
            "seed": None,
            "public_source": None,
            "manifest_sha256": None,
            "distributed_at": None,
        },
    }
    assert answer(response) == (201, detail)
    assert response["Location"] == f"/api/v1/allocation-events/{event.pk}/"
    assert answer(api(cspace).get(f"allocation-events/{event.pk}")) == (200, detail)
    assert event.commitment == hashlib.sha256(bytes(DrawSecret.objects.get().seed)).hexdigest()
    assert log() == [("allocation_event.created", "cspace_member", f"allocation_event:{event.pk}")]
    assert LogEntry.objects.get().details == {"status": "open", "commitment": event.commitment, **EVENT}


def test_options_are_kept_as_sent(api, cspace):
    body = api(cspace).post("allocation-events/", UPCOMING | OPTIONS | {"public_source": "dice at the desk"}).json()
    assert {name: body[name] for name in OPTIONS} == OPTIONS
    assert body["draw"]["public_source"] == "dice at the desk"


@pytest.mark.parametrize(
    ("start", "end", "status", "told"),
    [
        ("2026-01-20T02:00:01Z", "2026-01-30T00:00:00Z", "upcoming", 0),
        ("2026-01-20T02:00:00Z", "2026-01-30T00:00:00Z", "open", 1),
        ("2026-01-01T00:00:00Z", "2026-01-20T02:00:00Z", "open", 1),
        ("2026-01-01T00:00:00Z", "2026-01-20T01:59:59Z", "closed", 0),
    ],
)
def test_a_new_event_is_at_once_what_its_window_says(api, cspace, member, start, end, status, told):
    body = api(cspace).post("allocation-events/", EVENT | {"registration_start": start, "registration_end": end}).json()
    assert body["status"] == status == AllocationEvent.objects.get().status
    assert (AllocationEvent.objects.get().closed_at is not None) == (status == "closed")
    assert [action for action, *_ in log()] == ["allocation_event.created"]
    assert Notification.objects.count() == told


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"registration_start": "2026-01-30T15:59:59Z"}, ["registration_start"]),
        ({"target_start_date": "2026-06-13"}, ["target_start_date"]),
        ({"target_start_date": "2026-01-29"}, ["target_start_date"]),
        ({"target_end_date": "2027-02-24"}, ["target_end_date"]),
        ({"registration_end": "9999-12-31T23:59:59Z"}, ["registration_end"]),
        ({"registration_start": "0001-01-01T00:00:00Z"}, ["registration_start"]),
        ({"target_end_date": "2501-01-01"}, ["target_end_date"]),
        ({"registration_start": "2026-01-20"}, ["registration_start"]),
        ({"registration_end": None, "target_end_date": 5}, ["registration_end", "target_end_date"]),
        ({"balance": "luck"}, ["balance"]),
        ({"min_percent": 0}, ["min_percent"]),
        ({"min_percent": "50"}, ["min_percent"]),
        ({"max_wins_per_group": 0}, ["max_wins_per_group"]),
        ({"max_minutes_per_entry": 1441}, ["max_minutes_per_entry"]),
        ({"hold_singles": 1}, ["hold_singles"]),
        ({"public_source": "two\nlines"}, ["public_source"]),
        ({"public_source": "x" * 201}, ["public_source"]),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(api, cspace, change, fields):
    status, code, details = refused(api(cspace).post("allocation-events/", EVENT | change))
    assert (status, code, sorted(details)) == (400, "VALIDATION_ERROR", fields)
    assert (AllocationEvent.objects.count(), log()) == (0, [])


def test_an_empty_body_lacks_every_field(api, cspace):
    assert refused(api(cspace).post("allocation-events/", {})) == (
        400,
        "VALIDATION_ERROR",
        {name: ["This field is required."] for name in EVENT},
    )


def test_the_target_may_start_on_the_day_registration_ends(api, cspace):
    # 15:59:59Z is one second to midnight of the 30th in Taipei.
    assert api(cspace).post("allocation-events/", EVENT | {"target_start_date": "2026-01-30"}).status_code == 201
    late = EVENT | {"target_start_date": "2026-01-30", "registration_end": "2026-01-30T16:00:00Z"}
    assert refused(api(cspace).post("allocation-events/", late))[2] == {
        "target_start_date": ["Target start must not be before the day on which registration ends"]
    }


def test_dry_run_and_idempotency(api, cspace):
    dry = api(cspace).post("allocation-events/?dry_run=true", UPCOMING)
    assert (dry.status_code, dry["X-Dry-Run"], dry.json()["id"]) == (201, "true", None)
    assert dry.json()["draw"]["commitment"] is None
    assert AllocationEvent.objects.count() == 0
    first, second = (api(cspace).post("allocation-events/", UPCOMING, **{"Idempotency-Key": "once"}) for _ in range(2))
    assert (first.content, second.status_code) == (second.content, 201)
    assert (AllocationEvent.objects.count(), len(log())) == (1, 1)


def test_events_come_newest_first_and_paged_when_asked(api, cspace, stranger):
    old, new = make_event(by=cspace), make_event(by=cspace, opens_in=DAY)
    rows = api(stranger).get("allocation-events/").json()["results"]
    assert [row["id"] for row in rows] == [new.pk, old.pk]
    assert rows[1] == {
        "id": old.pk,
        "status": "open",
        "registration_start": "2026-01-20T02:00:00Z",
        "registration_end": "2026-01-30T02:00:00Z",
    }
    page = api(stranger).get("allocation-events/?per_page=1").json()
    assert (page["count"], page["next"]) == (2, "/api/v1/allocation-events/?per_page=1&page=2")


def test_an_upcoming_event_changes_in_everything(api, cspace):
    event = make_event(by=cspace, opens_in=DAY)
    path = f"allocation-events/{event.pk}/"
    wanted = OPTIONS | {"registration_end": "2026-02-01T00:00:00Z", "target_end_date": "2026-05-31"}
    for _ in range(2):
        status, body = answer(api(cspace).put(path, wanted))
        assert (status, {name: body[name] for name in wanted}) == (200, wanted)
    assert answer(api(cspace).patch(path, {"max_wins_per_group": None}))[1]["max_wins_per_group"] is None
    assert [action for action, *_ in log()] == ["allocation_event.created"] + ["allocation_event.changed"] * 2
    changes = LogEntry.objects.order_by("id")[1].details["changes"]
    assert changes["registration_end"] == ["2026-01-31T02:00:00Z", "2026-02-01T00:00:00Z"]
    assert changes["target_ends_on"] == ["2026-06-12", "2026-05-31"]


def test_a_change_is_checked_together_with_what_stays(api, cspace):
    path = f"allocation-events/{make_event(by=cspace, opens_in=DAY).pk}/"
    for change, field in (
        ({"registration_start": "2026-03-01T00:00:00Z"}, "registration_start"),
        ({"registration_end": "2026-03-01T00:00:00Z"}, "target_start_date"),
        ({"target_end_date": "2026-02-01"}, "target_start_date"),
    ):
        assert list(refused(api(cspace).put(path, change))[2]) == [field]
    assert len(log()) == 1


def test_an_open_event_changes_only_in_its_end_and_range(api, cspace):
    path = f"allocation-events/{make_event(by=cspace).pk}/"
    allowed = {"registration_end": "2026-02-01T00:00:00Z", "target_start_date": "2026-02-23"}
    assert api(cspace).put(path, allowed | {"balance": "minutes"}).status_code == 200
    for change in ({"balance": "entries"}, {"registration_start": "2026-01-22T00:00:00Z"}, {"hold_singles": True}):
        assert answer(api(cspace).put(path, change)) == (
            409,
            {
                "error": "Once an allocation event is open, only registration_end and the target dates can be changed",
                "code": "INVALID_STATE",
            },
        )
    api(cspace).post(f"{path}end/")
    assert refused(api(cspace).put(path, allowed))[:2] == (409, "INVALID_STATE")


def test_an_end_set_into_the_past_closes_the_event_in_the_same_command(api, cspace, member, team, room):
    event = make_event(by=cspace, opens_in=-DAY)
    make_entry(event, by=member, group=team, classroom=room)
    Notification.objects.all().delete()
    body = api(cspace).put(f"allocation-events/{event.pk}/", {"registration_end": "2026-01-20T01:00:00Z"}).json()
    assert body["status"] == "closed"
    entry = LogEntry.objects.order_by("-id").first()
    assert (entry.action, entry.details["changes"]["status"]) == ("allocation_event.changed", ["open", "closed"])
    assert [notice.user for notice in Notification.objects.all()] == [member]


def test_only_an_upcoming_event_is_deleted(api, cspace):
    upcoming, begun = make_event(by=cspace, opens_in=DAY, hold_singles=True), make_event(by=cspace)
    assert answer(api(cspace).delete(f"allocation-events/{upcoming.pk}/")) == (204, None)
    assert answer(api(cspace).delete(f"allocation-events/{begun.pk}/")) == (
        409,
        {"error": "An allocation event that has opened cannot be deleted: cancel it", "code": "INVALID_STATE"},
    )
    assert list(AllocationEvent.objects.values_list("id", flat=True)) == [begun.pk]
    assert (DrawSecret.objects.count(), BookingHold.objects.count()) == (1, 0)
    assert log()[-1] == ("allocation_event.deleted", "cspace_member", f"allocation_event:{upcoming.pk}")


def test_an_event_whose_moment_has_come_is_not_deleted_before_the_step_sees_it(api, cspace):
    event = make_event(by=cspace, opens_in=DAY)
    with time_machine.travel(clock.now() + DAY, tick=False):
        assert refused(api(cspace).delete(f"allocation-events/{event.pk}/"))[:2] == (409, "INVALID_STATE")
    # The refusal took the opening with it; the periodic step does it again.
    assert (AllocationEvent.objects.get().status, len(log())) == ("upcoming", 1)


def test_ending_freezes_once_and_tells_the_applicants(api, cspace, member, group_admin, team, room):
    event = make_event(by=cspace)
    make_entry(event, by=member, group=team, classroom=room)
    make_entry(event, by=member, group=team, classroom=room, start=900)
    Notification.objects.all().delete()
    for _ in range(2):
        status, body = answer(api(cspace).post(f"allocation-events/{event.pk}/end/"))
        assert (status, body["status"]) == (200, "closed")
    assert [notice.user for notice in Notification.objects.all()] == [member]
    closed = LogEntry.objects.filter(action="allocation_event.closed")
    assert [(row.actor, row.details["entries"], row.details["manifest_sha256"]) for row in closed] == [
        (cspace, 2, body["draw"]["manifest_sha256"])
    ]
    assert AllocationEvent.objects.get().closed_at == clock.now()


def test_what_is_upcoming_or_cancelled_cannot_be_ended(api, cspace):
    event = make_event(by=cspace, opens_in=DAY)
    path = f"allocation-events/{event.pk}/"
    assert answer(api(cspace).post(f"{path}end/")) == (
        409,
        {"error": "The allocation event has not opened yet", "code": "INVALID_STATE"},
    )
    api(cspace).post(f"{path}cancel/")
    assert answer(api(cspace).post(f"{path}end/")) == (
        409,
        {"error": "The allocation event has been cancelled", "code": "INVALID_STATE"},
    )


@pytest.mark.parametrize("before", ["upcoming", "open", "closed"])
def test_cancelling_reveals_the_seed_and_decides_nothing(api, cspace, member, team, room, before):
    event = make_event(by=cspace, opens_in=DAY if before == "upcoming" else dt.timedelta(0), hold_singles=True)
    path = f"allocation-events/{event.pk}/"
    if before != "upcoming":
        make_entry(event, by=member, group=team, classroom=room)
    if before == "closed":
        api(cspace).post(f"{path}end/")
    assert api(cspace).get(path).json()["draw"]["seed"] is None
    Notification.objects.all().delete()
    for _ in range(2):
        body = api(cspace).post(f"{path}cancel/").json()
        assert body["status"] == "cancelled"
        assert hashlib.sha256(bytes.fromhex(body["draw"]["seed"])).hexdigest() == body["draw"]["commitment"]
    assert api(member).get(path).json()["draw"]["seed"] == body["draw"]["seed"]
    assert [action for action, *_ in log()].count("allocation_event.cancelled") == 1
    assert [entry.status for entry in AllocationRegistration.objects.all()] == ["pending"] * (before != "upcoming")
    assert [notice.description for notice in Notification.objects.all()] == [
        "The allocation event for 2026-02-22 – 2026-06-12 has been cancelled: nothing will be drawn."
    ] * (before != "upcoming")
    assert BookingHold.objects.count() == 0
    for call in (api(cspace).put, api(cspace).delete):
        assert refused(call(path))[:2] == (409, "INVALID_STATE")


def test_the_seed_is_in_no_log_row(api, cspace):
    event = make_event(by=cspace)
    api(cspace).post(f"allocation-events/{event.pk}/cancel/")
    seed = bytes(DrawSecret.objects.get().seed).hex()
    assert not [entry for entry in LogEntry.objects.all() if seed in str(entry.details)]


def test_weights_are_merged_and_one_is_none(api, cspace, team):
    other, path = make_group("316"), f"allocation-events/{make_event(by=cspace).pk}/"
    first = {str(team.pk): 2, str(other.pk): 8}
    for _ in range(2):
        assert answer(api(cspace).put(f"{path}weights/", first))[1]["weights"] == first
    assert answer(api(cspace).put(f"{path}weights/", {str(team.pk): 1}))[1]["weights"] == {str(other.pk): 8}
    rows = LogEntry.objects.filter(action="allocation_event.weights_set").order_by("id")
    assert [row.details["changes"] for row in rows] == [
        {str(team.pk): [1, 2], str(other.pk): [1, 8]},
        {str(team.pk): [2, 1]},
    ]


def test_weights_that_cannot_be(api, cspace, team):
    path = f"allocation-events/{make_event(by=cspace).pk}/weights/"
    own, unknown = str(team.pk), str(team.pk + 999)
    assert refused(api(cspace).put(path, {own: 9, "x": 1, f"0{own}": 2}))[2] == {
        own: ["Ensure this value is less than or equal to 8."],
        "x": ["The id of a group is required"],
        f"0{own}": ["The id of a group is required"],
    }
    assert refused(api(cspace).put(path, {own: True}))[2] == {own: ["A whole number is required"]}
    assert refused(api(cspace).put(path, {own: 2, unknown: 2}))[2] == {unknown: ["Unknown group"]}
    assert refused(api(cspace).put(path, [1]))[2] == {"non_field_errors": ["A JSON object is required"]}
    assert len(log()) == 1


def test_weights_are_fixed_when_registration_has_ended(api, cspace, team):
    path = f"allocation-events/{make_event(by=cspace).pk}/"
    api(cspace).post(f"{path}end/")
    assert answer(api(cspace).put(f"{path}weights/", {str(team.pk): 2})) == (
        409,
        {"error": "The weights are fixed once registration has ended", "code": "INVALID_STATE"},
    )


def test_unavailable_dates(api, cspace, member, team, room):
    path = f"allocation-events/{make_event(by=cspace).pk}/unavailable-dates/?classroom=Room A"
    make_registration(by=member, group=team, classroom=room, day=dt.date(2026, 3, 3))
    make_registration(by=member, group=team, classroom=room, day=dt.date(2026, 3, 4), start=1080, end=1200)
    make_registration(by=member, group=team, classroom=room, day=dt.date(2026, 2, 1))
    closure = {"starts_at": "2026-03-09T15:00:00Z", "ends_at": "2026-03-10T17:00:00Z"}
    api(cspace).post("classrooms/Room A/closures/", closure)

    def dates(more=""):
        return answer(api(member).get(path + more))[1]["unavailable_dates"]

    # The closure lies on three campus days.
    term = ["2026-03-03", "2026-03-04", "2026-03-09", "2026-03-10", "2026-03-11"]
    assert dates() == term
    assert dates("&start_time=10:00&end_time=12:00") == ["2026-03-03", "2026-03-10"]
    assert dates("&start_time=12:00&end_time=18:00") == ["2026-03-10"]
    assert dates("&start_date=2026-02-01&end_date=2026-03-03") == ["2026-02-01", "2026-03-03"]
    assert dates("&start_date=2026-03-10") == ["2026-03-10", "2026-03-11"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "classroom"),
        ("classroom=Nope", "classroom"),
        ("classroom=Room A&start_date=2026-07-01", "start_date"),
        ("classroom=Room A&start_date=2024-01-01", "end_date"),
        ("classroom=Room A&start_date=1850-01-01", "start_date"),
        ("classroom=Room A&start_time=12:00&end_time=12:00", "start_time"),
    ],
)
def test_unavailable_dates_that_cannot_be_asked_for(api, cspace, member, room, query, field):
    path = f"allocation-events/{make_event(by=cspace).pk}/unavailable-dates/?{query}"
    assert list(refused(api(member).get(path))[2]) == [field]


def test_room_agenda_comes_by_day_and_time_without_the_rejected(api, cspace, member, team, room):
    event = make_event(by=cspace)
    wishes = [(3, 900), (2, 600), (3, 600), (4, 600)]
    filed = {
        wish: make_entry(event, by=member, group=team, classroom=room, day_of_week=wish[0], start=wish[1])
        for wish in wishes
    }
    make_entry(event, by=member, group=team, classroom=make_classroom("Room B"))
    path = f"allocation-events/{event.pk}/"
    api(cspace).post(f"{path}registrations/{filed[4, 600].pk}/reject/")
    api(cspace).post(f"{path}registrations/{filed[3, 600].pk}/approve/")
    rows = api(cspace).get(f"{path}room-agenda/?classroom=Room A").json()["registrations"]
    assert [(row["id"], row["is_pending"]) for row in rows] == [
        (filed[2, 600].pk, True),
        (filed[3, 600].pk, False),
        (filed[3, 900].pk, True),
    ]
    paged = api(cspace).get(f"{path}room-agenda/?classroom=Room A&per_page=2").json()
    assert (paged["classroom"], paged["count"], len(paged["registrations"])) == ("Room A", 3, 2)
    assert list(refused(api(cspace).get(f"{path}room-agenda/"))[2]) == ["classroom"]


@pytest.mark.parametrize(
    "path", ["", "{id}/", "{id}/room-agenda/?classroom=Room A", "{id}/unavailable-dates/?classroom=Room A"]
)
def test_reads_cost_the_same_at_one_and_at_three(api, cspace, member, team, room, path, django_assert_num_queries):
    budget = {"": 2, "{id}/": 3}.get(path, 4)
    event = make_event(by=cspace)
    for round_number in range(2):
        for number in range(1 + round_number):
            make_event(by=cspace)
            start = 60 * (2 + 4 * round_number + 2 * number)
            make_entry(event, by=member, group=team, classroom=room, start=start)
            set_weights(event_id=event.pk, by=cspace, now=clock.now(), weights={make_group().pk: 2})
        with django_assert_num_queries(budget):
            assert api(cspace).get("allocation-events/" + path.format(id=event.pk)).status_code == 200


# --- wishes and times the event changes -------------------------------------------------------------


def test_a_wish_that_loses_its_last_date_is_told_once(api, cspace, member, team, room):
    event = make_event(by=cspace)
    make_entry(event, by=member, group=team, classroom=room, day_of_week=2)
    lost = make_entry(event, by=member, group=team, classroom=room, day_of_week=7)
    Notification.objects.all().delete()
    path, week = f"allocation-events/{event.pk}/", {"target_start_date": "2026-02-23", "target_end_date": "2026-02-26"}

    for change in (week, {"target_end_date": "2026-02-25"}):
        assert api(cspace).put(path, change).status_code == 200

    text = "the wish of 522 for Room A, Saturdays 10:00–12:00 has no date in it any more."
    assert [(notice.user.username, notice.description) for notice in Notification.objects.all()] == [
        ("member", f"The allocation event is for 2026-02-23 – 2026-02-26 now: {text}")
    ]
    changes = LogEntry.objects.filter(action="allocation_event.changed").order_by("id")
    assert [row.details.get("entries_without_dates") for row in changes] == [[lost.pk], None]


def test_a_wish_without_a_date_loses_for_a_reason_of_its_own(api, cspace, member, team, room):
    event = make_event(by=cspace)
    entry = make_entry(event, by=member, group=team, classroom=room, day_of_week=7)
    path = f"allocation-events/{event.pk}/"
    api(cspace).put(path, {"target_start_date": "2026-02-23", "target_end_date": "2026-02-26"})
    api(cspace).post(f"{path}end/")
    Notification.objects.all().delete()
    assert api(cspace).post(f"{path}distribute/").status_code == 200

    outcome = api(member).get(f"{path}registrations/{entry.pk}/").json()["outcome"]
    sentence = "None of the event's dates falls on its day of the week."
    assert (outcome["reason"], outcome["sentence"], outcome["skipped"]) == ("UNAVAILABLE", sentence, [])
    (notice,) = Notification.objects.filter(user=member)
    assert notice.description.endswith(f"{sentence[0].lower()}{sentence[1:]}")


@pytest.mark.parametrize(
    ("close", "sentence"),
    [(True, "The room is closed on all of its dates."), (False, "Too many of its dates are taken.")],
)
def test_a_wish_is_told_whether_its_dates_are_closed_or_taken(api, cspace, member, team, room, close, sentence):
    event = make_event(by=cspace)
    path = f"allocation-events/{event.pk}/"
    api(cspace).put(path, {"target_start_date": "2026-02-23", "target_end_date": "2026-03-01"})
    entry = make_entry(event, by=member, group=team, classroom=room, day_of_week=2)
    if close:
        closure = {"starts_at": "2026-02-22T16:00:00Z", "ends_at": "2026-02-23T16:00:00Z"}
        assert api(cspace).post("classrooms/Room A/closures/", closure).status_code == 201
    else:
        make_registration(by=member, group=team, classroom=room, day=dt.date(2026, 2, 23))
    api(cspace).post(f"{path}end/")
    api(cspace).post(f"{path}distribute/")
    assert api(member).get(f"{path}registrations/{entry.pk}/").json()["outcome"]["sentence"] == sentence


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"end_time": "11:00"}, 200),
        ({"start_time": "11:00"}, 200),
        ({"start_time": "10:30", "end_time": "11:30"}, 200),
        ({"description": "x"}, 200),
        ({"end_time": "12:30"}, 409),
        ({"start_time": "09:30", "end_time": "10:30"}, 409),
        ({"start_time": "11:00", "end_time": "13:00"}, 409),
        ({"date": "2026-02-24", "end_time": "11:00"}, 409),
        ({"classroom": "Room B", "end_time": "11:00"}, 409),
    ],
)
def test_a_booking_may_shrink_while_its_time_is_kept_for_the_draw(api, cspace, member, team, room, change, status):
    make_classroom("Room B")
    booking = make_registration(by=member, group=team, classroom=room, day=dt.date(2026, 2, 23))
    make_event(by=cspace, hold_singles=True)
    assert api(member).put(f"registrations/{booking.pk}/", change).status_code == status
    assert api(cspace).put(f"registrations/{booking.pk}/", change).status_code == 200

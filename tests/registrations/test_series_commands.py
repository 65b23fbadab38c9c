"""Moving a series, cancelling it, retrying its skipped dates: contract §7. What is past or changed by hand stays."""

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from auditlog.models import LogEntry
from classrooms.models import Occupancy
from notifications.models import Notification
from registrations.enums import WeekState
from registrations.models import Registration, SeriesWeek
from tests.factories import join, make_classroom, make_group, make_registration
from tests.registrations.series_answers import dates, ids, url

pytestmark = pytest.mark.usefixtures("document_clock")
DATES = ["2026-02-04", "2026-02-11", "2026-02-18", "2026-02-25"]
THIRD = "2026-02-17T02:00:00Z"
"""Tuesday of the third week."""


@pytest.fixture
def weekly(room, team):
    return {
        "group_id": team.pk,
        "classroom": "Room A",
        "day_of_week": 4,
        "start_time": "9:10",
        "end_time": "10:20",
        "start_date": "2026-02-01",
        "end_date": "2026-02-28",
        "description": "Choir",
        "on_behalf_of": "member",
    }


@pytest.fixture
def series(api, cspace, member, weekly):
    """Room A, Wednesdays 09:10–10:20 from 2026-02-04 to 2026-02-25, of `member`."""
    response = api(cspace).post("batch-allocations/", weekly)
    assert response.status_code == 201, response.content
    Notification.objects.all().delete()
    return response.json()


@pytest.fixture
def other_room(db):
    return make_classroom("Room B")


def actions():
    return list(LogEntry.objects.order_by("id").values_list("action", "target"))[1:]


def told():
    return list(Notification.objects.order_by("id").values_list("user__username", "description"))


def slots():
    """(room, start, live) of every occurrence, by id."""
    rows = Registration.objects.select_related("occupancy__classroom").order_by("pk")
    return [(row.occupancy.classroom.name, f"{row.occupancy.starts_at:%m-%dT%H:%M}Z", row.status) for row in rows]


def settled_ids():
    return list(SeriesWeek.objects.filter(state=WeekState.SETTLED).in_order().values_list("registration", flat=True))


def book(member, team, room, day, start, end):
    return make_registration(
        by=member, group=team, classroom=room, day=dt.date.fromisoformat(day), start=start, end=end
    )


# --- moving --------------------------------------------------------------------------------------


def test_a_shift_within_the_day_is_not_hindered_by_its_own_old_times(api, cspace, series):
    body = {"start_time": "9:40", "end_time": "10:50", "on_conflict": "fail"}

    response = api(cspace).put(url(series), body)

    assert (response.status_code, response.json()["registrations"]) == (200, series["registrations"])
    assert [start for _, start, _ in slots()] == [f"02-{day}T01:40Z" for day in ("04", "11", "18", "25")]


def test_an_occurrence_that_has_started_stays(api, cspace, series, other_room):
    with time_machine.travel("2026-02-18T01:10:00Z", tick=False):  # the very start of the third
        assert api(cspace).put(url(series), {"classroom": "Room B"}).status_code == 200
        assert [room for room, _, _ in slots()] == ["Room A", "Room A", "Room A", "Room B"]
        assert api(cspace).delete(url(series)).status_code == 204
    assert [status for _, _, status in slots()] == ["approved", "approved", "approved", "cancelled"]


def test_a_move_to_another_day_keeps_the_ids(api, cspace, series, other_room):
    response = api(cspace).put(url(series), {"day_of_week": 6, "start_time": "9:40", "end_time": "11:00"})

    assert response.status_code == 200, response.content
    assert response.json() == series | {
        "day_of_week": 6,
        "start_time": "09:40",
        "end_time": "11:00",
        "registrations": [
            {"id": pk, "date": new}
            for pk, new in zip(ids(series), ["2026-02-06", "2026-02-13", "2026-02-20", "2026-02-27"], strict=True)
        ],
    }
    assert slots()[0] == ("Room A", "02-06T01:40Z", "approved")
    assert actions() == [("series.changed", f"series:{series['id']}")]
    details = LogEntry.objects.latest("id").details
    assert details == {
        "group": "522",
        "classroom": "Room A",
        "day_of_week": 6,
        "start_time": "09:40",
        "end_time": "11:00",
        "start_date": "2026-02-01",
        "end_date": "2026-02-28",
        "changes": {"day_of_week": [4, 6], "start_time": ["09:10", "09:40"], "end_time": ["10:20", "11:00"]},
        "from_date": "2026-01-20",
        "changed_count": 4,
        "changed_ids": ids(series),
        "added_count": 0,
        "added_ids": [],
        "cancelled_count": 0,
        "cancelled_ids": [],
        "skipped": [],
    }
    assert told() == [
        (
            "member",
            "The series of 522 has been changed from 2026-01-20: Room A, Fridays 09:40–11:00, 4 dates.",
        )
    ]


def test_past_occurrences_and_those_changed_by_hand_stay(api, cspace, member, series, other_room):
    by_hand = ids(series)[3]
    assert api(member).put(f"registrations/{by_hand}/", {"start_time": "9:30"}).status_code == 200
    assert settled_ids() == [by_hand]
    with time_machine.travel(THIRD, tick=False):
        response = api(cspace).patch(url(series), {"classroom": "Room B"})

    assert response.status_code == 200
    assert slots() == [
        ("Room A", "02-04T01:10Z", "approved"),
        ("Room A", "02-11T01:10Z", "approved"),
        ("Room B", "02-18T01:10Z", "approved"),
        ("Room A", "02-25T01:30Z", "pending"),
    ]
    assert LogEntry.objects.latest("id").details["changed_ids"] == [ids(series)[2]]


def test_rewording_an_occurrence_does_not_settle_it_and_moving_it_or_its_group_does(api, cspace, member, team, series):
    first, second, third, _ = ids(series)
    other = make_group()
    join(member, other)
    api(member).put(f"registrations/{first}/", {"description": "Choir, with guests"})
    api(member).put(f"registrations/{second}/", {"date": "2026-02-12"})
    api(member).put(f"registrations/{third}/", {"group_id": other.pk})

    assert settled_ids() == [second, third]


def test_a_move_from_a_day_on_leaves_what_lies_before(api, cspace, series, other_room):
    response = api(cspace).put(url(series), {"classroom": "Room B", "from_date": "2026-02-18"})

    assert (response.status_code, response.json()["classroom"]) == (200, "Room B")
    assert [room for room, _, _ in slots()] == ["Room A", "Room A", "Room B", "Room B"]
    assert told()[0][1].startswith("The series of 522 has been changed from 2026-02-18: Room B, Wednesdays")
    back = api(cspace).put(url(series), {"classroom": "Room A"})
    assert back.status_code == 200
    assert [room for room, _, _ in slots()] == ["Room A"] * 4


def test_a_week_whose_new_time_has_gone_by_keeps_the_old_one(api, cspace, series):
    with time_machine.travel(THIRD, tick=False):
        response = api(cspace).put(url(series), {"day_of_week": 2})

    assert dates(response.json()) == ["2026-02-04", "2026-02-11", "2026-02-18", "2026-02-23"]


def test_refused_dates_are_recorded_and_their_occurrences_cancelled(api, cspace, member, team, series, other_room):
    taken = book(member, team, other_room, "2026-02-11", 600, 660)
    Notification.objects.all().delete()

    response = api(cspace).put(url(series), {"classroom": "Room B"})

    assert response.status_code == 200
    body = response.json()
    assert dates(body) == ["2026-02-04", "2026-02-18", "2026-02-25"]
    assert body["skipped"] == [{"date": "2026-02-11", "existing_registration_id": taken.pk, "why": "booked"}]
    lost = ids(series)[1]
    occupancy = Occupancy.objects.get(pk=lost)
    assert (occupancy.classroom.name, f"{occupancy.starts_at:%m-%dT%H:%MZ}") == ("Room A", "02-11T01:10Z")
    assert occupancy.registration.status == "cancelled"
    assert actions()[1:] == [
        ("registration.cancelled", f"registration:{lost}"),
        ("series.changed", f"series:{series['id']}"),
    ]
    assert LogEntry.objects.latest("id").details["skipped"] == [{"date": "2026-02-11", "why": "booked"}]
    assert told() == [
        (
            "member",
            "The series of 522 has been changed from 2026-01-20: Room B, Wednesdays 09:10–10:20,"
            " 3 dates, 1 skipped (booked).",
        )
    ]
    again = api(cspace).put(url(series), {"classroom": "Room A"}).json()
    assert (dates(again), again["skipped"]) == (DATES, [])


def test_a_move_that_may_not_skip_changes_nothing(api, cspace, member, team, series, other_room):
    taken = [book(member, team, other_room, day, 600, 660) for day in DATES[1:3]]
    before, logged = slots(), actions()

    response = api(cspace).put(url(series), {"classroom": "Room B", "on_conflict": "fail"})

    assert response.status_code == 409
    assert response.json()["details"] == {
        "existing_registration_id": taken[0].pk,
        "conflicts": [
            {"id": row.pk, "kind": "registration", "date": day, "start_time": "10:00", "end_time": "11:00"}
            for row, day in zip(taken, DATES[1:3], strict=True)
        ],
    }
    assert (slots(), actions(), api(cspace).get(url(series)).json()) == (before, logged, series)


def test_a_move_to_where_no_date_is_free_changes_nothing(api, cspace, series, other_room):
    closure = {"starts_at": "2026-01-21T00:00:00Z", "ends_at": "2026-03-01T00:00:00Z"}
    assert api(cspace).post("classrooms/Room B/closures/", closure).status_code == 201

    response = api(cspace).put(url(series), {"classroom": "Room B"})

    assert (response.status_code, response.json()["details"]["existing_registration_id"]) == (409, None)
    assert [row["date"] for row in response.json()["details"]["conflicts"]] == DATES
    assert api(cspace).get(url(series)).json() == series


def test_a_date_cancelled_by_hand_does_not_come_back(api, cspace, member, series, other_room):
    assert api(member).delete(f"registrations/{ids(series)[1]}/").status_code == 204

    body = api(cspace).put(url(series), {"classroom": "Room B"}).json()

    assert (dates(body), body["skipped"]) == (["2026-02-04", "2026-02-18", "2026-02-25"], [])


def test_a_new_last_day_adds_and_gives_up_weeks(api, cspace, member, team, room, series):
    taken = book(member, team, room, "2026-03-04", 600, 660)

    longer = api(cspace).put(url(series), {"end_date": "2026-03-12"}).json()
    assert dates(longer) == [*DATES, "2026-03-11"]
    assert longer["skipped"] == [{"date": "2026-03-04", "existing_registration_id": taken.pk, "why": "booked"}]
    assert LogEntry.objects.latest("id").details["changed_ids"] == []

    shorter = api(cspace).put(url(series), {"end_date": "2026-02-18"}).json()
    assert (dates(shorter), shorter["skipped"]) == (DATES[:3], [])
    assert LogEntry.objects.latest("id").details["cancelled_count"] == 2
    assert [name for name, _ in actions()] == [
        "registration.created",
        "series.changed",
        "registration.cancelled",
        "registration.cancelled",
        "series.changed",
    ]
    restored = api(cspace).put(url(series), {"end_date": "2026-02-28"}).json()
    assert dates(restored) == DATES


def test_group_and_description_go_to_what_lies_ahead(api, cspace, series):
    other = make_group("316")
    with time_machine.travel(THIRD, tick=False):
        body = api(cspace).put(url(series), {"group_id": other.pk, "description": "Orchestra"}).json()

    assert (body["reserved_group"], body["description"], dates(body)) == ("316", "Orchestra", DATES)
    rows = Registration.objects.order_by("pk").values_list("group__name", "description")
    assert list(rows) == [("522", "Choir")] * 2 + [("316", "Orchestra")] * 2


def test_a_change_that_changes_nothing_leaves_no_trace(api, cspace, series):
    same = {"classroom": "Room A", "day_of_week": 4, "start_time": "09:10", "from_date": "2026-02-10", "x": 1}

    response = api(cspace).put(url(series), same)

    assert (response.status_code, response.json(), actions(), told()) == (200, series, [], [])


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"classroom": "Closed Room"}, "classroom", "Closed Room is not open for booking"),
        ({"classroom": "Nope"}, "classroom", "Unknown classroom"),
        ({"group_id": 999_999}, "group_id", "Unknown group"),
        ({"start_time": "10:20"}, "start_time", "Start time must be before end time"),
        ({"end_date": "2026-01-31"}, "end_date", "Start date must not be after end date"),
        ({"end_date": "2027-02-03"}, "end_date", "At most 366 days after the start date"),
        ({"from_date": "2026-03-01"}, "from_date", "Must not be after the last day of the series"),
        ({"day_of_week": 9}, "day_of_week", "Ensure this value is less than or equal to 7."),
        (
            {"day_of_week": 1, "from_date": "2026-02-23"},
            "day_of_week",
            "This day does not occur between now and the last day of the series",
        ),
        ({"on_conflict": "cancel"}, "on_conflict", '"cancel" is not a valid choice.'),
        ({"from_date": "tomorrow"}, "from_date", "A date of the form YYYY-MM-DD is required"),
    ],
)
def test_a_rule_that_is_broken_is_named(api, cspace, series, change, field, sentence):
    make_classroom("Closed Room", is_active=False)

    response = api(cspace).put(url(series), change)

    assert (response.status_code, response.json()["details"]) == (400, {field: [sentence]})
    assert (api(cspace).get(url(series)).json(), actions()) == (series, [])


def test_a_series_that_is_over_cannot_be_changed_but_made_longer(api, cspace, series, other_room):
    with time_machine.travel("2026-03-01T02:00:00Z", tick=False):
        over = api(cspace).put(url(series), {"classroom": "Room B"})
        assert (over.status_code, over.json()) == (
            409,
            {"error": "The series is over: it has no dates left", "code": "INVALID_STATE"},
        )
        longer = api(cspace).put(url(series), {"classroom": "Room B", "end_date": "2026-03-11"})
    assert (longer.status_code, dates(longer.json())) == (200, [*DATES, "2026-03-04", "2026-03-11"])
    assert [room for room, _, _ in slots()] == ["Room A"] * 4 + ["Room B"] * 2


# --- cancelling ----------------------------------------------------------------------------------


def test_cancelling_gives_back_what_has_not_started(api, cspace, member, series):
    by_hand = ids(series)[3]
    api(member).put(f"registrations/{by_hand}/", {"start_time": "9:30"})
    Notification.objects.all().delete()
    logged = len(actions())
    with time_machine.travel(THIRD, tick=False):
        response = api(cspace).delete(url(series))
        again = api(cspace).delete(url(series))

    assert (response.status_code, response.content, again.status_code) == (204, b"", 204)
    assert [status for _, _, status in slots()] == ["approved", "approved", "cancelled", "pending"]
    assert Occupancy.objects.get(pk=ids(series)[2]).is_live is False
    assert actions()[logged:] == [
        ("registration.cancelled", f"registration:{ids(series)[2]}"),
        ("series.cancelled", f"series:{series['id']}"),
    ]
    details = LogEntry.objects.latest("id").details
    assert (details["from_date"], details["cancelled_count"], details["cancelled_ids"]) == (
        "2026-02-17",
        1,
        [ids(series)[2]],
    )
    assert told() == [
        (
            "member",
            "The series of 522 has been cancelled from 2026-02-17: Room A, Wednesdays 09:10–10:20, 1 date.",
        )
    ]
    assert api(cspace).get(url(series)).json()["cancelled_from"] == "2026-02-17"


def test_cancelling_from_a_day_on(api, cspace, series):
    assert api(cspace).delete(url(series) + "?from_date=2026-02-12").status_code == 204

    body = api(cspace).get(url(series)).json()
    assert (dates(body), body["cancelled_from"]) == (DATES[:2], "2026-02-12")
    assert api(cspace).get("batch-allocations/?active_on=2026-02-11").json()["results"] == [body]
    assert api(cspace).get("batch-allocations/?active_on=2026-02-12").json()["results"] == []
    assert len(told()) == 1
    # Later is no news, earlier is.
    assert api(cspace).delete(url(series) + "?from_date=2026-02-20").status_code == 204
    assert len(told()) == 1
    assert api(cspace).delete(url(series) + "?from_date=2026-02-10").status_code == 204
    assert dates(api(cspace).get(url(series)).json()) == DATES[:1]


def test_a_cancelled_series_keeps_its_last_day(api, cspace, series, other_room):
    api(cspace).delete(url(series) + "?from_date=2026-02-12")

    assert api(cspace).put(url(series), {"end_date": "2026-03-31"}).json()["code"] == "INVALID_STATE"
    moved = api(cspace).put(url(series), {"classroom": "Room B"})
    assert (moved.status_code, dates(moved.json())) == (200, DATES[:2])


@pytest.mark.parametrize("query", ["from_date=x", "from_date=2026-2-1"])
def test_a_malformed_day_is_refused(api, cspace, series, query):
    response = api(cspace).delete(f"{url(series)}?{query}")
    assert (response.status_code, set(response.json()["details"])) == (400, {"from_date"})
    assert actions() == []


# --- retrying ------------------------------------------------------------------------------------


@pytest.fixture
def gappy(api, cspace, member, team, room, weekly):
    """A series that could not have its second and third date, and who has them."""
    taken = [book(member, team, room, day, 600, 660) for day in DATES[1:3]]
    series = api(cspace).post("batch-allocations/", weekly | {"on_conflict": "skip"}).json()
    Notification.objects.all().delete()
    return series, taken


def test_skipped_dates_that_have_become_free_are_booked(api, cspace, member, gappy):
    series, (first, second) = gappy
    assert api(member).delete(f"registrations/{first.pk}/").status_code == 204
    logged = len(actions())
    tried = api(cspace).post(url(series, "retry-skipped/?dry_run=true")).json()
    old, last = (row["id"] for row in series["registrations"])
    assert [row["id"] for row in tried["registrations"]] == [old, None, last]

    response = api(cspace).post(url(series, "retry-skipped/"))

    assert response.status_code == 200
    body = response.json()
    assert dates(body) == ["2026-02-04", "2026-02-11", "2026-02-25"]
    assert body["skipped"] == [{"date": "2026-02-18", "existing_registration_id": second.pk, "why": "booked"}]
    new = body["registrations"][1]["id"]
    assert actions()[logged:] == [("series.retried", f"series:{series['id']}")]
    details = LogEntry.objects.latest("id").details
    assert (details["registration_ids"], details["dates"]) == ([new], ["2026-02-11"])
    assert told() == [("member", "522 also got Room A, Wednesdays 09:10–10:20, on 2026-02-11.")]
    detail = api(cspace).get(f"registrations/{new}/").json()
    assert (detail["series_id"], detail["status"], detail["created_by"]) == (series["id"], "approved", "member")


def test_a_retry_in_vain_leaves_no_trace(api, cspace, member, gappy):
    series, taken = gappy
    logged = len(actions())
    assert api(cspace).post(url(series, "retry-skipped/")).json() == series
    for row in taken:
        api(member).delete(f"registrations/{row.pk}/")
    with time_machine.travel("2026-02-18T01:30:00Z", tick=False):  # both have gone by
        assert api(cspace).post(url(series, "retry-skipped/")).json()["skipped"] == series["skipped"]
    assert [name for name, _ in actions()[logged:]] == ["registration.cancelled"] * 2


def test_a_retry_needs_an_open_room_and_a_living_group(api, cspace, member, team, room, gappy):
    series, _ = gappy
    room.is_active = False
    room.save()
    closed = api(cspace).post(url(series, "retry-skipped/"))
    assert (closed.status_code, closed.json()["details"]) == (
        400,
        {"classroom": ["Room A is not open for booking"]},
    )
    assert api(cspace).delete(f"groups/{team.pk}/").status_code == 204
    over = api(cspace).post(url(series, "retry-skipped/"))
    assert (over.status_code, over.json()["code"]) == (409, "INVALID_STATE")
    assert api(cspace).put(url(series), {"description": "x"}).json()["code"] == "INVALID_STATE"


# --- what happens to series from below -----------------------------------------------------------


def test_archiving_the_group_cancels_its_series_with_one_sentence(api, cspace, member, team, room, series):
    single = book(member, team, room, "2026-02-05", 600, 660)
    Notification.objects.all().delete()
    logged = len(actions())

    with time_machine.travel(THIRD, tick=False):
        assert api(cspace).delete(f"groups/{team.pk}/").status_code == 204

    rows = [f"registration:{pk}" for pk in ids(series)[2:]]
    assert Registration.objects.get(pk=single.pk).status == "pending"  # it was over
    assert actions()[logged:] == [
        *[("registration.cancelled", row) for row in rows],
        ("series.cancelled", f"series:{series['id']}"),
        ("group.archived", f"group:{team.pk}"),
    ]
    assert LogEntry.objects.latest("id").details["cancelled"] == [*rows, f"series:{series['id']}"]
    assert told() == [
        (
            "member",
            "The series of 522 has been cancelled from 2026-02-17: Room A, Wednesdays 09:10–10:20, 2 dates."
            " Reason: The group has been archived",
        ),
        ("member", 'The group "522" has been archived.'),
    ]


def test_closing_the_room_cancels_an_occurrence_as_any_registration(api, cspace, series):
    closure = {"starts_at": "2026-02-11T00:00:00Z", "ends_at": "2026-02-12T00:00:00Z", "on_conflict": "cancel"}

    assert api(cspace).post("classrooms/Room A/closures/", closure).status_code == 201

    assert dates(api(cspace).get(url(series)).json()) == [DATES[0], *DATES[2:]]
    assert told() == [
        (
            "member",
            "Your room registration has been cancelled: Room A, 2026-02-11 09:10–10:20. Reason: The room is closed",
        )
    ]


def test_a_room_that_only_a_series_names_is_used(api, cspace, member, series, other_room):
    for pk in ids(series):
        assert api(member).delete(f"registrations/{pk}/").status_code == 204
    assert api(cspace).put(url(series), {"classroom": "Room B"}).json()["registrations"] == []
    assert Occupancy.objects.filter(classroom=other_room).count() == 0

    response = api(cspace).delete("classrooms/Room B/")

    assert (response.status_code, response.json()["code"]) == (409, "INVALID_STATE")


# --- dry, repeatable, cheap ----------------------------------------------------------------------


def test_dry_runs_leave_nothing(api, cspace, series, other_room):
    moved = api(cspace).put(url(series) + "?dry_run=true", {"classroom": "Room B"})
    assert (moved.status_code, moved["X-Dry-Run"], moved.json()["classroom"]) == (200, "true", "Room B")
    assert api(cspace).delete(url(series) + "?dry_run=true").status_code == 204
    assert (api(cspace).get(url(series)).json(), actions(), told()) == (series, [], [])


def test_a_dry_run_of_a_longer_series_knows_the_ids_there_are(api, cspace, series):
    longer = api(cspace).put(url(series) + "?dry_run=true", {"end_date": "2026-03-14"}).json()
    assert longer["registrations"] == [
        *series["registrations"],
        *({"id": None, "date": f"2026-03-{day}"} for day in ("04", "11")),
    ]
    assert (longer["id"], longer["created_at"]) == (series["id"], series["created_at"])


def test_a_repeated_retry_is_executed_once(api, cspace, member, gappy):
    series, (first, _) = gappy
    api(member).delete(f"registrations/{first.pk}/")
    key = {"Idempotency-Key": "retry-1"}
    once, again = [api(cspace).post(url(series, "retry-skipped/"), **key) for _ in range(2)]
    assert (once.status_code, again.content) == (200, once.content)
    assert LogEntry.objects.filter(action="series.retried").count() == 1


@pytest.mark.parametrize("command", ["move", "cancel", "retry"])
def test_commands_cost_the_same_however_long_the_series(api, cspace, member, weekly, command):
    make_classroom("Room B")

    def statements(end, times):
        body = weekly | times | {"end_date": end}
        blocker = api(cspace).post("batch-allocations/", body).json()
        # One week more, so that not all of its dates are taken.
        longer = body | {"start_date": "2026-01-28", "on_conflict": "skip"}
        series = api(cspace).post("batch-allocations/", longer).json()
        assert api(cspace).delete(url(blocker)).status_code == 204
        if command != "retry":
            api(cspace).post(url(series, "retry-skipped/"))
        with CaptureQueriesContext(connection) as captured:
            if command == "move":
                assert api(cspace).put(url(series), {"classroom": "Room B"}).status_code == 200
            elif command == "cancel":
                assert api(cspace).delete(url(series)).status_code == 204
            else:
                assert api(cspace).post(url(series, "retry-skipped/")).status_code == 200
        return len(captured)

    short = statements("2026-02-11", {})
    long = statements("2027-01-13", {"start_time": "11:00", "end_time": "12:00"})
    assert short == long
    assert SeriesWeek.objects.skipped().count() == 0
    live = Registration.objects.live().count()
    assert live == (0 if command == "cancel" else 3 + 51)


def test_an_occurrence_of_a_cancelled_series_is_not_approved_again(api, cspace, series):
    first, *_, last = ids(series)
    for pk in (first, last):
        assert api(cspace).post(f"registrations/{pk}/reject/").status_code == 200
    assert api(cspace).delete(url(series, "?from_date=2026-02-18")).status_code == 204
    refused = api(cspace).post(f"registrations/{last}/approve/")
    assert (refused.status_code, refused.json()) == (
        409,
        {"error": "The series has been cancelled from this date on", "code": "INVALID_STATE"},
    )
    assert api(cspace).post(f"registrations/{first}/approve/").status_code == 200
    assert dates(api(cspace).get(url(series)).json()) == DATES[:2]

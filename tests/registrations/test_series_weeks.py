"""Each week of a series by its row: what is settled by hand stays, what the system drops comes back when it fits."""

import datetime as dt

import pytest
import time_machine

from auditlog.models import LogEntry
from notifications.models import Notification
from registrations.models import Registration, SeriesWeek
from tests.factories import join, make_classroom, make_group, make_registration
from tests.registrations.series_answers import dates, ids, url

pytestmark = pytest.mark.usefixtures("document_clock")
MONDAYS = ["2026-02-02", "2026-02-09", "2026-02-16", "2026-02-23"]
CLOSURE = {"starts_at": "2026-02-08T16:00:00Z", "ends_at": "2026-02-09T16:00:00Z", "on_conflict": "cancel"}
"""All of Monday 2026-02-09 on the campus."""


@pytest.fixture
def series(api, cspace, team, member, room):
    """Room A, Mondays 10:00–12:00 from 2026-02-02 to 2026-02-23, of `member` for 522."""
    body = {
        "group_id": team.pk,
        "classroom": "Room A",
        "day_of_week": 2,
        "start_time": "10:00",
        "end_time": "12:00",
        "start_date": MONDAYS[0],
        "end_date": MONDAYS[-1],
        "description": "Choir",
        "on_behalf_of": "member",
    }
    response = api(cspace).post("batch-allocations/", body)
    assert response.status_code == 201, response.content
    Notification.objects.all().delete()
    return response.json()


@pytest.fixture
def change(api, cspace, series):
    """Change the series; the answer's body."""

    def put(status=200, **values):
        response = api(cspace).put(url(series), values)
        assert response.status_code == status, response.content
        return response.json()

    return put


@pytest.fixture
def other_room(db):
    return make_classroom("Room B")


def skipped(body):
    return [(row["date"], row["why"]) for row in body["skipped"]]


def rooms():
    rows = Registration.objects.live().select_related("occupancy__classroom").in_order()
    return [row.occupancy.classroom.name for row in rows]


def states(series):
    weeks = SeriesWeek.objects.of_series([series["id"]]).in_order()
    return [(f"{week.begins_on:%m-%d}", week.state) for week in weeks]


def told():
    return list(Notification.objects.order_by("id").values_list("user__username", "description"))


# --- 1. what was settled by hand stays, whatever week it went to ----------------------------------

COMMANDS = [
    {"classroom": "Room B"},
    {"start_time": "10:30"},
    {"day_of_week": 3, "end_date": "2026-03-03"},
    {"end_date": "2026-03-02"},
    {"classroom": "Room A"},
    {"description": "Orchestra"},
]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("there", ["2026-02-11", "2026-02-25", "2026-03-31", "2026-01-30"])
def test_a_date_moved_by_hand_to_another_week_is_not_booked_again(
    api, cspace, series, change, other_room, there, command
):
    assert api(cspace).put(f"registrations/{ids(series)[0]}/", {"date": there}).status_code == 200

    body = change(**command)

    of_first_week = [day for day in dates(body) if "2026-02-01" <= day < "2026-02-08"]
    assert (of_first_week, there in dates(body)) == ([], True)
    assert len(dates(body)) == 4 + ("end_date" in command)
    assert states(series)[0] == ("02-01", "settled")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_date_moved_by_hand_and_then_cancelled_does_not_come_back(
    api, cspace, member, series, change, other_room, command
):
    moved = f"registrations/{ids(series)[0]}/"
    assert api(cspace).put(moved, {"date": "2026-02-10"}).status_code == 200
    assert api(member).delete(moved).status_code == 204

    body = change(**command)

    assert len(dates(body)) == 3 + ("end_date" in command)
    assert not [day for day in dates(body) if day < "2026-02-08"]
    again = api(cspace).post(url(series, "retry-skipped/")).json()
    assert dates(again) == dates(body)


def test_a_date_given_to_another_group_stays_with_it(api, cspace, series, change, other_room):
    other = make_group("316")
    first = ids(series)[0]
    assert api(cspace).put(f"registrations/{first}/", {"group_id": other.pk}).status_code == 200
    change(classroom="Room B", description="Orchestra")
    row = Registration.objects.select_related("group", "occupancy__classroom").get(pk=first)
    assert (row.group.name, row.occupancy.classroom.name, row.description) == ("316", "Room A", "Choir")


# --- 2. what the system drops is recorded, told, and comes back when it fits -----------------------


def test_an_edge_week_without_a_date_is_skipped_with_a_reason_and_told(series, change):
    body = change(day_of_week=1)

    assert dates(body) == ["2026-02-08", "2026-02-15", "2026-02-22"]
    assert body["skipped"] == [{"date": "2026-02-01", "existing_registration_id": None, "why": "outside"}]
    assert LogEntry.objects.latest("id").details["skipped"] == [{"date": "2026-02-01", "why": "outside"}]
    assert told() == [
        (
            "member",
            "The series of 522 has been changed from 2026-01-20: Room A, Sundays 10:00–12:00,"
            " 3 dates, 1 skipped (outside).",
        )
    ]


def test_an_edge_week_comes_back_when_the_day_goes_back(series, change):
    change(day_of_week=1)
    body = change(day_of_week=2)
    assert (dates(body), body["skipped"]) == (MONDAYS, [])


def test_an_edge_week_comes_back_when_the_series_is_made_longer(series, change):
    later = change(day_of_week=3)
    assert (dates(later), skipped(later)) == (["2026-02-03", "2026-02-10", "2026-02-17"], [("2026-02-24", "outside")])
    longer = change(end_date="2026-02-24")
    assert (dates(longer)[-1], longer["skipped"]) == ("2026-02-24", [])


def test_an_edge_week_that_fits_but_is_booked_says_so_and_comes_back_by_a_retry(
    api, cspace, member, team, room, series, change
):
    change(day_of_week=1)
    day = dt.date.fromisoformat(MONDAYS[0])
    taken = make_registration(by=member, group=team, classroom=room, day=day, start=600, end=660)
    back = change(day_of_week=2)
    assert skipped(back) == [(MONDAYS[0], "booked")]
    assert api(member).delete(f"registrations/{taken.pk}/").status_code == 204
    again = api(cspace).post(url(series, "retry-skipped/")).json()
    assert (dates(again), again["skipped"]) == (MONDAYS, [])


def test_a_retry_finds_an_edge_week_that_fits_again(api, cspace, series, change):
    change(day_of_week=1)
    partly = change(day_of_week=2, from_date="2026-02-09")
    assert skipped(partly) == [("2026-02-01", "outside")]
    again = api(cspace).post(url(series, "retry-skipped/")).json()
    assert (again["skipped"], MONDAYS[0] in dates(again)) == ([], True)


def test_a_retry_books_a_week_before_the_last_change_where_the_series_is_now(
    api, cspace, member, team, room, series, change, other_room
):
    taken = make_registration(by=member, group=team, classroom=other_room, day=dt.date(2026, 2, 2), start=600, end=720)
    assert skipped(change(classroom="Room B")) == [(MONDAYS[0], "booked")]
    change(classroom="Room A", day_of_week=6, end_date="2026-02-27", from_date=MONDAYS[1])
    assert api(member).delete(f"registrations/{taken.pk}/").status_code == 204
    again = api(cspace).post(url(series, "retry-skipped/")).json()
    assert (dates(again), again["skipped"]) == (["2026-02-06", "2026-02-13", "2026-02-20", "2026-02-27"], [])


def test_a_retry_leaves_an_edge_week_that_does_not_fit(api, cspace, series, change):
    before = change(day_of_week=1)
    assert api(cspace).post(url(series, "retry-skipped/")).json() == before


def test_a_shorter_series_gives_up_what_it_skipped_and_gets_it_back(series, change):
    change(day_of_week=3)
    shorter = change(end_date="2026-02-14")
    assert (dates(shorter), shorter["skipped"]) == (["2026-02-03", "2026-02-10"], [])
    assert states(series)[2:] == [("02-15", "given_up"), ("02-22", "given_up")]
    longer = change(end_date="2026-02-28")
    assert dates(longer) == ["2026-02-03", "2026-02-10", "2026-02-17", "2026-02-24"]


def test_who_gave_a_week_up_is_recorded(api, cspace, series):
    assert api(cspace).delete(url(series, "?from_date=2026-02-10")).status_code == 204
    weeks = SeriesWeek.objects.in_order().values_list("state", "given_up_by__username")
    assert list(weeks) == [("held", None), ("held", None), *[("given_up", "cspace_member")] * 2]


# --- 3. a room that was closed for booking ---------------------------------------------------------


@pytest.fixture
def closed_room(room, series):
    room.is_active = False
    room.save()


@pytest.mark.parametrize(
    "values",
    [
        {"end_date": "2026-03-09"},
        {"start_time": "10:30"},
        {"day_of_week": 3},
        {"end_time": "12:30", "description": "x"},
        {"classroom": "Room A", "end_date": "2026-03-09"},
    ],
)
def test_a_series_takes_no_more_time_in_a_closed_room(api, cspace, closed_room, series, change, values):
    body = change(400, **values)
    assert body["details"] == {"classroom": ["Room A is not open for booking"]}
    assert api(cspace).get(url(series)).json() == series


@pytest.mark.parametrize(
    "values",
    [{"end_date": "2026-02-10"}, {"description": "Orchestra"}, {"classroom": "Room B"}, {"start_time": "10:00"}],
)
def test_a_series_may_shrink_leave_and_be_reworded_in_a_closed_room(closed_room, change, other_room, values):
    change(200, **values)


def test_a_date_does_not_follow_into_a_closed_room(series, change, other_room):
    change(classroom="Room B", from_date=MONDAYS[2])
    other_room.is_active = False
    other_room.save()
    assert set(change(400, day_of_week=2)["details"]) == {"classroom"}
    assert rooms() == ["Room A", "Room A", "Room B", "Room B"]


# --- 4. a rejected occurrence comes back where the series is now -----------------------------------


@pytest.fixture
def rejected(api, cspace, series):
    first = ids(series)[0]
    assert api(cspace).post(f"registrations/{first}/reject/").status_code == 200
    return first


def test_a_rejected_occurrence_is_approved_where_its_series_is_now(api, cspace, series, rejected, change, other_room):
    other = make_group("316")
    slot = {"classroom": "Room B", "day_of_week": 3, "start_time": "13:00", "end_time": "14:00"}
    change(**slot, end_date="2026-02-24", group_id=other.pk, description="X")

    response = api(cspace).post(f"registrations/{rejected}/approve/")

    assert response.status_code == 200, response.content
    body = response.json()
    assert (body["classroom"], body["date"], body["start_time"], body["end_time"]) == (
        "Room B",
        "2026-02-03",
        "13:00",
        "14:00",
    )
    assert (body["reserved_group"], body["description"], body["status"]) == ("316", "X", "approved")
    assert rooms() == ["Room B"] * 4
    moved = change(classroom="Room A", end_date="2026-02-28")
    assert (dates(moved)[0], rooms()) == ("2026-02-03", ["Room A"] * 4)


def test_a_rejected_occurrence_whose_new_slot_is_taken_is_a_conflict(
    api, cspace, member, team, series, rejected, change, other_room
):
    change(classroom="Room B")
    day = dt.date.fromisoformat(MONDAYS[0])
    taken = make_registration(by=member, group=team, classroom=other_room, day=day, start=660, end=720)
    response = api(cspace).post(f"registrations/{rejected}/approve/")
    assert (response.status_code, response.json()["details"]["existing_registration_id"]) == (409, taken.pk)
    assert Registration.objects.get(pk=rejected).status == "rejected"


def test_a_rejected_occurrence_of_a_week_without_a_date_is_refused(api, cspace, series, rejected, change):
    change(day_of_week=1)
    response = api(cspace).post(f"registrations/{rejected}/approve/")
    assert (response.status_code, response.json()) == (
        409,
        {"error": "The series has no date in this week any more", "code": "INVALID_STATE"},
    )


def approved(api, cspace, registration_id):
    response = api(cspace).post(f"registrations/{registration_id}/approve/")
    return response.status_code, response.json().get("error")


CANCELLED = (409, "The series has been cancelled from this date on")
ENDS_BEFORE = (409, "The series ends before this date")


def test_a_rejected_occurrence_behind_a_shorter_end_is_refused_by_the_end(api, cspace, series, change):
    last = ids(series)[-1]
    api(cspace).post(f"registrations/{last}/reject/")
    change(end_date="2026-02-22")
    assert approved(api, cspace, last) == ENDS_BEFORE
    change(end_date=MONDAYS[-1])
    assert approved(api, cspace, last) == (200, None)


def test_a_rejected_occurrence_behind_a_cancellation_is_refused_by_it(api, cspace, series):
    last = ids(series)[-1]
    api(cspace).post(f"registrations/{last}/reject/")
    assert api(cspace).delete(url(series, f"?from_date={MONDAYS[-1]}")).status_code == 204
    assert approved(api, cspace, last) == CANCELLED


def test_a_rejected_occurrence_of_a_series_in_a_closed_room_is_refused(
    api, cspace, series, rejected, change, other_room
):
    change(classroom="Room B")
    other_room.is_active = False
    other_room.save()
    response = api(cspace).post(f"registrations/{rejected}/approve/")
    assert (response.status_code, response.json()["code"]) == (409, "INVALID_STATE")


def test_one_moved_by_hand_before_it_was_rejected_comes_back_where_it_was(api, cspace, series, change, other_room):
    first = ids(series)[0]
    api(cspace).put(f"registrations/{first}/", {"date": "2026-02-04"})
    api(cspace).post(f"registrations/{first}/reject/")
    change(classroom="Room B")
    body = api(cspace).post(f"registrations/{first}/approve/").json()
    assert (body["classroom"], body["date"], body["status"]) == ("Room A", "2026-02-04", "approved")


def test_one_that_has_started_is_approved_where_it_was(api, cspace, series, rejected, change, other_room):
    change(classroom="Room B")
    with time_machine.travel("2026-02-02T02:30:00Z", tick=False):
        body = api(cspace).post(f"registrations/{rejected}/approve/").json()
    assert (body["classroom"], body["date"], body["status"]) == ("Room A", MONDAYS[0], "approved")


def test_a_rejected_occurrence_is_not_booked_a_second_time(series, rejected, change, other_room):
    assert dates(change(classroom="Room B", end_date="2026-03-02")) == [*MONDAYS[1:], "2026-03-02"]


# --- 5. the same values from an earlier day on -----------------------------------------------------


@pytest.mark.parametrize("more", [{}, {"from_date": MONDAYS[0]}, {"from_date": "2026-01-25"}])
def test_the_same_room_from_an_earlier_day_on_moves_the_dates_from_there(series, change, other_room, more):
    change(classroom="Room B", from_date=MONDAYS[2])
    logged = LogEntry.objects.count()
    body = change(classroom="Room B", **more)
    assert (dates(body), rooms()) == (MONDAYS, ["Room B"] * 4)
    entry = LogEntry.objects.latest("id")
    assert (LogEntry.objects.count(), entry.details["changed_ids"]) == (logged + 1, ids(series)[:2])


def test_the_same_day_group_and_description_from_an_earlier_day_on(series, change):
    other = make_group("316")
    change(day_of_week=4, group_id=other.pk, description="X", from_date=MONDAYS[2])
    body = change(day_of_week=4, group_id=other.pk, description="X", from_date=MONDAYS[1])
    assert dates(body) == ["2026-02-02", "2026-02-11", "2026-02-18"]
    rows = Registration.objects.live().in_order().values_list("group__name", "description")
    assert list(rows) == [("522", "Choir"), ("316", "X"), ("316", "X")]


def test_the_same_values_where_all_is_as_they_say_leave_no_trace(series, change):
    logged = LogEntry.objects.count()
    whole = {
        name: series[name] for name in ("classroom", "group_id", "day_of_week", "start_time", "end_time", "end_date")
    }
    assert change(**whole, description="Choir", on_conflict="fail") == series
    assert (LogEntry.objects.count(), told()) == (logged, [])


def test_a_new_last_day_does_not_move_the_dates_before_an_earlier_move(series, change, other_room):
    change(classroom="Room B", from_date=MONDAYS[2])
    change(end_date="2026-03-02")
    assert rooms() == ["Room A", "Room A", "Room B", "Room B", "Room B"]


# --- 6. what was written for one date stays --------------------------------------------------------


def descriptions():
    return list(Registration.objects.live().in_order().values_list("description", flat=True))


def test_a_description_written_for_one_date_stays(api, member, series, change, other_room):
    assert api(member).put(f"registrations/{ids(series)[1]}/", {"description": "With guests"}).status_code == 200
    change(description="Orchestra", classroom="Room B")
    assert descriptions() == ["Orchestra", "With guests", "Orchestra", "Orchestra"]
    assert rooms() == ["Room B"] * 4
    change(group_id=make_group().pk)
    assert descriptions() == ["Orchestra", "With guests", "Orchestra", "Orchestra"]


def test_an_empty_description_written_for_one_date_stays(api, member, series, change):
    assert api(member).put(f"registrations/{ids(series)[1]}/", {"description": ""}).status_code == 200
    change(description="Orchestra")
    assert descriptions() == ["Orchestra", "", "Orchestra", "Orchestra"]


def test_a_description_written_for_one_date_comes_back_with_it(api, cspace, member, series, change):
    assert api(member).put(f"registrations/{ids(series)[0]}/", {"description": "Premiere"}).status_code == 200
    change(day_of_week=1)
    change(day_of_week=2, description="Orchestra")
    assert descriptions() == ["Premiere", "Orchestra", "Orchestra", "Orchestra"]


def test_a_new_group_alone_leaves_the_descriptions_alone(series, change):
    change(description="Orchestra", from_date=MONDAYS[2])
    change(group_id=make_group().pk)
    assert descriptions() == ["Choir", "Choir", "Orchestra", "Orchestra"]


# --- 7. a new slot is taken by somebody who is in the group ----------------------------------------


@pytest.fixture
def left(api, member, team):
    """`member` has left 522, and is in another group."""
    team.user_groups.filter(user=member).delete()
    join(member, make_group("316"))


@pytest.mark.parametrize(
    "values",
    [
        {"date": "2026-02-04"},
        {"start_time": "10:30"},
        {"end_time": "13:00"},
        {"end_time": "11:00"},
        {"classroom": "Room B"},
        {"end_time": "13:00", "start_time": "14:00"},
    ],
)
def test_who_has_left_the_group_moves_nothing_in_its_name(api, cspace, member, series, left, other_room, values):
    booking = f"registrations/{ids(series)[0]}/"
    before = api(member).get(booking).json()
    response = api(member).put(booking, values)
    assert (response.status_code, response.json()["code"]) == (403, "PERMISSION_DENIED")
    assert api(member).get(booking).json() == before
    if values != {"end_time": "13:00", "start_time": "14:00"}:
        assert api(cspace).put(booking, values).status_code == 200


def test_who_has_left_the_group_may_reword_hand_over_and_cancel(api, member, series, left):
    first, second, third, _ = ids(series)
    other = member.user_groups.get(group__name="316").group
    assert api(member).put(f"registrations/{first}/", {"description": "x", "start_time": "10:00"}).status_code == 200
    assert api(member).put(f"registrations/{second}/", {"group_id": other.pk, "end_time": "12:30"}).status_code == 200
    assert api(member).delete(f"registrations/{third}/").status_code == 204


def test_who_has_left_the_group_prolongs_no_single_booking(api, member, team, room):
    single = make_registration(by=member, group=team, classroom=room, day=dt.date(2026, 2, 5), start=600, end=660)
    team.user_groups.filter(user=member).delete()
    response = api(member).put(f"registrations/{single.pk}/", {"end_time": "12:00"})
    assert (response.status_code, response.json()["code"]) == (403, "PERMISSION_DENIED")
    assert api(member).delete(f"registrations/{single.pk}/").status_code == 204


# --- 10. a lifted closure ---------------------------------------------------------------------------


def close(api, cspace, **more):
    response = api(cspace).post("classrooms/Room A/closures/", CLOSURE | more)
    assert response.status_code == 201, response.content
    return response.json()["id"]


def lift(api, cspace, closure_id):
    Notification.objects.all().delete()
    assert api(cspace).delete(f"classrooms/Room A/closures/{closure_id}/").status_code == 204


def test_a_date_lost_to_a_closure_is_skipped_and_comes_back(api, cspace, member, series):
    closure = close(api, cspace)
    assert skipped(api(cspace).get(url(series)).json()) == [(MONDAYS[1], "closed")]
    assert skipped(api(cspace).post(url(series, "retry-skipped/")).json()) == [(MONDAYS[1], "closed")]

    lift(api, cspace, closure)

    assert told() == [
        (
            "member",
            "A closure has been lifted: dates of the series of 522 (Room A, Mondays 10:00–12:00) are free again:"
            " 2026-02-09.",
        )
    ]
    assert LogEntry.objects.latest("id").details["free_again"] == [f"series:{series['id']}"]
    again = api(cspace).post(url(series, "retry-skipped/")).json()
    assert (dates(again), again["skipped"]) == (MONDAYS, [])


def test_who_lost_a_single_booking_to_a_closure_is_told_too(api, cspace, member, team, room, series):
    moved = ids(series)[0]
    api(cspace).put(f"registrations/{moved}/", {"date": MONDAYS[1], "start_time": "16:00", "end_time": "17:00"})
    day = dt.date.fromisoformat(MONDAYS[1])
    single = make_registration(by=member, group=team, classroom=room, day=day, start=840, end=900)
    closure = close(api, cspace)
    lift(api, cspace, closure)
    sentence = "The closure that cancelled your registrations has been lifted, and these times are free again:"
    slots = "Room A, 2026-02-09 14:00–15:00, Room A, 2026-02-09 16:00–17:00"
    assert told()[0] == ("member", f"{sentence} {slots}.")
    assert LogEntry.objects.latest("id").details["free_again"] == [
        f"registration:{single.pk}",
        f"registration:{moved}",
        f"series:{series['id']}",
    ]


def test_nobody_is_told_of_time_that_is_still_closed_taken_or_over(api, cspace, member, team, room, series):
    first, second = close(api, cspace), close(api, cspace, on_conflict="fail")
    lift(api, cspace, first)
    assert told() == []
    lift(api, cspace, second)
    assert len(told()) == 1
    third = close(api, cspace)
    with time_machine.travel("2026-02-09T03:00:00Z", tick=False):
        lift(api, cspace, third)
    assert told() == []


def test_what_was_cancelled_by_hand_before_the_closure_is_not_offered(api, cspace, member, team, room, series):
    assert api(member).delete(f"registrations/{ids(series)[1]}/").status_code == 204
    closure = close(api, cspace)
    lift(api, cspace, closure)
    assert told() == []
    assert dates(api(cspace).post(url(series, "retry-skipped/")).json()) == [MONDAYS[0], *MONDAYS[2:]]


# --- 10, of what had been moved by hand -------------------------------------------------------------

BY_HAND = {
    "another time": {"start_time": "16:00", "end_time": "17:00"},
    "another week": {"date": "2026-03-31"},
    "where another date is": {"date": MONDAYS[1], "start_time": "16:00", "end_time": "17:00"},
    "another room": {"classroom": "Room B"},
    "another group": {"group_id": 316},
    "words of its own": {"start_time": "16:00", "end_time": "17:00", "description": "Premiere"},
}


def place_of(row):
    return {
        name: row[name]
        for name in ("classroom", "date", "start_time", "end_time", "reserved_group", "description", "created_by")
    }


def whole_day(date):
    start = dt.datetime.fromisoformat(f"{date}T00:00:00+08:00").astimezone(dt.UTC)
    ends = start + dt.timedelta(days=1)
    return {"starts_at": f"{start:%FT%TZ}", "ends_at": f"{ends:%FT%TZ}", "on_conflict": "cancel"}


class Lost:
    """The first date of a series, moved by hand and then cancelled by a closure."""

    def __init__(self, api, cspace, series, values):
        self.api, self.cspace, self.series = api, cspace, series
        if "group_id" in values:
            values = {"group_id": make_group("316").pk}
        self.id = ids(series)[0]
        response = api(cspace).put(f"registrations/{self.id}/", values)
        assert response.status_code == 200, response.content
        self.place = place_of(response.json())
        room, self.day = self.place["classroom"], self.place["date"]
        closed = api(cspace).post(f"classrooms/{room}/closures/", whole_day(self.day))
        assert closed.status_code == 201, closed.content
        self.closure = f"classrooms/{room}/closures/{closed.json()['id']}/"
        assert not Registration.objects.live().filter(pk=self.id).exists()
        Notification.objects.all().delete()

    def lift(self):
        assert self.api(self.cspace).delete(self.closure).status_code == 204

    def skipped(self):
        return skipped(self.api(self.cspace).get(url(self.series)).json())

    def retry(self, status=200):
        response = self.api(self.cspace).post(url(self.series, "retry-skipped/"))
        assert response.status_code == status, response.content
        return response.json()


@pytest.fixture(params=BY_HAND)
def lost(request, api, cspace, series, other_room):
    return Lost(api, cspace, series, BY_HAND[request.param])


@pytest.fixture
def lost_at_four(api, cspace, series, other_room):
    return Lost(api, cspace, series, BY_HAND["another time"])


def test_a_date_moved_by_hand_and_lost_to_a_closure_is_skipped_and_comes_back_where_it_was(lost):
    assert (lost.day, "closed") in lost.skipped()
    before = LogEntry.objects.count()
    assert (lost.day, "closed") in skipped(lost.retry())
    assert LogEntry.objects.count() == before

    lost.lift()

    slot = f"{lost.place['classroom']}, {lost.day} {lost.place['start_time']}–{lost.place['end_time']}"
    assert (
        "member",
        f"The closure that cancelled your registrations has been lifted, and these times are free again: {slot}.",
    ) in told()
    Notification.objects.all().delete()
    before = LogEntry.objects.count()
    body = lost.retry()
    assert (body["skipped"], len(body["registrations"])) == ([], 4)
    week = SeriesWeek.objects.of_series([lost.series["id"]]).in_order().first()
    again = lost.api(lost.cspace).get(f"registrations/{week.registration_id}/").json()
    assert (place_of(again), again["status"], again["series_id"]) == (lost.place, "approved", lost.series["id"])
    assert (week.state, week.registration_id > lost.id) == ("settled", True)
    (entry,) = LogEntry.objects.order_by("id")[before:]
    assert (entry.action, entry.target) == ("series.retried", f"series:{lost.series['id']}")
    assert entry.details["registration_count"] == len(entry.details["registration_ids"]) == len(entry.details["dates"])
    assert (week.registration_id in entry.details["registration_ids"], lost.day in entry.details["dates"]) == (
        True,
        True,
    )
    assert ("member", f"{lost.place['reserved_group']} also got {slot}.") in told()
    assert lost.retry() == body
    assert LogEntry.objects.count() == before + 1


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_leave_a_lost_date_where_it_was_moved_by_hand(lost_at_four, change, command):
    change(**command)
    lost_at_four.lift()
    body = lost_at_four.retry()
    place = lost_at_four.place
    row = Registration.objects.live().select_related("occupancy__classroom").in_order().first()
    assert (row.occupancy.classroom.name, f"{row.occupancy.starts_at:%F %H:%M}", row.description) == (
        "Room A",
        f"{place['date']} 08:00",  # UTC
        "Choir",
    )
    assert len(body["registrations"]) == 4 + ("end_date" in command)


def test_a_lost_date_that_is_taken_stays_skipped(lost_at_four, member, team, room):
    lost_at_four.lift()
    day = dt.date.fromisoformat(MONDAYS[0])
    taken = make_registration(by=member, group=team, classroom=room, day=day, start=990, end=1050)
    assert skipped(lost_at_four.retry()) == [(MONDAYS[0], "closed")]
    assert lost_at_four.api(lost_at_four.cspace).delete(f"registrations/{taken.pk}/").status_code == 204
    assert skipped(lost_at_four.retry()) == []


def test_a_lost_date_that_has_gone_by_is_not_booked(lost_at_four):
    lost_at_four.lift()
    with time_machine.travel("2026-02-02T09:00:00Z", tick=False):
        assert skipped(lost_at_four.retry()) == [(MONDAYS[0], "closed")]


@pytest.mark.parametrize("way", ["another room", "another group"])
def test_a_lost_date_whose_room_is_not_open_or_whose_group_is_gone_is_not_booked(api, cspace, series, other_room, way):
    lost = Lost(api, cspace, series, BY_HAND[way])
    lost.lift()
    if way == "another room":
        other_room.is_active = False
        other_room.save()
    else:
        group_id = SeriesWeek.objects.in_order().first().registration.group_id
        assert api(cspace).delete(f"groups/{group_id}/").status_code == 204
    assert skipped(lost.retry()) == [(MONDAYS[0], "closed")]


def test_a_lost_date_that_came_back_is_told_of_no_more_by_its_first_loss(lost_at_four):
    lost_at_four.lift()
    lost_at_four.retry()
    again = Lost.__new__(Lost)
    again.__dict__ |= lost_at_four.__dict__
    closed = again.api(again.cspace).post("classrooms/Room A/closures/", whole_day(again.day))
    again.closure = f"classrooms/Room A/closures/{closed.json()['id']}/"
    Notification.objects.all().delete()
    again.lift()
    assert LogEntry.objects.latest("id").details["free_again"] == [
        f"registration:{SeriesWeek.objects.in_order().first().registration_id}"
    ]
    assert len(told()) == 1
    assert skipped(again.retry()) == []


def test_a_date_lost_to_a_closure_follows_the_series_elsewhere(api, cspace, series, change, other_room):
    close(api, cspace)
    body = change(classroom="Room B")
    assert (dates(body), body["skipped"]) == (MONDAYS, [])


# --- the last day of a series that has been cancelled from a day on ----------------------------------


@pytest.fixture
def cut_off(api, cspace, series):
    """Cancelled from 2026-02-18 on: three dates are left."""
    assert api(cspace).delete(url(series, "?from_date=2026-02-18")).status_code == 204


def test_a_series_that_has_been_cut_off_may_end_earlier_and_up_to_the_cut(api, cspace, series, change, cut_off):
    assert dates(change(end_date="2026-02-10")) == MONDAYS[:2]
    assert states(series)[2:] == [("02-15", "given_up"), ("02-22", "given_up")]
    assert dates(change(end_date="2026-02-17")) == MONDAYS[:3]
    assert dates(change(end_date="2026-02-08")) == MONDAYS[:1]
    assert dates(change(description="Orchestra")) == MONDAYS[:1]


@pytest.mark.parametrize("end", ["2026-02-18", "2026-02-22", "2026-03-09"])
@pytest.mark.parametrize("further", [{}, {"start_time": "10:30"}, {"from_date": "2026-02-10"}])
def test_a_series_that_has_been_cut_off_does_not_end_behind_the_cut(api, cspace, series, change, cut_off, end, further):
    before = api(cspace).get(url(series)).json()
    assert change(409, end_date=end, **further) == {
        "error": "The series has been cancelled from 2026-02-18 on: only a new one can go on from there",
        "code": "INVALID_STATE",
    }
    assert api(cspace).get(url(series)).json() == before
    assert dates(change(end_date="2026-02-10")) == MONDAYS[:2]
    assert change(409, end_date=end)["error"].startswith("The series has been cancelled from 2026-02-18 on")


def test_the_last_day_that_a_series_had_may_be_said_again_after_the_cut(api, cspace, series, change, cut_off):
    assert dates(change(end_date=series["end_date"], start_time="10:30")) == MONDAYS[:3]


def test_a_shorter_end_of_a_series_that_has_been_cut_off_bounds_all_commands(api, cspace, series, change, cut_off):
    third = ids(series)[2]
    api(cspace).post(f"registrations/{third}/reject/")
    change(end_date="2026-02-10")
    assert approved(api, cspace, third) == ENDS_BEFORE
    assert dates(change(day_of_week=4)) == ["2026-02-04"]
    assert dates(api(cspace).post(url(series, "retry-skipped/")).json()) == ["2026-02-04"]
    assert change(400, description="x", from_date="2026-02-11")["details"].keys() == {"from_date"}
    assert api(cspace).delete(url(series, "?from_date=2026-02-04")).status_code == 204
    assert dates(api(cspace).get(url(series)).json()) == []
    assert "from 2026-02-04 on" in change(409, end_date="2026-02-11")["error"]


# --- a day after the last one -----------------------------------------------------------------------


def test_neither_a_change_nor_a_cancellation_begins_after_the_last_day(api, cspace, series, change):
    sentences = {"from_date": ["Must not be after the last day of the series"]}
    assert change(400, description="x", from_date="2026-02-24")["details"] == sentences
    response = api(cspace).delete(url(series, "?from_date=2026-02-24"))
    assert (response.status_code, response.json()["details"]) == (400, sentences)
    assert api(cspace).get(url(series)).json() == series
    assert api(cspace).delete(url(series, "?from_date=2026-02-23")).status_code == 204

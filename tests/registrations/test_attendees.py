"""How many come: `attendees` of registrations and series, at most as many as the room seats (contract of policy §6)."""

import datetime as dt

import pytest

from auditlog.models import LogEntry
from kernel import clock
from kernel.errors import Invalid
from notifications.models import Notification
from registrations.models import Registration, Series, SeriesWeek
from registrations.services.booking import Slot, book
from registrations.services.changing import RegistrationChange, change_registration
from registrations.services.series_changes import SeriesChange
from registrations.services.series_moving import change_series
from tests.factories import make_classroom, make_group, make_registration, make_series
from tests.registrations.series_answers import dates, ids, url

pytestmark = pytest.mark.usefixtures("document_clock")
DAY = dt.date(2026, 2, 1)
AT_LEAST_ONE = "Ensure this value is greater than or equal to 1."
NO_NUMBER = "A whole number is required"
BAD = [
    (0, AT_LEAST_ONE),
    (-1, AT_LEAST_ONE),
    (-(2**62), AT_LEAST_ONE),
    (31, "The room seats 30"),
    (2**31, "The room seats 30"),
    (2**63, "The room seats 30"),
    (True, NO_NUMBER),
    (False, NO_NUMBER),
    ("12", NO_NUMBER),
    ("", NO_NUMBER),
    (12.0, NO_NUMBER),
    (1e300, NO_NUMBER),
    ([12], NO_NUMBER),
    ({}, NO_NUMBER),
]
"""In a room for 30."""


def of(registration):
    return f"registrations/{registration.pk}/"


def log():
    return list(LogEntry.objects.order_by("id").values_list("action", flat=True))


def refused(response):
    body = response.json()
    return response.status_code, body["code"], body["details"]


def fault(sentence, field="attendees"):
    return 400, "VALIDATION_ERROR", {field: [sentence]}


def stored():
    return list(Registration.objects.order_by("pk").values_list("attendees", flat=True))


@pytest.fixture
def held(member, team, room):
    """Room A, for 30; of 12 people."""
    return make_registration(by=member, group=team, classroom=room, day=DAY, attendees=12)


@pytest.fixture
def small_room(db):
    return make_classroom("Room S", capacity=12)


# --- booking --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("sent", "said"), [({}, None), ({"attendees": None}, None), ({"attendees": 1}, 1)])
def test_a_booking_says_how_many_come_or_that_it_is_not_known(api, member, cspace, wish, sent, said):
    made = api(member).post("registrations/", wish | sent)

    assert (made.status_code, made.json()["attendees"]) == (201, said)
    assert api(member).get(f"registrations/{made.json()['id']}/").json()["attendees"] == said
    (own,) = api(member).get("users/me/registrations/").json()["results"]
    (listed,) = api(cspace).get("registrations/").json()["registrations"]
    assert (own["attendees"], listed["attendees"]) == (said, said)
    assert stored() == [said]


def test_as_many_as_the_room_seats(api, member, wish):
    assert api(member).post("registrations/", wish | {"attendees": 30}).status_code == 201
    assert refused(api(member).post("registrations/", wish | {"attendees": 31})) == fault("The room seats 30")
    assert stored() == [30]
    assert log() == ["registration.created"]


@pytest.mark.parametrize(("value", "sentence"), BAD)
def test_what_is_no_number_of_people_in_this_room(api, member, wish, value, sentence):
    assert refused(api(member).post("registrations/", wish | {"attendees": value})) == fault(sentence)
    assert (stored(), log()) == ([], [])


def test_it_is_named_with_the_other_faults(api, member, wish):
    response = api(member).post("registrations/", wish | {"attendees": 31, "date": "2026-01-19"})
    assert refused(response)[2] == {"attendees": ["The room seats 30"], "date": ["Date cannot be in the past"]}
    unknown_room = api(member).post("registrations/", wish | {"attendees": 10**6, "classroom": "Nope"})
    assert refused(unknown_room)[2] == {"classroom": ["Unknown classroom"]}


@pytest.mark.parametrize(
    ("attendees", "sentence"), [(31, "The room seats 30"), (0, "At least one"), (-1, "At least one")]
)
def test_the_service_that_books_judges_as_the_body_does(member, team, room, attendees, sentence):
    with pytest.raises(Invalid) as refusal:
        book(
            by=member,
            now=clock.now(),
            classroom=room,
            group_id=team.pk,
            slot=Slot(DAY, 600, 720),
            attendees=attendees,
        )
    assert refusal.value.details == {"attendees": [sentence]}


# --- changing -------------------------------------------------------------------------------------


def test_absent_stays_and_null_forgets(api, member, held):
    for body, expected in (
        ({"description": "Rehearsal"}, 12),
        ({"attendees": 13}, 13),
        ({"start_time": "10:30"}, 13),
        ({"attendees": None}, None),
        ({"description": "Concert"}, None),
        ({"attendees": 30}, 30),
    ):
        response = api(member).put(of(held), body)
        assert (response.status_code, response.json()["attendees"], stored()) == (200, expected, [expected])


@pytest.mark.parametrize("body", [{"attendees": 12}, {"attendees": 12, "description": "", "classroom": "Room A"}])
def test_what_is_the_case_already_publishes_nothing(api, member, held, body):
    Notification.objects.all().delete()
    assert api(member).put(of(held), body).json()["attendees"] == 12
    assert api(member).patch(of(held), body).status_code == 200
    assert log() == ["registration.created"]
    assert not Notification.objects.exists()


def test_unknown_stays_unknown_without_a_word(api, member, team, room):
    registration = make_registration(by=member, group=team, classroom=room, day=DAY)
    assert api(member).put(of(registration), {"attendees": None}).json()["attendees"] is None
    assert log() == ["registration.created"]


def test_a_change_of_it_is_logged_and_needs_no_new_decision(api, member, cspace, held):
    assert api(cspace).post(f"{of(held)}approve/").status_code == 200
    Notification.objects.all().delete()
    assert api(member).put(of(held), {"attendees": 20}).json()["status"] == "approved"
    assert api(member).put(of(held), {"attendees": None}).json()["status"] == "approved"
    changes = LogEntry.objects.filter(action="registration.changed").order_by("id")
    assert [row.details["changes"] for row in changes] == [{"attendees": [12, 20]}, {"attendees": [20, None]}]
    assert not Notification.objects.exists()


@pytest.mark.parametrize(("value", "sentence"), BAD)
def test_what_it_cannot_be_changed_to(api, member, held, value, sentence):
    assert refused(api(member).put(of(held), {"attendees": value})) == fault(sentence)
    assert (stored(), log()) == ([12], ["registration.created"])


def test_a_move_is_judged_by_what_stands_after_it(api, member, held, small_room):
    make_classroom("Closet", capacity=11)
    assert refused(api(member).put(of(held), {"classroom": "Closet"})) == fault("The room seats 11")
    assert refused(api(member).put(of(held), {"classroom": "Room S", "attendees": 13})) == fault("The room seats 12")
    assert log() == ["registration.created"]
    assert api(member).put(of(held), {"classroom": "Room S"}).status_code == 200
    assert refused(api(member).put(of(held), {"attendees": 13})) == fault("The room seats 12")
    assert api(member).put(of(held), {"classroom": "Room A", "attendees": 13}).json()["attendees"] == 13
    assert api(member).put(of(held), {"classroom": "Closet", "attendees": None}).json()["classroom"] == "Closet"


def test_a_room_that_lost_seats_stands_in_the_way_of_nothing_else(api, member, cspace, held):
    assert api(cspace).put("classrooms/Room A/", {"capacity": 10}).status_code == 200
    for body in ({"description": "Rehearsal"}, {"start_time": "11:00"}, {"attendees": 12}):
        assert api(member).put(of(held), body).status_code == 200
    assert refused(api(member).put(of(held), {"attendees": 11})) == fault("The room seats 10")
    assert api(member).put(of(held), {"attendees": 10}).status_code == 200


def test_beside_a_room_that_is_not_known_nothing_is_said_of_seats(api, member, held):
    response = api(member).put(of(held), {"classroom": "Nope", "attendees": 31, "end_time": "9:00"})
    assert refused(response)[2] == {
        "classroom": ["Unknown classroom"],
        "start_time": ["Start time must be before end time"],
    }


def test_the_service_that_changes_judges_as_the_body_does(member, held):
    for attendees, sentence in ((31, "The room seats 30"), (-1, "At least one")):
        with pytest.raises(Invalid) as refusal:
            change_registration(
                registration_id=held.pk,
                by=member,
                now=clock.now(),
                change=RegistrationChange(attendees=attendees),
            )
        assert refusal.value.details == {"attendees": [sentence]}


def test_what_is_decided_keeps_it(api, cspace, held):
    for command in ("approve", "reject", "approve"):
        assert api(cspace).post(f"{of(held)}{command}/").json()["attendees"] == 12
    assert api(cspace).delete(of(held)).status_code == 204
    assert stored() == [12]


# --- series ---------------------------------------------------------------------------------------


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
        "on_behalf_of": "member",
        "attendees": 12,
    }


@pytest.fixture
def series(api, cspace, member, weekly):
    """Room A, four Wednesdays of `member`, for 12."""
    response = api(cspace).post("batch-allocations/", weekly)
    assert response.status_code == 201, response.content
    return response.json()


@pytest.fixture
def change(api, cspace, series):
    def change(**body):
        response = api(cspace).put(url(series), body)
        assert response.status_code == 200, response.content
        return response.json()

    return change


def test_a_series_hands_it_to_its_occurrences(api, cspace, series):
    assert series["attendees"] == 12
    assert api(cspace).get(url(series)).json()["attendees"] == 12
    assert [row["attendees"] for row in api(cspace).get("batch-allocations/").json()["results"]] == [12]
    assert stored() == [12] * 4


@pytest.mark.parametrize("sent", [{}, {"attendees": None}])
def test_a_series_need_not_know(api, cspace, member, weekly, sent):
    del weekly["attendees"]
    assert api(cspace).post("batch-allocations/", weekly | sent).json()["attendees"] is None
    assert stored() == [None] * 4


def test_each_item_has_its_own(api, cspace, member, weekly):
    items = [weekly, weekly | {"day_of_week": 5, "attendees": 30}, weekly | {"day_of_week": 6, "attendees": None}]
    body = api(cspace).post("batch-allocations/", {"items": items}).json()
    assert [row["attendees"] for row in body["results"]] == [12, 30, None]
    assert list(Series.objects.order_by("pk").values_list("attendees", flat=True)) == [12, 30, None]
    items[1]["attendees"] = 31
    refusal = api(cspace).post("batch-allocations/", {"items": items})
    assert refused(refusal) == fault("The room seats 30", "items.1.attendees")


@pytest.mark.parametrize(("value", "sentence"), BAD)
def test_what_no_series_can_have(api, cspace, member, weekly, value, sentence):
    assert refused(api(cspace).post("batch-allocations/", weekly | {"attendees": value})) == fault(sentence)
    assert (Series.objects.count(), log()) == (0, [])


@pytest.mark.parametrize(("value", "sentence"), BAD)
def test_what_no_series_can_be_changed_to(api, cspace, series, value, sentence):
    assert refused(api(cspace).put(url(series), {"attendees": value})) == fault(sentence)
    assert (stored(), log()) == ([12] * 4, ["series.created"])


@pytest.mark.parametrize(("attendees", "sentence"), [(31, "The room seats 30"), (-1, "At least one")])
def test_the_services_of_series_judge_as_the_body_does(cspace, team, room, attendees, sentence):
    values = {"by": cspace, "group": team, "classroom": room, "starts_on": DAY}
    with pytest.raises(Invalid) as refusal:
        make_series(**values, attendees=attendees)
    assert refusal.value.details == {"attendees": [sentence]}
    made = make_series(**values, attendees=30)
    with pytest.raises(Invalid) as refusal:
        change_series(series_id=made.pk, by=cspace, now=clock.now(), change=SeriesChange(attendees=attendees))
    assert refusal.value.details == {"attendees": [sentence]}


def test_a_change_of_a_series_reaches_what_lies_ahead(series, change):
    assert change(attendees=30, from_date="2026-02-16")["attendees"] == 30
    assert stored() == [12, 12, 30, 30]
    assert change(description="Choir")["attendees"] == 30
    assert change(attendees=None)["attendees"] is None
    assert stored() == [None] * 4
    details = [row.details for row in LogEntry.objects.filter(action="series.changed").order_by("id")]
    assert [row["changes"] for row in details] == [
        {"attendees": [12, 30]},
        {"description": ["", "Choir"]},
        {"attendees": [30, None]},
    ]
    assert [len(row["changed_ids"]) for row in details] == [2, 4, 4]


def test_what_a_series_has_already_publishes_nothing(series, change):
    assert change(attendees=12)["attendees"] == 12
    assert log() == ["series.created"]


def test_a_series_moves_only_where_all_find_a_seat(api, cspace, series, small_room, change):
    make_classroom("Closet", capacity=11)
    assert refused(api(cspace).put(url(series), {"classroom": "Closet"})) == fault("The room seats 11")
    assert refused(api(cspace).put(url(series), {"classroom": "Room S", "attendees": 13})) == fault("The room seats 12")
    assert change(classroom="Room S")["attendees"] == 12
    assert change(classroom="Closet", attendees=11)["attendees"] == 11
    assert stored() == [11] * 4
    assert refused(api(cspace).put(url(series), {"attendees": 12})) == fault("The room seats 11")


def test_a_series_in_a_room_that_lost_seats_may_be_changed_otherwise(api, cspace, series, change):
    assert api(cspace).put("classrooms/Room A/", {"capacity": 10}).status_code == 200
    assert change(start_time="9:00", attendees=12)["attendees"] == 12


def test_dates_that_come_later_have_what_the_series_says(series, change):
    change(attendees=20, from_date="2026-02-16")
    assert len(dates(change(end_date="2026-03-07"))) == 5
    assert stored() == [12, 12, 20, 20, 20]


def test_what_was_said_for_one_date_stays(api, member, series, change, small_room):
    assert api(member).put(f"registrations/{ids(series)[1]}/", {"attendees": 5}).status_code == 200
    change(attendees=10, classroom="Room S")
    assert stored() == [10, 5, 10, 10]
    change(group_id=make_group().pk, attendees=None)
    assert stored() == [None, 5, None, None]
    rooms = Registration.objects.order_by("pk").values_list("occupancy__classroom__name", flat=True)
    assert list(rooms) == ["Room S"] * 4


def test_unknown_for_one_date_stays_too(api, member, series, change):
    assert api(member).put(f"registrations/{ids(series)[1]}/", {"attendees": None}).status_code == 200
    change(attendees=10)
    assert stored() == [10, None, 10, 10]
    assert list(SeriesWeek.objects.in_order().values_list("own_attendees", flat=True)) == [None, 0, None, None]


@pytest.mark.parametrize("own", [5, None])
def test_what_was_said_for_one_date_comes_back_with_it(api, member, series, change, own):
    assert api(member).put(f"registrations/{ids(series)[3]}/", {"attendees": own}).status_code == 200
    assert len(dates(change(end_date="2026-02-21"))) == 3
    assert len(dates(change(end_date="2026-02-28"))) == 4
    assert list(Registration.objects.live().in_order().values_list("attendees", flat=True)) == [12, 12, 12, own]


def test_what_was_said_for_a_date_that_is_lost_is_nothing_in_a_room_too_small_for_it(
    api, cspace, member, series, change, small_room
):
    """Such a date cannot be asked to change its number: its series has its way, and in a larger room the date again."""
    third, fourth = ids(series)[2:]
    for pk in (third, fourth):
        assert api(member).put(f"registrations/{pk}/", {"attendees": 13}).status_code == 200
    assert api(cspace).post(f"registrations/{third}/reject/").status_code == 200
    change(end_date="2026-02-21")
    change(classroom="Room S", attendees=10)
    change(end_date="2026-02-28")
    assert api(cspace).post(f"registrations/{third}/approve/").json()["attendees"] == 10
    live = Registration.objects.live().in_order()
    assert list(live.values_list("attendees", flat=True)) == [10, 10, 10, 10]
    change(end_date="2026-02-21")
    change(classroom="Room A")
    change(end_date="2026-02-28")
    assert live.last().attendees == 13


def test_a_date_with_more_people_keeps_the_series_from_a_room_too_small_for_them(
    api, member, cspace, series, small_room
):
    second = ids(series)[1]
    assert api(member).put(f"registrations/{second}/", {"attendees": 13}).status_code == 200
    assert refused(api(cspace).put(url(series), {"classroom": "Room S"})) == fault("The room seats 12")
    later = api(cspace).put(url(series), {"classroom": "Room S", "from_date": "2026-02-16"})
    assert later.status_code == 200
    assert refused(api(cspace).put(url(series), {"classroom": "Room S"})) == fault("The room seats 12")
    assert stored() == [12, 13, 12, 12]
    assert api(cspace).put(url(series), {"end_time": "10:00", "from_date": "2026-02-16"}).status_code == 200
    assert api(member).put(f"registrations/{second}/", {"attendees": 12}).status_code == 200
    assert api(cspace).put(url(series), {"classroom": "Room S"}).status_code == 200


def test_a_date_that_somebody_has_moved_keeps_its_series_from_no_room(api, member, cspace, series, small_room):
    body = {"attendees": 13, "end_time": "10:30"}
    assert api(member).put(f"registrations/{ids(series)[1]}/", body).status_code == 200
    assert api(cspace).put(url(series), {"classroom": "Room S"}).status_code == 200
    assert stored() == [12, 13, 12, 12]


def test_dates_that_are_still_in_a_smaller_room_keep_its_number_of_seats(api, cspace, series, change):
    make_classroom("Aula", capacity=200)
    change(classroom="Aula", from_date="2026-02-16")
    assert refused(api(cspace).put(url(series), {"attendees": 100})) == fault("The room seats 30")
    assert change(attendees=100, from_date="2026-02-16")["attendees"] == 100
    assert stored() == [12, 12, 100, 100]
    assert refused(api(cspace).put(url(series), {"classroom": "Room A"})) == fault("The room seats 30")
    assert change(classroom="Aula", attendees=100)["attendees"] == 100
    assert stored() == [100] * 4


def test_dates_that_are_given_up_need_no_seats(api, member, cspace, series, small_room):
    assert api(member).put(f"registrations/{ids(series)[3]}/", {"attendees": 13}).status_code == 200
    assert api(cspace).put(url(series), {"classroom": "Room S", "end_date": "2026-02-21"}).status_code == 200
    make_classroom("Aula", capacity=200)
    body = {"classroom": "Aula", "attendees": 100, "end_date": "2026-02-14"}
    assert api(cspace).put(url(series), body).status_code == 200
    assert list(Registration.objects.live().values_list("attendees", flat=True)) == [100, 100]


def test_dates_with_their_own_number_are_not_judged_by_that_of_the_series(api, member, series, change):
    make_classroom("Aula", capacity=200)
    for pk, own in zip(ids(series)[:2], (5, None), strict=True):
        assert api(member).put(f"registrations/{pk}/", {"attendees": own}).status_code == 200
    change(classroom="Aula", from_date="2026-02-16")
    change(attendees=100)
    assert stored() == [5, None, 100, 100]


def test_a_rejected_date_comes_back_with_what_its_series_says(api, member, cspace, series, change):
    first, second = ids(series)[:2]
    assert api(member).put(f"registrations/{second}/", {"attendees": 5}).status_code == 200
    for pk in (first, second):
        assert api(cspace).post(f"registrations/{pk}/reject/").status_code == 200
    change(attendees=20)
    assert [api(cspace).post(f"registrations/{pk}/approve/").json()["attendees"] for pk in (first, second)] == [20, 5]


def test_a_date_lost_to_a_closure_comes_back_with_it(api, cspace, member, series):
    """Moved by hand before: it is booked again where and as it was."""
    lost = ids(series)[0]
    body = {"date": "2026-02-05", "attendees": 7}
    assert api(member).put(f"registrations/{lost}/", body | {"group_id": series["group_id"]}).status_code == 200
    span = {"starts_at": "2026-02-05T00:00:00+08:00", "ends_at": "2026-02-06T00:00:00+08:00", "on_conflict": "cancel"}
    closure = api(cspace).post("classrooms/Room A/closures/", span).json()["id"]
    assert api(cspace).delete(f"classrooms/Room A/closures/{closure}/").status_code == 204
    assert api(cspace).post(url(series, "retry-skipped/")).status_code == 200
    again = Registration.objects.live().in_order().first()
    assert (again.pk != lost, again.attendees) == (True, 7)

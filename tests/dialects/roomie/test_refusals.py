"""What is not booked, each once at its edge, in the order of the contract; and what else is refused with 200."""

import datetime as dt
from uuid import uuid4

import pytest
import time_machine

from classrooms.models import Classroom
from classrooms.services.holds import place_hold
from groups.services.members import remove_member
from kernel import clock
from kernel.campus_time import campus_date, campus_interval
from policies.services.booking_rules import create_rule, read_rule
from registrations.models import Registration
from tests.dialects.roomie.scenes import Roomie, ahead, logged_in, make_society, refused
from tests.factories import join, make_occupancy, make_user

pytestmark = pytest.mark.django_db
WISH = {"room_id": "RO-POO", "start_time": "15:00", "end_time": "17:00"}
SOCIETY = {"society": "SOTECHSOC", "event_name": "Tell"}
PIZZA = {"room_id": "RO-PIZZA"}
NEXT_WEEK = 7
LONG = "n" * 151


@pytest.fixture
def book(house):
    """Have somebody book, by name; `token` for the key of the society."""
    clients = {name: logged_in(getattr(house, name)) for name in ("student", "wil", "rema", "keeper")}
    key = clients["wil"].get("society.token", society_id="SOTECHSOC").json()["token"]
    clients["token"] = Roomie(key)

    def book(who="student", **fields):
        return clients[who].post("rooms.book", **({"date": ahead(1)} | WISH | fields))

    return book


def booked(answer):
    assert answer.json().get("success") is True, answer.content
    return answer.json()["booking_id"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        *[({name: " "}, "MISSING_PARAMETER") for name in ("room_id", "date", "start_time", "end_time")],
        ({"notes": LONG}, "INVALID_PARAMETER"),
        ({"event_name": LONG}, "INVALID_PARAMETER"),
        ({"society_booking": "perhaps"}, "INVALID_PARAMETER"),
        ({"notes": "a\x00b"}, "INVALID_PARAMETER"),
        ({"room_id": ""} | {"society": "NOBODY"}, "MISSING_PARAMETER"),
        ({"society": "NOBODY"} | {"room_id": "NOWHERE"}, "UNKNOWN_SOCIETY"),
        ({"society_booking": "True"}, "UNKNOWN_SOCIETY"),
        (SOCIETY | {"room_id": "NOWHERE"}, "SOCIETY_ACCESS_DENIED"),
        ({"room_id": "NOWHERE", "date": "soon"}, "UNKNOWN_ROOM"),
        (PIZZA | {"date": "soon"}, "ROOM_ACCESS_DENIED"),
        ({"date": "2026012"}, "INVALID_DATETIME"),
        ({"date": "20260230"}, "INVALID_DATETIME"),
        ({"date": "99991231"}, "INVALID_DATETIME"),
        ({"date": "\u0662" * 8}, "INVALID_DATETIME"),
        ({"start_time": "15"}, "INVALID_DATETIME"),
        ({"start_time": "24:00", "end_time": "24:00"}, "INVALID_DATETIME"),
        ({"end_time": "24:01"}, "INVALID_DATETIME"),
        ({"start_time": "17:01", "date": "20200101"}, "INVALID_DATETIME"),
        ({"date": "20260119"}, "IN_THE_PAST"),
        ({"start_time": "09:59", "date": "20260120"}, "IN_THE_PAST"),
        ({"date": "20260128", "end_time": "21:01"}, "TOO_FAR_AHEAD"),
        ({"date": "24991231"}, "TOO_FAR_AHEAD"),
        ({"start_time": "07:59", "end_time": "08:30"}, "OUTSIDE_OPENING_HOURS"),
        ({"start_time": "20:00", "end_time": "21:01"}, "OUTSIDE_OPENING_HOURS"),
        ({"start_time": "20:00", "end_time": "24:00"}, "OUTSIDE_OPENING_HOURS"),
        ({"start_time": "17:00", "end_time": "18:01", "date": "20260124"}, "OUTSIDE_OPENING_HOURS"),
        ({"start_time": "12:00", "end_time": "15:01"}, "QUOTA_EXCEEDED"),
    ],
)
def test_a_student_is_refused(book, fields, code):
    refused(book(**fields), code)
    assert not Registration.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"notes": "n" * 150},
        {"start_time": "10:01", "date": "20260120", "end_time": "11:00"},
        {"date": "20260127"},
        {"start_time": "08:01", "end_time": "11:00"},
        {"start_time": "20:00", "end_time": "21:00"},
        {"start_time": "15:30", "end_time": "18:00", "date": "20260124"},
        {"start_time": "12:01", "end_time": "15:00"},
        {"start_time": "12:17", "end_time": "12:18"},
        SOCIETY | {"society_booking": "0"},
    ],
)
def test_a_student_just_about_books(book, fields):
    booked(book(**fields))
    assert Registration.objects.get().status == "approved"


@pytest.mark.parametrize(
    ("who", "days", "code"),
    [
        ("rema", 21, None),
        ("rema", 22, "TOO_FAR_AHEAD"),
        ("token", 21, None),
        ("token", 22, "TOO_FAR_AHEAD"),
    ],
)
def test_how_far_ahead_societies_book(book, who, days, code):
    answer = book(who, **PIZZA, **SOCIETY, date=ahead(days))
    booked(answer) if code is None else refused(answer, code)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"date": "20260420"}, None),
        ({"date": "20260421"}, "TOO_FAR_AHEAD"),
        ({"start_time": "08:00", "end_time": "21:00"}, None),
        ({"start_time": "07:00", "end_time": "21:00"}, "OUTSIDE_OPENING_HOURS"),
        (PIZZA, "ROOM_ACCESS_DENIED"),
        (SOCIETY, "SOCIETY_ACCESS_DENIED"),
    ],
)
def test_cspace_has_no_quota_and_books_a_season_ahead(book, fields, code):
    answer = book("keeper", **fields)
    booked(answer) if code is None else refused(answer, code)


def test_societies_have_no_quota(book):
    booked(book("rema", **SOCIETY, start_time="08:00", end_time="14:00"))
    booked(book("rema", start_time="14:00", end_time="17:00"))


def test_a_token_books_for_its_society_alone(book):
    make_society("Chess", "SOCHESS")
    booked(book("token", event_name="Tell"))
    refused(book("token", society="SOCHESS"), "SOCIETY_ACCESS_DENIED")
    refused(book("token", society="NOBODY"), "UNKNOWN_SOCIETY")
    refused(book("token", society_booking="False", room_id="NOWHERE"), "SOCIETY_ACCESS_DENIED")


def test_a_room_that_is_out_of_service(book, house):
    Classroom.objects.filter(pk=house.room.pk).update(is_active=False)
    refused(book(), "UNKNOWN_ROOM")


def test_what_is_taken_comes_before_what_is_used_up(book, house):
    day = campus_date(clock.now()) + dt.timedelta(days=1)
    make_occupancy(house.room, campus_interval(day, 12 * 60, 13 * 60))
    refused(book(start_time="12:59", end_time="13:30"), "SLOT_TAKEN")
    refused(book(start_time="11:30", end_time="17:00"), "SLOT_TAKEN")
    refused(book(start_time="07:00", end_time="17:00"), "OUTSIDE_OPENING_HOURS")
    booked(book(start_time="11:01", end_time="12:00"))
    booked(book(start_time="13:01", end_time="14:00"))
    refused(book(start_time="14:00", end_time="15:01"), "QUOTA_EXCEEDED")
    booked(book(start_time="14:00", end_time="15:00"))
    refused(book(start_time="15:00", end_time="15:01"), "QUOTA_EXCEEDED")


def test_time_that_is_held_back_is_taken(book):
    day = campus_date(clock.now()) + dt.timedelta(days=1)
    place_hold(source="draw", interval=campus_interval(day, 0, 1440), reason="A draw is running")
    refused(book(), "SLOT_TAKEN")
    refused(book(start_time="12:00", end_time="17:00"), "SLOT_TAKEN")


def test_a_rule_that_the_wire_has_no_word_for(book, house):
    limit = {"type": "length", "max_minutes": 60}
    rule = {"name": "Short", "who": {"kind": "individual"}, "where": {"kind": "everywhere"}, "limit": limit}
    create_rule(by=house.keeper, now=clock.now(), wish=read_rule(rule))
    refused(book(), "BOOKING_RULE")
    refused(book("keeper"), "BOOKING_RULE")


def test_a_time_that_the_clocks_jump_over(settings, house):
    settings.CSPACE_TIME_ZONE = "Europe/London"
    with time_machine.travel("2026-03-27T10:00:00Z", tick=False):
        student = logged_in(house.student)
        answer = student.post("rooms.book", room_id="RO-POO", date="20260329", start_time="01:30", end_time="10:00")
    refused(answer, "INVALID_DATETIME")


# --- Giving back -----------------------------------------------------------------------------------------


def test_what_cannot_be_deleted(book, house):
    student, rema, token = logged_in(house.student), logged_in(house.rema), None
    booking = booked(book())
    refused(student.get("rooms.deleteBooking"), "MISSING_PARAMETER")
    for unknown in ("nonsense", str(uuid4()), "1"):
        refused(student.get("rooms.deleteBooking", booking_id=unknown), "UNKNOWN_BOOKING")
    for other in (rema, logged_in(house.keeper)):
        refused(other.get("rooms.deleteBooking", booking_id=booking), "NOT_OWNER")
    with time_machine.travel("2026-01-21T07:00:00Z", tick=False):
        refused(student.get("rooms.deleteBooking", booking_id=booking), "ALREADY_STARTED")
    assert student.get("rooms.deleteBooking", booking_id=booking).json()["success"] is True
    refused(student.get("rooms.deleteBooking", booking_id=booking), "UNKNOWN_BOOKING")
    assert token is None


def test_a_booking_by_token_is_its_societys(book, house):
    president, wil, rema = make_user("new_president"), logged_in(house.wil), logged_in(house.rema)
    join(president, house.society, "admin")
    first, second, third = (
        booked(book("token", start_time=f"{hour}:00", end_time=f"{hour + 1}:00")) for hour in (10, 11, 12)
    )
    mine = booked(book("wil", **SOCIETY))
    refused(rema.get("rooms.deleteBooking", booking_id=first), "NOT_OWNER")
    assert logged_in(president).get("rooms.deleteBooking", booking_id=first).json()["success"] is True
    assert wil.get("rooms.deleteBooking", booking_id=second).json()["success"] is True
    token = Roomie(logged_in(president).get("society.token", society_id="SOTECHSOC").json()["token"])
    assert token.get("rooms.deleteBooking", booking_id=third).json()["success"] is True
    refused(token.get("rooms.deleteBooking", booking_id=mine), "NOT_OWNER")
    refused(book("token"), "INVALID_TOKEN", 401)


# --- Everything else -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({}, "MISSING_PARAMETER"),
        ({"room_id": "RO-POO"}, "MISSING_PARAMETER"),
        ({"date": "20260120"}, "MISSING_PARAMETER"),
        ({"room_id": "NOWHERE", "date": "soon"}, "UNKNOWN_ROOM"),
        ({"room_id": "RO-POO", "date": "2026-01-20"}, "INVALID_DATETIME"),
        ({"room_id": "RO-POO", "date": "20261301"}, "INVALID_DATETIME"),
    ],
)
def test_slots_of_nothing(house, query, code):
    refused(logged_in(house.student).get("rooms.bookings", **query), code)


def test_own_bookings_of_no_day(house):
    refused(logged_in(house.student).get("user.bookings", date="20260230"), "INVALID_DATETIME")


@pytest.mark.parametrize(
    ("fields", "code", "status"),
    [
        ({}, "MISSING_PARAMETER", 200),
        ({"username": "wil"}, "MISSING_PARAMETER", 200),
        ({"password": "wil"}, "MISSING_PARAMETER", 200),
        ({"username": "wil", "password": "wrong"}, "BAD_CREDENTIALS", 401),
        ({"username": "nobody", "password": "wrong"}, "BAD_CREDENTIALS", 401),
        ({"username": "nobody@wil.com", "password": "wrong"}, "BAD_CREDENTIALS", 401),
    ],
)
def test_who_is_not_let_in(house, fields, code, status):
    refused(Roomie().post("user.login", **fields), code, status)


def test_whoever_is_deactivated_is_not_let_in_and_his_key_opens_nothing(house):
    student = logged_in(house.student)
    house.student.is_active = False
    house.student.save()
    refused(student.get("rooms.list"), "INVALID_TOKEN", 401)
    answer = Roomie().post("user.login", username="student", password="correct horse battery staple")
    refused(answer, "BAD_CREDENTIALS", 401)


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"username": {}}', b'{"username": "a", "username": "b"}', b"\xff"])
def test_a_body_that_is_no_flat_object(house, body):
    refused(Roomie().send("POST", "user.login", body, "application/json"), "INVALID_PARAMETER")


@pytest.mark.parametrize("call", ["society.token", "society.addUser", "society.deleteUser"])
def test_who_leads_no_society(house, call):
    for who in (house.student, house.rema, house.keeper):
        client = logged_in(who)
        answer = client.get(call) if call == "society.token" else client.post(call)
        refused(answer, "FORBIDDEN", 403)


@pytest.mark.parametrize("call", ["society.token", "society.addUser", "society.deleteUser"])
def test_societies_that_are_not_led(house, call):
    make_society("Chess", "SOCHESS")
    join(house.wil, make_society("Go", "SOGO"))
    wil = logged_in(house.wil)
    named = {} if call == "society.token" else {"username": "student"}
    ask = wil.get if call == "society.token" else wil.post
    refused(ask(call, **named), "MISSING_PARAMETER")
    refused(ask(call, **named, society_id="NOBODY"), "UNKNOWN_SOCIETY")
    for code in ("SOCHESS", "SOGO"):
        refused(ask(call, **named, society_id=code), "SOCIETY_ACCESS_DENIED")


def test_people_of_a_society(house):
    wil = logged_in(house.wil)
    for call in ("society.addUser", "society.deleteUser"):
        refused(wil.post(call, society_id="SOTECHSOC"), "MISSING_PARAMETER")
        refused(wil.post(call, society_id="SOTECHSOC", username="nobody"), "UNKNOWN_USER")
    refused(wil.post("society.deleteUser", society_id="SOTECHSOC", username="student"), "NOT_A_MEMBER")
    refused(wil.post("society.deleteUser", society_id="SOTECHSOC", username="wil"), "SOCIETY_ACCESS_DENIED")
    assert "success" in wil.post("society.addUser", society_id="SOTECHSOC", username="wil").json()
    assert logged_in(house.wil).get("user.info").json()["groups"][-1] == "Group_4"


def test_where_the_key_of_a_society_opens_nothing(house):
    wil = logged_in(house.wil)
    key = wil.get("society.token", society_id="SOTECHSOC").json()["token"]
    society = Roomie(key)
    for call in ("user.info", "user.bookings", "user.logout", "society.token"):
        refused(society.get(call), "FORBIDDEN", 403)
    for call in ("society.addUser", "society.deleteUser"):
        refused(society.post(call), "FORBIDDEN", 403)
    assert society.get("rooms.list").status_code == 200
    with time_machine.travel(clock.now() + dt.timedelta(days=100), tick=False):
        refused(society.get("rooms.list"), "TOKEN_EXPIRED", 401)
    with time_machine.travel(clock.now() + dt.timedelta(days=100, seconds=-1), tick=False):
        assert society.get("rooms.list").status_code == 200
    wil.get("society.token", society_id="SOTECHSOC")
    refused(society.get("rooms.list"), "INVALID_TOKEN", 401)


def test_the_key_of_a_society_goes_with_whoever_asked_for_it(house):
    president = make_user("president")
    place = join(president, house.society, "admin")
    key = logged_in(president).get("society.token", society_id="SOTECHSOC").json()["token"]
    assert Roomie(key).get("rooms.list").status_code == 200
    remove_member(user_group_id=place.pk, by=house.wil, now=clock.now())
    refused(Roomie(key).get("rooms.list"), "INVALID_TOKEN", 401)

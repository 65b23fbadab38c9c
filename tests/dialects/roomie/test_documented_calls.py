"""Every call that the document shows, as it shows it, at both addresses; what each answers, key by key."""

import json
from uuid import UUID

import pytest

from tests.dialects.roomie.scenes import MOUNTS, Roomie, ahead, logged_in
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
SESSION = ["email", "groups", "quota_left", "societies", "token"]


@pytest.fixture(params=MOUNTS)
def mount(request):
    return request.param


def test_logging_in(house, mount):
    form = f"username=wil&password={PASSWORD.replace(' ', '+')}"
    answer = Roomie(mount=mount).post("user.login/", form)
    body = answer.json()
    assert (answer.status_code, sorted(body)) == (200, SESSION)
    assert body["groups"] == ["Group_2", "Group_3", "Group_4"]
    assert body["societies"] == [["UCLU Technology Society", "SOTECHSOC"]]
    assert (body["email"], body["quota_left"]) == ("wil@wil.com", 180)
    assert len(body["token"]) == 40
    assert set(body["token"]) <= set("0123456789abcdef")
    assert answer["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("name", ["student@wil.com", "Student@WIL.com"])
@pytest.mark.parametrize("field", ["user", "username"])
def test_logging_in_by_an_address(house, name, field):
    assert Roomie().post("user.login", **{field: name, "password": PASSWORD}).json()["groups"] == ["Group_2"]


def test_the_rooms(house, mount):
    assert logged_in(house.student, mount).get("rooms.list/").json() == [
        {
            "room_id": "RO-PIZZA",
            "room_name": "RO-PIZZA",
            "capacity": 10,
            "printers": False,
            "coffee": False,
            "water_fountain": False,
            "individual_access": False,
        },
        {
            "room_id": "RO-POO",
            "room_name": "RO-POO",
            "capacity": 30,
            "printers": True,
            "coffee": False,
            "water_fountain": False,
            "individual_access": True,
        },
    ]


@pytest.mark.parametrize("name", ["date", "data"])
def test_booking_a_normal_room(house, mount, name):
    student = logged_in(house.student, mount)
    form = f"room_id=RO-POO&{name}={ahead(1)}&start_time=15:00&end_time=17:00&notes=this is an event"
    booked = student.post("rooms.book/", form).json()
    assert sorted(booked) == ["booking_id", "success"]
    assert booked["success"] is True
    assert str(UUID(booked["booking_id"])) == booked["booking_id"]
    slot = {"username": "student", "notes": "this is an event", "start": "15:00:00", "end": "17:00:00"}
    assert student.get("rooms.bookings/", room_id="RO-POO", date=ahead(1)).json() == [slot]
    own = slot | {"booking_id": booked["booking_id"], "date": "2026-01-21", "room_name": "RO-POO", "room_id": "RO-POO"}
    assert student.get("user.bookings/", date=ahead(1)).json() == [own]
    assert student.get("user.bookings").json() == [own]
    assert student.get("user.bookings", date=ahead(2)).json() == []
    assert student.get("user.info").json()["quota_left"] == 60


def test_booking_a_society_room(house, mount):
    rema = logged_in(house.rema, mount)
    fields = {"start_time": "15:00", "end_time": "17:00", "event_name": "techandtell", "society": "SOTECHSOC"}
    booked = rema.post("rooms.book/", room_id="RO-PIZZA", date=ahead(21), **fields).json()
    assert booked["success"] is True
    (slot,) = rema.get("rooms.bookings", room_id="RO-PIZZA", date=ahead(21)).json()
    assert slot == {
        "username": "rema",
        "notes": "techandtell -UCLU Technology Society",
        "start": "15:00:00",
        "end": "17:00:00",
    }
    assert rema.get("user.info").json()["quota_left"] == 180


def test_a_body_in_json(house):
    fields = {"room_id": " RO-POO ", "date": int(ahead(1)), "start_time": "11:01", "end_time": "13:00", "more": [1]}
    student = logged_in(house.student)
    body = json.dumps(fields | {"society_booking": False, "notes": None}).encode()
    assert student.send("POST", "rooms.book", body, "application/json").json()["success"] is True
    (slot,) = student.get("user.bookings").json()
    assert (slot["start"], slot["end"], slot["notes"]) == ("11:00:00", "13:00:00", "")
    assert student.get("user.info").json()["quota_left"] == 60


def test_deleting_a_booking(house, mount):
    student = logged_in(house.student, mount)
    booked = student.post("rooms.book", room_id="RO-POO", date=ahead(1), start_time="15:00", end_time="17:00").json()
    deleted = student.get("rooms.deleteBooking/", booking_id=booked["booking_id"])
    assert (deleted.status_code, deleted.json()) == (200, {"success": True, "token": booked["booking_id"]})
    assert student.get("user.bookings").json() == []
    assert student.get("user.info").json()["quota_left"] == 180


def test_a_token_of_a_society(house, mount):
    token = logged_in(house.wil, mount).get("society.token/", society_id="SOTECHSOC").json()
    assert sorted(token) == ["token"]
    assert len(token["token"]) == 40
    society = Roomie(token["token"], mount)
    booked = society.post(
        "rooms.book/", room_id="RO-PIZZA", date=ahead(1), start_time="15:00", end_time="17:00", event_name="Tell"
    ).json()
    assert booked["success"] is True
    (slot,) = society.get("rooms.bookings/", room_id="RO-PIZZA", date=ahead(1)).json()
    assert (slot["username"], slot["notes"]) == ("SOTECHSOC", "Tell -UCLU Technology Society")
    assert logged_in(house.wil).get("user.bookings").json() == []
    assert society.get("rooms.deleteBooking/", booking_id=booked["booking_id"]).json()["success"] is True


def test_society_access(house, mount):
    wil = logged_in(house.wil, mount)
    for _ in range(2):
        added = wil.post("society.addUser/", "username=student&society_id=SOTECHSOC").json()
        assert added == {"success": "Successfully added student to society access groups!"}
    assert logged_in(house.student).get("user.info").json()["groups"] == ["Group_2", "Group_3"]
    for call in ("society.deleteUser/", "society.removeUser/"):
        wil.post("society.addUser/", "username=student@wil.com&society_id=SOTECHSOC")
        assert wil.post(call, "username=student&society_id=SOTECHSOC").json() == {"success": True}
    assert logged_in(house.student).get("user.info").json()["groups"] == ["Group_2"]


def test_logging_out(house, mount):
    student, other_device = logged_in(house.student, mount), logged_in(house.student, mount)
    assert student.get("rooms.list").status_code == 200
    for client in (student, student, Roomie(mount=mount), Roomie("0" * 40, mount)):
        assert client.get("user.logout/").json() == {"success": True}
    for client in (student, other_device):
        answer = client.get("rooms.list")
        assert (answer.status_code, answer.json()["code"]) == (401, "INVALID_TOKEN")
        assert answer["WWW-Authenticate"] == "Token"

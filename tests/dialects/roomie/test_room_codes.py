"""A room's id on this wire is its code: it stays when the room gets another name."""

import pytest

from classrooms.models import Classroom
from tests.dialects.roomie.scenes import ahead, logged_in, refused

pytestmark = pytest.mark.django_db
TIME = {"start_time": "15:00", "end_time": "16:00"}


@pytest.fixture
def student(house):
    Classroom.objects.filter(name="RO-POO").update(name="Pool", name_key="pool", name_order="pool")
    return logged_in(house.student)


def test_it_is_listed_under_its_code(student):
    assert [(room["room_id"], room["room_name"]) for room in student.get("rooms.list").json()] == [
        ("RO-POO", "Pool"),
        ("RO-PIZZA", "RO-PIZZA"),
    ]


def test_it_is_asked_for_and_booked_by_its_code(student):
    assert student.post("rooms.book", room_id="RO-POO", date=ahead(1), **TIME).json()["success"] is True
    (slot,) = student.get("rooms.bookings", room_id="RO-POO", date=ahead(1)).json()
    assert (slot["username"], slot["start"]) == ("student", "15:00:00")
    (own,) = student.get("user.bookings").json()
    assert (own["room_id"], own["room_name"]) == ("RO-POO", "Pool")


@pytest.mark.parametrize("room_id", ["Pool", "ro-poo"])
def test_neither_its_name_nor_another_case_is_its_code(student, room_id):
    refused(student.get("rooms.bookings", room_id=room_id, date=ahead(1)), "UNKNOWN_ROOM")
    refused(student.post("rooms.book", room_id=room_id, date=ahead(1), **TIME), "UNKNOWN_ROOM")

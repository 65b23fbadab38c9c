"""What other programs call a room by: its name as it was when the room was made, until somebody says otherwise."""

import datetime as dt

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from auditlog.models import LogEntry
from classrooms.enums import OccupancyKind
from classrooms.models import Classroom
from classrooms.services.rooms import (
    ClassroomCodeIsTaken,
    ClassroomNameIsACode,
    change_classroom,
    create_classroom,
)
from kernel import clock
from kernel.campus_time import Interval
from kernel.errors import Invalid
from tests.factories import make_classroom, make_occupancy
from tests.migrating import migrate_to_the_end

pytestmark = pytest.mark.django_db
EPOCH, HOUR = dt.datetime(2026, 2, 1, tzinfo=dt.UTC), dt.timedelta(hours=1)
SIZE = {"capacity": 30, "floor": 2}
INSERT = """
INSERT INTO classrooms_classroom (name, name_key, name_order, capacity, floor, equipment, is_active, auto_approve, type,
                                  building, link)
VALUES ('Raw', 'raw', 'raw', 1, 0, '{}', true, false, '', '', '')
"""


def create(**values):
    return create_classroom(by=None, now=clock.now(), **SIZE | values)


def change(room, by, **values):
    return change_classroom(classroom_id=room.pk, by=by, now=clock.now(), **values)


def codes():
    return dict(Classroom.objects.order_by("name").values_list("name", "code"))


def test_a_room_without_a_code_has_its_name_for_one():
    assert create(name="Room A").code == "Room A"
    assert make_classroom("Room B").code == "Room B"
    Classroom.objects.bulk_create([Classroom(name="C", name_key="c", name_order="c", **SIZE)])
    with connection.cursor() as cursor:
        cursor.execute(INSERT)
    assert codes() == {"C": "C", "Raw": "Raw", "Room A": "Room A", "Room B": "Room B"}
    assert set(Classroom.objects.values_list("code_key", flat=True)) == {"room a", "room b", "c", "raw"}


def test_a_code_is_given_with_the_room_or_later(cspace):
    room = create(name="Room A", code="RA-1")
    assert (room.code, codes()) == ("RA-1", {"Room A": "RA-1"})
    assert change(room, cspace, code="RA-2").code == "RA-2"
    assert codes() == {"Room A": "RA-2"}
    entry = LogEntry.objects.get(action="classroom.changed")
    assert entry.details == {"name": "Room A", "changes": {"code": ["RA-1", "RA-2"]}}
    change(room, cspace, code="RA-2")
    assert LogEntry.objects.filter(action="classroom.changed").count() == 1


def test_an_empty_code_is_the_name_again(cspace):
    room = create(name="Room A", code="RA-1")
    assert change(room, cspace, code="").code == "Room A"
    assert codes() == {"Room A": "Room A"}
    assert LogEntry.objects.get(action="classroom.changed").details["changes"] == {"code": ["RA-1", "Room A"]}


def test_a_code_stays_when_its_room_gets_another_name():
    room = make_classroom("Room A")
    Classroom.objects.filter(pk=room.pk).update(name="Aula", name_key="aula")
    assert codes() == {"Aula": "Room A"}


@pytest.mark.parametrize("code", ["RA-1", "ra-1", "room b"])
def test_two_rooms_never_have_one_code_whatever_its_case(cspace, code):
    create(name="Room A", code="RA-1")
    other = create(name="Room B")
    mine = create(name="Room C")
    for act in (lambda: create(name="Room D", code=code), lambda: change(mine, cspace, code=code)):
        with pytest.raises(ClassroomCodeIsTaken) as refusal:
            act()
        assert refusal.value.details == {"code": ["A classroom with this code already exists"]}
    assert codes() == {"Room A": "RA-1", other.name: "Room B", "Room C": "Room C"}


def test_a_name_that_is_the_code_of_another_room(api, cspace):
    create(name="Room A", code="Lab")
    answer = api(cspace).post("classrooms/", {"name": "LAB", **SIZE})
    sentence = "Another classroom has this name as its code: choose another name or, in the admin, a code of its own"
    assert (answer.status_code, answer.json()) == (
        409,
        {"error": sentence, "code": "ALREADY_EXISTS", "details": {"name": [sentence]}},
    )
    assert codes() == {"Room A": "Lab"}
    assert create(name="LAB", code="Lab 2").code == "Lab 2"


def test_an_emptied_code_whose_name_is_the_code_of_another_room(cspace):
    room = create(name="Room A", code="RA-1")
    create(name="Room B", code="room a")
    with pytest.raises(ClassroomNameIsACode):
        change(room, cspace, code="")


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("a\u200bb", "Control, bidirectional and invisible characters are not allowed"),
        (" ", "A code neither begins nor ends with a space"),
        (" RA-1", "A code neither begins nor ends with a space"),
        ("x" * 101, "This code is too long"),
        ("\ufdfa" * 30, "This code is too long"),  # 18 letters each, written out
    ],
)
def test_what_is_no_code(cspace, code, sentence):
    with pytest.raises(Invalid) as refusal:
        create(name="Room A", code=code)
    assert refusal.value.details == {"code": [sentence]}
    room = create(name="Room A")
    with pytest.raises(Invalid):
        change(room, cspace, code=code)
    assert codes() == {"Room A": "Room A"}


def test_the_api_says_nothing_of_codes(api, cspace):
    create(name="Room A", code="RA-1")
    assert "code" not in api(cspace).get("classrooms/Room A/").json()
    api(cspace).put("classrooms/Room A/", {"code": "RA-2", "capacity": 3})
    assert codes() == {"Room A": "RA-1"}


@pytest.mark.django_db(transaction=True)
def test_rooms_that_were_there_before_have_their_names_for_codes():
    make_occupancy(make_classroom("Room Ä"), Interval(EPOCH, EPOCH + HOUR), OccupancyKind.CLOSURE)
    try:
        MigrationExecutor(connection).migrate([("classrooms", "0009_rooms_have_parts_and_bookings_buffers")])
    finally:
        migrate_to_the_end()
    assert list(Classroom.objects.values_list("name", "code", "code_key")) == [("Room Ä", "Room Ä", "room ä")]

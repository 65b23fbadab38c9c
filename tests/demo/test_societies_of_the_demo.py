"""The demo's house of societies as clients of Roomie see it; the calls that its document shows are sent as they are."""

import re
import shlex
from pathlib import Path

import pytest

from classrooms.models import Classroom
from demo.campus import STUDY_ROOM
from demo.loading import PASSWORD
from groups.models import UserGroup
from tests.dialects.roomie.scenes import Roomie, ahead, refused

PAGE = Path(__file__).resolve().parents[2] / "docs" / "dialects" / "roomie.md"
SHELL = re.compile(r"```\n(curl .*?)```", re.DOTALL)
TIME = {"start_time": "15:00", "end_time": "16:00"}


@pytest.fixture
def client_of(campus):
    """Who has logged in."""

    def logged_in(username):
        return Roomie(Roomie().post("user.login", username=username, password=PASSWORD).json()["token"])

    return logged_in


def sent(line):
    """What a curl of the document is answered."""
    words = shlex.split(line)[1:]
    options = {
        words.pop(place): words.pop(place) for place in (words.index(word) for word in [*words] if word[0] == "-")
    }
    (address,) = words
    token = options.get("-H", "").removeprefix("Authorization: Token ") or None
    call = address.removeprefix("localhost:8000/")
    if "--data" in options:
        return Roomie(token, "/").post(call, options["--data"]).json()
    return Roomie(token, "/").send("GET", call).json()


def test_the_calls_of_the_document(campus):
    (lines,) = SHELL.findall(PAGE.read_text(encoding="utf-8"))
    login, *others = lines.replace("\\\n", " ").strip().splitlines()
    session = sent(login)
    assert (session["groups"], session["societies"]) == (["Group_2", "Group_3"], [["Debate Club", "DEBATE"]])
    rooms, slots, booking = (
        sent(line.replace("<token>", session["token"]).replace("<date>", ahead(1))) for line in others
    )
    assert len(rooms) == Classroom.objects.active().count()
    assert slots == []
    assert booking["success"] is True


def test_people_book_for_themselves_in_two_rooms_of_the_house_and_in_the_study_room(client_of):
    rooms = client_of("stranger").get("rooms.list").json()
    assert {room["room_id"] for room in rooms if room["individual_access"]} == {"UNION-1", "UNION-3", STUDY_ROOM}
    assert [(room["room_name"], room["coffee"]) for room in rooms if room["room_id"] == "UNION-1"] == [
        ("Common Room", True)
    ]
    refused(client_of("stranger").post("rooms.book", room_id="UNION-2", date=ahead(1), **TIME), "ROOM_ACCESS_DENIED")


def test_the_numbers_of_the_wire_hold_in_the_house(client_of):
    john = client_of("john_doe")
    assert john.get("user.info").json()["quota_left"] == 180
    wish = {"room_id": "UNION-3", **TIME}
    refused(john.post("rooms.book", date=ahead(8), **wish), "TOO_FAR_AHEAD")
    assert john.post("rooms.book", date=ahead(7), **wish).json()["success"] is True
    assert john.get("user.info").json()["quota_left"] == 120
    refused(john.post("rooms.book", date=ahead(22), society="DEBATE", event_name="Trial", **wish), "TOO_FAR_AHEAD")
    booked = john.post("rooms.book", date=ahead(21), society="DEBATE", event_name="Trial", **wish).json()
    assert booked["success"] is True


def test_each_society_has_a_president_and_members(client_of):
    places = UserGroup.objects.filter(group__kind="society").with_api_relations()
    assert {(place.group.code, place.user.username, place.permissions) for place in places} == {
        ("DEBATE", "hil", "admin"),
        ("DEBATE", "john_doe", "member"),
        ("DEBATE", "hsinmu", "member"),
        ("FILM", "hsinmu", "admin"),
        ("FILM", "hil", "member"),
    }
    token = client_of("hil").get("society.token", society_id="DEBATE").json()["token"]
    booked = Roomie(token).post("rooms.book", room_id="UNION-2", date=ahead(1), event_name="Final", **TIME).json()
    assert booked["success"] is True
    (slot,) = Roomie(token).get("rooms.bookings", room_id="UNION-2", date=ahead(1)).json()
    assert (slot["username"], slot["notes"]) == ("DEBATE", "Final -Debate Club")

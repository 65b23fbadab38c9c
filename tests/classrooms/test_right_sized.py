"""The free-room search for so many people: rooms that seat them, the smallest first (contract of policy §6)."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import make_classroom, make_registration

pytestmark = pytest.mark.usefixtures("document_clock")
DAY = dt.date(2026, 2, 1)
SLOT = "date=2026-02-01&start_time=10:00&end_time=12:00"


@pytest.fixture
def rooms(db):
    return [
        make_classroom(name, capacity=capacity, floor=floor)
        for name, capacity, floor in (
            ("Aula", 200, 0),
            ("10", 20, 1),
            ("9", 20, 1),
            ("Loft", 20, 4),
            ("Closet", 4, 0),
            ("Hall", 50, 2),
        )
    ]


@pytest.fixture
def found(api, cspace, rooms):
    def found(query):
        response = api(cspace).get(f"classrooms/free/?{SLOT}&{query}")
        assert response.status_code == 200, response.content
        return [row["name"] for row in response.json()["results"]]

    return found


def test_without_it_all_rooms_come_in_their_usual_order(found):
    assert found("") == ["Aula", "Closet", "9", "10", "Hall", "Loft"]
    assert found("attendees=") == found("")


def test_rooms_that_seat_as_many_the_smallest_first(found):
    assert found("attendees=1") == ["Closet", "9", "10", "Loft", "Hall", "Aula"]
    assert found("attendees=4")[0] == "Closet"
    assert found("attendees=5") == found("attendees=20") == ["9", "10", "Loft", "Hall", "Aula"]
    assert found("attendees=21") == ["Hall", "Aula"]
    assert found("attendees=200") == ["Aula"]
    assert found("attendees=201") == found("attendees=999999999999999999") == []


def test_the_other_filters_stay(found):
    assert found("attendees=5&min_capacity=30") == ["Hall", "Aula"]
    assert found("attendees=30&min_capacity=5") == ["Hall", "Aula"]
    assert found("attendees=1&floor=1") == ["9", "10"]
    assert found("attendees=1&weekly_until=2026-02-28&search=o") == ["Closet", "Loft"]


def test_pages_go_on_in_this_order(api, cspace, rooms):
    pages = [
        api(cspace).get(f"classrooms/free/?{SLOT}&attendees=5&per_page=2&page={page}").json() for page in (1, 2, 3)
    ]
    assert [[row["name"] for row in page["results"]] for page in pages] == [["9", "10"], ["Loft", "Hall"], ["Aula"]]
    assert [page["count"] for page in pages] == [5] * 3


def test_what_is_taken_is_left_out(found, rooms, cspace, team):
    make_registration(by=cspace, group=team, classroom=rooms[2], day=DAY)
    assert found("attendees=5") == ["10", "Loft", "Hall", "Aula"]


def test_suggestions_are_for_as_many(api, cspace, rooms, team):
    for room in rooms:
        make_registration(by=cspace, group=team, classroom=room, day=DAY)
    body = api(cspace).get(f"classrooms/free/?{SLOT}&attendees=21&suggest=true").json()
    assert body["results"] == []
    assert {row["classroom"] for row in body["suggestions"]} == {"Hall", "Aula"}


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("0", "Ensure this value is greater than or equal to 1."),
        ("-1", "Ensure this value is greater than or equal to 1."),
        ("x", "A whole number is required"),
        ("1.0", "A whole number is required"),
        ("true", "A whole number is required"),
        ("null", "A whole number is required"),
        ("9" * 19, "Must have at most 18 digits"),
    ],
)
def test_what_is_no_number_of_people(api, cspace, room, value, sentence):
    response = api(cspace).get(f"classrooms/free/?{SLOT}&attendees={value}")
    assert (response.status_code, response.json()["details"]) == (400, {"attendees": [sentence]})


def test_it_costs_no_statement_more(api, cspace, rooms):
    counts = []
    for query in ("", "&attendees=5"):
        with CaptureQueriesContext(connection) as captured:
            assert api(cspace).get(f"classrooms/free/?{SLOT}{query}").status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]

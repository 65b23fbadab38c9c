"""How many statements each call of the Roomie wire costs, equal at one row and at five."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.services.sid_logins import ticket_for
from dialects.roomie.sids import letters_of
from dialects.roomie.urls import CALLS
from kernel import clock
from kernel.campus_time import campus_date
from policies.queries.rulebook import renew_rulebook
from tests.dialects.roomie.scenes import Roomie, ahead, logged_in, make_society
from tests.factories import join, make_classroom, make_registration

pytestmark = pytest.mark.django_db
# {call: statements}; what the contract allows stands behind it.
BUDGET = {
    "user.info": 4,
    "user.bookings": 2,
    "rooms.list": 3,  # 3
    "rooms.bookings": 4,  # 4
    "rooms.book": 8,  # 10
    "rooms.book by token": 9,  # 10
    "rooms.deleteBooking": 9,
    "rooms.deleteBooking by token": 9,
    "society.token": 9,
    "society.addUser": 10,
    "society.deleteUser": 14,
    "user.logout": 5,
    "user.login.getToken": 1,
    "user.login.status": 5,
    "user.login.callback": 8,
}


@pytest.mark.parametrize("size", [1, 5])
def test_calls_cost_what_they_may(house, stock_of_ids, size):
    day = campus_date(clock.now()) + timedelta(days=1)
    for number in range(size):
        make_classroom()
        society = make_society(f"Society {number}", f"SO{number}")
        join(house.wil, society, "admin")
        join(house.student, society)
        for room in (house.room, house.society_room):
            start = 480 + 60 * number
            make_registration(by=house.student, group=society, classroom=room, day=day, start=start, end=start + 60)
    wil = logged_in(house.wil)
    token = Roomie(wil.get("society.token", society_id="SOTECHSOC").json()["token"])
    renew_rulebook()
    wish = {"date": ahead(1), "room_id": "RO-POO"}
    costs = {}

    def cost(name, call):
        with CaptureQueriesContext(connection) as captured:
            answer = call()
        assert answer.status_code == 200, answer.content
        assert "error" not in answer.json(), answer.content
        costs[name] = len(captured)
        return answer.json()

    cost("user.info", lambda: wil.get("user.info"))
    cost("user.bookings", lambda: wil.get("user.bookings"))
    cost("rooms.list", lambda: wil.get("rooms.list"))
    cost("rooms.bookings", lambda: wil.get("rooms.bookings", room_id="RO-POO", date=ahead(1)))
    own = cost("rooms.book", lambda: wil.post("rooms.book", **wish, start_time="15:00", end_time="16:00"))
    tokens = cost("rooms.book by token", lambda: token.post("rooms.book", **wish, start_time="16:00", end_time="17:00"))
    cost("rooms.deleteBooking", lambda: wil.get("rooms.deleteBooking", booking_id=own["booking_id"]))
    cost("rooms.deleteBooking by token", lambda: token.get("rooms.deleteBooking", booking_id=tokens["booking_id"]))
    cost("society.token", lambda: wil.get("society.token", society_id="SOTECHSOC"))
    cost("society.addUser", lambda: wil.post("society.addUser", username="student", society_id="SOTECHSOC"))
    cost("society.deleteUser", lambda: wil.post("society.deleteUser", username="student", society_id="SOTECHSOC"))
    begun = cost("user.login.getToken", lambda: wil.get("user.login.getToken"))
    letters = letters_of(begun["sid"])
    ticket = ticket_for(letters, house.wil, now=clock.now())
    with CaptureQueriesContext(connection) as captured:
        assert wil.get("user.login.callback", sid=letters, ticket=ticket).status_code == 200
    costs["user.login.callback"] = len(captured)
    cost("user.login.status", lambda: wil.post("user.login.status", sid=letters))
    cost("user.logout", lambda: wil.get("user.logout"))
    assert costs == BUDGET


def test_every_call_has_a_budget():
    named = {name.removesuffix(" by token") for name in BUDGET}
    assert {*CALLS} - named == {"user.login", "society.removeUser"}

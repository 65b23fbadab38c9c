"""Sixteen ask at once over the Roomie wire: nobody has more than his minutes, no slot two bookings, no key a twin."""

from collections import Counter

import pytest

from policies.models import QuotaCharge
from registrations.models import Registration
from tests.dialects.roomie.scenes import Roomie, ahead, logged_in, make_house
from tests.factories import make_classroom, make_user
from tests.races.test_registrations import deadlocks
from tests.races.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)
THREADS, MINUTES, FIT = 16, 30, 6
"""So many ask for so many minutes each, and so many of them have room in 180."""
ROUNDS = 3


def asked(clients, call):
    """What all are told, counted: the code of a refusal, or `success`."""
    answers = at_once(*[lambda client=client, place=place: call(client, place) for place, client in enumerate(clients)])
    assert {answer.status_code for answer in answers} == {200}, [answer.content for answer in answers]
    return Counter(answer.json().get("code", "success") for answer in answers)


def test_one_person_has_no_more_than_180_minutes():
    make_house()
    rooms, before = [make_classroom().name for _ in range(THREADS)], deadlocks()
    for number in range(ROUNDS):
        student = make_user()
        clients = [Roomie(logged_in(student).token) for _ in range(THREADS)]
        wish = {"date": ahead(1), "start_time": f"{10 + number}:01", "end_time": f"{10 + number}:{MINUTES}"}
        results = asked(
            clients, lambda client, place, wish=wish: client.post("rooms.book", room_id=rooms[place], **wish)
        )
        assert results == {"success": FIT, "QUOTA_EXCEEDED": THREADS - FIT}
        charges = QuotaCharge.objects.filter(owner_id=student.pk).values_list("amount", flat=True)
        assert sum(charges) == 180
        assert logged_in(student).get("user.info").json()["quota_left"] == 0
    assert deadlocks() == before


def test_one_slot_is_had_by_one():
    make_house()
    clients, before = [logged_in(make_user()) for _ in range(THREADS)], deadlocks()
    for number in range(ROUNDS):
        wish = {"date": ahead(1), "start_time": f"{10 + number}:01", "end_time": f"{11 + number}:00"}
        results = asked(clients, lambda client, _, wish=wish: client.post("rooms.book", room_id="RO-POO", **wish))
        assert results == {"success": 1, "SLOT_TAKEN": THREADS - 1}
    assert Registration.objects.count() == QuotaCharge.objects.count() == ROUNDS
    assert deadlocks() == before


def test_one_booking_is_deleted_once():
    house = make_house()
    student = logged_in(house.student)
    wish = {"room_id": "RO-POO", "date": ahead(1), "start_time": "10:00", "end_time": "11:00"}
    booking = student.post("rooms.book", **wish).json()["booking_id"]
    results = asked(
        [Roomie(student.token) for _ in range(THREADS)],
        lambda client, _: client.get("rooms.deleteBooking", booking_id=booking),
    )
    assert results == {"success": 1, "UNKNOWN_BOOKING": THREADS - 1}
    assert student.get("user.info").json()["quota_left"] == 180


def test_of_many_new_keys_of_a_society_one_lives():
    house = make_house()
    wil = logged_in(house.wil)
    answers = at_once(*[lambda: Roomie(wil.token).get("society.token", society_id="SOTECHSOC")] * THREADS)
    keys = [answer.json()["token"] for answer in answers]
    statuses = Counter(Roomie(key).get("rooms.list").status_code for key in keys)
    assert (len(set(keys)), statuses) == (THREADS, {200: 1, 401: THREADS - 1})

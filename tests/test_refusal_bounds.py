"""A refusal is never longer than a page: of what it lists the first are listed and the rest is counted."""

from datetime import date, timedelta
from typing import Any

import pytest

from classrooms.services.closures import close_rooms
from classrooms.services.room_time import RoomAlreadyBooked
from kernel import clock
from kernel.admin.refusals import summary
from kernel.campus_time import days_interval
from kernel.errors import MAX_LISTED, Invalid
from registrations.models import Registration
from tests.factories import make_registration

pytestmark = pytest.mark.usefixtures("document_clock")
LONGEST = 64 * 1024
SERIES = {
    "classroom": "Room A",
    "day_of_week": 4,
    "start_time": "9:10",
    "end_time": "10:20",
    "start_date": "2026-02-01",
    "end_date": "2026-02-28",
}
TEN_YEARS = {"starts_at": "2026-02-01T00:00:00Z", "ends_at": "2036-02-01T00:00:00Z"}


def refused(response: Any, status: int = 409) -> Any:
    """The details of a refusal, which is short."""
    assert response.status_code == status, response.content[:500]
    assert len(response.content) < LONGEST
    return response.json()["details"]


def book_days(room, group, by, count):
    """One registration from 9:00 to 10:00 on each of `count` days from 2026-02-01 on; the earliest."""
    days = [date(2026, 2, 1) + timedelta(days=number) for number in range(count)]
    made = [make_registration(by=by, group=group, classroom=room, day=day, start=540, end=600) for day in days]
    return made[0]


def test_a_booking_in_a_room_that_is_closed_for_ten_years(api, cspace, member, room, wish):
    assert api(cspace).post("classrooms/Room A/closures/", TEN_YEARS).status_code == 201

    details = refused(api(member).post("registrations/", wish))

    assert (len(details["conflicts"]), details["conflict_count"]) == (MAX_LISTED, 3653)
    assert details["existing_registration_id"] is None
    assert details["conflicts"][0] | {"id": 0} == {
        "id": 0,
        "kind": "closure",
        "date": "2026-02-01",
        "start_time": "08:00",
        "end_time": "24:00",
    }


def test_a_closure_over_more_registrations_than_are_listed(api, cspace, member, team, room):
    first = book_days(room, team, member, MAX_LISTED + 5)

    for path, body in (("classrooms/Room A/closures/", TEN_YEARS), ("closures/", TEN_YEARS | {"classrooms": "all"})):
        details = refused(api(cspace).post(path, body))
        assert (len(details["conflicts"]), details["conflict_count"]) == (MAX_LISTED, MAX_LISTED + 5)
        assert details["existing_registration_id"] == first.pk


def test_what_can_be_listed_is_listed_without_a_count(api, cspace, member, team, room):
    book_days(room, team, member, MAX_LISTED)

    details = refused(api(cspace).post("classrooms/Room A/closures/", TEN_YEARS))

    assert set(details) == {"existing_registration_id", "conflicts"}
    assert len(details["conflicts"]) == MAX_LISTED


def test_a_batch_of_five_hundred_series_for_one_slot(api, cspace, team, room):
    items = [SERIES | {"group_id": team.pk}] * 500

    details = refused(api(cspace).post("batch-allocations/", {"items": items}))

    assert (len(details["conflicts"]), details["conflict_count"]) == (MAX_LISTED, 499 * 4)
    assert details["conflicts"][0]["item"] == 1
    assert Registration.objects.count() == 0


def test_a_batch_of_five_hundred_faulty_series_names_the_first_and_counts_the_rest(api, cspace):
    details = refused(api(cspace).post("batch-allocations/", {"items": [{}] * 500}), 400)

    assert len(details) == MAX_LISTED + 1
    assert details["items.0.group_id"] == ["This field is required."]
    assert details["non_field_errors"] == [f"and {500 * 7 - MAX_LISTED} more fields"]


def test_thousands_of_unknown_rooms(api, cspace, room):
    names = [f"Nowhere {number}" for number in range(19_000)]
    details = refused(api(cspace).post("closures/", TEN_YEARS | {"classrooms": names}), 400)
    assert set(details) == {"classrooms"}


def test_thousands_of_sentences_about_one_field():
    assert Invalid({"classrooms": ["x"] * 5_000}).details == {"classrooms": ["x"] * MAX_LISTED + ["and 4800 more"]}
    assert Invalid({"classrooms": ["x" * 5_000]}).details == {"classrooms": ["x" * 500 + "…"]}


def test_the_admins_page_counts_what_is_not_listed(cspace, member, room, team):
    book_days(room, team, member, MAX_LISTED + 5)
    period = days_interval(date(2026, 2, 1), date(2027, 2, 1))
    with pytest.raises(RoomAlreadyBooked) as refusal:
        close_rooms(by=cspace, now=clock.now(), classrooms=[room], interval=period)

    assert summary(refusal.value).endswith(f" and {MAX_LISTED + 5 - 10} more")

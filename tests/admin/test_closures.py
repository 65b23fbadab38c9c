"""Closures in the admin: some rooms or all, campus wall time, and what is in the way."""

import datetime as dt

import pytest

from classrooms.models import Classroom, Closure, Occupancy
from notifications.models import Notification
from registrations.models import Registration
from tests.admin.pages import act, actions, errors, said, save, typed
from tests.factories import make_classroom, make_registration

CLOSURES = "/admin/classrooms/closure/"
DAY = dt.date(2026, 2, 1)
NIGHT = {"starts_on": "2026-02-01", "start_time": "8:00", "ends_on": "2026-02-02", "end_time": "24:00"}

pytestmark = pytest.mark.usefixtures("document_clock")


def form(*rooms, **more):
    return NIGHT | {"classrooms": [room.pk for room in rooms], "on_conflict": "fail", "reason": "Paint"} | more


def closed():
    rows = Closure.objects.standing().order_by("occupancy__classroom__name")
    return [(row.occupancy.classroom.name, row.reason, row.is_campus_wide) for row in rows]


@pytest.fixture
def held(member, team, room):
    return make_registration(by=member, group=team, classroom=room, day=DAY)


def test_a_room_is_closed_in_campus_time(admin, room):
    response = admin.post(f"{CLOSURES}add/", form(room), follow=True)
    assert said(response) == ["1 closed."]
    occupancy = Occupancy.objects.get()
    assert occupancy.starts_at == dt.datetime(2026, 2, 1, 0, tzinfo=dt.UTC)
    assert occupancy.ends_at == dt.datetime(2026, 2, 2, 16, tzinfo=dt.UTC)
    assert closed() == [("Room A", "Paint", False)]
    assert actions() == ["closure.created"]


def test_several_rooms_are_one_command_and_one_log_row(admin, room):
    other, _ = make_classroom("Room B"), make_classroom("Room C")
    assert said(admin.post(f"{CLOSURES}add/", form(room, other), follow=True)) == ["2 closed."]
    assert closed() == [("Room A", "Paint", False), ("Room B", "Paint", False)]
    assert actions() == ["closure.created"]


def test_all_rooms_at_once(admin, room):
    make_classroom("Room B")
    assert said(admin.post(f"{CLOSURES}add/", form(all_rooms="on"), follow=True)) == ["2 closed."]
    assert closed() == [("Room A", "Paint", True), ("Room B", "Paint", True)]
    assert actions() == ["closure.created"]


def test_what_is_booked_refuses_and_the_form_stays_filled(admin, room, held):
    response = admin.post(f"{CLOSURES}add/", form(room))
    in_the_way = f"registration {held.pk} (2026-02-01 10:00–12:00)"
    assert errors(response) == {"__all__": [f"Room is already booked for the requested time: {in_the_way}"]}
    assert typed(response, "starts_on", "start_time", "end_time", "reason") == ["2026-02-01", "8:00", "24:00", "Paint"]
    assert typed(response, "classrooms") == [[str(room.pk)]]
    assert closed() == []
    assert actions() == ["registration.created"]


def test_what_is_booked_is_cancelled_where_the_form_says_so(admin, room, held, member):
    save(admin, f"{CLOSURES}add/", form(room, on_conflict="cancel"))
    assert Registration.objects.get().status == "cancelled"
    assert closed() == [("Room A", "Paint", False)]
    assert sorted(actions()) == ["closure.created", "registration.cancelled", "registration.created"]
    assert Notification.objects.filter(user=member).count() == 1


def test_a_lecture_always_refuses(admin, room):
    Occupancy.objects.create(
        classroom=room,
        starts_at=dt.datetime(2026, 2, 1, 1, tzinfo=dt.UTC),
        ends_at=dt.datetime(2026, 2, 1, 2, tzinfo=dt.UTC),
        kind="lecture",
    )
    response = admin.post(f"{CLOSURES}add/", form(room, on_conflict="cancel"))
    assert list(errors(response)) == ["__all__"]
    assert closed() == []
    assert actions() == []


@pytest.mark.parametrize(
    ("wrong", "field", "sentence"),
    [
        ({"classrooms": []}, "classrooms", "Choose some rooms, or all of them"),
        ({"all_rooms": "on"}, "classrooms", "Choose some rooms, or all of them"),
        ({"classrooms": ["x"]}, "classrooms", "“x” is not a valid value."),
        ({"start_time": "24:00"}, "start_time", "A time of the form HH:MM is required"),
        ({"start_time": "8"}, "start_time", "A time of the form HH:MM is required"),
        ({"start_time": "٠٨:٠٠"}, "start_time", "A time of the form HH:MM is required"),
        ({"end_time": ""}, "end_time", "This field is required."),
        ({"starts_on": "01/02/2026"}, "starts_on", "Enter a valid date."),
        ({"starts_on": "0001-01-01"}, "start_time", "This date is out of range"),
        ({"ends_on": "9999-12-31"}, "end_time", "This date is out of range"),
        ({"ends_on": "2026-01-31"}, "starts_on", "Start must be before end"),
        ({"ends_on": "2026-02-01", "end_time": "08:00"}, "starts_on", "Start must be before end"),
        ({"reason": "x" * 501}, "reason", "Ensure this value has at most 500 characters (it has 501)."),
        ({"reason": "a\x01"}, "reason", "Control characters and broken Unicode are not allowed"),
        ({"on_conflict": "move"}, "on_conflict", "Select a valid choice. move is not one of the available choices."),
    ],
)
def test_a_wrong_value_is_named_and_nothing_is_closed(admin, room, wrong, field, sentence):
    response = admin.post(f"{CLOSURES}add/", form(room) | wrong)
    assert errors(response) == {field: [sentence]}
    assert closed() == []
    assert actions() == []


def test_a_time_the_clocks_skip_is_named(admin, room, settings):
    settings.CSPACE_TIME_ZONE = "Europe/Berlin"
    response = admin.post(
        f"{CLOSURES}add/", form(room, starts_on="2026-03-29", start_time="02:30", ends_on="2026-03-30")
    )
    skipped = "02:30 does not exist on this date: the clocks are put forward over it"
    assert errors(response) == {"start_time": [skipped]}
    assert closed() == []


def test_a_closure_is_lifted_once(admin, room):
    admin.post(f"{CLOSURES}add/", form(room), follow=True)
    closure = Closure.objects.get()
    assert said(act(admin, "classrooms/closure", "lift", closure)) == ["1 lifted."]
    assert said(act(admin, "classrooms/closure", "lift", closure)) == ["Paint: Closure not found"]
    assert closed() == []
    assert actions() == ["closure.created", "closure.deleted"]


def test_a_closure_is_looked_at_and_not_edited(admin, room):
    admin.post(f"{CLOSURES}add/", form(room))
    closure = Closure.objects.get()
    page = admin.get(f"{CLOSURES}{closure.pk}/change/").content.decode()
    assert "2026-02-02 24:00" in page
    assert admin.post(f"{CLOSURES}{closure.pk}/change/", form(room, reason="other")).status_code == 403
    assert closed() == [("Room A", "Paint", False)]
    assert actions() == ["closure.created"]


def test_whoever_is_not_in_cspace_closes_nothing(member, stranger, browser, room):
    for person in (member, stranger):
        response = browser(person).post(f"{CLOSURES}add/", form(room))
        assert response["Location"].startswith("/admin/login/")
    assert list(Closure.objects.all()) == []
    assert Classroom.objects.count() == 1
    assert actions() == []

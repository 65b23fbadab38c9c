"""Registrations in the admin: booked and moved past no conflict check, decided with a reason."""

import datetime as dt

import pytest

from auditlog.models import LogEntry
from classrooms.models import Occupancy
from notifications.models import Notification
from registrations.models import Registration
from tests.admin.pages import act, actions, errors, said, typed
from tests.factories import make_classroom, make_group, make_registration

PAGE = "/admin/registrations/registration/"
LIST = "registrations/registration"
DAY = dt.date(2026, 2, 1)
TAKEN = "Room is already booked for the requested time"
UNAVAILABLE = "Select a valid choice. That choice is not one of the available choices."

pytestmark = pytest.mark.usefixtures("document_clock")


@pytest.fixture
def held(member, team, room):
    return make_registration(by=member, group=team, classroom=room, day=DAY, description="Team\nmeeting")


def form(room, group, **more):
    slot = {"date": "2026-02-01", "start_time": "10:00", "end_time": "12:00", "description": "Team\r\nmeeting"}
    return {"classroom": room.pk, "group": group.pk} | slot | more


def change_page(registration):
    return f"{PAGE}{registration.pk}/change/"


def booked():
    """(room, day, hours, status) of everything, by id; hours in campus time."""
    zone = dt.timezone(dt.timedelta(hours=8))
    return [
        (row.occupancy.classroom.name, f"{row.occupancy.starts_at.astimezone(zone):%m-%d %H:%M}", row.status)
        for row in Registration.objects.with_api_relations().order_by("pk")
    ]


def test_a_room_is_booked_by_the_service(admin, cspace, room, team):
    assert admin.post(f"{PAGE}add/", form(room, team, end_time="24:00")).status_code == 302
    registration = Registration.objects.get()
    assert (registration.created_by, registration.group, registration.description) == (cspace, team, "Team\nmeeting")
    assert registration.occupancy.ends_at == dt.datetime(2026, 2, 1, 16, tzinfo=dt.UTC)
    assert booked() == [("Room A", "02-01 10:00", "pending")]
    assert actions() == ["registration.created"]


def test_a_room_that_approves_itself_does_so_here(admin, room, team):
    room.auto_approve = True
    room.save()
    admin.post(f"{PAGE}add/", form(room, team))
    assert booked() == [("Room A", "02-01 10:00", "approved")]


def test_a_taken_slot_names_what_is_there_and_keeps_what_was_typed(admin, room, team, held):
    wish = form(room, team, start_time="11:30", end_time="13:00", description="Mine")
    response = admin.post(f"{PAGE}add/", wish)
    in_the_way = f"registration {held.pk} (2026-02-01 10:00–12:00)"
    assert errors(response) == {"__all__": [f"{TAKEN}: {in_the_way}"]}
    assert in_the_way in response.content.decode()
    assert typed(response, *wish) == [str(value) for value in wish.values()]
    assert Occupancy.objects.count() == 1
    assert actions() == ["registration.created"]


def test_a_long_list_in_the_way_is_cut(admin, room, team, member):
    for hour in range(12):
        make_registration(by=member, group=team, classroom=room, day=DAY, start=hour * 60, end=hour * 60 + 60)
    (sentence,) = errors(admin.post(f"{PAGE}add/", form(room, team, start_time="0:00")))["__all__"]
    assert sentence.count("registration") == 10
    assert sentence.endswith(" and 2 more")


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"date": "2026-01-19"}, {"date": ["Date cannot be in the past"]}),
        ({"date": "2029-01-01"}, {"date": ["Date cannot be more than 730 days ahead"]}),
        ({"date": "2026-01-20", "start_time": "09:59"}, {"start_time": ["Start time cannot be in the past"]}),
        ({"start_time": "12:00"}, {"start_time": ["Start time must be before end time"]}),
        ({"start_time": "25:00"}, {"start_time": ["A time of the form HH:MM is required"]}),
        ({"end_time": "12:60"}, {"end_time": ["A time of the form HH:MM is required"]}),
        ({"date": "tomorrow"}, {"date": ["Enter a valid date."]}),
        ({"date": "0001-01-01"}, {"date": ["Date cannot be in the past"]}),
        ({"group": "x"}, {"group": [UNAVAILABLE]}),
        ({"classroom": "\x00"}, {"classroom": ["Null characters are not allowed."]}),
        (
            {"description": "x" * 2001},
            {"description": ["Ensure this value has at most 2000 characters (it has 2001)."]},
        ),
        ({"description": "a\x00"}, {"description": ["Control characters and broken Unicode are not allowed"]}),
    ],
)
def test_a_wrong_value_is_named_and_nothing_is_booked(admin, room, team, wrong, expected):
    response = admin.post(f"{PAGE}add/", form(room, team) | wrong)
    assert errors(response) == expected
    assert Occupancy.objects.count() == 0
    assert actions() == []


def test_a_closed_room_and_an_archived_group_are_named(admin, room, team):
    room.is_active = False
    room.save()
    assert errors(admin.post(f"{PAGE}add/", form(room, team))) == {"classroom": ["Room A is not open for booking"]}
    act(admin, "groups/group", "archive", team)
    assert errors(admin.post(f"{PAGE}add/", form(room, team))) == {"group": [UNAVAILABLE]}
    assert actions() == ["group.archived"]


def test_the_page_shows_it_as_the_campus_sees_it_and_saving_that_changes_nothing(admin, room, team, held):
    page = admin.get(change_page(held))
    shown = typed(page, "classroom", "group", "date", "start_time", "end_time", "description")
    assert shown == [room.pk, team.pk, DAY, "10:00", "12:00", "Team\nmeeting"]
    assert admin.post(change_page(held), form(room, team)).status_code == 302
    assert actions() == ["registration.created"]


def test_a_registration_is_moved_by_the_service_in_one_step(admin, team, held):
    other, choir = make_classroom("Room B"), make_group("Choir")
    wish = form(other, choir, date="2026-02-03", start_time="8:00", end_time="9:30", description="Song")
    assert admin.post(change_page(held), wish).status_code == 302
    held.refresh_from_db()
    assert booked() == [("Room B", "02-03 08:00", "pending")]
    assert (held.group, held.description) == (choir, "Song")
    assert actions() == ["registration.created", "registration.changed"]


def test_only_what_was_touched_is_changed(admin, room, team, held):
    make_registration(by=held.created_by, group=team, classroom=room, day=DAY, start=720, end=780)
    assert admin.post(change_page(held), form(room, team, start_time="11:00")).status_code == 302
    assert [row.details["changes"] for row in LogEntry.objects.filter(action="registration.changed")] == [
        {"time": ["2026-02-01 10:00–12:00", "2026-02-01 11:00–12:00"]}
    ]


def test_what_somebody_else_has_moved_meanwhile_stays_moved(admin, room, team, held):
    shown = form(room, team)
    page = admin.get(change_page(held)).content.decode()
    assert 'name="initial-start_time" value="10:00"' in page
    admin.post(change_page(held), form(room, team, start_time="11:00"))
    before = {f"initial-{name}": value for name, value in shown.items()}
    assert admin.post(change_page(held), shown | before | {"description": "Late"}).status_code == 302
    held.refresh_from_db()
    assert (booked(), held.description) == ([("Room A", "02-01 11:00", "pending")], "Late")
    assert actions() == ["registration.created", "registration.changed", "registration.changed"]


def test_how_many_come_is_typed_changed_and_forgotten(admin, room, team):
    page = f"{PAGE}add/"
    assert errors(admin.post(page, form(room, team, attendees="31"))) == {"attendees": ["The room seats 30"]}
    for typed_in, sentence in (
        ("0", "Ensure this value is greater than or equal to 1."),
        ("x", "Enter a whole number."),
    ):
        assert errors(admin.post(page, form(room, team, attendees=typed_in))) == {"attendees": [sentence]}
    assert admin.post(page, form(room, team, attendees="30")).status_code == 302
    registration = Registration.objects.get()
    assert typed(admin.get(change_page(registration)), "attendees") == [30]
    assert list(admin.get(PAGE).context["cl"].queryset.values_list("attendees", flat=True)) == [30]
    assert "Attendees" in admin.get(PAGE).content.decode()
    for typed_in, expected in (("12", 12), ("12", 12), ("", None), ("", None)):
        assert admin.post(change_page(registration), form(room, team, attendees=typed_in)).status_code == 302
        registration.refresh_from_db()
        assert registration.attendees == expected
    assert actions() == ["registration.created", "registration.changed", "registration.changed"]
    changes = LogEntry.objects.filter(action="registration.changed").order_by("id")
    assert [row.details["changes"] for row in changes] == [{"attendees": [30, 12]}, {"attendees": [12, None]}]
    small = make_classroom("Closet", capacity=4)
    assert errors(admin.post(change_page(registration), form(small, team, attendees="5"))) == {
        "attendees": ["The room seats 4"]
    }


def test_a_move_onto_something_keeps_the_old_slot(admin, room, team, held, member):
    other = make_registration(by=member, group=team, classroom=room, day=DAY, start=720, end=780)
    wish = form(room, team, start_time="11:00", end_time="12:30", description="Longer")
    response = admin.post(change_page(held), wish)
    assert errors(response) == {"__all__": [f"{TAKEN}: registration {other.pk} (2026-02-01 12:00–13:00)"]}
    assert typed(response, "start_time", "end_time", "description") == ["11:00", "12:30", "Longer"]
    held.refresh_from_db()
    assert booked() == [("Room A", "02-01 10:00", "pending"), ("Room A", "02-01 12:00", "pending")]
    assert held.description == "Team\nmeeting"
    assert actions() == ["registration.created"] * 2


@pytest.mark.parametrize(
    ("action", "sentence"),
    [("cancel", "The registration has been cancelled"), ("reject", "A rejected registration cannot be changed")],
)
def test_what_holds_no_room_is_not_moved(admin, room, team, held, action, sentence):
    act(admin, LIST, action, held)
    response = admin.post(change_page(held), form(room, team, start_time="9:00"))
    assert errors(response) == {"__all__": [sentence]}
    assert len(actions()) == 2


def test_status_and_creator_are_not_typed(admin, room, team, held, cspace, member):
    admin.post(change_page(held), form(room, team, status="approved", created_by=cspace.pk, is_live=""))
    held.refresh_from_db()
    assert (held.status, held.created_by) == ("pending", member)
    assert actions() == ["registration.created"]


@pytest.mark.parametrize(("action", "word"), [("approve", "approved"), ("reject", "rejected"), ("cancel", "cancelled")])
def test_a_decision_carries_its_reason(admin, held, member, action, word):
    response = act(admin, LIST, action, held, reason="  Exam week ")
    assert said(response) == [f"1 {word}."]
    assert booked() == [("Room A", "02-01 10:00", word)]
    assert LogEntry.objects.get(action=f"registration.{word}").details["reason"] == "Exam week"
    (notice,) = Notification.objects.filter(user=member)
    assert (
        notice.description
        == f"Your room registration has been {word}: Room A, 2026-02-01 10:00–12:00. Reason: Exam week"
    )


def test_a_decision_needs_no_reason(admin, held):
    act(admin, LIST, "reject", held)
    assert "reason" not in LogEntry.objects.get(action="registration.rejected").details


@pytest.mark.parametrize("reason", ["x" * 501, "a\x00", "a\x01"])
def test_an_impossible_reason_decides_nothing(admin, held, reason):
    act(admin, LIST, "approve", held, reason=reason)
    assert booked() == [("Room A", "02-01 10:00", "pending")]
    assert actions() == ["registration.created"]


def test_whoever_is_not_in_cspace_writes_nothing_here(member, stranger, browser, room, team, held):
    wish = form(room, team, date="2026-02-05")
    for person in (member, stranger):
        for page in (f"{PAGE}add/", change_page(held)):
            assert browser(person).post(page, wish)["Location"].startswith("/admin/login/")
        act(browser(person), LIST, "approve", held)
    assert booked() == [("Room A", "02-01 10:00", "pending")]
    assert actions() == ["registration.created"]

"""The rules that the wire promises, who writes them, and which rooms they leave to societies."""

import io

import pytest
from django.core.management import CommandError, call_command

from auditlog.models import LogEntry
from kernel import clock
from policies.models import BookingRule
from policies.services.house_rules import write_house_rules
from registrations.models import Registration
from tests.dialects.roomie.scenes import ahead, logged_in, refused
from tests.factories import cspace_group, join, make_group, make_user
from tests.policies.scenes import make_rule

pytestmark = pytest.mark.django_db
PEOPLE, EVERYBODY = {"kind": "individual"}, {"kind": "everybody"}
HERE, EVERYWHERE = {"kind": "classroom", "classroom": "RO-POO"}, {"kind": "everywhere"}
ON_FLOOR = {"kind": "floor", "floor": 2}
CLOSED, OPEN = {"type": "individual", "allowed": False}, {"type": "individual", "allowed": True}
SHUT = {"type": "no_booking"}


def run(*words):
    out = io.StringIO()
    call_command("roomie_rules", *words, stdout=out)
    return out.getvalue().splitlines()


def test_the_command_writes_what_is_not_there_yet(db):
    join(make_user("ada"), cspace_group())
    *sentences, count = run("ada")
    assert (len(sentences), count) == (8, "8 rules written.")
    assert BookingRule.objects.count() == LogEntry.objects.filter(action="booking_rule.created").count() == 8
    BookingRule.objects.filter(limit_type="notice").delete()
    assert len(run("ada")) == 3
    assert run("ada") == ["0 rules written."]


def test_nobody_but_cspace_writes_them(db):
    make_user("eve")
    make_user("bob", is_active=False)
    for name, sentence in (("eve", "permission"), ("bob", "nobody called bob"), ("zoe", "nobody called zoe")):
        with pytest.raises(CommandError, match=sentence):
            run(name)
    assert not BookingRule.objects.exists()


@pytest.mark.parametrize(
    ("rules", "is_open"),
    [
        ([(PEOPLE, HERE, CLOSED)], False),
        ([(EVERYBODY, HERE, CLOSED)], True),  # what is for people alone is closer to them
        ([(PEOPLE, ON_FLOOR, CLOSED)], False),
        ([(PEOPLE, ON_FLOOR, CLOSED), (PEOPLE, HERE, OPEN)], True),
        ([(PEOPLE, HERE, SHUT)], False),
        ([(EVERYBODY, ON_FLOOR, SHUT)], False),
        ([(EVERYBODY, ON_FLOOR, SHUT), (EVERYBODY, HERE, {"type": "no_booking", "none": True})], True),
        ([(PEOPLE, {"kind": "classroom", "classroom": "RO-PIZZA"}, SHUT)], True),
        ([({"kind": "group_kind", "group_kind": "society"}, HERE, SHUT)], True),
    ],
)
def test_a_room_is_shown_as_it_can_be_booked(house, rules, is_open):
    said = [{"name": "More", "who": who, "where": where, "limit": limit} for who, where, limit in rules]
    write_house_rules(said, by=house.keeper, now=clock.now())
    student = logged_in(house.student)
    shown = {room["room_id"]: room["individual_access"] for room in student.get("rooms.list").json()}
    assert shown == {"RO-POO": is_open, "RO-PIZZA": False}
    answer = student.post("rooms.book", room_id="RO-POO", date=ahead(1), start_time="12:00", end_time="13:00")
    if is_open:
        assert answer.json()["success"] is True
    else:
        refused(answer, "ROOM_ACCESS_DENIED")


@pytest.mark.parametrize("part", [{"at": {"from": "12:30"}}, {"during": {"from": "2026-01-21"}}])
def test_a_room_that_is_closed_at_some_time_only(house, part):
    rule = {"name": "More", "who": PEOPLE, "where": HERE, "limit": SHUT}
    write_house_rules([rule | part], by=house.keeper, now=clock.now())
    student = logged_in(house.student)
    assert student.get("rooms.list").json()[1]["individual_access"] is True
    answer = student.post("rooms.book", room_id="RO-POO", date=ahead(1), start_time="12:00", end_time="13:00")
    refused(answer, "ROOM_ACCESS_DENIED")


def test_what_a_rule_sends_to_approval_waits(house):
    rule = {"name": "More", "who": PEOPLE, "where": HERE, "limit": {"type": "length", "max_minutes": 60}}
    write_house_rules([rule | {"effect": "approval"}], by=house.keeper, now=clock.now())
    student = logged_in(house.student)
    wish = {"room_id": "RO-POO", "date": ahead(1), "start_time": "12:00", "end_time": "14:00"}
    assert student.post("rooms.book", **wish).json()["success"] is True
    assert len(student.get("user.bookings").json()) == 1
    refused(student.post("rooms.book", **wish), "SLOT_TAKEN")


@pytest.mark.parametrize(
    "more",
    [{"who": {"kind": "user", "username": "student"}}, {"at": {"weekdays": [4], "from": "15:00", "until": "17:00"}}],
)
def test_whoever_may_by_a_rule_books_a_room_that_is_for_societies(house, more):
    rule = {"where": {"kind": "classroom", "classroom": "RO-PIZZA"}, "limit": {"type": "individual", "allowed": True}}
    make_rule(house.keeper, name="All the same", **rule | {"who": {"kind": "individual"}} | more)
    fields = {"room_id": "RO-PIZZA", "date": ahead(1), "start_time": "15:00", "end_time": "17:00"}
    assert "success" in logged_in(house.student).post("rooms.book", **fields).json()
    refused(
        logged_in(house.rema).post("rooms.book", **fields | {"start_time": "17:00", "end_time": "18:00"}),
        "ROOM_ACCESS_DENIED",
    )
    refused(logged_in(house.rema).post("rooms.book", **fields | {"date": "tomorrow"}), "ROOM_ACCESS_DENIED")


def test_whose_a_room_is_comes_before_when(house):
    student = logged_in(house.student)
    fields = {"room_id": "RO-PIZZA", "start_time": "10:00", "end_time": "11:00"}
    for day in ("20260119", ahead(0), ahead(8), "24990101", "20260230"):
        refused(student.post("rooms.book", date=day, **fields), "ROOM_ACCESS_DENIED")
    refused(student.post("rooms.book", date="20260119", **fields | {"room_id": "RO-POO"}), "IN_THE_PAST")


def test_what_is_missing_comes_before_what_is_too_long(house):
    student = logged_in(house.student)
    for more in ({"notes": "x" * 151}, {"society_booking": "perhaps"}, {"event_name": "x" * 151}):
        refused(student.post("rooms.book", room_id="", date=ahead(1), **more), "MISSING_PARAMETER")


def test_who_is_above_a_quota_is_not_above_an_approval(house):
    make_rule(house.keeper, name="Long ones", limit={"type": "length", "max_minutes": 60}, effect="approval")
    keeper = logged_in(house.keeper)
    for start, end in (("10:00", "13:00"), ("13:00", "16:00")):
        fields = {"room_id": "RO-POO", "date": ahead(1), "start_time": start, "end_time": end}
        assert keeper.post("rooms.book", **fields).json()["success"] is True
    assert set(Registration.objects.values_list("status", flat=True)) == {"pending"}
    assert [len(row.broken_rules) for row in Registration.objects.all()] == [1, 1]


def test_a_room_for_societies_alone_is_no_other_groups(house, api):
    here = {"where": {"kind": "classroom", "classroom": "RO-POO"}}
    make_rule(house.keeper, name="Nobody", limit={"type": "no_booking"}, **here)
    society = {"kind": "group_kind", "group_kind": "society"}
    make_rule(house.keeper, name="But", who=society, limit={"type": "no_booking", "none": True}, **here)
    rooms = logged_in(house.student).get("rooms.list").json()
    assert [room["individual_access"] for room in rooms] == [False, False]
    fields = {"room_id": "RO-POO", "date": ahead(1), "start_time": "15:00", "end_time": "16:00"}
    refused(logged_in(house.student).post("rooms.book", **fields), "ROOM_ACCESS_DENIED")
    other = make_group()
    join(house.student, other)
    wish = {"classroom": "RO-POO", "group_id": other.pk, "date": "2026-01-22", "start_time": "15:00"}
    wish |= {"end_time": "16:00"}
    assert api(house.student).post("registrations/", wish).json()["code"] == "POLICY"
    assert logged_in(house.rema).post("rooms.book", society="SOTECHSOC", event_name="x", **fields).json()["success"]

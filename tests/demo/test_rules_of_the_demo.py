"""What the demo campus shows of rules, quotas, marks and rooms made of rooms, and that its own bookings keep them."""

import datetime as dt
import io

import pytest
from django.core.management import call_command

from classrooms.models import Classroom, RoomPart
from demo import loading
from demo.booking_rules import SOCIETY, SOCIETY_MINUTES
from demo.campus import HALL, HALL_PARTS, STUDY_ROOM
from demo.rule_cases import CASES, FRIDAY, REHEARSALS, cases
from groups.models import Group
from kernel import clock
from kernel.campus_time import campus_date
from registrations.models import Registration
from registrations.services.judging import judged, wish_in


def day_after(days):
    return (campus_date(clock.now()) + dt.timedelta(days=days)).isoformat()


def booking(days, start, end, room="Room A", **more):
    return {"classroom": room, "date": day_after(days), "start_time": start, "end_time": end, **more}


def group_id(name):
    return Group.objects.get(name=name).pk


@pytest.mark.parametrize("weekday", range(7))
def test_on_whatever_day_it_is_loaded_it_has_as_many_cases_and_none_today(weekday):
    today = dt.date(2026, 1, 19) + dt.timedelta(days=weekday)
    booked = list(cases(today))
    assert len(booked) == CASES - 1  # the other one is cancelled again
    assert today not in {case.slot.day for case in booked}
    rehearsals = [case.slot.day.isocalendar().week for case in booked if case.group == SOCIETY]
    assert sorted(map(rehearsals.count, set(rehearsals))) == [REHEARSALS, REHEARSALS]


def test_the_rules_are_written_and_every_step_is_told(campus, loaded):
    assert loaded == loading.steps()
    rules = campus("admin").get("booking-rules/?all=true").json()["results"]
    assert {rule["name"] for rule in rules} == {rule["name"] for rule in loading.RULES}
    assert Group.objects.get(name=SOCIETY).tags == ["society"]


def test_what_is_live_keeps_the_rules(campus):
    """Judged one by one as if they were asked for again: none would be refused, one was sent to approval."""
    with_relations = Registration.objects.live().with_api_relations().select_related("occupancy__classroom", "group")
    waiting = []
    for registration in with_relations:
        judgement = judged(wish_in(registration, registration.created_at))
        assert not judgement.verdict.is_refused, (registration, judgement.verdict.json)
        if judgement.verdict.needs_approval:
            waiting.append(registration)
    (long,) = waiting
    assert (long.status, long.occupancy.classroom.name, long.occupancy.classroom.auto_approve) == (
        "pending",
        STUDY_ROOM,
        True,
    )
    assert [rule["type"] for rule in long.broken_rules] == ["length"]


def test_the_ledger_says_what_is_live(campus):
    out = io.StringIO()
    call_command("check_quotas", stdout=out)
    assert out.getvalue() == "The ledger says what the live registrations say.\n"


@pytest.mark.parametrize("days", [0, 7])
def test_the_society_has_half_an_hour_left_this_week_and_the_next(campus, days):
    (quota,) = campus("hsinmu").get(f"groups/{group_id(SOCIETY)}/quota/?date={day_after(days)}").json()["results"]
    assert (quota["unit"], quota["per"], quota["limit"]) == ("minutes", "week", SOCIETY_MINUTES)
    assert (quota["used"], quota["left"]) == (SOCIETY_MINUTES - 30, 30)


def test_an_hour_too_much_is_refused_by_the_quota(campus):
    next_week = 7 - campus_date(clock.now()).weekday()
    too_much = booking(next_week, "21:00", "22:00", group_id=group_id(SOCIETY))
    answer = campus("hsinmu").post("registrations/check/", too_much).json()
    assert [rule["type"] for rule in answer["rules"]] == ["quota"]
    assert (answer["rules"][0]["used"], answer["rules"][0]["wanted"]) == (SOCIETY_MINUTES - 30, 60)
    refusal = campus("hsinmu").post("registrations/", too_much)
    assert (refusal.status_code, refusal.json()["code"]) == (409, "POLICY")


def test_the_society_has_a_mark_for_cancelling_late(campus):
    (mark,) = campus("hsinmu").get(f"groups/{group_id(SOCIETY)}/marks/").json()["results"]
    assert (mark["kind"], mark["points"], mark["given_by"]) == ("late_cancel", 1, None)


def test_somebody_without_a_group_books_the_study_room_alone_and_no_other(campus):
    alone = booking(25, "10:00", "11:30", STUDY_ROOM, group_id=None)
    answer = campus("stranger").post("registrations/", alone)
    assert (answer.status_code, answer.json()["reserved_group"]) == (201, None)
    assert campus("stranger").post("registrations/", alone | {"classroom": "Room A"}).status_code == 403
    assert Registration.objects.live().filter(group=None).count() == 3


def test_the_hall_is_taken_with_its_parts_and_cleared_afterwards(campus):
    """On the Friday of next week 522 has it for its concert until nine."""
    whole, parts = Classroom.objects.get(name=HALL), Classroom.objects.filter(name__in=HALL_PARTS)
    assert set(RoomPart.objects.filter(whole=whole).values_list("part", flat=True)) == {room.pk for room in parts}
    friday = 7 + FRIDAY - campus_date(clock.now()).weekday()
    wish = booking(friday, "20:00", "21:00", HALL_PARTS[0], group_id=group_id("522"))
    conflict, *_ = campus("john_doe").post("registrations/check/", wish).json()["conflicts"]
    assert (conflict["kind"], conflict["via"]) == ("registration", HALL)
    clearing = wish | {"start_time": "21:00", "end_time": "22:00"}
    refusal = campus("john_doe").post("registrations/", clearing)
    assert (refusal.status_code, refusal.json()["code"]) == (409, "CONFLICT")
    assert refusal.json()["details"]["conflicts"][0]["kind"] == "buffer"
    later = clearing | {"start_time": "21:15"}
    assert campus("john_doe").post("registrations/", later).status_code == 201


def test_the_night_is_closed(campus):
    night = booking(25, "05:00", "06:00", group_id=group_id("522"))
    refusal = campus("john_doe").post("registrations/", night)
    assert (refusal.status_code, refusal.json()["details"]["rules"][0]["type"]) == (409, "opening_hours")

"""Ten rules of real campuses: each can be said, and decides rightly at its edges (policy §7)."""

import datetime as dt

import pytest

from policies.rules.verdicts import cancelling, may_be_individual
from tests.policies.said import (
    CLUB,
    EVE,
    GOLD,
    GROUP_1,
    HALL,
    MONDAY,
    PERSON_7,
    SMALL,
    SOCIETY,
    TUESDAY,
    WEDNESDAY,
    broken,
    said,
    verdict,
    wished,
)
from tests.policies.wishes import ZONE, instant

SUNDAY, THURSDAY, SATURDAY = dt.date(2026, 3, 29), dt.date(2026, 4, 2), dt.date(2026, 4, 4)
CLUBS, GOLD_CLUBS = {"kind": "group_kind", "group_kind": "club"}, {"kind": "tag", "tag": "Gold"}
SOCIETIES, ALONE = {"kind": "group_kind", "group_kind": "society"}, {"kind": "individual"}
BY_PERSON = {"type": "quota", "counts": "takes_place_in", "of": "person"}


@pytest.fixture(autouse=True)
def berlin(settings):
    settings.CSPACE_TIME_ZONE = ZONE


def after(days):
    return WEDNESDAY + dt.timedelta(days=days)


@pytest.mark.parametrize("counts", ["booked_in", "takes_place_in"])
def test_twelve_hours_a_week_reset_on_monday_and_cancelling_gives_back(counts):
    rules = said({"type": "quota", "minutes": 720, "per": "week", "counts": counts, "of": "group"})
    last_week, this_week = (1, GROUP_1, SUNDAY, 1439, 720), (1, GROUP_1, MONDAY, 0, 660)
    assert broken(rules, wished(600, 660, party=CLUB), charges=[last_week, this_week]) == []
    (found,) = verdict(rules, wished(600, 661, party=CLUB), charges=[last_week, this_week]).broken
    assert (found.limit, found.used, found.wanted) == (720, 660, 61)
    assert broken(rules, wished(600, 661, party=CLUB), charges=[last_week]) == [], "it has been given back"


def test_the_week_in_which_it_is_booked_is_not_the_one_it_takes_place_in():
    booked_in, takes_place_in = (
        said({"type": "quota", "minutes": 720, "per": "week", "counts": counts, "of": "group"})
        for counts in ("booked_in", "takes_place_in")
    )
    next_week = wished(600, 660, day=after(7), party=CLUB)
    assert broken(booked_in, next_week, charges=[(1, GROUP_1, MONDAY, 0, 720)]) == ["quota"]
    assert broken(takes_place_in, next_week, charges=[(1, GROUP_1, MONDAY, 0, 720)]) == []


def test_at_most_twelve_hours_outstanding():
    rules = said({"type": "quota", "minutes": 720, "per": "future", "of": "group"})
    now = (TUESDAY, 600)
    over, running, far = (
        (1, GROUP_1, TUESDAY, 600, 600),
        (1, GROUP_1, TUESDAY, 601, 60),
        (1, GROUP_1, after(90), 600, 600),
    )
    assert broken(rules, wished(600, 660, now=now, party=CLUB), charges=[over, running, far]) == []
    assert broken(rules, wished(600, 661, now=now, party=CLUB), charges=[over, running, far]) == ["quota"]


def test_clubs_four_weeks_ahead_gold_clubs_six_and_three_days_notice():
    rules = [
        *said({"type": "notice", "min_minutes": 4320, "max_days": 28}, who=CLUBS),
        *said({"type": "notice", "max_days": 42}, who=GOLD_CLUBS, first_id=2),
    ]
    now = (WEDNESDAY, 600)
    for party, most in ((CLUB, 28), (GOLD, 42)):
        assert broken(rules, wished(day=after(most), now=now, party=party)) == []
        (found,) = verdict(rules, wished(day=after(most + 1), now=now, party=party)).broken
        assert (found.limit, found.wanted) == (most, most + 1)
        assert broken(rules, wished(600, 660, day=after(3), now=now, party=party)) == []
        assert broken(rules, wished(599, 660, day=after(3), now=now, party=party)) == ["notice"]
    assert broken(rules, wished(day=after(100), now=now, party=SOCIETY)) == []


def test_hours_and_bookings_a_day_and_hours_a_term_the_new_day_opens_at_ten_and_nothing_is_cancelled_late():
    rules = said(
        BY_PERSON | {"minutes": 180, "per": "day"},
        BY_PERSON | {"bookings": 1, "per": "day"},
        BY_PERSON | {"minutes": 1200, "per": "term"},
        {"type": "notice", "max_days": 7, "opens_at": "10:00"},
        {"type": "cancel", "min_minutes": 30, "then": "refuse"},
    )
    wish = wished(600, 780)
    assert broken(rules, wish) == []
    assert [each.rule.id for each in verdict(rules, wished(600, 781)).broken] == [1]
    same_day = [(2, PERSON_7, WEDNESDAY, 1380, 1)]
    assert [each.rule.id for each in verdict(rules, wish, charges=same_day).broken] == [2]
    assert broken(rules, wish, charges=[(2, PERSON_7, THURSDAY, 0, 1)]) == []
    term = [(3, PERSON_7, TUESDAY, 0, 1020), (3, PERSON_7, dt.date(2026, 3, 1), 0, 1000)]
    assert broken(rules, wish, charges=term) == []
    more = [(3, PERSON_7, dt.date(2026, 7, 31), 1439, 1), *term]
    assert [each.rule.id for each in verdict(rules, wish, charges=more).broken] == [3]
    in_no_term = wished(600, 780, day=MONDAY, now=(SUNDAY, 0))
    assert broken(rules, in_no_term, charges=[(3, PERSON_7, MONDAY, 1200, 1200)]) == []
    assert broken(rules, wished(day=after(6), now=(TUESDAY, 600))) == []
    assert broken(rules, wished(day=after(6), now=(TUESDAY, 599))) == ["notice"]
    assert broken(rules, wished(day=after(5), now=(TUESDAY, 0))) == []
    decide = verdict(rules, wish).deciding
    assert cancelling(decide, wish.stay.interval.starts_at, instant(WEDNESDAY, 570)) == []
    (late,) = cancelling(decide, wish.stay.interval.starts_at, instant(WEDNESDAY, 571))
    assert late.rule.limit.then == "refuse"


def test_three_in_fourteen_days_then_by_approval_never_two_rooms_at_once_never_back_to_back():
    rules = [
        *said(BY_PERSON | {"bookings": 3, "per": {"days": 14}}, effect="approval"),
        *said({"type": "concurrent", "max": 1}, {"type": "gap", "minutes": 1}, first_id=2),
    ]
    two, third = [(1, PERSON_7, after(-10), 0, 1), (1, PERSON_7, after(-13), 0, 1)], (1, PERSON_7, after(-2), 0, 1)
    assert broken(rules, wished(), charges=two) == []
    by_approval = verdict(rules, wished(), charges=[*two, third])
    assert [(each.limit, each.used, each.wanted) for each in by_approval.broken] == [(3, 3, 1)]
    assert by_approval.needs_approval
    long_ago = (1, PERSON_7, after(-14), 1439, 1)
    assert broken(rules, wished(), charges=[*two, long_ago]) == []
    ahead = [(1, PERSON_7, after(days), 0, 1) for days in (-1, 12, 13)]
    assert broken(rules, wished(), charges=ahead) == []
    assert broken(rules, wished(), charges=[*ahead, (1, PERSON_7, after(11), 0, 1)]) == ["quota"]
    elsewhere = [(WEDNESDAY, 540, 601, SMALL)]
    assert verdict(rules, wished(), bookings=elsewhere, charges=[*two, third]).is_refused
    assert broken(rules, wished(), bookings=[(WEDNESDAY, 540, 600, SMALL)]) == []
    assert broken(rules, wished(), bookings=[(WEDNESDAY, 540, 600, HALL)]) == ["gap"]
    assert broken(rules, wished(), bookings=[(WEDNESDAY, 540, 599, HALL)]) == []


def test_who_cancels_late_is_marked_and_three_marks_in_a_term_send_to_approval_for_ninety_days():
    rules = [
        *said({"type": "cancel", "min_minutes": 2880, "then": "late"}),
        *said({"type": "standing", "points": 3, "within_days": 120, "effect_days": 90}, effect="approval", first_id=2),
    ]
    decide = verdict(rules, wished()).deciding
    assert cancelling(decide, instant(WEDNESDAY, 600), instant(MONDAY, 600)) == []
    (late,) = cancelling(decide, instant(WEDNESDAY, 600), instant(MONDAY, 601))
    assert late.rule.limit.then == "late"
    two, third = [(1, after(-119)), (1, after(-60))], (1, after(0))
    wish = wished(day=after(90), now=(after(1), 0))
    assert broken(rules, wish, marks=two) == []
    assert verdict(rules, wish, marks=[*two, third]).needs_approval
    assert verdict(rules, wish, marks=[(1, after(-121)), two[1], third]).broken == ()
    for minute, is_pending in ((719, True), (720, False)):
        later = wished(day=after(91), now=(after(90), minute))
        assert verdict(rules, later, marks=[*two, third]).needs_approval == is_pending


def test_societies_in_term_time_only_weekdays_from_six():
    rules = [
        *said({"type": "no_booking"}, who=SOCIETIES),
        *said({"type": "no_booking", "none": True}, who=SOCIETIES, during={"period": "term"}, first_id=2),
        *said(
            {"type": "opening_hours", "weekdays": [2, 3, 4, 5, 6], "from": "18:00", "until": "24:00"},
            who=SOCIETIES,
            first_id=3,
        ),
    ]
    friday, in_exams, in_a_break = dt.date(2026, 3, 27), dt.date(2026, 3, 28), dt.date(2026, 3, 26)
    assert broken(rules, wished(1080, 1440, day=friday, party=SOCIETY)) == []
    assert broken(rules, wished(1079, 1440, day=friday, party=SOCIETY)) == ["opening_hours"]
    assert broken(rules, wished(1080, 1200, day=SATURDAY, party=SOCIETY)) == ["opening_hours"]
    assert broken(rules, wished(1080, 1200, day=in_a_break, party=SOCIETY)) == ["no_booking"]
    assert broken(rules, wished(1080, 1200, day=in_exams, party=SOCIETY)) == ["no_booking", "opening_hours"]
    assert broken(rules, wished(1080, 1200, day=MONDAY, party=SOCIETY)) == ["no_booking"], "in no semester"
    assert broken(rules, wished(600, 660, day=MONDAY, party=CLUB)) == []


def test_slots_of_fifty_minutes_from_a_quarter_past():
    hours = range(8, 20)
    slots = [{"from": f"{hour:02}:15", "until": f"{hour + 1:02}:05", "name": f"{hour}"} for hour in hours]
    rules = said({"type": "grid", "periods": slots}, {"type": "length", "max_minutes": 50})
    assert broken(rules, wished(555, 605)) == []
    assert broken(rules, wished(555, 604)) == broken(rules, wished(556, 605)) == ["grid"]
    assert broken(rules, wished(495, 545)) == broken(rules, wished(1155, 1205)) == []
    assert broken(rules, wished(435, 485)) == ["grid"]
    assert broken(rules[:1], wished(555, 665)) == []
    assert broken(rules, wished(555, 665)) == ["length"]


def test_at_least_half_the_seats_of_the_big_hall():
    rules = said({"type": "attendees", "min_percent": 50}, where={"kind": "classroom", "classroom": "Hall"})
    assert broken(rules, wished(attendees=100)) == []
    (found,) = verdict(rules, wished(attendees=99)).broken
    assert (found.limit, found.wanted) == (100, 99)
    assert broken(rules, wished(attendees=None)) == ["attendees"]
    assert broken(rules, wished(attendees=1, place=SMALL)) == []


def test_alone_in_small_rooms_two_hours_at_most_three_times_a_week():
    where = {"kind": "classroom", "classroom": "Small"}
    rules = [
        *said({"type": "individual", "allowed": True}, where=where),
        *said(
            {"type": "length", "max_minutes": 120},
            BY_PERSON | {"bookings": 3, "per": "week"},
            who=ALONE,
            first_id=2,
        ),
    ]
    wish = wished(600, 720, place=SMALL)
    assert may_be_individual(verdict(rules, wish).deciding)
    assert not may_be_individual(verdict(rules, wished(place=HALL)).deciding)
    assert broken(rules, wish) == []
    assert broken(rules, wished(600, 721, place=SMALL)) == ["length"]
    assert broken(rules, wished(600, 721, place=SMALL, party=CLUB)) == []
    charges = [(3, PERSON_7, SUNDAY, 600, 1), (3, PERSON_7, MONDAY, 0, 1), (3, PERSON_7, TUESDAY, 0, 1)]
    assert broken(rules, wish, charges=charges) == []
    assert broken(rules, wish, charges=[*charges, (3, PERSON_7, dt.date(2026, 4, 5), 1439, 1)]) == ["quota"]
    assert EVE.owner == PERSON_7

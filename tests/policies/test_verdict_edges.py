"""Each type of rule with a booking that just keeps to it and one that just does not."""

import datetime as dt

import pytest

from policies.rules.verdicts import allows_series, broken_by_series, buffer_minutes, cancelling
from tests.policies.said import (
    CLUB,
    EVE,
    GOLD,
    GROUP_1,
    HALL,
    MONDAY,
    PERSON_7,
    SMALL,
    TUESDAY,
    WEDNESDAY,
    broken,
    said,
    verdict,
    wished,
)
from tests.policies.wishes import ZONE, instant

THURSDAY, SUNDAY = dt.date(2026, 4, 2), dt.date(2026, 3, 29)
QUOTA = {"type": "quota", "minutes": 120, "per": "week", "counts": "takes_place_in", "of": "group"}


@pytest.fixture(autouse=True)
def berlin(settings):
    settings.CSPACE_TIME_ZONE = ZONE


EDGES = [
    ({"type": "individual", "allowed": False}, wished(party=CLUB), wished(party=EVE)),
    ({"type": "individual", "allowed": True}, wished(party=EVE), None),
    (
        {"type": "opening_hours", "weekdays": [4], "from": "10:00", "until": "11:00"},
        wished(600, 660),
        wished(600, 661),
    ),
    (
        {"type": "opening_hours", "weekdays": [4], "from": "10:00", "until": "11:00"},
        wished(600, 660),
        wished(599, 660),
    ),
    (
        {"type": "opening_hours", "weekdays": [4], "from": "10:00", "until": "11:00"},
        wished(600, 660),
        wished(600, 660, day=THURSDAY),
    ),
    ({"type": "opening_hours", "weekdays": [4], "from": "00:00", "until": "24:00"}, wished(0, 1440), None),
    ({"type": "notice", "min_minutes": 1440}, wished(600), wished(599)),
    ({"type": "notice", "max_days": 1}, wished(), wished(day=THURSDAY)),
    ({"type": "notice", "max_days": 1}, wished(1380, 1440, now=(TUESDAY, 0)), wished(now=(MONDAY, 1439))),
    (
        {"type": "notice", "max_days": 1, "opens_at": "10:00"},
        wished(now=(TUESDAY, 600)),
        wished(now=(TUESDAY, 599)),
    ),
    ({"type": "notice", "max_days": 2, "opens_at": "10:00"}, wished(now=(TUESDAY, 1)), wished(now=(MONDAY, 599))),
    ({"type": "length", "max_minutes": 60}, wished(600, 660), wished(600, 661)),
    ({"type": "length", "min_minutes": 60}, wished(600, 660), wished(600, 659)),
    ({"type": "grid", "minutes": 15}, wished(600, 645), wished(600, 650)),
    ({"type": "grid", "minutes": 60, "offset": 15}, wished(555, 615), wished(600, 660)),
    ({"type": "grid", "minutes": 60}, wished(1380, 1440), wished(1380, 1439)),
    ({"type": "attendees", "min": 5}, wished(attendees=5), wished(attendees=4)),
    ({"type": "attendees", "min": 1}, wished(attendees=1), wished(attendees=None)),
    ({"type": "attendees", "min_percent": 50}, wished(attendees=4, place=SMALL), wished(attendees=3, place=SMALL)),
]


@pytest.mark.parametrize(("limit", "kept", "over"), EDGES)
def test_a_rule_is_kept_at_its_edge_and_broken_just_over_it(limit, kept, over):
    assert broken(said(limit), kept) == []
    if over is not None:
        assert broken(said(limit), over) == [limit["type"]]
        assert verdict(said(limit), over).is_refused
        by_approval = verdict(said(limit, effect="approval"), over)
        assert by_approval.needs_approval
        assert not by_approval.is_refused


def test_nothing_is_booked_where_nothing_may_be():
    rules = said({"type": "no_booking"}, where={"kind": "classroom", "classroom": "Small"})
    assert broken(rules, wished(place=HALL)) == []
    assert broken(rules, wished(place=SMALL)) == ["no_booking"]


def test_a_rule_of_some_time_holds_for_what_touches_it():
    rules = said({"type": "no_booking"}, at={"weekdays": [4], "from": "11:00", "until": "12:00"})
    assert broken(rules, wished(600, 660)) == broken(rules, wished(720, 780)) == []
    assert broken(rules, wished(600, 661)) == broken(rules, wished(719, 780)) == ["no_booking"]
    assert broken(rules, wished(660, 720, day=THURSDAY)) == []
    rules = said({"type": "no_booking"}, during={"from": "2026-04-01", "until": "2026-04-01"})
    assert [broken(rules, wished(day=day)) for day in (TUESDAY, WEDNESDAY, THURSDAY)] == [[], ["no_booking"], []]


def test_opening_hours_of_one_scope_make_a_union():
    open_at = {"type": "opening_hours", "weekdays": [4], "until": "12:00"}
    morning = {"type": "opening_hours", "weekdays": [4], "from": "08:00", "until": "10:00"}
    assert broken(said(morning, open_at | {"from": "10:00"}), wished(480, 720)) == []
    assert broken(said(morning, open_at | {"from": "10:01"}), wished(480, 720)) == ["opening_hours"] * 2
    tags = [
        *said(morning, who={"kind": "tag", "tag": "gold"}),
        *said(open_at | {"from": "10:00"}, who={"kind": "tag", "tag": "GOLD"}, first_id=2),
    ]
    assert broken(tags, wished(540, 660, party=GOLD)) == []


def test_cancelling_is_late_within_the_time():
    rules = said({"type": "cancel", "min_minutes": 30, "then": "late"}, {"type": "notice", "none": True})
    decide = verdict(rules, wished()).deciding
    starts_at = instant(WEDNESDAY, 600)
    assert cancelling(decide, starts_at, instant(WEDNESDAY, 570)) == []
    (late,) = cancelling(decide, starts_at, instant(WEDNESDAY, 571))
    assert (late.rule.id, late.limit, late.wanted) == (1, 30, 29)
    (over,) = cancelling(decide, starts_at, instant(WEDNESDAY, 601))
    assert over.wanted == 0


def test_series_are_members_only_by_a_rule():
    rules = said({"type": "series", "max_weeks": 10, "max_per_week": 2})
    decide = verdict(rules, wished()).deciding
    assert allows_series(decide)
    assert broken_by_series(decide, weeks=10, most_beside=1) == []
    assert [each.used for each in broken_by_series(decide, weeks=10, most_beside=2)] == [2]
    assert [each.wanted for each in broken_by_series(decide, weeks=11, most_beside=1)] == [11]
    unbounded = verdict(said({"type": "series"}), wished()).deciding
    assert allows_series(unbounded)
    assert broken_by_series(unbounded, weeks=1000, most_beside=1000) == []
    assert not allows_series(verdict(said({"type": "length", "max_minutes": 60}), wished()).deciding)


def test_so_many_at_any_one_instant():
    rules = said({"type": "concurrent", "max": 2})
    one_after_the_other = [(WEDNESDAY, 540, 630, SMALL), (WEDNESDAY, 630, 700, SMALL)]
    assert broken(rules, wished(600, 660), bookings=one_after_the_other) == []
    at_once = [(WEDNESDAY, 540, 631, SMALL), (WEDNESDAY, 630, 700, SMALL)]
    (found,) = verdict(rules, wished(600, 660), bookings=at_once).broken
    assert (found.limit, found.used, found.wanted) == (2, 2, 1)
    assert broken(rules, wished(600, 660, registration_id=101), bookings=at_once) == []


def test_a_gap_between_two_bookings_of_a_room():
    rules = said({"type": "gap", "minutes": 15})
    for begins, ends, is_broken in ((675, 700, False), (674, 700, True), (500, 585, False), (500, 586, True)):
        bookings = [(WEDNESDAY, begins, ends, HALL)]
        assert bool(broken(rules, wished(600, 660), bookings=bookings)) == is_broken
    assert broken(rules, wished(600, 660), bookings=[(WEDNESDAY, 660, 700, SMALL)]) == []


def test_a_quota_is_used_up_and_not_overdrawn():
    charges = [(1, GROUP_1, MONDAY, 600, 60), (1, GROUP_1, SUNDAY, 1439, 60), (1, PERSON_7, MONDAY, 600, 60)]
    assert broken(said(QUOTA), wished(600, 660, party=CLUB), charges=charges) == []
    (found,) = verdict(said(QUOTA), wished(600, 661, party=CLUB), charges=charges).broken
    assert (found.limit, found.used, found.wanted) == (120, 60, 61)


def test_a_change_charges_the_difference_and_what_grows_not_is_never_refused():
    charges = [(1, GROUP_1, MONDAY, 600, 60), (1, GROUP_1, TUESDAY, 600, 90)]
    for quota in (QUOTA, QUOTA | {"counts": "booked_in"}):
        rules = said(quota)
        assert broken(rules, wished(600, 660, party=CLUB, registration_id=101), charges=charges) == []
        (found,) = verdict(rules, wished(600, 661, party=CLUB, registration_id=101), charges=charges).broken
        assert (found.used + found.wanted, found.limit) == (151, 120)


def test_who_gives_up_time_and_so_moves_into_a_full_week_is_refused():
    rules = said(QUOTA | {"anchor": "WED 03:00"})
    charges = [(1, GROUP_1, WEDNESDAY, 120, 120), (1, GROUP_1, THURSDAY, 600, 90)]
    still_before = wished(120, 200, party=CLUB, registration_id=101, gives_up=True)
    assert broken(rules, still_before, charges=charges) == []
    assert broken(rules, wished(180, 240, party=CLUB, registration_id=101, gives_up=True), charges=charges) == ["quota"]


def test_what_ends_now_is_not_outstanding():
    rules = said({"type": "quota", "bookings": 1, "per": "future", "of": "person"})
    now = (TUESDAY, 600)
    assert broken(rules, wished(now=now), charges=[(1, PERSON_7, TUESDAY, 600, 1)]) == []
    assert broken(rules, wished(now=now), charges=[(1, PERSON_7, TUESDAY, 601, 1)]) == ["quota"]


def test_marks_count_for_so_long_and_tell_for_so_long():
    rules = said({"type": "standing", "points": 3, "within_days": 2, "effect_days": 2})
    assert broken(rules, wished(now=(TUESDAY, 720)), marks=[(1, MONDAY), (2, TUESDAY)]) == ["standing"]
    assert broken(rules, wished(now=(TUESDAY, 719)), marks=[(1, MONDAY), (2, TUESDAY)]) == []
    assert broken(rules, wished(now=(TUESDAY, 720)), marks=[(1, MONDAY), (1, TUESDAY)]) == []
    assert broken(rules, wished(now=(TUESDAY, 720)), marks=[(1, SUNDAY), (2, TUESDAY)]) == []
    told = [
        broken(rules, wished(day=dt.date(2026, 4, 9), now=now), marks=[(1, MONDAY), (2, TUESDAY)])
        for now in ((THURSDAY, 719), (THURSDAY, 720))
    ]
    assert told == [["standing"], []]


def test_what_is_told_of_marks_does_not_hang_on_their_order():
    rules = said({"type": "standing", "points": 2, "within_days": 2, "effect_days": 9})
    marks = [(3, MONDAY), (2, dt.date(2026, 4, 1)), (1, TUESDAY)]
    told = {
        verdict(rules, wished(now=(THURSDAY, 0), day=THURSDAY), marks=order).broken[0].used
        for order in (marks, marks[::-1])
    }
    assert told == {4}


def test_of_buffers_that_are_equally_specific_the_longest_holds():
    rules = said({"type": "buffer", "after_minutes": 10}, {"type": "buffer", "before_minutes": 5, "after_minutes": 15})
    assert buffer_minutes(verdict(rules, wished()).deciding) == (5, 15)
    rules += said(
        {"type": "buffer", "none": ["after_minutes"]}, where={"kind": "classroom", "classroom": "Hall"}, first_id=3
    )
    assert buffer_minutes(verdict(rules, wished()).deciding) == (5, 0)
    assert buffer_minutes(verdict([], wished()).deciding) == (0, 0)

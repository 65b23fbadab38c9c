"""Which dates go when calendars are cleared (contract Room Booking §6)."""

import datetime as dt
from dataclasses import replace

import pytest

from calendars.rules.clearing import Removal, decide, rank
from tests.calendars.claims import HOUR, MICROSECOND, MORNING, claimed, foreign, waiting
from tests.calendars.naive_clearing import in_order


def numbers(decision):
    """What is decided, by the ids of claims."""
    return {
        "losers": [(each.claim.id, each.winner.id) for each in decision.losers],
        "ignored": [(each.claim.id, each.winner.id) for each in decision.ignored],
        "promoted": [each.id for each in decision.promoted],
        "demoted": [each.id for each in decision.demoted],
    }


def outcome(*claims):
    """What is decided, by the ids of claims; without what is empty."""
    return {name: ids for name, ids in numbers(decide(claims)).items() if ids}


def at(text):
    return dt.datetime.fromisoformat(text)


def test_the_documented_answer():
    fundraising = claimed(
        1, 0, 1, uid="abeda082-2a4b-48a7-a92a-ba24575622ae", starts_at=at("2025-07-14T00:00:00+02:00"),
        ends_at=at("2025-07-19T00:00:00+02:00"), created=at("2025-07-09T15:11:19+02:00"),
    )  # fmt: skip
    finance = waiting(
        2, 0, 1, uid="2051008d-6ce2-4489-b7d9-38d164c5e66e", starts_at=at("2025-07-15T10:00:00+02:00"),
        ends_at=at("2025-07-15T12:00:00+02:00"), created=at("2025-01-14T08:33:20+01:00"), is_repeated=True,
    )  # fmt: skip
    interviews = waiting(
        3, 0, 1, uid="be6d2d42-513b-45ca-bb43-663e2a10a1d7", starts_at=at("2025-07-14T14:00:00+02:00"),
        ends_at=at("2025-07-14T15:00:00+02:00"), created=at("2025-06-30T12:04:14+02:00"), is_repeated=True,
        rooms=frozenset({2}),
    )  # fmt: skip
    council = claimed(
        4, 0, 1, uid="f2b7b703-dfba-4ae7-a0e9-bf0e7637c7e4", starts_at=at("2025-07-14T14:00:00+02:00"),
        ends_at=at("2025-07-14T15:00:00+02:00"), created=at("2025-02-10T12:33:39+01:00"), rooms=frozenset({2}),
    )  # fmt: skip
    decision = decide([fundraising, finance, interviews, council])

    assert decision.losers == [Removal(interviews, council), Removal(fundraising, finance)]
    assert (decision.ignored, decision.promoted, decision.demoted) == ([], [finance], [])
    assert [each.claim.is_repeated for each in decision.losers] == [True, False]


def test_the_rank():
    created = MORNING + 9 * HOUR
    ordered = [
        foreign(9, 0, 1, created=created),
        claimed(1, 0, 1, priority=2, is_tentative=True, created=created),
        claimed(2, 0, 1, priority=1, created=created),
        claimed(3, 0, 1),
        claimed(4, 0, 1, created=created - MICROSECOND, uid="z"),
        claimed(6, 0, 1, created=created, uid="a", recurrence=MORNING),
        claimed(5, 0, 1, created=created, uid="a", recurrence=MORNING + HOUR),
        claimed(7, 0, 1, created=created, uid="b", recurrence=MORNING),
        claimed(10, 0, 1, created=created, uid="b", recurrence=MORNING),
        claimed(8, 0, 1, is_tentative=True),
    ]
    for start in (ordered[::-1], ordered[4:] + ordered[:4]):
        assert (sorted(start, key=rank), in_order(start)) == (ordered, ordered)


@pytest.mark.parametrize(
    ("winner", "loser"),
    [
        (claimed(1, 0, 2), waiting(2, 1, 3)),
        (claimed(1, 0, 2, created=MORNING), waiting(2, 1, 3, created=MORNING + MICROSECOND)),
        (waiting(2, 0, 2), claimed(1, 1, 3, is_tentative=True)),
        (waiting(2, 0, 2, priority=1), claimed(1, 1, 3)),
        (waiting(2, 0, 2, priority=2), claimed(1, 1, 3, priority=1)),
        (waiting(2, 0, 2, priority=1, is_tentative=True), claimed(1, 1, 3)),
        (foreign(9, 0, 2), waiting(1, 1, 3, priority=5)),
        (foreign(9, 0, 2, priority=5), waiting(1, 1, 3, priority=5)),
        (claimed(1, 0, 2, created=MORNING, uid="a"), waiting(2, 1, 3, created=MORNING, uid="b")),
        (claimed(1, 0, 9), waiting(2, 3, 4)),
        (claimed(1, 3, 4), waiting(2, 0, 9)),
        (claimed(1, 0, 2, is_chosen=False), waiting(2, 1, 3)),
        (waiting(1, 0, 2, is_chosen=False), claimed(2, 1, 3)),
        (claimed(1, 0, 2, rooms=frozenset({1, 2})), waiting(2, 1, 3, rooms=frozenset({2, 3}))),
        (claimed(1, 0, 2, rooms=frozenset({-4})), waiting(2, 1, 3, rooms=frozenset({-4}))),
    ],
)
def test_of_two_that_overlap_the_lesser_goes(winner, loser):
    promoted = {} if winner.is_live else {"promoted": [winner.id]}
    assert outcome(loser, winner) == {"losers": [(loser.id, winner.id)]} | promoted


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (claimed(1, 0, 2), claimed(2, 2, 3)),
        (foreign(1, 0, 2), claimed(2, 2, 3)),
        (claimed(1, 0, 2), claimed(2, 0, 2, rooms=frozenset({2}))),
        (claimed(1, 0, 2, rooms=frozenset({-1})), claimed(2, 0, 2, rooms=frozenset({-2}))),
        (foreign(1, 0, 2), foreign(2, 1, 3)),
    ],
)
def test_what_touches_or_is_elsewhere_stays(one, other):
    assert outcome(one, other) == {}


def test_who_is_beaten_beats_nobody():
    assert outcome(claimed(1, 0, 2), waiting(2, 1, 4), claimed(3, 3, 5)) == {"losers": [(2, 1)]}
    assert outcome(claimed(1, 0, 2), waiting(2, 1, 4), waiting(3, 3, 5)) == {"losers": [(2, 1)], "promoted": [3]}


def test_the_winner_is_the_best_one_that_is_hit():
    first, second = claimed(1, 4, 5), claimed(2, 0, 1)
    assert outcome(second, first, waiting(3, 0, 5)) == {"losers": [(3, 1)]}
    lectures = [foreign(8, 0, 3, created=MORNING + HOUR), foreign(9, 0, 3, created=MORNING)]
    assert outcome(second, *lectures, waiting(3, 0, 5)) == {"losers": [(2, 9), (3, 9)]}, "a foreign use comes first"


def test_a_foreign_use_that_is_not_live_takes_no_part():
    assert outcome(foreign(9, 0, 2, is_live=False), waiting(1, 0, 2)) == {"promoted": [1]}


def test_winners_become_live_in_the_order_of_their_rank():
    claims = [waiting(3, 0, 1), waiting(1, 2, 4), waiting(2, 1, 2), claimed(7, 0, 5), waiting(8, 4, 5)]
    assert outcome(*claims) == {"losers": [(7, 1)], "promoted": [1, 2, 3, 8]}


def test_a_date_that_waits_comes_in_where_nobody_is_any_more():
    assert outcome(waiting(1, 0, 2)) == {"promoted": [1]}
    assert outcome(waiting(1, 0, 2, is_chosen=False)) == {"promoted": [1]}


SERIES = {"event_id": 7, "uid": "series", "is_repeated": True, "created": MORNING}


def test_dates_of_one_series_never_collide():
    first, second = claimed(1, 0, 2, **SERIES), waiting(2, 1, 3, **SERIES)
    assert outcome(first, second) == {}
    assert outcome(first, second, claimed(3, 2, 3)) == {}, "the second has no room, so it beats nobody"
    assert outcome(first, second, waiting(3, 2, 3)) == {"promoted": [3]}


def test_a_date_loses_to_others_whatever_its_series_does():
    first, second = claimed(1, 0, 2, **SERIES), waiting(2, 1, 3, **SERIES)
    assert outcome(first, second, foreign(9, 2, 3)) == {"losers": [(2, 9)]}
    ahead = waiting(5, 0, 1, created=MORNING - HOUR)
    assert outcome(first, second, ahead) == {"losers": [(1, 5)], "promoted": [5, 2]}


def test_of_a_series_the_later_date_makes_way_for_the_earlier():
    """The later one was first to find the room empty; it waits from now on and is not lost."""
    first, second = waiting(1, 0, 2, **SERIES), claimed(2, 1, 3, **SERIES)
    assert outcome(first, second) == {"promoted": [1], "demoted": [2]}
    assert outcome(first, second, waiting(3, 2, 3)) == {"promoted": [1, 3], "demoted": [2]}
    ahead = waiting(3, 2, 3, created=MORNING - HOUR)
    assert outcome(first, second, ahead) == {"losers": [(2, 3)], "promoted": [3, 1]}


@pytest.mark.parametrize("fields", [{"priority": 3}, {"is_chosen": False}])
def test_what_is_left_alone_does_not_make_way_for_its_own_series_either(fields):
    first, second = waiting(1, 0, 2, **SERIES, **fields), claimed(2, 1, 3, **SERIES, **fields)
    assert outcome(first, second) == {}


def test_events_of_one_priority_leave_each_other_alone():
    first, second = claimed(1, 0, 2, priority=3), waiting(2, 1, 4, priority=3)
    assert outcome(first, second) == {"ignored": [(2, 1)]}
    assert outcome(first, second, claimed(3, 3, 5)) == {"ignored": [(2, 1)]}, "it beats nobody"
    assert outcome(first, second, waiting(3, 3, 5)) == {"ignored": [(2, 1)], "promoted": [3]}
    higher = claimed(4, 3, 5, priority=4)
    assert outcome(first, second, higher) == {"losers": [(2, 4)]}, "to a higher one it loses all the same"


def test_another_calendar_is_left_alone():
    mine, other = claimed(1, 0, 2), waiting(2, 1, 3, is_chosen=False)
    assert outcome(mine, other) == {"ignored": [(2, 1)]}
    assert outcome(mine, other, claimed(3, 2, 4)) == {"ignored": [(2, 1)]}


def test_what_others_have_among_themselves_is_not_listed():
    other = waiting(2, 1, 3, is_chosen=False)
    assert outcome(claimed(1, 0, 2, is_chosen=False), other) == {}
    assert outcome(foreign(9, 0, 2), other) == {}
    assert outcome(waiting(1, 0, 2, is_chosen=False), claimed(2, 1, 3, is_chosen=False)) == {}


@pytest.mark.parametrize("fields", [{"priority": 3}, {"is_chosen": False}])
def test_a_live_date_that_is_left_alone_keeps_its_room(fields):
    better = waiting(1, 0, 4, priority=fields.get("priority", 0))
    live = claimed(2, 1, 3, **fields)
    assert outcome(better, live) == {"ignored": [(2, 1)]}
    assert outcome(better, live, claimed(3, 3, 5)) == {"ignored": [(2, 1)]}, (
        "without a room, the better one beats nobody"
    )
    lost = {"ignored": [(2, 1)], "losers": [(3, 2)]}
    assert outcome(better, live, waiting(3, 2, 5)) == lost, "who has the room beats who comes after him"
    assert outcome(better, live, foreign(9, 2, 3, is_live=False)) == {"ignored": [(2, 1)]}


def test_one_that_is_kept_out_does_not_keep_others_out():
    better, live = waiting(1, 0, 4, priority=3), claimed(2, 3, 4, priority=3)
    assert outcome(better, live, waiting(3, 0, 1)) == {"ignored": [(2, 1)], "promoted": [3]}
    assert outcome(better, live, waiting(3, 0, 1, priority=3)) == {"ignored": [(2, 1), (3, 1)], "promoted": [3]}
    third = waiting(3, 0, 4, priority=3)
    assert outcome(better, live, third) == {"ignored": [(2, 1), (3, 2)]}
    higher = foreign(9, 0, 1)
    assert outcome(replace(better, starts_at=higher.ends_at), live, third, higher) == {
        "losers": [(3, 9)],
        "ignored": [(2, 1)],
    }


def test_a_live_date_that_somebody_else_removes_is_in_nobodys_way():
    first, second, third = waiting(1, 0, 1, priority=9), waiting(2, 2, 3, priority=3), claimed(3, 0, 4, priority=3)
    assert outcome(first, second, third) == {"losers": [(3, 1)], "promoted": [1, 2]}

"""Clearing of any claims whatever, against the oracle; and what it costs (contract Room Booking §6)."""

import random
import time
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calendars.rules.clearing import decide
from tests.calendars.claims import HOUR, MICROSECOND, MORNING, claimed, waiting
from tests.calendars.naive_clearing import afterwards, are_siblings, clash, in_order, is_left_alone, naive_decision

DRAWN = st.lists(
    st.tuples(
        st.sampled_from(
            ["foreign", "mine", "mine", "other", "my series", "my series", "my other series", "their series"]
        ),
        st.integers(0, 5),  # the hour in which it begins
        st.integers(1, 4),  # hours
        st.sampled_from([{1}, {1}, {2}, {1, 2}, {-1}]),
        st.sampled_from([0, 0, 0, 1, 2]),  # priority
        st.booleans(),  # whether it is tentative
        st.integers(0, 2),  # when it was entered
        st.booleans(),  # whether it is live, if it can be
    ),
    max_size=11,
)
SERIES_IDS = {"my series": 101, "my other series": 102, "their series": 103}


def claims_of(rows):
    """Claims as room time has them: of two that clash one is live at most, unless both are foreign."""
    claims = []
    for number, (kind, first, hours, rooms, priority, is_tentative, created, is_live) in enumerate(rows):
        claim = claimed(
            number,
            first,
            first + hours,
            rooms=frozenset(rooms),
            event_id=None if kind == "foreign" else SERIES_IDS.get(kind, number),
            is_repeated=kind in SERIES_IDS,
            is_chosen=kind.startswith("m"),
            priority=priority,
            is_tentative=is_tentative,
            created=MORNING + created * MICROSECOND,
            uid=f"uid-{SERIES_IDS.get(kind, number % 3)}",
            recurrence=MORNING + number * HOUR,
        )
        is_taken = any(
            each.is_live and clash(claim, each) and not (each.event_id is None and claim.event_id is None)
            for each in claims
        )
        claims.append(replace(claim, is_live=is_live and not is_taken))
    return claims


def pairs(removals):
    return [(each.claim, each.winner) for each in removals]


def unjustified(claims, decision):
    """Claims of which the outcome does not follow from who has room time in the end."""
    gone = {each.claim.id: each.winner for each in decision.losers}
    inside = [each for each in afterwards(claims, decision) if each.is_live]
    places = {each.id: place for place, each in enumerate(in_order(claims))}
    for claim in claims:
        others = [each for each in inside if clash(each, claim) and each.id != claim.id]
        better = sorted(
            (each for each in others if places[each.id] < places[claim.id]), key=lambda each: places[each.id]
        )
        strangers = [each for each in better if not are_siblings(each, claim)]
        if claim.event_id is None:
            is_right = claim.id not in gone
        elif claim.id in gone:
            is_right = strangers and strangers[0].id == gone[claim.id].id and not is_left_alone(claim, strangers[0])
        elif claim.id in {each.id for each in inside}:
            is_right = others == []
        elif better:
            is_right = not strangers or is_left_alone(claim, strangers[0])
        else:
            is_right = any(is_left_alone(each, claim) for each in others)
        if not is_right:
            yield claim


@settings(max_examples=2500)
@given(DRAWN)
def test_any_claims_against_the_oracle(rows):
    claims = claims_of(rows)
    decision, naive = decide(claims), naive_decision(claims)

    assert pairs(decision.losers) == naive["losers"]
    assert pairs(decision.ignored) == naive["ignored"]
    assert (decision.promoted, decision.demoted) == (naive["promoted"], naive["demoted"])


@settings(max_examples=1500)
@given(DRAWN, st.randoms(use_true_random=False))
def test_what_any_decision_comes_to(rows, chance):
    claims = claims_of(rows)
    decision = decide(claims)
    result = afterwards(claims, decision)

    assert [
        (one, other)
        for one, other in combinations([each for each in result if each.is_live], 2)
        if clash(one, other) and not (one.event_id is None and other.event_id is None)
    ] == []
    assert [each.claim for each in decision.losers if each.claim.event_id is None or not each.claim.is_chosen] == []
    assert list(unjustified([each for each in claims if each.event_id is not None or each.is_live], decision)) == []
    again = decide(result)
    assert (again.losers, again.promoted, again.demoted) == ([], [], [])
    assert decide(chance.sample(claims, len(claims))) == decision
    first_time = [(each.claim.id, each.winner.id) for each in decision.ignored]
    assert [(each.claim.id, each.winner.id) for each in again.ignored] == first_time


def many(count, chance):
    """Claims of a year in ten rooms: half of them dates of series, some of them long."""
    for number in range(count):
        first, hours = chance.randrange(8760), 200 if number % 50 == 0 else chance.randint(1, 4)
        series = {"event_id": number % 100, "uid": f"series-{number % 100}", "is_repeated": True} if number % 2 else {}
        room, priority = chance.randint(1, 10), chance.choice([0, 0, 0, 1, 2])
        yield waiting(number + 1000, first, first + hours, rooms=frozenset({room}), priority=priority, **series)


def long_ones_over_short_ones(count):
    """Each of one half overlaps each of the other, in one room."""
    half = count // 2
    yield from (claimed(number, number, number + 1) for number in range(half))
    yield from (waiting(half + number, 0, half, priority=number % 2) for number in range(half))


def blocked_ones(count):
    """Each of one half would come first, and is in the way of none of the other, which cannot be made to go."""
    half = count // 2
    yield from (claimed(number, number, number + 1, is_chosen=False) for number in range(half))
    yield from (waiting(half + number, 0, half, priority=number + 1) for number in range(half))


@pytest.mark.parametrize(
    "claims", [many(20_000, random.Random(4)), long_ones_over_short_ones(20_000), blocked_ones(20_000)]
)
def test_twenty_thousand_claims_take_no_time_to_speak_of(claims):
    claims = list(claims)
    before = time.monotonic()
    decide(claims)
    assert time.monotonic() - before < 10, "two seconds at most on an idle machine; pair by pair it would be minutes"

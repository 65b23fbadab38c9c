"""What keeps the time of what clearing removes, claim against claim."""

from hypothesis import given, settings

from calendars.rules.clearing import decide
from calendars.rules.keeping import kept_claims, lost_by_priority
from tests.calendars.claims import claimed, foreign, waiting
from tests.calendars.naive_clearing import afterwards, are_siblings, clash, in_order
from tests.calendars.test_any_claims import DRAWN, claims_of, pairs


@settings(max_examples=1000)
@given(DRAWN)
def test_any_claims_against_the_oracle(rows):
    claims = claims_of(rows)
    decision = decide(claims)
    live = in_order(each for each in afterwards(claims, decision) if each.is_live)
    kept = kept_claims(claims, decision)
    for loser, winner in pairs(decision.losers):
        beside = [each.id for each in live if clash(each, loser) and not are_siblings(each, loser)]
        assert [each.id for each in kept[loser.id]] == beside
        assert beside[0] == winner.id
    assert set(kept) == {removal.claim.id for removal in decision.losers}


def test_a_use_of_two_rooms_is_one():
    both = {"rooms": frozenset({1, 2})}
    lost = waiting(3, 0, 2, **both)
    claims = [foreign(1, 0, 1, rooms=frozenset({1})), foreign(1, 0, 1, rooms=frozenset({2})), lost]
    (kept,) = kept_claims(claims, decide(claims)).values()
    assert [each.id for each in kept] == [1]


def test_who_lost_by_priority_alone():
    def lost(loser, winner):
        (removal,) = decide([loser, winner]).losers
        assert removal.claim == loser
        return lost_by_priority(removal)

    assert lost(claimed(1, 0, 2), waiting(2, 1, 3, priority=5))
    assert lost(claimed(1, 0, 2, priority=4), waiting(2, 1, 3, priority=5))
    assert not lost(claimed(3, 0, 2), waiting(2, 1, 3, priority=5))
    assert not lost(waiting(3, 0, 2), claimed(2, 1, 3))
    assert not lost(claimed(1, 0, 2, is_tentative=True), waiting(2, 1, 3, priority=5))
    assert not lost(waiting(1, 0, 2), foreign(2, 1, 3))

"""What rules say to a booking, against an oracle that is written from the contract and counts minute by minute."""

import pytest
from django.test import override_settings
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from policies.enums import LimitType
from policies.rules.verdicts import (
    allows_series,
    broken_by_series,
    buffer_minutes,
    cancelling,
    judge,
    may_be_individual,
)
from tests.policies.oracle import Oracle
from tests.policies.wishes import TERMS, ZONE, judged, rules

ROUNDS = 8
SEVERAL = settings(
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=set(Phase) - {Phase.explain},  # it would watch every minute that is walked
)
TERMS_OR_NONE = st.sampled_from([TERMS, TERMS, TERMS, ()])


def assert_judged_alike(some_rules, wish, known, terms):
    """Booking, cancelling, a series, alone and its buffers."""
    oracle, verdict = Oracle(some_rules, terms, ZONE), judge(some_rules, wish, known, terms)
    said = [(each.rule.limit.type, each.rule.id, each.limit, each.used, each.wanted) for each in verdict.broken]
    assert said == oracle.broken(wish, known)
    effects = {rule.id: rule.effect for rule in some_rules}
    assert verdict.is_refused == any(effects[rule_id] == "refuse" for _, rule_id, *_ in said)
    assert verdict.needs_approval == (bool(said) and all(effects[rule_id] == "approval" for _, rule_id, *_ in said))
    late = cancelling(verdict.deciding, wish.stay.interval.starts_at, wish.now)
    assert [(each.rule.id, each.limit, each.wanted) for each in late] == oracle.late(wish)
    assert may_be_individual(verdict.deciding) == oracle.allows_individual(wish)
    assert allows_series(verdict.deciding) == oracle.allows_series(wish)
    for weeks, beside in ((1, 0), (4, 1), (5, 2)):
        broken = broken_by_series(verdict.deciding, weeks=weeks, most_beside=beside)
        said_of_series = [(each.rule.id, each.limit, each.used, each.wanted) for each in broken]
        assert said_of_series == oracle.broken_by_series(wish, weeks, beside)
    assert buffer_minutes(verdict.deciding) == oracle.buffers(wish)


@st.composite
def rounds(draw, *types, most):
    """Some rules, and wishes to them."""
    some_rules = draw(rules(*types, most=most))
    return some_rules, [draw(judged(some_rules)) for _ in range(ROUNDS)], draw(TERMS_OR_NONE)


@pytest.mark.parametrize("of_type", LimitType)
@SEVERAL
@given(data=st.data())
def test_rules_of_one_type_decide_as_the_contract_says(of_type, data):
    """Of one type, so that they compete: 14 x 50 sets of rules, eight wishes to each."""
    some_rules, wishes, terms = data.draw(rounds(of_type, most=5))
    with override_settings(CSPACE_TIME_ZONE=ZONE):
        for wish, known in wishes:
            assert_judged_alike(some_rules, wish, known, terms)


@settings(SEVERAL, max_examples=150)
@given(rounds(LimitType.QUOTA, most=5))
def test_quotas_decide_as_the_contract_says(made):
    """They have more ways than others."""
    some_rules, wishes, terms = made
    with override_settings(CSPACE_TIME_ZONE=ZONE):
        for wish, known in wishes:
            assert_judged_alike(some_rules, wish, known, terms)


@settings(SEVERAL, max_examples=150)
@given(rounds(most=8))
def test_rules_of_all_types_decide_as_the_contract_says(made):
    some_rules, wishes, terms = made
    with override_settings(CSPACE_TIME_ZONE=ZONE):
        for wish, known in wishes:
            assert_judged_alike(some_rules, wish, known, terms)

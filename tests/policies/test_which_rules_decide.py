"""Which of several rules decide, and what is told of those that are broken (policy §1, §2)."""

import datetime as dt

import pytest

from policies.rules.verdicts import may_be_individual
from tests.policies.said import GOLD, SOCIETY, said, verdict, wished
from tests.policies.wishes import ZONE

THURSDAY = dt.date(2026, 4, 2)
QUOTA = {"type": "quota", "minutes": 1, "per": "week", "counts": "takes_place_in", "of": "group"}


@pytest.fixture(autouse=True)
def berlin(settings):
    settings.CSPACE_TIME_ZONE = ZONE


SCOPES = [
    {"who": {"kind": "everybody"}},
    {"who": {"kind": "everybody"}, "at": {"from": "08:00"}},
    {"where": {"kind": "building", "building": "A"}},
    {"where": {"kind": "floor", "floor": 1}},
    {"where": {"kind": "floor", "floor": 1, "building": "A"}},
    {"where": {"kind": "classroom", "classroom": "Hall"}},
    {"where": {"kind": "classroom", "classroom": "Hall"}, "during": {"until": "2026-12-31"}},
    {"who": {"kind": "group_kind", "group_kind": "Club"}},
    {"who": {"kind": "tag", "tag": "Gold"}},
    {"who": {"kind": "group", "group_id": 1}},
    {"who": {"kind": "user", "username": "eve"}},
    {"who": {"kind": "user", "username": "eve"}, "where": {"kind": "classroom", "classroom": "Hall"}},
]
"""Each more specific than the ones before it."""


@pytest.mark.parametrize("place", range(1, len(SCOPES)))
def test_the_most_specific_scope_decides(place):
    wish = wished(600, 700, party=GOLD)
    wide, narrow = SCOPES[place - 1], SCOPES[place]
    strict, mild = {"type": "length", "max_minutes": 60}, {"type": "length", "max_minutes": 120}
    for first, then, is_broken in (
        (strict, mild, False),
        (mild, strict, True),
        (strict, {"type": "length", "none": True}, False),
    ):
        rules = [*said(first, **wide), *said(then, **narrow, first_id=2)]
        assert [each.rule.id for each in verdict(rules, wish).broken] == ([2] if is_broken else [])
        assert verdict(rules[::-1], wish).broken == verdict(rules, wish).broken


def test_each_bound_and_each_kind_of_quota_decides_by_itself():
    rules = [
        *said({"type": "notice", "min_minutes": 4320, "max_days": 1}),
        *said({"type": "notice", "max_days": 3}, who={"kind": "individual"}, first_id=2),
    ]
    (found,) = verdict(rules, wished(day=THURSDAY)).broken
    assert (found.rule.id, found.limit, found.wanted) == (1, 4320, 2880)


def test_quotas_of_different_periods_add_up_and_are_lifted_each_by_itself():
    kind = {"per": "day", "counts": "takes_place_in", "of": "person"}
    daily, none = {"type": "quota", "minutes": 30} | kind, {"type": "quota", "none": True, "unit": "minutes"} | kind
    rules = said(daily, daily | {"per": "week"}, none)
    assert [each.rule.id for each in verdict(rules, wished()).broken] == [1, 2], "beside a limit it lifts nothing"
    rules = [*rules[:2], *said(none, who={"kind": "individual"}, first_id=3)]
    assert [each.rule.id for each in verdict(rules, wished()).broken] == [2]


def test_every_broken_rule_is_named_once_in_the_order_of_the_table_then_by_id():
    rules = said(
        QUOTA,
        {"type": "attendees", "min": 150, "min_percent": 90},
        {"type": "length", "max_minutes": 5},
        {"type": "no_booking"},
        {"type": "length", "max_minutes": 10},
    )
    told = [(each.rule.limit.type.value, each.rule.id) for each in verdict(rules, wished(party=SOCIETY)).broken]
    assert told == [("no_booking", 4), ("length", 3), ("length", 5), ("attendees", 2), ("quota", 1)]
    few = said({"type": "attendees", "min_percent": 1}, {"type": "attendees", "min": 150, "min_percent": 90})
    for order in (few, few[::-1]):
        assert [each.limit for each in verdict(order, wished()).broken] == [2, 150]


def test_alone_by_a_rule_only():
    assert not may_be_individual(verdict([], wished()).deciding)
    allowed, forbidden = {"type": "individual", "allowed": True}, {"type": "individual", "allowed": False}
    assert may_be_individual(verdict(said(allowed), wished()).deciding)
    assert not may_be_individual(verdict(said(allowed, forbidden), wished()).deciding)
    assert not may_be_individual(verdict(said(allowed, where={"kind": "floor", "floor": 2}), wished()).deciding)

"""Rules as JSON: what is said is read, shown as it is read, and whatever is wrong is named and never an exception."""

import copy
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Invalid
from policies.enums import Effect, LimitType, Period, WhereKind, WhoKind
from policies.rules.limits import (
    Attendance,
    Buffer,
    Gap,
    Grid,
    Length,
    Lifted,
    NamedPeriod,
    NoticePeriod,
    OpeningHours,
    Quota,
    StandingLimit,
)
from policies.rules.reading import RuleReading
from policies.rules.reading_limits import read_limit
from policies.rules.sentences import limit_in_words, sentence_of
from policies.rules.shown import limit_json
from policies.services.booking_rules import read_rule
from tests.policies.wishes import LIMITS, liftings, limits, quotas

MINUTES = st.integers(1, 1440)
SPANS = st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda span: span[0] < span[1])
WEEKDAYS = st.sets(st.integers(1, 7), min_size=1).map(lambda days: tuple(sorted(days)))
PERIODS = st.lists(
    st.builds(lambda span, name: NamedPeriod(*span, name), SPANS, st.sampled_from(["1", "Mittag", "晚上"])),
    min_size=1,
    max_size=4,
).map(lambda periods: tuple(sorted(periods, key=lambda each: (each.from_minute, each.until_minute, each.name))))
ANY_LIMIT = st.one_of(
    limits(),
    st.builds(lambda days, span: OpeningHours(days, *span), WEEKDAYS, SPANS),
    st.builds(NoticePeriod, st.none() | st.integers(0, 10_000), st.integers(0, 3660), st.none() | st.integers(1, 1439)),
    st.tuples(MINUTES, MINUTES).map(lambda pair: Length(*sorted(pair))),
    st.sampled_from([5, 10, 15, 20, 30, 60]).flatmap(
        lambda minutes: st.integers(0, minutes - 1).map(lambda offset: Grid(minutes, offset))
    ),
    st.builds(lambda periods: Grid(periods=periods), PERIODS),
    st.builds(Attendance, st.integers(1, 100_000), st.none() | st.integers(1, 100)),
    st.builds(Gap, MINUTES),
    st.builds(StandingLimit, st.integers(1, 1000), st.integers(1, 3660), st.integers(1, 3660)),
    st.builds(Buffer, MINUTES, st.none() | MINUTES),
    st.builds(lambda quota, amount: replace(quota, amount=amount), quotas(), st.integers(0, 100_000)),
    st.builds(lambda quota, days: replace(quota, days=days) if quota.days else quota, quotas(), st.integers(1, 366)),
)


def read(data):
    """The limit and its faults."""
    faults = {}
    return read_limit(RuleReading(data, "limit", faults)), faults


def body(**more):
    whole = {
        "name": "A rule",
        "who": {"kind": "everybody"},
        "where": {"kind": "everywhere"},
        "limit": {"type": "no_booking"},
    }
    return whole | more


def faults_of(data):
    with pytest.raises(Invalid) as caught:
        read_rule(data)
    return caught.value.details


@given(ANY_LIMIT)
def test_what_is_shown_of_a_limit_is_read_as_the_same(limit):
    assert read(limit_json(limit)) == (limit, {})


@pytest.mark.parametrize("of_type", LimitType)
@given(data=st.data())
def test_each_type_and_its_lifting_is_read_as_it_is_shown(of_type, data):
    for limit in (data.draw(LIMITS[of_type]), data.draw(liftings(of_type))):
        assert read(limit_json(limit)) == (limit, {})


WHOS = [
    {"kind": "everybody"},
    {"kind": "individual"},
    {"kind": "group_kind", "group_kind": "Club"},
    {"kind": "tag", "tag": "gold"},
    {"kind": "group", "group_id": 7},
    {"kind": "user", "username": "eve"},
]
WHERES = [
    {"kind": "everywhere"},
    {"kind": "building", "building": "A"},
    {"kind": "floor", "floor": -1},
    {"kind": "floor", "floor": 2, "building": "A"},
    {"kind": "classroom", "classroom": "A1"},
]
DURINGS = [None, {"from": "2026-02-01"}, {"until": "2026-02-01"}, *({"period": period.value} for period in Period)]
ATS = [
    None,
    {"weekdays": [2, 3]},
    {"from": "18:00"},
    {"until": "23:00"},
    {"weekdays": [1], "from": "18:00", "until": "23:00"},
]
BODIES = st.builds(
    lambda limit, who, where, during, at, effect: body(
        limit=limit_json(limit), who=who, where=where, during=during, at=at, effect=effect.value, is_active=True
    ),
    ANY_LIMIT.filter(lambda limit: limit.type not in (LimitType.CANCEL, LimitType.BUFFER)),
    st.sampled_from(WHOS),
    st.sampled_from(WHERES),
    st.sampled_from(DURINGS),
    st.sampled_from(ATS),
    st.sampled_from(Effect),
)


@given(BODIES)
def test_a_whole_rule_is_shown_as_it_was_said_and_has_a_sentence(said):
    wish = read_rule(said)
    assert wish.json | {"name": wish.name} == said
    sentence = sentence_of(wish.limit, wish.who, wish.where, wish.during, wish.at, wish.effect)
    assert sentence.strip() == sentence
    assert sentence[0].isupper() or sentence[0].isdigit()
    assert "None" not in sentence


def test_every_scope_is_tried():
    assert {who["kind"] for who in WHOS} == set(WhoKind)
    assert {where["kind"] for where in WHERES} == set(WhereKind)


FIELDS = (
    *("allowed", "anchor", "at", "bookings", "building", "classroom", "counts", "days", "during", "effect", "floor"),
    *("from", "group_id", "group_kind", "is_active", "kind", "limit", "max", "max_days", "max_minutes", "max_per_week"),
    *("min", "min_minutes", "min_percent", "minutes", "name", "none", "of", "offset", "opens_at", "per", "period"),
    *("periods", "points", "tag", "then", "type", "unit", "until", "username", "weekdays", "where", "who"),
)
VALUES = (
    "10:00",
    "24:00",
    "2026-02-01",
    "2026-02-30",
    "approval",
    "booked_in",
    "day",
    "future",
    "group",
    "late",
    "term",
)
ODD = ["", " ", "\x00", "\ud800", "a" * 200, "１０:００", "MON 03:00", "mon 3"]
WORDS = st.sampled_from([*FIELDS, *VALUES, *ODD, *LimitType.values])
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-2, 70)
    | st.sampled_from([2**63, -(2**63), 10**400, 0.5, float("inf"), float("nan"), -0.0])
    | WORDS
    | st.text(max_size=3)
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(WORDS | st.text(max_size=3), inside, max_size=4),
    max_leaves=8,
)


def assert_read_or_told(data):
    """What is read can be shown, said in words and read again; what is not has faults by field."""
    try:
        wish = read_rule(data)
    except Invalid as error:
        wish, faults = None, error.details
    if wish is None:
        assert faults
        assert all(isinstance(name, str) and sentences and all(sentences) for name, sentences in faults.items())
        return
    assert sentence_of(wish.limit, wish.who, wish.where, wish.during, wish.at, wish.effect)
    assert wish.name.strip()
    again = read_rule({"name": wish.name, **wish.json})
    assert again == wish
    assert again.json == wish.json


@given(ANYTHING)
def test_any_body_is_read_or_told_what_is_wrong(data):
    assert_read_or_told(data)


@given(ANYTHING, st.sampled_from(LimitType))
def test_any_limit_is_read_or_told_what_is_wrong(data, of_type):
    limit = {**data, "type": of_type.value} if isinstance(data, dict) else data
    assert_read_or_told(body(limit=limit))


@given(
    BODIES, st.lists(st.tuples(st.lists(st.integers(0, 5), min_size=1, max_size=3), ANYTHING), min_size=1, max_size=3)
)
def test_a_rule_with_something_else_in_a_place_is_read_or_told_what_is_wrong(said, changes):
    said = copy.deepcopy(said)
    for path, value in changes:
        inside = said
        for place, step in enumerate(path):
            keys = list(inside) if isinstance(inside, dict) else list(range(len(inside)))
            if not keys:
                break
            key = keys[step % len(keys)]
            if place == len(path) - 1 or not isinstance(inside[key], dict | list):
                inside[key] = value
                break
            inside = inside[key]
    assert_read_or_told(said)


HOURS = {"type": "opening_hours", "weekdays": [2], "from": "08:00", "until": "22:00"}
QUOTA = {"type": "quota", "minutes": 60, "per": "week", "counts": "booked_in", "of": "group"}
NO_QUOTA = {"type": "quota", "none": True, "unit": "minutes", "per": "week", "counts": "booked_in", "of": "group"}
PERIOD = {"from": "08:15", "until": "09:05", "name": "1"}


def without(data, *names):
    return {name: value for name, value in data.items() if name not in names}


WRONG_LIMITS = [
    (None, "limit"),
    ([], "limit"),
    ({}, "limit.type"),
    ({"type": "nothing"}, "limit.type"),
    ({"type": 3}, "limit.type"),
    ({"type": ["quota"]}, "limit.type"),
    ({"type": "no_booking", "max": 3}, "limit.max"),
    ({"type": "no_booking", "none": False}, "limit.none"),
    ({"type": "no_booking", "none": ["max_days"]}, "limit.none"),
    ({"type": "individual"}, "limit.allowed"),
    ({"type": "individual", "allowed": 1}, "limit.allowed"),
    ({"type": "individual", "allowed": "true"}, "limit.allowed"),
    (without(HOURS, "weekdays"), "limit.weekdays"),
    (without(HOURS, "from"), "limit.from"),
    (without(HOURS, "until"), "limit.until"),
    (HOURS | {"weekdays": []}, "limit.weekdays"),
    (HOURS | {"weekdays": [0]}, "limit.weekdays"),
    (HOURS | {"weekdays": [8]}, "limit.weekdays"),
    (HOURS | {"weekdays": [True]}, "limit.weekdays"),
    (HOURS | {"weekdays": 2}, "limit.weekdays"),
    (HOURS | {"from": "22:00"}, "limit.from"),
    (HOURS | {"from": "24:00", "until": "24:00"}, "limit.from"),
    (HOURS | {"until": "24:01"}, "limit.until"),
    (HOURS | {"until": 1320}, "limit.until"),
    ({"type": "notice"}, "limit"),
    ({"type": "notice", "min_minutes": -1}, "limit.min_minutes"),
    ({"type": "notice", "max_days": 1.0}, "limit.max_days"),
    ({"type": "notice", "min_minutes": 5, "opens_at": "10:00"}, "limit.opens_at"),
    ({"type": "notice", "max_days": 5, "opens_at": "24:00"}, "limit.opens_at"),
    ({"type": "notice", "none": []}, "limit.none"),
    ({"type": "notice", "none": ["opens_at"]}, "limit.none"),
    ({"type": "notice", "none": "max_days"}, "limit.none"),
    ({"type": "notice", "none": ["max_days"], "min_minutes": 5}, "limit.min_minutes"),
    ({"type": "cancel", "min_minutes": 5}, "limit.then"),
    ({"type": "cancel", "then": "late"}, "limit.min_minutes"),
    ({"type": "cancel", "min_minutes": 5, "then": "never"}, "limit.then"),
    ({"type": "length"}, "limit"),
    ({"type": "length", "max_minutes": 0}, "limit.max_minutes"),
    ({"type": "length", "max_minutes": 10**400}, "limit.max_minutes"),
    ({"type": "length", "min_minutes": 61, "max_minutes": 60}, "limit.min_minutes"),
    ({"type": "grid"}, "limit.minutes"),
    ({"type": "grid", "minutes": 7}, "limit.minutes"),
    ({"type": "grid", "minutes": True}, "limit.minutes"),
    ({"type": "grid", "minutes": 60, "offset": 60}, "limit.offset"),
    ({"type": "grid", "minutes": 60, "offset": -1}, "limit.offset"),
    ({"type": "grid", "periods": []}, "limit.periods"),
    ({"type": "grid", "periods": {}}, "limit.periods"),
    ({"type": "grid", "periods": [3]}, "limit.periods.0"),
    ({"type": "grid", "periods": [PERIOD, without(PERIOD, "name")]}, "limit.periods.1.name"),
    ({"type": "grid", "periods": [PERIOD | {"until": "08:15"}]}, "limit.periods.0.from"),
    ({"type": "grid", "periods": [PERIOD | {"x": 1}]}, "limit.periods.0.x"),
    ({"type": "grid", "periods": [PERIOD], "minutes": 60}, "limit.minutes"),
    ({"type": "attendees"}, "limit"),
    ({"type": "attendees", "min": 0}, "limit.min"),
    ({"type": "attendees", "min_percent": 101}, "limit.min_percent"),
    ({"type": "series", "max_weeks": -1}, "limit.max_weeks"),
    ({"type": "series", "max_per_week": "2"}, "limit.max_per_week"),
    ({"type": "concurrent"}, "limit.max"),
    ({"type": "concurrent", "max": -1}, "limit.max"),
    ({"type": "gap"}, "limit.minutes"),
    ({"type": "gap", "minutes": None}, "limit.minutes"),
    (without(QUOTA, "minutes"), "limit"),
    (QUOTA | {"bookings": 3}, "limit"),
    (without(QUOTA, "per"), "limit.per"),
    (without(QUOTA, "counts"), "limit.counts"),
    (without(QUOTA, "of"), "limit.of"),
    (QUOTA | {"minutes": -1}, "limit.minutes"),
    (QUOTA | {"per": "year"}, "limit.per"),
    (QUOTA | {"per": "days"}, "limit.per"),
    (QUOTA | {"per": {}}, "limit.per.days"),
    (QUOTA | {"per": {"days": 0}}, "limit.per.days"),
    (QUOTA | {"per": {"days": 7, "x": 1}}, "limit.per.x"),
    (QUOTA | {"anchor": "MON"}, "limit.anchor"),
    (QUOTA | {"anchor": "MON 24:00"}, "limit.anchor"),
    (QUOTA | {"per": "day", "anchor": "MON 03:00"}, "limit.anchor"),
    (QUOTA | {"of": "everybody"}, "limit.of"),
    (without(NO_QUOTA, "unit"), "limit.unit"),
    (NO_QUOTA | {"none": ["minutes"]}, "limit.none"),
    (NO_QUOTA | {"minutes": 60}, "limit.minutes"),
    ({"type": "quota", "none": True}, "limit.per"),
    ({"type": "standing", "points": 3, "within_days": 5}, "limit.effect_days"),
    ({"type": "standing", "points": 0, "within_days": 5, "effect_days": 5}, "limit.points"),
    ({"type": "buffer"}, "limit"),
    ({"type": "buffer", "after_minutes": -5}, "limit.after_minutes"),
]


@pytest.mark.parametrize(("limit", "field"), WRONG_LIMITS)
def test_what_is_wrong_with_a_limit_is_named_by_its_field(limit, field):
    faults = faults_of(body(limit=limit))
    assert field in faults
    assert all(name.startswith("limit") for name in faults)


WRONG_BODIES = [
    ([], "name"),
    ({}, "limit"),
    (body(x=1), "x"),
    (body(name=None), "name"),
    (body(name="\x00"), "name"),
    (body(name="a" * 101), "name"),
    (body(is_active="yes"), "is_active"),
    (body(effect="forbid"), "effect"),
    (body(who=None), "who"),
    (body(who="everybody"), "who"),
    (body(who={"kind": "nobody"}), "who.kind"),
    (body(who={"kind": "tag"}), "who.tag"),
    (body(who={"kind": "group_kind", "group_kind": ""}), "who.group_kind"),
    (body(who={"kind": "group", "group_id": 2**63}), "who.group_id"),
    (body(who={"kind": "group", "group_id": "1"}), "who.group_id"),
    (body(who={"kind": "user"}), "who.username"),
    (body(who={"kind": "everybody", "tag": "gold"}), "who.tag"),
    (body(where={"kind": "building"}), "where.building"),
    (body(where={"kind": "floor"}), "where.floor"),
    (body(where={"kind": "floor", "floor": 10**30}), "where.floor"),
    (body(where={"kind": "classroom", "classroom": 3}), "where.classroom"),
    (body(where={"kind": "everywhere", "floor": 1}), "where.floor"),
    (body(during={}), "during"),
    (body(during={"from": "2026-02-02", "until": "2026-02-01"}), "during.from"),
    (body(during={"from": "2026-02-30"}), "during.from"),
    (body(during={"period": "holiday"}), "during.period"),
    (body(at={}), "at"),
    (body(at={"weekdays": [0]}), "at.weekdays"),
    (body(at={"from": "18:00", "until": "18:00"}), "at.from"),
    (body(at={"until": "00:00"}), "at.from"),
    (body(at=[]), "at"),
]


@pytest.mark.parametrize(("data", "field"), WRONG_BODIES)
def test_what_is_wrong_with_a_rule_is_named_by_its_field(data, field):
    assert field in faults_of(data)


def test_everything_that_is_wrong_is_named_at_once():
    said = body(name=3, who={"kind": "tag"}, at={"from": 3}, limit={"type": "gap", "x": 1})
    assert set(faults_of(said)) == {"name", "who.tag", "at.from", "limit.minutes", "limit.x"}


ALIKE = [
    (HOURS, HOURS | {"weekdays": [2, 2], "from": "8:00", "until": "22:00:00"}),
    (HOURS | {"weekdays": [1, 2]}, HOURS | {"weekdays": [2, 1]}),
    ({"type": "grid", "minutes": 30, "offset": 45}, {"type": "grid", "minutes": 30, "offset": 15}),
    ({"type": "grid", "minutes": 60, "offset": 0}, {"type": "grid", "minutes": 60}),
    (
        {"type": "grid", "periods": [PERIOD, PERIOD | {"from": "08:00"}]},
        {"type": "grid", "periods": [PERIOD | {"from": "8:00"}, PERIOD]},
    ),
    ({"type": "notice", "none": ["max_days", "min_minutes"]}, {"type": "notice", "none": True}),
    ({"type": "notice", "none": ["max_days", "max_days"]}, {"type": "notice", "none": ["max_days"]}),
    ({"type": "notice", "max_days": 5, "opens_at": "00:00"}, {"type": "notice", "max_days": 5, "min_minutes": None}),
    (QUOTA | {"anchor": "MON 00:00"}, QUOTA),
    (QUOTA | {"anchor": None, "bookings": None}, QUOTA),
    (QUOTA | {"per": "future"}, QUOTA | {"per": "future", "counts": "takes_place_in"}),
    (without(QUOTA | {"per": "future"}, "counts"), QUOTA | {"per": "future"}),
    (without(NO_QUOTA | {"per": "future"}, "counts"), NO_QUOTA | {"per": "future"}),
    ({"type": "series", "max_weeks": None}, {"type": "series"}),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_two_spellings_of_a_limit_are_one_limit(one, other):
    assert read_rule(body(limit=one)).json == read_rule(body(limit=other)).json


SPELLINGS = [
    (body(), body(effect="refuse", is_active=True, during=None, at=None)),
    (body(), body(effect=None, is_active=None)),
    (body(), body(id=7, sentence="As an answer shows it")),
    (body(who={"kind": "everybody"}), body(who={"kind": "everybody", "tag": None, "group_id": None})),
    (body(at={"weekdays": [3, 2, 2]}), body(at={"weekdays": [2, 3], "from": "0:00", "until": "24:00"})),
    (body(at={"from": "00:00"}), body(at={"weekdays": [7, 6, 5, 4, 3, 2, 1]})),
    (body(where={"kind": "floor", "floor": 2}), body(where={"kind": "floor", "floor": 2, "building": None})),
    (body(who={"kind": "tag", "tag": "gold"}), body(who={"kind": "tag", "tag": " gold "})),
]


@pytest.mark.parametrize(("one", "other"), SPELLINGS)
def test_two_spellings_of_a_rule_are_one_rule(one, other):
    assert read_rule(one).json == read_rule(other).json


def test_what_says_itself_what_becomes_of_a_booking_has_no_other_effect():
    for limit in ({"type": "cancel", "min_minutes": 5, "then": "late"}, {"type": "buffer", "after_minutes": 5}):
        assert list(faults_of(body(limit=limit, effect="approval"))) == ["effect"]
        assert read_rule(body(limit=limit)).effect == "refuse"


def test_a_quota_that_is_lifted_is_of_the_kind_of_the_one_it_lifts():
    lifted, _ = read(NO_QUOTA | {"per": {"days": 14}})
    limit, _ = read(QUOTA | {"per": {"days": 14}})
    assert isinstance(lifted, Lifted)
    assert isinstance(limit, Quota)
    assert lifted.quota == ("quota", "minutes", "days 14", "booked_in", "group")


SENTENCES = [
    (NO_QUOTA, "No limit on minutes a week for each group, by the time of booking"),
    (NO_QUOTA | {"per": {"days": 14}, "counts": "takes_place_in"}, "No limit on minutes in 14 days for each group"),
    (
        NO_QUOTA | {"per": "future", "unit": "bookings", "of": "person"},
        "No limit on bookings outstanding for each person",
    ),
    (QUOTA, "At most 1 hour a week for each group, by the time of booking"),
    (QUOTA | {"per": {"days": 1}, "counts": "takes_place_in"}, "At most 1 hour in 1 day for each group"),
    (QUOTA | {"per": "future"}, "At most 1 hour outstanding for each group"),
]


@pytest.mark.parametrize(("limit", "sentence"), SENTENCES)
def test_a_quota_and_what_lifts_it_are_said_in_the_same_words(limit, sentence):
    assert limit_in_words(read(limit)[0]) == sentence

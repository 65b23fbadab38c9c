"""What a booking is charged while it is made, moved, made longer and shorter, given back and taken up (policy §3)."""

import datetime as dt
from collections import Counter
from dataclasses import replace

from django.test import override_settings
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from policies.enums import CountsBy, OwnerKind, Per, QuotaUnit
from policies.rules.ledger import ChargesMade, Ledger
from policies.rules.limits import Quota
from policies.rules.quotas import Charge, amount_of, charges_after, owner_of
from policies.rules.scopes import Owner, Party, PolicyRule
from policies.rules.wishes import BookingWish
from tests.policies.oracle import Oracle
from tests.policies.wishes import DAYS, PLACES, TERMS, ZONE, instant, quotas, stay

STARTS, LENGTHS = (0, 60, 180, 540, 600, 1260), (60, 90, 120, 180)
STAYS = [stay(day, begins, begins + minutes) for day in DAYS for begins in STARTS for minutes in LENGTHS]
HOURS = st.integers(0, 24 * 7).map(lambda hours: instant(DAYS[0], 0) + dt.timedelta(hours=hours))
GROUP, OTHER = Owner(OwnerKind.GROUP, 1), Owner(OwnerKind.GROUP, 2)
HOUR, ALONE = instant(DAYS[0], 0), Owner(OwnerKind.PERSON, 7)
OWNERS = st.sampled_from([GROUP, GROUP, GROUP, OTHER])
PARTIES = (Party(7), Party(7, 1), Party(8, 1), Party(8, 2))
WITHOUT_TRACES = settings(max_examples=200, phases=set(Phase) - {Phase.explain})


def naive_history(quota, changes):
    """{moment: amount} after a booking has been made and changed: a pile of single minutes, the newest on top."""
    pile, had = [], None
    for now, owner, stay_now in changes:
        amount = len(range(stay_now.start_minute, stay_now.end_minute)) if quota.unit == "minutes" else 1
        if quota.per == "future":
            pile = [stay_now.interval.ends_at] * amount
        elif quota.counts == "takes_place_in":
            pile = [stay_now.interval.starts_at] * amount
        else:
            pile = pile if owner == had else []
            while len(pile) < amount:
                pile.append(now)
            while len(pile) > amount:
                pile.pop()
        had = owner
    return Counter(pile)


@WITHOUT_TRACES
@given(
    quotas(),
    st.lists(
        st.tuples(HOURS, st.sampled_from([GROUP, GROUP, GROUP, OTHER]), st.sampled_from(STAYS)), min_size=1, max_size=8
    ),
)
def test_what_is_added_counts_now_and_what_is_given_up_is_taken_from_the_newest(quota, changes):
    changes = sorted(changes, key=lambda change: change[0])
    own = []
    for done, (now, owner, stay_now) in enumerate(changes, 1):
        own = charges_after(5, quota, owner=owner, registration_id=9, stay=stay_now, own=own, now=now)
        charged = Counter()
        for charge in own:
            assert (charge.rule_id, charge.owner, charge.registration_id) == (5, owner, 9)
            assert charge.amount > 0
            charged[charge.counts_at] += charge.amount
        assert charged == naive_history(quota, changes[:done])


def test_a_booking_over_a_change_of_the_clocks_is_charged_what_the_wall_says():
    minutes = Quota(QuotaUnit.MINUTES, 60, Per.DAY, CountsBy.TAKES_PLACE_IN, OwnerKind.GROUP)
    with override_settings(CSPACE_TIME_ZONE=ZONE):
        short, long = stay(dt.date(2026, 3, 29), 60, 240), stay(dt.date(2026, 10, 25), 60, 240)
    assert short.interval.ends_at - short.interval.starts_at == dt.timedelta(hours=2)
    assert long.interval.ends_at - long.interval.starts_at == dt.timedelta(hours=4)
    assert amount_of(minutes, short) == amount_of(minutes, long) == 180
    assert amount_of(replace(minutes, unit=QuotaUnit.BOOKINGS), long) == 1


def test_alone_one_is_charged_oneself_and_for_a_group_either():
    for_groups = Quota(QuotaUnit.MINUTES, 60, Per.DAY, CountsBy.TAKES_PLACE_IN, OwnerKind.GROUP)
    for_people = replace(for_groups, of=OwnerKind.PERSON)
    assert owner_of(for_groups, Party(7, 1)) == GROUP
    assert {owner_of(for_people, Party(7, 1)), owner_of(for_people, Party(7)), owner_of(for_groups, Party(7))} == {
        Owner(OwnerKind.PERSON, 7)
    }


NEAR = [each for each in STAYS if each.day in DAYS[3:6]]
"""A Sunday to a Tuesday: weeks begin on two of them, with and without anchors."""
TAKEN = [each for each in NEAR if each.start_minute in (0, 60)]
COMMANDS = st.tuples(
    st.sampled_from(("book", "book", "change", "change", "shorten", "shorten", "give back", "take up")),
    st.integers(0, 3),
    st.sampled_from(PARTIES[:3]),
    st.sampled_from(PLACES),
    st.sampled_from(TAKEN + NEAR),
    HOURS,
)
TIGHT = st.builds(
    lambda quota, minutes, bookings: replace(quota, amount=minutes if quota.unit == "minutes" else bookings),
    quotas(),
    st.sampled_from((150, 180, 240)),
    st.sampled_from((1, 2)),
)


class Desk:
    """Bookings made one after the other, each judged by what is left."""

    def __init__(self, rules):
        self.rules, self.ledger, self.live, self.given_back, self.booked_at = rules, Ledger(), {}, {}, {}

    def carry_out(self, word, number, party, place, stay_wished, now):
        if word == "book":
            registration_id = len(self.booked_at) + 101
            if self.judged(BookingWish(party, place, stay_wished, now), registration_id):
                self.booked_at[registration_id] = now
        elif word == "take up" and number in range(len(self.given_back)):
            registration_id = sorted(self.given_back)[number]
            again = replace(self.given_back[registration_id], now=now, reclaimed_from=self.booked_at[registration_id])
            if self.judged(again, registration_id):
                del self.given_back[registration_id]
        elif word != "book" and number in range(len(self.live)):
            registration_id = sorted(self.live)[number]
            self.change(word, registration_id, party, place, stay_wished, now)

    def change(self, word, registration_id, party, place, stay_wished, now):
        had = self.live[registration_id]
        mine = {"registration_id": registration_id}
        if word == "change":
            self.judged(BookingWish(party, place, stay_wished, now, **mine), registration_id)
        elif word == "shorten":
            later = stay(had.stay.day, had.stay.end_minute - 30, had.stay.end_minute)
            self.judged(BookingWish(had.party, had.place, later, now, **mine, gives_up=True), registration_id)
        else:
            self.given_back[registration_id] = replace(self.live.pop(registration_id), **mine, gives_up=False)
            self.ledger.charges.put(registration_id, [])

    def judged(self, wish, registration_id):
        verdict = self.ledger.judge(self.rules, wish, TERMS)
        if verdict.broken:
            return False
        charges = self.ledger.charges_for(wish, verdict.deciding, registration_id)
        self.ledger.write(wish, registration_id, charges)
        self.live[registration_id] = wish
        return True


@settings(WITHOUT_TRACES, max_examples=500)
@given(st.lists(TIGHT, min_size=1, max_size=2), st.lists(COMMANDS, min_size=8, max_size=16))
def test_what_is_booked_one_after_the_other_never_overdraws_and_adds_up(limits, commands):
    """In no window is more used than there is; the charges are what the live bookings say."""
    rules = [PolicyRule(number, limit) for number, limit in enumerate(limits, 1)]
    with override_settings(CSPACE_TIME_ZONE=ZONE):
        desk, oracle = Desk(rules), Oracle(rules, TERMS, ZONE)
        for command in sorted(commands, key=lambda command: command[-1]):
            desk.carry_out(*command)
            for rule in rules:
                assert_in_order(rule, desk, oracle, now=command[-1])


def assert_in_order(rule, desk, oracle, *, now):
    quota = rule.limit
    charges = [charge for charge in desk.ledger.charges if charge.rule_id == rule.id]
    for charge in charges:
        for has in oracle.windows(quota, charge.counts_at, now):
            used = [other.amount for other in charges if other.owner == charge.owner and has(other.counts_at)]
            assert sum(used) <= quota.amount
    charged, said = Counter(), Counter()
    for charge in charges:
        charged[charge.owner, charge.registration_id] += charge.amount
    for registration_id, wish in desk.live.items():
        said[owner_of(quota, wish.party), registration_id] += amount_of(quota, wish.stay)
    assert charged == said


def test_a_ledger_finds_what_it_has_by_owner_and_by_booking_without_looking_at_the_rest():
    """Thousands of dates in one request: each is judged by the charges of its owner, and replaces its own only."""
    there, other, his = (Charge(5, GROUP, 1, HOUR, 60), Charge(5, OTHER, 2, HOUR, 30), Charge(6, ALONE, 1, HOUR, 60))
    made = ChargesMade([there, other, his])
    assert sorted(made, key=lambda charge: (charge.rule_id, charge.amount)) == [other, there, his]
    assert made.of_owners([GROUP]) == [there]
    assert made.of_owners([ALONE, OTHER]) == [his, other]
    assert list(made.of_registration(1)) == [there, his]
    made.put(1, [replace(there, owner=OTHER)])
    assert (made.of_owners([GROUP, ALONE]), made.of_owners([OTHER])) == ([], [other, replace(there, owner=OTHER)])
    made.put(2, [])
    assert list(made) == [replace(there, owner=OTHER)]

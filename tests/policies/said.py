"""Rules as JSON says them, and the scene they are tried in: an hour of a Wednesday, asked for the day before."""

import datetime as dt

from policies.enums import OwnerKind
from policies.rules.quotas import Charge
from policies.rules.scopes import Owner, Party, Place, PolicyRule, Where, Who
from policies.rules.sentences import sentence_of
from policies.rules.verdicts import judge
from policies.rules.wishes import BookingWish, Known, MarkGathered, OwnBooking
from policies.services.booking_rules import read_rule
from tests.policies.wishes import TERMS, instant, stay

WEDNESDAY, TUESDAY, MONDAY = dt.date(2026, 4, 1), dt.date(2026, 3, 31), dt.date(2026, 3, 30)
HALL, SMALL = Place(1, "A", 1, 200), Place(2, "A", 2, 7)
ROOMS, PEOPLE = {"Hall": 1, "Small": 2}, {"eve": 7}
EVE = Party(7)
CLUB = Party(7, 1, "club", frozenset())
GOLD = Party(7, 1, "club", frozenset({"gold"}))
SOCIETY = Party(7, 2, "society", frozenset())
GROUP_1, PERSON_7 = Owner(OwnerKind.GROUP, 1), Owner(OwnerKind.PERSON, 7)


def said(*limits, who=None, where=None, first_id=1, **more):
    """The rules with some limits, read from JSON."""
    rules = []
    for rule_id, limit in enumerate(limits, first_id):
        body = {"name": "A rule", "who": who or {"kind": "everybody"}, "where": where or {"kind": "everywhere"}}
        wish = read_rule(body | more | {"limit": limit})
        rules.append(
            PolicyRule(
                id=rule_id,
                limit=wish.limit,
                who=Who(wish.who.kind, wish.who.label, wish.who.group_id or PEOPLE.get(wish.who.username)),
                where=Where(wish.where.kind, wish.where.building, wish.where.floor, ROOMS.get(wish.where.classroom)),
                during=wish.during,
                at=wish.at,
                effect=wish.effect,
                sentence=sentence_of(wish.limit, wish.who, wish.where, wish.during, wish.at, wish.effect),
            )
        )
    return rules


def wished(begins=600, ends=660, *, day=WEDNESDAY, now=None, party=EVE, place=HALL, **more):
    """`now`: (day, minute)."""
    return BookingWish(party, place, stay(day, begins, ends), instant(*(now or (TUESDAY, 600))), **more)


def verdict(rules, wish, *, bookings=(), charges=(), marks=()):
    """`bookings`: (day, begins, ends, place); `charges`: (rule id, owner, day, minute, amount); `marks`: (points, day).

    The bookings and what is charged are 101, 102 and so on; marks are given at noon.
    """
    known = Known(
        [
            OwnBooking(number, place.classroom_id, stay(day, begins, ends).interval)
            for number, (day, begins, ends, place) in enumerate(bookings, 101)
        ],
        [
            Charge(rule_id, owner, number, instant(day, minute), amount)
            for number, (rule_id, owner, day, minute, amount) in enumerate(charges, 101)
        ],
        [MarkGathered(points, instant(day, 720)) for points, day in marks],
    )
    return judge(rules, wish, known, TERMS)


def broken(rules, wish, **known):
    """The types of the broken rules."""
    return [each.rule.limit.type.value for each in verdict(rules, wish, **known).broken]

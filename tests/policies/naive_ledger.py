"""What live bookings are charged, kept as a pile of single minutes (or one booking) for each booking and rule.

Written from the contract (policy §3); of the code only the values are shared in which rules and wishes are written.
"""

from collections import Counter
from dataclasses import dataclass, field

from policies.enums import OwnerKind
from policies.rules.quotas import Charge
from policies.rules.scopes import Owner, Party, Place, Stay
from policies.rules.wishes import BookingWish, Known
from tests.policies.oracle import Oracle


@dataclass(frozen=True)
class Live:
    """A live booking as the tables have it."""

    party: Party
    place: Place
    stay: Stay
    created_at: object


@dataclass
class Pile:
    owner: Owner
    moments: list


@dataclass
class NaiveLedger:
    """`rules`: those in force, by id."""

    zone: str
    terms: tuple = ()
    rules: dict = field(default_factory=dict)
    live: dict = field(default_factory=dict)
    piles: dict = field(default_factory=dict)
    """{booking: {rule: pile}}"""

    @property
    def oracle(self):
        return Oracle(list(self.rules.values()), self.terms, self.zone)

    def known(self):
        charges = [
            Charge(rule_id, pile.owner, pk, moment, amount)
            for pk, of_rules in self.piles.items()
            for rule_id, pile in of_rules.items()
            for moment, amount in Counter(pile.moments).items()
        ]
        return Known(charges=charges)

    def follow(self, live, now):
        """The bookings are these from now on: those that are gone give back, those that differ are charged the
        difference, others are charged anew."""
        oracle = self.oracle
        for pk in self.piles.keys() - live.keys():
            del self.piles[pk]
        for pk, booking in live.items():
            before = self.live.get(pk)
            if before is None:
                self.piles[pk] = self.charged(oracle, booking, {}, booking.created_at)
            elif (before.party.group_id, before.place, before.stay) != (
                booking.party.group_id,
                booking.place,
                booking.stay,
            ):
                self.piles[pk] = self.charged(oracle, booking, self.piles[pk], now)
        self.live = live

    def charged(self, oracle, booking, own, now):
        piles = {}
        for rule in self.deciding(oracle, booking):
            quota, owner = rule.limit, self.owner(rule.limit, booking.party)
            amount = len(range(booking.stay.start_minute, booking.stay.end_minute)) if quota.unit == "minutes" else 1
            if quota.per == "future":
                moments = [booking.stay.interval.ends_at] * amount
            elif quota.counts == "takes_place_in":
                moments = [booking.stay.interval.starts_at] * amount
            else:
                had = own.get(rule.id)
                moments = sorted(had.moments)[:amount] if had is not None and had.owner == owner else []
                moments += [now] * (amount - len(moments))
            piles[rule.id] = Pile(owner, moments)
        return piles

    def write(self, rules, now, live=None, anew=()):
        """Other rules are in force, or the bookings lie elsewhere or are of others by them; `anew`: rules that have
        just been written."""
        self.rules, self.live = rules, self.live if live is None else live
        oracle = self.oracle
        for pk, booking in self.live.items():
            own = {rule_id: pile for rule_id, pile in self.piles[pk].items() if rule_id not in anew}
            due = self.charged(oracle, booking, own, booking.created_at)
            kept = {}
            for rule in rules.values():
                if rule.limit.type != "quota":
                    continue
                is_past = not self.is_present(rule.limit, self.moment(rule.limit, booking), now)
                if pile := (own if is_past else due).get(rule.id):
                    kept[rule.id] = pile
            self.piles[pk] = kept

    @staticmethod
    def deciding(oracle, booking):
        wish = BookingWish(booking.party, booking.place, booking.stay, booking.created_at)
        return [rule for kind in oracle.kinds("quota", ()) for rule in oracle.limiting(kind, wish)]

    @staticmethod
    def owner(quota, party):
        if quota.of == "group" and party.group_id is not None:
            return Owner(OwnerKind.GROUP, party.group_id)
        return Owner(OwnerKind.PERSON, party.person_id)

    @staticmethod
    def moment(quota, booking):
        if quota.per == "future":
            return booking.stay.interval.ends_at
        return booking.created_at if quota.counts == "booked_in" else booking.stay.interval.starts_at

    def is_present(self, quota, moment, now):
        """Whether it lies in a present or a coming period."""
        oracle = self.oracle
        day, today = oracle.day(moment), oracle.day(now)
        match quota.per:
            case "future":
                return moment > now
            case "day":
                return day >= today
            case "days":
                return (today - day).days < quota.days
            case "week":
                return oracle.week_begins(moment, quota.anchor) >= oracle.week_begins(now, quota.anchor)
            case "month":
                return (day.year, day.month) >= (today.year, today.month)
            case "term":
                term = oracle.semester(today)
                return moment >= now if term is None else day >= term.starts_on

    def sums(self, charges, now):
        """Amounts by rule, owner, booking and moment, as far as they lie in present or coming periods."""
        sums = Counter()
        for each in charges:
            rule = self.rules.get(each.rule_id)
            if rule is not None and self.is_present(rule.limit, each.counts_at, now):
                sums[each.rule_id, each.owner, each.registration_id, each.counts_at] += each.amount
        return sums

    def overdrawn(self, before, after, now):
        """[(rule, owner)] of refusing rules in a period of which more is used than before, and more than there is."""
        oracle, found = self.oracle, []
        for each in after:
            rule = self.rules[each.rule_id]
            mine, had = (
                [one for one in charges if (one.rule_id, one.owner) == (each.rule_id, each.owner)]
                for charges in (after, before)
            )
            for has in oracle.windows(rule.limit, each.counts_at, now):
                used, used_before = (sum(one.amount for one in some if has(one.counts_at)) for some in (mine, had))
                if rule.effect == "refuse" and used > max(used_before, rule.limit.amount):
                    found.append((rule, each.owner))
        return found

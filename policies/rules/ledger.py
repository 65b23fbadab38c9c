"""What is known of owners while their bookings are judged one after the other: each takes what the ones before left."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from kernel.academic_calendar import Term
from policies.rules.limits import Quota
from policies.rules.quotas import Charge, charges_after, owner_of
from policies.rules.scopes import Deciding, Owner, Party, PolicyRule
from policies.rules.verdicts import Verdict, judge
from policies.rules.wishes import BookingWish, Known, MarkGathered, OwnBooking


@dataclass
class Ledger:
    """The live bookings, the charges and the marks of some owners, as far as they matter."""

    bookings: dict[Owner, list[OwnBooking]] = field(default_factory=lambda: defaultdict(list))
    charges: list[Charge] = field(default_factory=list)
    marks: dict[Owner, list[MarkGathered]] = field(default_factory=lambda: defaultdict(list))

    def known(self, party: Party) -> Known:
        owners = {party.owner, party.person}
        return Known(
            self.bookings.get(party.owner, ()),
            [each for each in self.charges if each.owner in owners],
            self.marks.get(party.owner, ()),
        )

    def judge(self, rules: Iterable[PolicyRule], wish: BookingWish, terms: Sequence[Term]) -> Verdict:
        """What rules say to a wish, by what is known."""
        return judge(rules, wish, self.known(wish.party), terms)

    def charges_for(self, wish: BookingWish, decide: Deciding, registration_id: int) -> list[Charge]:
        """All that a booking is charged once it is as wished."""
        return [
            charge
            for rule in charging(decide)
            for charge in charges_after(
                rule.id,
                rule.quota,
                owner=owner_of(rule.quota, wish.party),
                registration_id=registration_id,
                stay=wish.stay,
                own=[
                    each for each in self.charges if each.rule_id == rule.id and each.registration_id == registration_id
                ],
                now=wish.booked_at,
            )
        ]

    def write(self, wish: BookingWish, registration_id: int, charges: Iterable[Charge]) -> None:
        """The booking is as wished from now on, and charged so."""
        for bookings in self.bookings.values():
            bookings[:] = [each for each in bookings if each.id != registration_id]
        booking = OwnBooking(registration_id, wish.place.classroom_id, wish.stay.interval)
        self.bookings[wish.party.owner].append(booking)
        self.charges = [each for each in self.charges if each.registration_id != registration_id] + list(charges)


def charging(decide: Deciding) -> list[PolicyRule]:
    """The quotas that a booking is charged to: those that decide."""
    return [rule for rules in decide.of_kind.values() for rule in rules if isinstance(rule.limit, Quota)]

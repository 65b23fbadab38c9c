"""What is known of owners while their bookings are judged one after the other: each takes what the ones before left."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from kernel.academic_calendar import Term
from policies.rules.limits import Quota
from policies.rules.quotas import Charge, charges_after, owner_of
from policies.rules.scopes import Deciding, Owner, Party, PolicyRule
from policies.rules.verdicts import Verdict, judge
from policies.rules.wishes import BookingWish, Known, MarkGathered, OwnBooking


class ChargesMade:
    """Charges, found by whose they are and by what is charged: among those of thousands of dates too."""

    def __init__(self, charges: Iterable[Charge] = ()) -> None:
        self._of_owner = defaultdict[Owner, list[Charge]](list)
        self._of_registration = defaultdict[int, list[Charge]](list)
        for each in charges:
            self._add(each)

    def __iter__(self) -> Iterator[Charge]:
        return chain.from_iterable(self._of_registration.values())

    def of_owners(self, owners: Iterable[Owner]) -> list[Charge]:
        return [each for owner in owners for each in self._of_owner.get(owner, ())]

    def of_registration(self, registration_id: int) -> Sequence[Charge]:
        return self._of_registration.get(registration_id, ())

    def put(self, registration_id: int, charges: Iterable[Charge]) -> None:
        """These are all the charges of a registration from now on."""
        for each in self._of_registration.pop(registration_id, ()):
            self._of_owner[each.owner].remove(each)
        for each in charges:
            self._add(each)

    def _add(self, charge: Charge) -> None:
        self._of_owner[charge.owner].append(charge)
        self._of_registration[charge.registration_id].append(charge)


@dataclass
class Ledger:
    """The live bookings, the charges and the marks of some owners, as far as they matter."""

    bookings: dict[Owner, list[OwnBooking]] = field(default_factory=lambda: defaultdict(list))
    charges: ChargesMade = field(default_factory=ChargesMade)
    marks: dict[Owner, list[MarkGathered]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self._owners = {each.id: owner for owner, bookings in self.bookings.items() for each in bookings}

    def known(self, party: Party) -> Known:
        return Known(
            self.bookings.get(party.owner, ()),
            self.charges.of_owners({party.owner, party.person}),
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
                own=[each for each in self.charges.of_registration(registration_id) if each.rule_id == rule.id],
                now=wish.booked_at,
            )
        ]

    def write(self, wish: BookingWish, registration_id: int, charges: Iterable[Charge]) -> None:
        """The booking is as wished from now on, and charged so."""
        if (former := self._owners.get(registration_id)) is not None:
            self.bookings[former] = [each for each in self.bookings[former] if each.id != registration_id]
        booking = OwnBooking(registration_id, wish.place.classroom_id, wish.stay.interval)
        self.bookings[wish.party.owner].append(booking)
        self._owners[registration_id] = wish.party.owner
        self.charges.put(registration_id, charges)


def charging(decide: Deciding) -> list[PolicyRule]:
    """The quotas that a booking is charged to: those that decide."""
    return [rule for rules in decide.of_kind.values() for rule in rules if isinstance(rule.limit, Quota)]

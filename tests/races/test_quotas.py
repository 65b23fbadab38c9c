"""Sixteen book at once against quotas: nobody has more than there is, nobody is refused what there is room for."""

from collections import Counter
from datetime import timedelta
from itertools import count

import pytest

from kernel import clock
from kernel.campus_time import campus_date
from policies.models import QuotaCharge
from registrations.models import Registration
from registrations.services.booking import Slot, book
from registrations.services.judging import PolicyBroken
from tests.factories import cspace_group, join, make_classroom, make_group, make_user
from tests.policies.scenes import make_rule
from tests.races.test_registrations import deadlocks
from tests.races.threads import at_once, raised

pytestmark = pytest.mark.django_db(transaction=True)
THREADS, FIT = 16, 5
"""So many ask, and so many of their hours fit."""
ROUNDS = 4
MUTANT_ROUNDS = 60
"""At most; the first wrong end ends them."""
LIMITS = [
    {"type": "quota", "per": "day", "counts": counts, "of": of, unit: amount}
    for of in ("group", "person")
    for counts in ("booked_in", "takes_place_in")
    for unit, amount in (("bookings", FIT), ("minutes", FIT * 60 + 59))
]


class Crowd:
    """Sixteen bookings of one owner, each in a room of its own: of one group by its people, or of one person for his
    groups and for himself."""

    def __init__(self, of: str) -> None:
        self.cspace = make_user()
        join(self.cspace, cspace_group())
        group, person = make_group(), make_user()
        self.pairs = []
        for _ in range(THREADS):
            by, team = (make_user(), group) if of == "group" else (person, make_group())
            join(by, team)
            self.pairs.append((by, team))
        self.rooms = [make_classroom() for _ in range(THREADS)]
        self.now, self.days = clock.now(), count(3)

    def book_at_once(self, hours: int = 1):
        """What all get who ask for as many hours of a new day, that day."""
        days = next(self.days)
        now = self.now + timedelta(days=days)
        slot = Slot(campus_date(now) + timedelta(days=1), 600, 600 + 60 * hours)

        def ask(place: int):
            by, group = self.pairs[place]
            return book(by=by, now=now, classroom=self.rooms[place], group_id=group.pk, slot=slot)

        return at_once(*[lambda place=place: ask(place) for place in range(THREADS)])


def outcome(results) -> Counter:
    return Counter(type(result) for result in results)


RIGHT = Counter({Registration: FIT, PolicyBroken: THREADS - FIT})


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: " ".join(map(str, limit.values())))
def test_as_many_as_fit_are_booked_and_the_others_are_told_of_the_quota(limit):
    crowd, before = Crowd(limit["of"]), deadlocks()
    rule_id = make_rule(crowd.cspace, limit=limit)
    for _ in range(ROUNDS):
        results = crowd.book_at_once()
        assert outcome(results) == RIGHT, raised(results)
        refusals = [result for result in results if isinstance(result, PolicyBroken)]
        assert {row["rule_id"] for refusal in refusals for row in refusal.details["rules"]} == {rule_id}
    assert QuotaCharge.objects.count() == Registration.objects.count() == FIT * ROUNDS
    assert deadlocks() == before


@pytest.mark.parametrize("fault", ["skip-owners-locks", "skip-owners-as-judged"])
@pytest.mark.parametrize("of", ["group", "person"])
def test_without_turns_of_owners_or_without_looking_again_more_is_had_than_there_is(of, fault, settings):
    """The mutants: they show that the rounds above meet the race and would see what goes wrong."""
    crowd = Crowd(of)
    make_rule(
        crowd.cspace, limit={"type": "quota", "per": "day", "counts": "takes_place_in", "of": of, "bookings": FIT}
    )
    crowd.book_at_once()  # the rules are read
    settings.CSPACE_TEST_FAULTS = {fault}
    if all(outcome(crowd.book_at_once())[Registration] <= FIT for _ in range(MUTANT_ROUNDS)):
        pytest.fail("the mutant survived: the race is never met")

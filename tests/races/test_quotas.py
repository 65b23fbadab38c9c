"""Sixteen book at once against quotas: nobody has more than there is, nobody is refused what there is room for."""

import random
from collections import Counter
from datetime import timedelta
from itertools import count

import pytest

from classrooms.services.room_time import RoomAlreadyBooked
from kernel import clock
from kernel.campus_time import campus_date
from policies.models import QuotaCharge
from registrations.models import Registration
from registrations.queries.charged import ledger_differences
from registrations.services.booking import Slot, book
from registrations.services.cancelling import cancel_registration
from registrations.services.changing import RegistrationChange, change_registration
from registrations.services.deciding import approve_registration, reject_registration
from registrations.services.judging import PolicyBroken
from tests.factories import cspace_group, join, make_classroom, make_group, make_user
from tests.policies.scenes import make_rule
from tests.races.test_registrations import deadlocks
from tests.races.threads import at_once, raised

pytestmark = pytest.mark.django_db(transaction=True)
THREADS, FIT = 16, 5
"""So many ask, and so many of their hours fit."""
ROUNDS, TRIES = 4, 25
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


class Visitor:
    """Books, moves, makes longer and shorter, hands on, gives back and takes up again, in a room of his own."""

    def __init__(self, seed: int, groups, decider_group) -> None:
        self.dice, self.groups, self.room = random.Random(seed), groups, make_classroom()
        self.person, self.decider = make_user(), make_user()
        join(self.decider, decider_group)
        for group in groups:
            join(self.person, group)
        self.held, self.rejected, self.answers = [], [], Counter()

    def play(self) -> Counter:
        for _ in range(TRIES):
            words = [self._book, self._book] + [self._change] * 3 + [self._cancel, self._reject, self._approve]
            try:
                self.dice.choice(words)()
                self.answers["done"] += 1
            except (PolicyBroken, RoomAlreadyBooked) as refusal:
                self.answers[type(refusal).__name__] += 1
        return self.answers

    def _slot(self) -> Slot:
        start = self.dice.randrange(8 * 60, 20 * 60, 30)
        day = campus_date(clock.now()) + timedelta(days=3 + self.dice.randrange(2))
        return Slot(day, start, start + self.dice.choice((30, 60, 90)))

    def _book(self) -> None:
        group = self.dice.choice(self.groups)
        by = {"by": self.person, "now": clock.now(), "classroom": self.room, "group_id": group.pk}
        self.held.append(book(slot=self._slot(), **by).pk)

    def _change(self) -> None:
        if not self.held:
            return
        slot, group_id = self._slot(), self.dice.choice(self.groups).pk
        moved = {"day": slot.day, "start_minute": slot.start_minute, "end_minute": slot.end_minute}
        change = self.dice.choice(({"group_id": group_id}, moved, moved | {"group_id": group_id}))
        pk = self.dice.choice(self.held)
        wanted = RegistrationChange(**change)
        change_registration(registration_id=pk, by=self.person, now=clock.now(), change=wanted)

    def _cancel(self) -> None:
        if self.held:
            pk = self.held.pop(self.dice.randrange(len(self.held)))
            cancel_registration(registration_id=pk, by=self.person, now=clock.now())

    def _reject(self) -> None:
        if self.held:
            self.rejected.append(self.held.pop())
            reject_registration(registration_id=self.rejected[-1], by=self.decider, now=clock.now())

    def _approve(self) -> None:
        if self.rejected:
            approve_registration(registration_id=self.rejected[-1], by=self.decider, now=clock.now())
            self.held.append(self.rejected.pop())


def test_whatever_they_do_at_once_the_ledger_is_what_they_have_and_no_more_than_there_is():
    groups, decider_group, before = [make_group(), make_group()], cspace_group(), deadlocks()
    visitors = [Visitor(seed, groups, decider_group) for seed in range(THREADS)]
    per_day = {"type": "quota", "per": "day", "counts": "takes_place_in", "of": "group", "minutes": 480}
    ahead = {"type": "quota", "per": "future", "counts": "takes_place_in", "of": "group", "bookings": 14}
    for limit in (per_day, ahead):
        make_rule(visitors[0].decider, limit=limit)
    results = at_once(*[visitor.play for visitor in visitors])
    assert raised(results) == []
    answers = sum(results, Counter())
    assert answers["PolicyBroken"] > THREADS
    assert answers["done"] > THREADS
    assert deadlocks() == before
    assert ledger_differences(clock.now()) == []
    live = Registration.objects.live().with_api_relations()
    minutes, bookings = Counter(), Counter()
    for row in live:
        day, start, end = campus_date(row.interval.starts_at), row.interval.starts_at, row.interval.ends_at
        minutes[row.group_id, day] += (end - start).total_seconds() / 60
        bookings[row.group_id] += 1
    assert max(minutes.values()) <= 480
    assert max(bookings.values()) <= 14


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

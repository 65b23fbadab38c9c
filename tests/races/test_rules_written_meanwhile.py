"""A rule is written while others book: nothing is committed under the old one once the new one is acknowledged."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta
from threading import Condition, Event

import pytest
from django.db import connection, transaction

from classrooms.enums import OccupancyKind
from kernel import clock
from kernel.campus_time import campus_date
from policies.services.booking_rules import delete_rule
from registrations.models import Registration
from registrations.services.booking import Slot, book
from registrations.services.cancelling import cancel_registration
from tests.factories import cspace_group, join, make_classroom, make_group, make_occupancy, make_user
from tests.policies.scenes import make_rule
from tests.races.test_registrations import deadlocks
from tests.races.threads import JOIN_SECONDS, at_once, await_waiting_connections, raised

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
THREADS, ROUNDS = 16, 8
TRIES_BETWEEN = 32
"""So many bookings are tried under each state of the rules."""
QUOTA = {"type": "quota", "per": "future", "counts": "takes_place_in", "of": "group"}
CHARGED_AND_LIVE = """
SELECT (SELECT count(*) FROM policies_quotacharge), (SELECT count(*) FROM classrooms_occupancy WHERE is_live)
"""
WITHOUT, FORBIDDING, WITH, ALLOWING = range(4)
"""What goes on, again and again: there is no rule, it is being written, it is in force, it is being deleted."""


class Rounds:
    """What the writer of rules and those who book tell each other."""

    def __init__(self) -> None:
        self.phase, self.tries, self.is_over, self.tried = 0, 0, Event(), Condition()

    def count_try(self) -> None:
        with self.tried:
            self.tries += 1
            self.tried.notify_all()

    def await_tries(self) -> None:
        with self.tried:
            until = self.tries + TRIES_BETWEEN
            assert self.tried.wait_for(lambda: self.tries >= until, JOIN_SECONDS)


class Visitor:
    """Books one slot after the other in a room of his own, and gives up each third."""

    def __init__(self, rounds: Rounds, group) -> None:
        self.rounds, self.group, self.person, self.room = rounds, group, make_user(), make_classroom()
        join(self.person, group)
        self.answers = Counter()
        """(the phase in which he asked and was answered; -1, if they were two; what it was)"""

    def play(self) -> None:
        number = 0
        while not self.rounds.is_over.is_set():
            number += 1
            day = campus_date(clock.now()) + timedelta(days=3 + number // 40)
            began, answer = self.rounds.phase, "booked"
            try:
                made = book(
                    by=self.person,
                    now=clock.now(),
                    classroom=self.room,
                    group_id=self.group.pk,
                    slot=Slot(day, 30 * (number % 40), 30 * (number % 40) + 30),
                )
                if number % 3 == 0:
                    cancel_registration(registration_id=made.pk, by=self.person, now=clock.now())
            except Exception as problem:
                code = getattr(problem.__cause__, "sqlstate", None)
                answer = type(problem).__name__ if code is None else f"{type(problem).__name__} {code}"
            self.answers[began % 4 if began == self.rounds.phase else -1, answer] += 1
            self.rounds.count_try()


class Writer:
    """Writes a rule and deletes it, over and over."""

    def __init__(self, rounds: Rounds, rule, looking) -> None:
        self.rounds, self.rule, self.looking, self.decider = rounds, rule, looking, make_user()
        join(self.decider, cspace_group())
        self.seen = []

    def play(self) -> None:
        try:
            for _ in range(ROUNDS):
                self.rounds.await_tries()
                self.rounds.phase += 1
                rule_id = make_rule(self.decider, limit=self.rule)
                self.rounds.phase += 1
                self.seen.append(self.looking())
                self.rounds.await_tries()
                self.seen.append(self.looking())
                self.rounds.phase += 1
                delete_rule(rule_id=rule_id, by=self.decider, now=clock.now())
                self.rounds.phase += 1
        finally:
            self.rounds.is_over.set()


def made_ever() -> int:
    return Registration.objects.count()


def charged_and_live() -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(CHARGED_AND_LIVE)
        return cursor.fetchone()


def play(rule, looking):
    """What all were answered, and what the writer saw right after each writing and some tries later."""
    rounds, group, before = Rounds(), make_group(), deadlocks()
    visitors, writer = [Visitor(rounds, group) for _ in range(THREADS)], Writer(rounds, rule, looking)
    assert raised(at_once(writer.play, *[visitor.play for visitor in visitors])) == []
    assert deadlocks() == before
    answers = sum((visitor.answers for visitor in visitors), Counter())
    assert {answer for _, answer in answers} <= {"booked", "PolicyBroken"}
    assert answers[WITHOUT, "booked"] > THREADS
    assert answers[WITHOUT, "PolicyBroken"] == 0
    return answers, writer.seen


@pytest.mark.parametrize("rule", [{"type": "no_booking"}, QUOTA | {"bookings": 0}], ids=["no_booking", "quota"])
def test_who_asks_after_a_rule_is_acknowledged_is_judged_by_it_and_nothing_comes_late(rule):
    """Nor is anybody refused by a rule that is gone, or made to try again."""
    answers, seen = play(rule, made_ever)
    assert answers[WITH, "PolicyBroken"] > THREADS
    assert answers[WITH, "booked"] == 0
    assert seen[::2] == seen[1::2]


def test_what_is_booked_while_a_quota_is_written_is_charged_to_it():
    answers, seen = play(QUOTA | {"bookings": 10_000}, charged_and_live)
    assert answers[WITH, "booked"] > THREADS
    assert answers[WITH, "PolicyBroken"] == 0
    assert [charged for charged, _ in seen] == [live for _, live in seen]


# --- one booking, stopped between having been judged and its COMMIT -----------------------------------


@contextmanager
def somebody_wanting(room, slot):
    """Room time that may come to be: who wants it too waits for the end of the block, and then has it."""
    with transaction.atomic():
        make_occupancy(room, slot.interval(), OccupancyKind.REGISTRATION)
        yield
        transaction.set_rollback(True)


def made_when_acknowledged_and_later() -> tuple[int, int]:
    """A rule is written that forbids a booking which is under way: what was made by then, and in the end."""
    group, room, person, decider = make_group(), make_classroom(), make_user(), make_user()
    join(person, group)
    join(decider, cspace_group())
    slot = Slot(campus_date(clock.now()) + timedelta(days=3), 600, 660)

    def ask():
        with closing(connection):
            return book(by=person, now=clock.now(), classroom=room, group_id=group.pk, slot=slot)

    def write():
        with closing(connection):
            make_rule(decider, limit={"type": "no_booking"})
            return made_ever()

    with ThreadPoolExecutor(2) as pool:
        with somebody_wanting(room, slot):
            asked = pool.submit(ask)
            await_waiting_connections(1)
            written = pool.submit(write)
            await_waiting_connections(2, unless=written.done)
        asked.result(JOIN_SECONDS)
        return written.result(JOIN_SECONDS), made_ever()


def test_a_rule_is_acknowledged_only_when_nothing_is_under_way_any_more():
    assert made_when_acknowledged_and_later() == (1, 1)


def test_without_the_rules_lock_a_booking_comes_late(settings):
    """The mutant."""
    settings.CSPACE_TEST_FAULTS = {"skip-rules-lock"}
    assert made_when_acknowledged_and_later() == (0, 1)

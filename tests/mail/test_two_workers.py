"""Two workers look after the letters of the day at once: nothing is told twice, nothing is lost."""

from functools import partial

import pytest
import time_machine
from django.db import connection, transaction

from accounts.facts import PasswordSet
from kernel import clock
from kernel.facts import publish
from mail.models import GatheredNotice
from mail.services.daily_letters import post_daily_letters
from outbox.models import Letter
from tests.factories import make_user
from tests.races.threads import at_once, raised

ROUNDS, MUTANT_ROUNDS, WORKERS = 6, 18, 4
# What a letter tells is taken in the transaction that posts it, or it may have been written before.
TAKEN_BESIDE = """
SELECT count(*) FROM mail_gatherednotice AS gathered
  JOIN outbox_letter AS letter ON letter.key = 'daily:' || user_id || ':' || day
 WHERE letter.xmin <> gathered.xmin
"""


def tell(person, now):
    with transaction.atomic():
        publish(PasswordSet(actor_id=None, occurred_at=now, user_id=person.pk, username="x"))


@pytest.fixture
def people(post):
    people = [make_user() for _ in range(5)]
    post.address(*people, mail="daily")
    return people


def one_day(people, number):
    """Several look at once, while more is told that belongs to the same letters."""
    with time_machine.travel(f"2026-01-{number + 10}T02:00:00Z", tick=False):
        yesterday = clock.now()
    with time_machine.travel(f"2026-01-{number + 11}T00:00:01Z", tick=False):
        tasks = [partial(post_daily_letters, now=clock.now()) for _ in range(WORKERS)]
        tasks += [partial(tell, person, yesterday) for person in people]
        for person in people:
            tell(person, yesterday)
        assert not raised(at_once(*tasks))


def taken_beside():
    with connection.cursor() as cursor:
        cursor.execute(TAKEN_BESIDE)
        return cursor.fetchone()[0]


@pytest.mark.django_db(transaction=True)
def test_every_notice_is_in_one_letter(people):
    for number in range(ROUNDS):
        one_day(people, number)
    assert taken_beside() == 0
    days = set(GatheredNotice.objects.exclude(day=None).values_list("user_id", "day"))
    letters = {(each.arguments["user_id"], each.arguments["day"]) for each in Letter.objects.all()}
    assert letters == {(user_id, day.isoformat()) for user_id, day in days}
    assert Letter.objects.count() == len(people) * ROUNDS
    assert GatheredNotice.objects.count() == 2 * len(people) * ROUNDS


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_a_letter_is_given_what_it_may_not_tell_any_more(people, settings):
    settings.CSPACE_TEST_FAULTS = frozenset({"skip-lock"})
    for number in range(MUTANT_ROUNDS):
        one_day(people, number)
        if taken_beside():
            return
    pytest.fail("the mutant got away")

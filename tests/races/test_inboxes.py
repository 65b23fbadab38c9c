"""Notices are written to the same people from everywhere at once: nobody waits for another, and no count is lost."""

import datetime as dt
import random
from contextlib import suppress
from functools import partial

import pytest
from django.db import connection, transaction

from notifications.models import Notification
from notifications.services import NotificationNotFound, mark, read_all
from tests.factories import make_user
from tests.races.threads import at_once, raised

pytestmark = pytest.mark.django_db(transaction=True)
WRITERS, PEOPLE, TRIES = 32, 6, 12
MUTANT_ROUNDS = 20
"""At most; the first deadlock, or wrong count, ends them."""
MOMENT = dt.datetime(2026, 1, 20, 2, 0, tzinfo=dt.UTC)
WRONG = """
SELECT user_id, status, sum(number) FROM (
       SELECT user_id, status, number FROM notifications_inboxpart
        UNION ALL SELECT user_id, status, -1 FROM notifications_notification) AS inbox (user_id, status, number)
 GROUP BY user_id, status HAVING sum(number) <> 0
"""
OWN_PART = "WHILE NOT pg_try_advisory_xact_lock(8, own) LOOP"
READ_THEN_WRITE = """
CREATE OR REPLACE FUNCTION notifications_count_insert() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    change record;
    present bigint;
BEGIN
    FOR change IN SELECT user_id, status, count(*) AS step FROM added GROUP BY user_id, status ORDER BY user_id LOOP
        SELECT number INTO present FROM notifications_inboxpart AS part
         WHERE part.user_id = change.user_id AND part.status = change.status;
        INSERT INTO notifications_inboxpart (user_id, status, part, number, version)
        VALUES (change.user_id, change.status, 0, change.step, 1)
            ON CONFLICT (user_id, status, part) DO UPDATE SET number = present + change.step;
    END LOOP;
    RETURN NULL;
END $$;
"""


@pytest.fixture
def people():
    people = [make_user() for _ in range(PEOPLE)]
    Notification.objects.bulk_create(notice(person, "unread") for person in people for _ in range(3))
    return people


@pytest.fixture
def shared_part(db):
    """What counts notices takes no part for its own: all add to the first. Put back afterwards."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname LIKE 'notifications\\_count\\_%%'")
        definitions = [definition for (definition,) in cursor.fetchall()]
        mutants = [each.replace(OWN_PART, "WHILE false LOOP") for each in definitions if OWN_PART in each]
        assert len(mutants) == 3
        for mutant in mutants:
            cursor.execute(mutant)
    yield
    with connection.cursor() as cursor:
        for definition in definitions:
            cursor.execute(definition)


def notice(person, status):
    return Notification(user=person, description="x", status=status, created_at=MOMENT)


def wrong_counts():
    with connection.cursor() as cursor:
        cursor.execute(WRONG)
        return cursor.fetchall()


def tell_some(people, chance):
    """Two statements in a transaction, each to some people, in any order."""
    with transaction.atomic():
        for _ in range(2):
            Notification.objects.bulk_create(
                notice(person, chance.choice(["unread", "read"])) for person in chance.sample(people, 3)
            )


def mark_one(people, chance):
    person = chance.choice(people)
    pk = Notification.objects.filter(user=person).order_by("?").values_list("pk", flat=True).first()
    with suppress(NotificationNotFound):  # deleted meanwhile
        mark(notification_id=pk or 0, by_id=person.pk, status=chance.choice(["unread", "read", "archived"]))


def read_them(people, chance):
    read_all(by_id=chance.choice(people).pk)


def delete_one(people, chance):
    person = chance.choice(people)
    pk = Notification.objects.filter(user=person).order_by("?").values_list("pk", flat=True).first()
    Notification.objects.filter(pk=pk).delete()


def write(people, number):
    chance = random.Random(number)
    for _ in range(TRIES):
        command = chance.choice([tell_some, tell_some, mark_one, read_them, delete_one])
        command(people, chance)


def test_every_inbox_is_counted_right_and_nobody_waits_for_a_part(people):
    results = at_once(*(partial(write, people, number) for number in range(WRITERS)))
    assert raised(results) == []
    assert Notification.objects.count() > PEOPLE
    assert wrong_counts() == []


def test_with_one_part_for_all_writers_lock_each_other_out(people, shared_part):
    """The mutant: everybody adds to the same rows, in the order in which he happens to tell people."""
    for _ in range(MUTANT_ROUNDS):
        if raised(at_once(*(partial(write, people, number) for number in range(WRITERS)))):
            return
    pytest.fail("the mutant survived: the race is never met")


def test_with_read_then_write_counts_are_lost(people, shared_part):
    """The mutant: what stands in the part is read before it is locked."""
    with connection.cursor() as cursor:
        cursor.execute(READ_THEN_WRITE)

    def tell_one(number):
        for _ in range(TRIES):
            notice(people[0], "unread").save()

    for _ in range(MUTANT_ROUNDS):
        assert raised(at_once(*(partial(tell_one, number) for number in range(8)))) == []
        if wrong_counts():
            return
    pytest.fail("the mutant survived: the race is never met")


def test_who_tells_somebody_keeps_no_other_from_telling_him(people):
    """A long transaction holds its part of the inbox; another one is written meanwhile, and read at once."""
    with transaction.atomic():
        notice(people[0], "unread").save()
        (result,) = at_once(lambda: notice(people[0], "unread").save())
        assert result is None
    assert wrong_counts() == []

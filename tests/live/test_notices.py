"""One's own notices as they come: none missed, none said twice, whatever order transactions end in."""

import random
import threading
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest
from django.db import connection

import notifications.streams
from accounts.services.preferences import change_preferences
from kernel import clock
from kernel.campus_time import campus_date
from notifications.models import Notification
from notifications.queries.streaming import MAX_REPLAYED
from notifications.services import mark, read_all
from notifications.streams import NoticeFeed
from registrations.services.reminding import remind_people
from tests.conftest import Api
from tests.crash.processes import await_true
from tests.factories import join, make_classroom, make_group, make_registration, make_user
from tests.live.readers import SECONDS, readers_of

pytestmark = pytest.mark.django_db(transaction=True)
INSERT = (
    "INSERT INTO notifications_notification (user_id, description, status, created_at, kind, target, params)"
    " SELECT %s, %s, 'unread', now(), '', '', '{}' RETURNING id"
)


@pytest.fixture
def readers():
    with readers_of(NoticeFeed()) as readers:
        yield readers


@pytest.fixture
def person():
    return make_user("reader")


def tell(user, text="There is news."):
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [user.pk, text])
        return cursor.fetchone()[0]


@contextmanager
def somebody_else():
    """A connection on which nothing is committed by itself."""
    place = connection.settings_dict
    names = {"host": place["HOST"], "port": place["PORT"], "dbname": place["NAME"]}
    with psycopg.connect(**names, user=place["USER"], password=place["PASSWORD"]) as other:
        yield other


def write_without_ending(other, user, text="There is late news."):
    return other.execute(INSERT, [user.pk, text]).fetchone()[0]


def test_a_reader_is_greeted_and_told_of_what_comes_as_his_list_shows_it(readers, person):
    tell(person)
    reader = readers.open("notifications", user=person)
    assert reader.told("hello", 1) == [{"unread_count": 1}]
    pk = tell(person, "More news.")
    tell(make_user())
    (notice,) = reader.told("notification", 1)
    newest = Api(person)("GET", "notifications/").json()["results"][0]
    assert notice == newest
    assert reader.ids == [pk]


def test_it_is_said_in_the_readers_language_of_that_moment(readers, person):
    reader = readers.open("notifications", user=person)
    reader.told("hello", 1)
    change_preferences(by=person, now=clock.now(), language="zh-hant")
    Notification.objects.create(
        user=person, description="…", created_at=clock.now(), kind="group.archived", params={"group": "522"}
    )
    (notice,) = reader.told("notification", 1)
    assert notice == Api(person)("GET", "notifications/").json()["results"][0]


def test_whoever_comes_back_is_told_what_he_has_missed_and_goes_on(readers, person):
    seen, *missed = [tell(person) for _ in range(4)]
    reader = readers.open("notifications", seen, user=person)
    assert [notice["id"] for notice in reader.told("notification", 3)] == missed
    assert reader.events[0].name == "hello"
    later = tell(person)
    reader.told("notification", 4)
    assert reader.ids == [*missed, later]


@pytest.mark.parametrize(("number", "reset"), [(MAX_REPLAYED, 0), (MAX_REPLAYED + 1, 1)])
def test_too_much_to_be_said_again_is_a_reset(readers, person, number, reset):
    Notification.objects.bulk_create(
        Notification(user=person, description="News.", created_at=clock.now()) for _ in range(number)
    )
    reader = readers.open("notifications", 0, user=person)
    await_true(lambda: reader.named("reset") or len(reader.ids) == number, SECONDS)
    later = tell(person)
    await_true(lambda: reader.ids[-1:] == [later], SECONDS)
    assert (len(reader.named("reset")), len(reader.ids)) == (reset, 1 if reset else number + 1)


def test_marking_is_said_to_every_tab_and_to_nobody_else(readers, person):
    pk, _ = tell(person), tell(person)
    tabs = [readers.open("notifications", user=person) for _ in range(2)]
    other = readers.open("notifications", user=make_user())
    for reader in [*tabs, other]:
        reader.told("hello", 1)
    mark(notification_id=pk, by_id=person.pk, status="archived")
    for tab in tabs:
        assert tab.told("status", 1) == [{"id": pk, "status": "archived", "unread_count": 1}]
    tell(person)
    read_all(by_id=person.pk)
    for tab in tabs:
        assert tab.told("status", 2)[1] == {"id": None, "status": "read", "unread_count": 0}
    assert other.named("status") == []


def test_an_id_taken_early_and_committed_late_is_told_in_its_place(readers, person):
    reader = readers.open("notifications", user=person)
    reader.told("hello", 1)
    with somebody_else() as other:
        early = write_without_ending(other, person)
        late = tell(person)
        assert late > early
        other.commit()
        reader.told("notification", 2)
        assert reader.ids == [early, late]


def test_what_is_rolled_back_keeps_nobody_waiting(readers, person):
    reader = readers.open("notifications", user=person)
    reader.told("hello", 1)
    with somebody_else() as other:
        write_without_ending(other, person)
        late = tell(person)
        other.rollback()
    reader.told("notification", 1)
    assert reader.ids == [late]


def test_whoever_comes_back_meanwhile_misses_nothing_either(readers, person):
    first = readers.open("notifications", user=person)
    first.told("hello", 1)
    with somebody_else() as other:
        early = write_without_ending(other, person)
        late = tell(person)
        again = readers.open("notifications", 0, user=person)
        again.told("hello", 1)
        other.commit()
    for reader in (first, again):
        reader.told("notification", 2)
        assert reader.ids == [early, late]


def test_what_was_written_while_nobody_read_is_no_news(person):
    feed = NoticeFeed()
    with readers_of(feed) as readers:
        first = readers.open("notifications", user=person)
        first.told("hello", 1)
        readers.close(first)
        await_true(lambda: not readers.hub._readers["notifications"], SECONDS)
        tell(person)
        with somebody_else() as other:
            write_without_ending(other, make_user())
            reader = readers.open("notifications", user=person)
            await_true(lambda: feed._looks, SECONDS)  # it has been seen that somebody is writing
            other.commit()
        reader.told("hello", 1)
        news = tell(person)
        await_true(lambda: reader.ids[-1:] == [news], SECONDS)
    assert reader.ids == [news]


def test_a_commit_with_many_notices_makes_nobody_slow(readers, person):
    reader = readers.open("notifications", user=person)
    reader.told("hello", 1)
    Notification.objects.bulk_create(
        Notification(user=person, description="News.", created_at=clock.now()) for _ in range(300)
    )
    reader.told("notification", 300)
    assert reader.named("bye") == []


def test_what_another_process_has_told_already_is_not_said_again(readers, person):
    readers.open("notifications", user=person).told("hello", 1)
    with somebody_else() as other:
        write_without_ending(other, make_user())
        seen = tell(person)
        reader = readers.open("notifications", seen, user=person)
        reader.told("hello", 1)
        other.commit()
    later = tell(person)
    reader.told("notification", 1)
    assert reader.ids == [later]


def test_whoever_was_only_greeted_can_say_from_where_he_has_missed_something(readers, person):
    first = readers.open("notifications", user=person)
    first.told("hello", 1)
    readers.close(first)
    missed = tell(person)
    reader = readers.open("notifications", first.events[0].pk, user=person)
    reader.told("notification", 1)
    assert reader.ids == [missed]


def test_reading_all_is_said_without_an_id_even_of_one(readers, person):
    tell(person)
    reader = readers.open("notifications", user=person)
    reader.told("hello", 1)
    read_all(by_id=person.pk)
    assert reader.told("status", 1) == [{"id": None, "status": "read", "unread_count": 0}]


def hub_connection():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query <> '' AND"
            " pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        return [pid for (pid,) in cursor.fetchall()]


def test_a_lost_connection_loses_no_notice(readers, person):
    reader = readers.open("notifications", user=person)
    ids = []
    for number in range(1, 6):
        reader.told("hello", number)
        for pid in hub_connection():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
        ids.append(tell(person))
        reader.told("notification", number)
    assert reader.ids == ids


def coming_and_going(readers, person, until):
    """Ids that a reader is told who loses his stream again and again and comes back with the last that he saw."""
    seen, chance = [0], random.Random(7)
    while True:
        reader = readers.open("notifications", seen[-1], user=person)
        number = chance.randint(1, 6)
        is_over = until.is_set()
        try:
            await_true(lambda: len(reader.ids) >= number or until.is_set(), SECONDS)
        finally:
            readers.close(reader)
        await_true(lambda: reader.stream.is_over, SECONDS)
        seen += reader.ids
        if is_over:
            return seen[1:]


def write_at_random(person, number, errors):
    chance = random.Random(number)
    try:
        with somebody_else() as other:
            for _ in range(25):
                for _ in range(chance.randint(1, 3)):
                    write_without_ending(other, person)
                threading.Event().wait(chance.random() / 50)  # so that transactions overlap
                other.rollback() if chance.random() < 0.2 else other.commit()
    except Exception as error:
        errors.append(error)


def told_while_many_write(person):
    """(ids that one steady reader and one who comes and goes are told, ids that there are)."""
    errors, until = [], threading.Event()
    writers = [threading.Thread(target=write_at_random, args=(person, number, errors)) for number in range(4)]
    with readers_of(NoticeFeed()) as readers:
        steady = readers.open("notifications", user=person)
        steady.told("hello", 1)
        for writer in writers:
            writer.start()
        told = []
        going = threading.Thread(target=lambda: told.extend(coming_and_going(readers, person, until)))
        going.start()
        for writer in writers:
            writer.join(60)
        last = tell(person, "The last.")
        await_true(lambda: steady.ids[-1:] == [last], SECONDS)
        until.set()
        going.join(60)
    assert not errors
    return steady.ids, told, list(Notification.objects.order_by("id").values_list("id", flat=True))


def test_many_writers_and_nothing_is_missed_or_said_twice(person):
    steady, told, there = told_while_many_write(person)
    assert steady == there
    assert told == there[: len(told)]


def test_without_looking_at_who_writes_something_is_missed(person, monkeypatch):
    """The mutant: the highest id is taken for the end of what there will be."""
    monkeypatch.setattr(notifications.streams, "writers", frozenset)
    with readers_of(NoticeFeed()) as readers:
        reader = readers.open("notifications", user=person)
        reader.told("hello", 1)
        with somebody_else() as other:
            early = write_without_ending(other, person)
            late = tell(person)
            reader.told("notification", 1)
            other.commit()
        last = tell(person)
        reader.told("notification", 2)
    assert reader.ids == [late, last]
    assert early not in reader.ids


def test_a_reminder_arrives_in_the_readers_language(readers, person):
    group, day = make_group("522"), campus_date(clock.now()) + timedelta(days=2)
    join(person, group)
    room = make_classroom("Room A", auto_approve=True)
    booking = make_registration(by=person, group=group, classroom=room, day=day)
    change_preferences(by=person, now=clock.now(), language="zh-hant")
    reader = readers.open("notifications", user=person)
    reader.told("hello", 1)
    assert remind_people(now=booking.occupancy.starts_at - timedelta(hours=24)) == 1
    (notice,) = reader.told("notification", 1)
    assert (notice["kind"], notice["target"]) == ("registration.reminder", f"registration:{booking.pk}")
    assert notice["description"].startswith("提醒您：Room A，")
    assert notice == Api(person)("GET", "notifications/").json()["results"][0]

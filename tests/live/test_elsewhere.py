"""At most three streams of a kind for a person, however many processes he has them in. Each hub here stands for one."""

from contextlib import ExitStack

import pytest
from django.db import connection

from kernel.live.hub import Hub
from notifications.streams import NoticeFeed
from tests.crash.processes import await_true
from tests.factories import make_user
from tests.live.readers import SECONDS, readers_of

pytestmark = pytest.mark.django_db(transaction=True)
REPLACED = {"reason": "replaced"}
FEED = NoticeFeed.name


@pytest.fixture
def processes():
    with ExitStack() as stack:
        yield [stack.enter_context(readers_of(NoticeFeed())) for _ in range(2)]


def opened(process, user):
    """A stream, once the other process knows of it."""
    reader = process.open(FEED, user=user)
    reader.told("hello", 1)
    return reader


def is_over(reader):
    return reader.named("bye") == [REPLACED]


def known_to(process):
    return {name for names in process.hub._elsewhere._newer.values() for name in names}


def test_the_fourth_closes_the_oldest_wherever_it_is(processes):
    person, other = make_user(), make_user()
    first, second = processes
    readers = [opened(process, person) for process in (first, second, first)]
    of_another = [opened(process, other) for process in (first, second, first)]
    readers.append(opened(second, person))
    await_true(lambda: is_over(readers[0]), SECONDS)
    readers.append(opened(second, person))
    await_true(lambda: is_over(readers[1]), SECONDS)
    assert not any(map(is_over, [*readers[2:], *of_another]))


def test_what_has_ended_elsewhere_counts_no_more(processes):
    person = make_user()
    first, second = processes
    mine = opened(first, person)
    for _ in range(4):
        theirs = opened(second, person)
        await_true(lambda: len(known_to(first)) == 1, SECONDS)
        second.close(theirs)
        await_true(lambda: not known_to(first), SECONDS)
    assert not is_over(mine)


def test_kinds_and_strangers_are_counted_apart(processes):
    first, second = processes
    stranger = first.open(FEED)
    for _ in range(4):
        second.open(FEED)
    mine = opened(first, make_user())
    with connection.cursor() as cursor:
        for number in range(4):
            cursor.execute(f"NOTIFY cspace_live, 'begun elsewhere.{number} rooms {mine.stream.opening.user_id}'")
    marker = opened(second, make_user())
    await_true(lambda: marker.named("hello"), SECONDS)
    assert not is_over(mine)
    assert not is_over(stranger)


def test_words_that_mean_nothing_end_no_hub():
    hub = Hub([])
    hub._elsewhere.hear(["over nobody.1", "begun a.1 rooms 5", "room", "notice"])
    assert list(hub._elsewhere.surplus()) == []
    hub._elsewhere.hear(None)
    hub.end()

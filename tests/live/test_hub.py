"""What the hub hears, however it arrives."""

import asyncio
import os
import resource

import pytest
from django.db import connection

from kernel.db.batch import Statement, send
from kernel.live.feeds import CHANNEL
from kernel.live.hub import Hub
from kernel.live.streams import Opening, Stream
from tests.holding import another_connection

pytestmark = pytest.mark.django_db(transaction=True)


def nothing():
    pass


def ask_in_a_batch():
    send(Statement("SELECT 1"))


def ask_by_a_cursor():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


@pytest.fixture
def hub():
    hub = Hub([])
    hub._listen()
    yield hub
    hub.end()


@pytest.mark.parametrize("ask", [nothing, ask_in_a_batch, ask_by_a_cursor])
def test_a_word_that_comes_with_the_answer_to_something_else_is_heard(hub, ask):
    with another_connection() as other, other.cursor() as cursor:
        cursor.execute(f"NOTIFY {CHANNEL}, 'room'")
    ask()
    assert hub._wait(5) == ["room"]
    assert hub._wait(0) == []


@pytest.fixture
def many_open_files():
    """More than 1,024: as many as a process with streams has."""
    before, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(before, min(most, 2048)), most))
    files = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    yield
    for file in files:
        os.close(file)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before, most))


def test_a_connection_behind_a_thousand_others_is_heard(many_open_files, hub):
    assert hub._wait(0.01) == []
    with another_connection() as other, other.cursor() as cursor:
        cursor.execute(f"NOTIFY {CHANNEL}, 'notice'")
    assert hub._wait(5) == ["notice"]


def test_whoever_comes_and_goes_at_once_is_no_reader(hub):
    async def come_and_go(times):
        stream = Stream(Opening("rooms"), asyncio.get_running_loop())
        for _ in range(times):
            hub._coming_and_going.append((stream, True))
            hub._coming_and_going.append((stream, False))

    asyncio.run(come_and_go(3))
    assert hub._let_in_and_out() == set()
    assert not hub._readers["rooms"]

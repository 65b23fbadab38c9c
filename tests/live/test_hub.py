"""What the hub hears, however it arrives."""

import pytest
from django.db import connection

from kernel.db.batch import Statement, send
from kernel.live.feeds import CHANNEL
from kernel.live.hub import Hub
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

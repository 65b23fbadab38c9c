"""How many statements each call of the wire costs, equal at one row and at five."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kernel import clock
from kernel.db.ids import take_block
from tests.dialects.room_booking.scenes import states
from tests.test_query_budget import BUDGET as OF_THE_API

pytestmark = pytest.mark.django_db
BUDGET = {
    "create": 12,
    "create that waits": 12,
    "delete": 17,
    "delete what somebody waits for": 20,
    "test": 11,
    "clear": 25,
}


@pytest.fixture
def ids_in_stock(stock_of_ids):
    for table in ("calendars_calendarevent", "calendars_calendaroccurrence"):
        take_block(table)


@pytest.mark.parametrize("size", [1, 5])
def test_calls_cost_what_they_may(department, ids_in_stock, size):
    script, costs = department.script(), {}

    def at(hour):
        return {"start": f"2026-02-12T{hour:02}:00", "end": f"2026-02-12T{hour + 1:02}:00"}

    def cost(name, call):
        with CaptureQueriesContext(connection) as captured:
            answer = call()
        assert answer.status_code < 300, answer.content
        costs[name] = len([each for each in captured if "SAVEPOINT" not in each["sql"]])
        return answer

    for number in range(size):
        script.create(**at(number))
    with time_machine.travel(clock.now() + timedelta(seconds=1), tick=False):  # who is younger loses
        for number in range(size):
            script.create(**at(number), name="beside")
    first = cost("create", lambda: script.create(**at(12)))
    second = cost("create that waits", lambda: script.create(**at(12), name="waits"))
    assert (first["X-Event-State"], second["X-Event-State"]) == ("live", "conflicting")
    cost("delete what somebody waits for", lambda: script.delete(first.json()["id"]))
    assert states()["waits"] == "live"
    cost("delete", lambda: script.delete(second.json()["id"]))
    report = cost("test", lambda: script.clear("test=1&calendar=test-kalender")).json()
    assert len(report["deleted_overlapping_events"]) == size
    assert cost("clear", lambda: script.clear("calendar=test-kalender")).json() == report | {"test_mode": False}
    assert costs == BUDGET


def test_creating_an_event_costs_little_more_than_registering_a_room():
    assert BUDGET["create"] <= OF_THE_API["POST registrations/"]["1"] + 2

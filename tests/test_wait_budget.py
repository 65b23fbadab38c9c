"""How often an operation waits for PostgreSQL: tests/wait_budget.json, reviewed like code. A read is to wait once.

A wait costs more than the statements that travel together in it (tests/query_budget.json counts those). Counted is what
libpq says on the wire of a connection that stands, with transactions as they are outside of tests.
"""

import json
from pathlib import Path

import pytest

from tests.kernel.round_trips import round_trips
from tests.test_query_budget import Campus

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("document_clock", "stock_of_ids"),
]
FILE = Path(__file__).with_name("wait_budget.json")
BUDGET: dict[str, int] = json.loads(FILE.read_text())


@pytest.mark.parametrize("named", BUDGET)
def test_an_operation_waits_as_often_as_the_file_says(named, api, settings):
    settings.CSPACE_THROTTLE = True
    campus = Campus(1)
    client, (method, _, path) = api(campus.actor), named.partition(" ")
    client.get("users/me/")  # the connection stands
    with round_trips() as waits:
        response = client(method, path.format(**vars(campus)), campus.body(named))
    assert response.status_code < 300, response.content
    assert waits() == BUDGET[named], (
        f"{named} waits {waits()} times. If that is meant, write it into {FILE.name}: {json.dumps({named: waits()})}"
    )


@pytest.mark.parametrize("path", ["notifications/", "notifications/?status=read&per_page=5"])
def test_a_304_waits_once(path, api):
    client = api(Campus(1).actor)
    tag = client.get(path)["ETag"]
    with round_trips() as waits:
        response = client.get(path, **{"If-None-Match": tag})
    assert (response.status_code, waits()) == (304, 1)


SLOT = "date=2026-02-01&start_time=10:00&end_time=12:00"


@pytest.mark.parametrize(
    "path",
    [
        f"classrooms/Room A/availability/?{SLOT}",
        "classrooms/Room A/agenda/",
        "classrooms/",
        "classrooms/Room A/",
        f"classrooms/free/?{SLOT}",
    ],
)
def test_nothing_is_asked_for_strangers_where_reads_are_not_public(path, api, room, settings):
    api().get("users/me/")
    for is_public, cost, status in ((False, 0, 401), (True, 1, 200)):
        settings.CSPACE_PUBLIC_READS = is_public
        with round_trips() as waits:
            response = api().get(path)
        assert (response.status_code, waits()) == (status, cost)

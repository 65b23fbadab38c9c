"""No answer lists rows without an end: past the bound it asks for a page, a shorter range, or names a part."""

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import time_machine

from accounts.models import User
from kernel.api import pagination
from kernel.errors import MAX_LISTED
from tests.conftest import DOCUMENT_TIME
from tests.once import built_once
from tests.test_query_budget import BODIES, BUDGET, Campus

ROWS, BOUND = 3, 2
LONGEST_REFUSAL = 64 * 1024
READS = [named for named in BUDGET if named.startswith("GET ")]
BOUNDED_BY_THEMSELVES = {
    "GET classrooms/utilisation/?start_date=2026-02-01&end_date=2026-02-28&group_by=hour": "a day has 24 hours",
    "GET allocation-events/{open}/unavailable-dates/?classroom=Room A": "at most 366 dates",
    "GET allocation-events/{drawn}/registrations/{winner}/": "the weeks of an event: at most 53",
    "GET allocation-events/{drawn}/registrations/{loser}/": "as above",
    "GET allocation-events/{drawn}/registrations/{loser}/alternatives/": "`limit`",
    "GET batch-allocations/{series}/": "a series has at most 53 dates",
    "GET allocation-events/{drawn}/draw/": "the record of one draw, which is verified as a whole",
    "GET courses/{course}/": "the lectures of one course",
    "GET study-plans/{plan}/": "the lectures of one plan",
}
"""What cannot grow with the campus, and why."""


@pytest.fixture(scope="module")
def built(django_db_setup, django_db_blocker):
    stands = time_machine.travel(DOCUMENT_TIME, tick=False)
    with stands, built_once(django_db_blocker, partial(Campus, ROWS)) as campus:
        yield campus


@pytest.fixture
def campus(built, db):
    built.actor.forget_access()
    return built


def arrays(answer: Any, name: str = "") -> Iterator[tuple[str, list[Any]]]:
    """(dotted name, array) of every array in a JSON answer."""
    if isinstance(answer, dict):
        for key, value in answer.items():
            yield from arrays(value, f"{name}.{key}" if name else key)
    elif isinstance(answer, list):
        yield name, answer
        for value in answer:
            yield from arrays(value, name)


@pytest.mark.parametrize("named", [read for read in READS if read not in BOUNDED_BY_THEMSELVES])
def test_no_read_answers_with_more_rows_than_the_bound(named, campus, api, monkeypatch):
    monkeypatch.setattr(pagination, "MAX_UNPAGED_ROWS", BOUND)
    path = named.removeprefix("GET ").format(**vars(campus))

    response = api(campus.actor).get(path)

    if response.status_code == 400:
        assert response.json()["code"] == "VALIDATION_ERROR"
        assert set(response.json()["details"]) <= {"page", "end_date", "floor"}
    elif response["Content-Type"] == "application/json" and "count" not in response.json():
        assert [name for name, rows in arrays(response.json()) if len(rows) > BOUND] == []


def test_what_is_said_to_be_bounded_is_still_there():
    assert set(BOUNDED_BY_THEMSELVES) <= set(READS)


@pytest.mark.parametrize(
    "path", ["users/", "groups/", "groups/{team}/", "user-groups/", "batch-allocations/", "registrations/", "courses/"]
)
def test_a_list_past_the_bound_asks_for_a_page_and_gives_it(path, campus, api, monkeypatch):
    monkeypatch.setattr(pagination, "MAX_UNPAGED_ROWS", BOUND)
    path = path.format(**vars(campus))

    refusal, page = api(campus.actor).get(path), api(campus.actor).get(f"{path}?page=1&per_page=2")

    assert (refusal.status_code, refusal.json()) == (
        400,
        {
            "error": "Validation failed",
            "code": "VALIDATION_ERROR",
            "details": {"page": ["More than 2 rows: ask for them by page"]},
        },
    )
    assert page.status_code == 200
    assert page.json()["count"] > BOUND
    assert page.json()["next"].endswith("?page=2&per_page=2")


def test_the_bound_is_the_contracts_and_what_reaches_it_is_still_answered(cspace, api):
    User.objects.bulk_create(
        User(username=f"u{number}", display_name="U")
        for number in range(pagination.MAX_UNPAGED_ROWS - User.objects.count())
    )
    whole = api(cspace).get("users/")
    User.objects.create(username="one_more", display_name="U")
    past = api(cspace).get("users/")

    assert pagination.MAX_UNPAGED_ROWS == 5_000
    assert (len(whole.json()["results"]), past.status_code) == (5_000, 400)
    assert past.json()["details"] == {"page": ["More than 5000 rows: ask for them by page"]}


def test_a_room_used_too_often_asks_for_fewer_days(campus, api, monkeypatch):
    monkeypatch.setattr(pagination, "MAX_UNPAGED_ROWS", BOUND)

    refusal = api(campus.actor).get("classrooms/Room A/agenda/?start_date=2026-02-01&end_date=2026-02-28")
    fewer = api(campus.actor).get("classrooms/Room A/agenda/?start_date=2026-02-11&end_date=2026-02-12")

    assert refusal.json()["details"] == {"end_date": ["More than 2 rows: ask for fewer days"]}
    assert len(fewer.json()["registrations"]) == 2


@pytest.mark.parametrize("named", sorted(BODIES.keys() & BUDGET.keys()))
def test_no_write_repeats_a_long_value(named, campus, api):
    method, _, path = named.partition(" ")
    body = campus.body(named)
    long_name = {"x" * 500_000: 1}

    for sent in [long_name, *(body | {field: "y" * 500_000} for field in body)]:
        response = api(campus.actor)(method, path.format(**vars(campus)), json.dumps(sent).encode())
        assert response.status_code < 300 or len(response.content) < LONGEST_REFUSAL


def test_thousands_of_weights_that_are_none(campus, api):
    weights = {f"x{number}": 1 for number in range(19_000)}
    response = api(campus.actor).put(f"allocation-events/{campus.open}/weights/", weights)
    assert len(response.content) < LONGEST_REFUSAL
    assert response.json()["details"]["non_field_errors"] == [f"and {19_000 - MAX_LISTED} more fields"]

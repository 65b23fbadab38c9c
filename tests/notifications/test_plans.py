"""How a page of notices is read: as many buffers from an inbox of 60,000 as from one of 600, and nothing is counted.

Seconds say little on a busy machine; buffers are the same on each.
"""

import json
from typing import Any

import pytest
from django.db import connection

from kernel.db.batch import Statement
from notifications.queries.inbox import asking_for_inbox, inbox
from tests.factories import make_user
from tests.once import built_once

FEW, MANY, PAGE = 600, 60_000, 20
# One of ten is unread; the archived ones are the oldest, so that all others are in the way of who walks to them.
NOTICES = """
INSERT INTO notifications_notification (user_id, description, status, created_at)
SELECT %(person)s, 'The group asks for a room.',
       CASE WHEN n > %(count)s - 30 THEN 'archived' WHEN n %% 10 = 0 THEN 'unread' ELSE 'read' END,
       '2026-09-01'::timestamptz - n * interval '1 minute'
  FROM generate_series(1, %(count)s) AS n
"""
MOST = 60
"""Buffers. An inbox of 60,000 has more than a thousand pages."""


class Inboxes:
    def __init__(self) -> None:
        self.people = {"few": make_user(), "many": make_user()}
        with connection.cursor() as cursor:
            for person, count in zip(self.people.values(), (FEW, MANY), strict=True):
                cursor.execute(NOTICES, {"person": person.pk, "count": count})
            cursor.execute("ANALYZE notifications_notification, notifications_inboxpart")


@pytest.fixture(scope="module")
def inboxes(django_db_setup, django_db_blocker):
    with built_once(django_db_blocker, Inboxes) as built:
        yield built


@pytest.fixture(params=["custom", "generic"])
def planned(request, inboxes, db):
    """Both ways in which PostgreSQL plans what is prepared: with the parameters, and for any."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL plan_cache_mode = force_{request.param}_plan")
    return inboxes


def question(person: Any, status: str | None = None, first: int = 0, versions: Any = ()) -> Statement:
    return asking_for_inbox(person.pk, status=status, places=(first, first + PAGE), versions=versions)


def plan_of(statement: Statement) -> Any:
    """Prepared and explained with its parameters."""
    kinds = ["bigint" if type(value) is int else "text" for value in statement.parameters]
    kinds = [
        "uuid[]" if isinstance(value, list) else kind for value, kind in zip(statement.parameters, kinds, strict=True)
    ]
    parts = statement.sql.split("%s")
    sql = "".join(f"{part}${number}" for number, part in enumerate(parts[:-1], 1)) + parts[-1]
    values = [f"{{{','.join(value)}}}" if isinstance(value, list) else value for value in statement.parameters]
    with connection.cursor() as cursor:
        cursor.execute(f"PREPARE page ({', '.join(kinds)}) AS {sql}")
        literals = ", ".join(str(value) if type(value) is int else f"'{value}'" for value in values)
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE page ({literals})")
        (plan,) = cursor.fetchone()
        cursor.execute("DEALLOCATE page")
    (plan,) = json.loads(plan) if isinstance(plan, str) else plan
    return plan["Plan"]


def nodes(plan: Any) -> Any:
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)


def buffers(plan: Any) -> int:
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def buffers_beside_the_reader(plan: Any) -> int:
    """Without those of his preferences: how many pages that table has is a matter of the tests that ran before."""
    own = [node for node in nodes(plan) if node.get("Relation Name") == "accounts_preferences"]
    return buffers(plan) - sum(map(buffers, own))


def scans(plan: Any) -> list[Any]:
    return [node for node in nodes(plan) if node.get("Relation Name") == "notifications_notification"]


@pytest.mark.parametrize("status", [None, "unread", "read", "archived"])
def test_a_page_reads_as_much_of_a_large_inbox_as_of_a_small_one(planned, status):
    few, many = (plan_of(question(person, status)) for person in planned.people.values())
    index = "notification_newest_of_status" if status else "notification_newest_first"
    (scan,) = scans(many)
    assert (scan["Node Type"], scan["Index Name"], scan["Actual Rows"]) == ("Index Scan", index, PAGE)
    assert not {node["Node Type"] for node in nodes(scan)} & {"Sort", "Seq Scan"}
    assert buffers(many) <= 1.5 * buffers(few) + 5
    assert buffers(many) <= MOST


def test_a_page_further_on_reads_what_lies_before_it_and_no_more(planned):
    plan = plan_of(question(planned.people["many"], first=200))
    (scan,) = scans(plan)
    assert (scan["Index Name"], scan["Actual Rows"]) == ("notification_newest_first", 200 + PAGE)


def test_what_the_reader_has_is_not_read(planned):
    person = planned.people["many"]
    plan = plan_of(question(person, versions=[inbox(question(person)).version]))
    assert sum(scan["Actual Loops"] for scan in scans(plan)) == 0
    assert buffers_beside_the_reader(plan) <= 8


@pytest.mark.parametrize("first", [MANY, 10**9, 2**62])
def test_nothing_is_read_past_the_end(planned, first):
    plan = plan_of(question(planned.people["many"], first=first))
    assert sum(scan["Actual Loops"] for scan in scans(plan)) == 0
    assert buffers_beside_the_reader(plan) <= 8

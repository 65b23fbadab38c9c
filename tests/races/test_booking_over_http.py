"""No double booking under any interleaving, through HTTP: 32 clients, 2 workers, overlapping slots.

The check is plain SQL over the history that the change log keeps, not only over the final table: a
cancellation hides the evidence. The same rounds without locks and without the constraint must fail,
or the harness proves nothing.
"""

import random
import threading
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.db import connection

from accounts.services.tokens import issue_access
from kernel import clock
from tests.factories import cspace_group, join, make_classroom, make_group, make_user
from tests.races.server import Server, serving

CLIENTS = 32
ATTEMPTS = 2000
OVERLAPS = """
SELECT count(*) FROM classrooms_occupancy a JOIN classrooms_occupancy b
  ON a.id < b.id AND a.classroom_id = b.classroom_id AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at
WHERE a.is_live AND b.is_live
"""
UNLOGGED = """
SELECT count(*) FROM registrations_registration r
WHERE (SELECT count(*) FROM auditlog_logentry l
       WHERE l.target = 'registration:' || r.occupancy_id AND l.action = 'registration.created') <> 1
   OR (r.status IN ('pending', 'approved'))
      <> (SELECT o.is_live FROM classrooms_occupancy o WHERE o.id = r.occupancy_id)
"""
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


@dataclass
class Tally:
    """What the clients were answered."""

    statuses: Counter[int] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, status: int) -> None:
        with self.lock:
            self.statuses[status] += 1


@pytest.fixture
def campus() -> dict[str, Any]:
    group, admin = make_group("522"), make_user("cspace_member")
    join(admin, cspace_group())
    people = [make_user(f"client-{number}") for number in range(CLIENTS)]
    for person in people:
        join(person, group)
    return {
        "group_id": group.pk,
        "rooms": [make_classroom(f"Room {letter}").name for letter in "ABC"],
        "tokens": [issue_access(person, family=uuid.uuid4()) for person in people],
        "admin": issue_access(admin, family=uuid.uuid4()),
        "day": str((clock.now() + timedelta(days=3)).date()),
    }


def scalar(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return int(cursor.fetchone()[0])


def mixed_traffic(server: Server, campus: dict[str, Any], number: int, attempts: int, tally: Tally) -> None:
    """Bookings, moves, cancellations and decisions on a ten-minute grid of three rooms."""
    chance, own = random.Random(number), []
    headers = {"Authorization": f"Bearer {campus['tokens'][number]}"}
    decider = {"Authorization": f"Bearer {campus['admin']}"}
    with httpx.Client(base_url=f"{server.base_url}/api/v1/", timeout=30) as client:
        for _ in range(attempts):
            start = chance.randrange(8 * 6, 20 * 6) * 10
            end = start + chance.choice((20, 30, 50, 90))
            slot = {
                "classroom": chance.choice(campus["rooms"]),
                "date": campus["day"],
                "start_time": f"{start // 60:02}:{start % 60:02}",
                "end_time": f"{end // 60:02}:{end % 60:02}",
            }
            dice = chance.random()
            if not own or dice < 0.55:
                response = client.post("registrations/", json=slot | {"group_id": campus["group_id"]}, headers=headers)
                if response.status_code == 201:
                    own.append(response.json()["id"])
            elif dice < 0.75:
                response = client.put(f"registrations/{chance.choice(own)}/", json=slot, headers=headers)
            elif dice < 0.85:
                response = client.delete(f"registrations/{own.pop(chance.randrange(len(own)))}/", headers=headers)
            else:
                word = chance.choice(("approve", "reject"))
                response = client.post(f"registrations/{chance.choice(own)}/{word}/", headers=decider)
            tally.add(response.status_code)


def test_no_double_booking_under_mixed_traffic(campus, server_environment):
    tally, deadlocks = Tally(), scalar(DEADLOCKS)
    with serving(server_environment) as server:
        run_together(
            lambda number: mixed_traffic(server, campus, number, ATTEMPTS // CLIENTS + 1, tally), count=CLIENTS
        )

    assert sum(tally.statuses.values()) >= ATTEMPTS
    assert {status for status in tally.statuses if status >= 500} == set()
    assert set(tally.statuses) <= {200, 201, 204, 409}
    assert tally.statuses[201] > 0
    assert tally.statuses[409] > 0
    assert scalar(OVERLAPS) == 0
    assert scalar(UNLOGGED) == 0
    assert scalar(DEADLOCKS) == deadlocks


def barrier_rounds(server: Server, campus: dict[str, Any], rounds: int) -> Counter[int]:
    """In each round all clients ask for the same slot at once; how many winners the rounds had."""
    barrier, winners = threading.Barrier(CLIENTS, timeout=60), Counter[int]()
    lock = threading.Lock()

    def ask(number: int) -> None:
        headers = {"Authorization": f"Bearer {campus['tokens'][number]}"}
        with httpx.Client(base_url=f"{server.base_url}/api/v1/", timeout=30) as client:
            for turn in range(rounds):
                slot = {"start_time": f"{8 + turn // 6:02}:{turn % 6}0", "end_time": f"{8 + turn // 6:02}:{turn % 6}9"}
                body = slot | {"classroom": "Room A", "date": campus["day"], "group_id": campus["group_id"]}
                barrier.wait()
                response = client.post("registrations/", json=body, headers=headers)
                assert response.status_code in (201, 409), response.text
                with lock:
                    winners[turn] += response.status_code == 201

    run_together(ask, count=CLIENTS)
    return Counter(winners.values())


def test_one_winner_per_slot(campus, server_environment):
    with serving(server_environment) as server:
        assert barrier_rounds(server, campus, 20) == {1: 20}
    assert scalar(OVERLAPS) == 0


def test_the_harness_catches_a_server_without_locks_and_constraint(campus, unconstrained, server_environment):
    with serving(server_environment | {"CSPACE_TEST_FAULTS": "skip-lock"}) as server:
        won = barrier_rounds(server, campus, 5)
    assert max(won) > 1
    assert scalar(OVERLAPS) > 0


def run_together(work: Any, *, count: int) -> None:
    """Run `work(number)` in `count` threads; the first exception is raised here."""
    problems: list[BaseException] = []

    def guarded(number: int) -> None:
        try:
            work(number)
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(240)
    if problems:
        raise problems[0]

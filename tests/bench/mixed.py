"""32 clients book, cancel, approve, reject and move at once: all in the same slots, and each in its own.

The ids come from the answers: what was booked is what is decided on and moved next.
"""

import json
import random
import statistics
from collections import Counter, deque
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db import connection

from tests.bench.filling import Campus
from tests.bench.load import request
from tests.bench.verdicts import Goal, Row
from tests.factories import make_classroom
from tests.races.server import serving

CLIENTS, WORKERS = 32, 2
CROWDED_ROOMS, CALM_ROOMS = 3, 100
WARM_UP_SECONDS = 0.5
DONE, REFUSED = frozenset({200, 201, 204}), 409
MEANT_IN_A_CROWD = DONE | {REFUSED, 404, *range(500, 600)}
"""404 is the answer about what somebody else has cancelled. A 5xx is counted: it is a figure of its own, and ends the
run with an error."""
OVERLAPS = """
SELECT count(*) FROM classrooms_occupancy a JOIN classrooms_occupancy b
  ON a.id < b.id AND a.classroom_id = b.classroom_id AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at
WHERE a.is_live AND b.is_live AND a.classroom_id = ANY(%s)
"""
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


class Mix:
    """An endless mix of writes that goes by the answers.

    `is_crowded`: everybody wants the same slots and acts on the same registrations; most of that is refused. Otherwise
    each request has a slot or a registration of its own, and none may be.
    """

    def __init__(self, campus: Campus, rooms: list[str], *, is_crowded: bool) -> None:
        self.campus, self.rooms, self.is_crowded = campus, rooms, is_crowded
        self.chance = random.Random(len(rooms))
        self.number = 0
        self.bookings: deque[tuple[int, str]] = deque(maxlen=4 * CLIENTS if is_crowded else None)
        """The id of each, and the token of who made it."""

    def requests(self) -> Iterator[bytes]:
        while True:
            self.number += 1
            dice = self.chance.random()
            if dice < 0.5 or not self.bookings:
                person = self.campus.tokens[self.number % len(self.campus.tokens)]
                yield _write("POST", "", person, self._slot() | {"group_id": self.campus.group_id})
                continue
            booking, person = self.chance.choice(self.bookings) if self.is_crowded else self.bookings.popleft()
            if dice < 0.65:
                yield _write("PUT", f"{booking}/", person, self._slot())
            elif dice < 0.8:
                yield _write("DELETE", f"{booking}/", person)
            else:
                yield _write("POST", f"{booking}/{'approve' if dice < 0.9 else 'reject'}/", self.campus.decider_token)

    def heard(self, content: bytes, status: int, body: bytes) -> None:
        """Of an answer: what was booked joins what may be decided on and moved."""
        if status == 201:
            person = content.partition(b"Bearer ")[2].partition(b"\r\n")[0].decode()
            self.bookings.append((json.loads(body)["id"], person))

    def _slot(self) -> dict[str, str]:
        if self.is_crowded:
            room, day = self.chance.choice(self.rooms), self.campus.today + timedelta(days=3)
            start = self.chance.randrange(8 * 6, 20 * 6) * 10
            end = start + self.chance.choice((20, 30, 50, 90))
        else:
            turn, place = divmod(self.number, len(self.rooms))
            day_number, hour = divmod(turn, 24)
            room, day = self.rooms[place], self.campus.today + timedelta(days=3 + day_number)
            start, end = 60 * hour, 60 * hour + 50
        return {
            "classroom": room,
            "date": day.isoformat(),
            "start_time": f"{start // 60:02}:{start % 60:02}",
            "end_time": f"{end // 60:02}:{end % 60:02}",
        }


def _write(method: str, path: str, token: str, body: dict[str, Any] | None = None) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    return request(method, f"/api/v1/registrations/{path}", token=token, body=content)


def mix(stage: Any) -> None:
    """Alternated pairs of the crowded mix and the calm one, on a server of two workers, and what must never happen."""
    crowded, calm = _rooms("Crowded", CROWDED_ROOMS), _rooms("Calm", CALM_ROOMS)
    sides = [Mix(stage.campus, list(crowded), is_crowded=True), Mix(stage.campus, list(calm), is_crowded=False)]
    deadlocks = _scalar(DEADLOCKS)
    count, seconds = stage.pairs
    with serving({}, workers=WORKERS) as server:
        warming = [_run(stage, server, side, WARM_UP_SECONDS) for side in sides]
        pairs = [[_run(stage, server, side, 2 * seconds) for side in sides] for _ in range(count)]
    # Its backends have ended, so that what they have counted is told.
    overlaps = _scalar(OVERLAPS, [[*crowded.values(), *calm.values()]])
    statuses = sum((Counter(first.run.statuses) for first, _ in [warming, *pairs]), Counter[int]())
    _report(stage.report, pairs, statuses, overlaps, _scalar(DEADLOCKS) - deadlocks)


def _rooms(name: str, number: int) -> dict[str, int]:
    """{name: id} of new rooms."""
    rooms = [make_classroom(f"{name} {place}") for place in range(number)]
    return {room.name: room.pk for room in rooms}


def _run(stage: Any, server: Any, side: Mix, seconds: float) -> Any:
    meant = MEANT_IN_A_CROWD if side.is_crowded else DONE
    return stage.measure(server, side.requests(), clients=CLIENTS, seconds=seconds, meant=meant, heard=side.heard)


def _report(report: Any, pairs: list[Any], statuses: Counter[int], overlaps: int, deadlocks: int) -> None:
    done = sum(number for status, number in statuses.items() if status in DONE)
    if not done or not statuses[REFUSED]:
        raise RuntimeError(f"nobody met anybody in the mix: {dict(statuses)}")
    number = sum(statuses.values())
    failures = sum(number for status, number in statuses.items() if status >= 500)
    ratio = statistics.median(first.run.rate / second.run.rate for first, second in pairs)
    cpu = statistics.median(first.cpu / second.cpu for first, second in pairs)
    worst = max(max(first.run.latencies) for first, _ in pairs)
    name = f"{CLIENTS} clients, same slots, mixed writes, {WORKERS} workers"
    report.rows += [
        Row(f"{name}: overlaps", overlaps, Goal("overlaps", 0)),
        Row(f"{name}: deadlocks", deadlocks, Goal("deadlocks", 0)),
        Row(f"{name}: 5xx", failures, Goal("5xx", 0), remark=f"{number:,} answers, {done / number:.0%} of them done"),
        Row(f"{name}: longest", worst * 1000, Goal("longest", 250), unit="ms"),
        Row(f"{name} ÷ uncontended, rps", ratio, Goal("rate", 0.5), remark=f"CPU a request × {cpu:.2f}"),
    ]


def _scalar(sql: str, parameters: list[Any] | None = None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return int(cursor.fetchone()[0])

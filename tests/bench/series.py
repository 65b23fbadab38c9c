"""A series of 16 weeks in one request ÷ 16 single bookings, one client, in alternated pairs."""

import json
import statistics
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from typing import Any

from kernel.campus_time import day_of_week
from tests.bench.load import request
from tests.bench.verdicts import Goal, Row
from tests.factories import make_classroom

WEEKS = 16
TOGETHER = 4
"""Series of one run, so that their CPU can be told."""


def weigh_series(stage: Any) -> None:
    slots = _slots(make_classroom("Series").name)
    whole, single = _series(stage.campus, slots), _singles(stage.campus, slots)
    meant = frozenset({201})

    def side(requests: Iterator[bytes], number: int) -> Any:
        return stage.measure(stage.ours, requests, clients=1, seconds=60, meant=meant, most=number)

    for requests, number in ((whole, 1), (single, WEEKS)):
        side(requests, number)
    pairs = [(side(whole, TOGETHER), side(single, TOGETHER * WEEKS)) for _ in range(5)]
    seconds = statistics.median(one.run.seconds / other.run.seconds for one, other in pairs)
    cpu = statistics.median(one.cpu_seconds / other.cpu_seconds for one, other in pairs)
    name = f"series of {WEEKS} weeks ÷ {WEEKS} single bookings, seconds"
    stage.report.rows.append(Row(name, seconds, Goal("seconds", 0.25), remark=f"CPU × {cpu:.2f}"))


def _slots(room: str) -> Iterator[dict[str, Any]]:
    """A weekday (0 to 6 from now on) and an hour: each once."""
    for day, hour in product(range(7), range(24)):
        yield {"classroom": room, "day": day, "start_time": f"{hour:02}:00", "end_time": f"{hour:02}:50"}


def _series(campus: Any, slots: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    for slot in slots:
        first = campus.today + timedelta(days=7 + slot.pop("day"))
        item = slot | {
            "group_id": campus.group_id,
            "day_of_week": day_of_week(first),
            "start_date": first.isoformat(),
            "end_date": (first + timedelta(days=7 * (WEEKS - 1))).isoformat(),
            "description": "Seminar",
        }
        body = json.dumps({"items": [item], "on_conflict": "skip"}).encode()
        yield request("POST", "/api/v1/batch-allocations/", token=campus.decider_token, body=body)


def _singles(campus: Any, slots: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    for slot in slots:
        first = campus.today + timedelta(days=7 + slot.pop("day"))
        for week in range(WEEKS):
            date = (first + timedelta(days=7 * week)).isoformat()
            body = json.dumps(slot | {"group_id": campus.group_id, "date": date, "description": "Seminar"}).encode()
            yield request("POST", "/api/v1/registrations/", token=campus.token, body=body)

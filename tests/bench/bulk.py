"""A batch of weekly series of a year, first as a dry run, and archiving the group whose occurrences all lie ahead."""

import json
from datetime import timedelta
from typing import Any

from kernel import clock
from kernel.campus_time import campus_date
from tests.bench.verdicts import Goal, Row
from tests.factories import make_classroom, make_group

SERIES, FEW_SERIES = 500, 50
WEEKS = 52
PER_ROOM = 21
"""Series in a room: three a day."""


def write_in_bulk(stage: Any) -> None:
    size = FEW_SERIES if stage.is_quick else SERIES
    group = make_group("bulk")
    rooms = [make_classroom(f"Bulk {number}").name for number in range(-(-size // PER_ROOM))]
    first = campus_date(clock.now()) + timedelta(days=7)
    last = first + timedelta(days=7 * WEEKS - 1)
    items = [_item(number, group.pk, rooms[number // PER_ROOM], str(first), str(last)) for number in range(size)]
    batch = json.dumps({"items": items, "on_conflict": "skip"}).encode()
    for name, method, path, body, status, goal in (
        (f"dry run of {size} series", "POST", "batch-allocations/?dry_run=true", batch, 201, Goal("seconds", 3)),
        (f"{size} series of {WEEKS} weeks", "POST", "batch-allocations/", batch, 201, None),
        (f"archiving {size * WEEKS:,} dates", "DELETE", f"groups/{group.pk}/", b"", 204, Goal("seconds", 3)),
    ):
        answer, of_server, of_database = stage.send(method, f"/api/v1/{path}", body=body, status=status)
        remark = f"CPU {of_server:.2f} + {of_database:.2f} s"
        stage.report.rows.append(Row(name, answer.seconds, goal, unit="s", remark=remark, is_judged=not stage.is_quick))


def _item(number: int, group_id: int, room: str, first: str, last: str) -> dict[str, Any]:
    """A slot of its own in its room."""
    hour = 8 + 3 * (number % PER_ROOM // 7)
    return {
        "group_id": group_id,
        "classroom": room,
        "day_of_week": 1 + number % 7,
        "start_time": f"{hour:02}:00",
        "end_time": f"{hour + 2:02}:30",
        "start_date": first,
        "end_date": last,
        "description": f"Seminar {number}",
    }

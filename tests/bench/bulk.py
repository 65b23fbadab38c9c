"""`python -m tests.bench.bulk [ITEMS]`: a batch of ITEMS (500) weekly series of a year, and what takes them back.

Prints seconds, and CPU seconds of Python and of PostgreSQL, of: the batch as a dry run, the batch, and archiving the
group whose about 26,000 occurrences lie ahead. On a quiet machine of two cores the bars are 3 s for the dry run and for
archiving; the CPU seconds say the same on a busy one.
"""

import json
import os
import sys
import time
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
WEEKS = 52
PER_ROOM = 21
"""Series in a room: three a day."""
BAR_SECONDS = 3


def main(size: int) -> None:
    os.environ |= {"DEBUG": "1", "CSPACE_THROTTLE": "off", "DJANGO_SETTINGS_MODULE": "cspace.settings"}
    os.environ["CSPACE_DATA_DIR"] = str(ROOT / "var" / "pg-bench")
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client

    from accounts.services.tokens import issue_access
    from kernel import clock
    from kernel.campus_time import campus_date
    from tests.factories import cspace_group, join, make_classroom, make_group, make_user

    settings.DEBUG = False
    call_command("migrate", verbosity=0)
    mark = uuid.uuid4().hex[:8]
    by, group = make_user(f"bulk-{mark}"), make_group(f"bulk {mark}")
    join(by, cspace_group())
    rooms = [make_classroom(f"bulk {mark} {number}") for number in range(-(-size // PER_ROOM))]
    first = campus_date(clock.now()) + timedelta(days=7)
    last = first + timedelta(days=7 * WEEKS - 1)
    items = [_item(number, group.pk, rooms[number // PER_ROOM].name, str(first), str(last)) for number in range(size)]
    client = Client(HTTP_HOST="127.0.0.1")
    headers = {"Authorization": f"Bearer {issue_access(by, family=uuid.uuid4())}"}
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (server,) = cursor.fetchone()

    def send(what: str, method: str, path: str, body: Any, status: int, bar: float | None = None) -> None:
        content = b"" if body is None else json.dumps(body).encode()
        before = time.perf_counter(), time.process_time(), _cpu_seconds(server)
        response = client.generic(method, f"/api/v1/{path}", content, content_type="application/json", headers=headers)
        after = time.perf_counter(), time.process_time(), _cpu_seconds(server)
        assert response.status_code == status, response.content[:500]
        wall, python, postgres = (end - start for start, end in zip(before, after, strict=True))
        shown = "" if bar is None else f" (bar: {bar} s)"
        sys.stdout.write(f"{what:<28}{wall:6.2f} s{shown:<12} CPU {python:5.2f} + {postgres:5.2f} s\n")

    batch = {"items": items, "on_conflict": "skip"}
    send(f"dry run of {size} series", "POST", "batch-allocations/?dry_run=true", batch, 201, BAR_SECONDS)
    send(f"{size} series", "POST", "batch-allocations/", batch, 201)
    send(f"archiving {size * WEEKS} dates", "DELETE", f"groups/{group.pk}/", None, 204, BAR_SECONDS)


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


def _cpu_seconds(process: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)

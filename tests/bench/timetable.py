"""`python -m tests.bench.timetable [N]`: import N dated lectures (100,000) into an empty database, then again.

Prints seconds and how far memory rose above what it was before the first record (bars: 60 s, constant).
"""

import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
ROOMS = 200
COURSES = 500
DAYS = 95
SLOTS = (8, 10, 13, 15, 17, 19)


def main(number: int) -> None:
    data = ROOT / "var" / "pg-bench-timetable"
    os.environ |= {"DEBUG": "1", "CSPACE_DATA_DIR": str(data), "DJANGO_SETTINGS_MODULE": "cspace.settings"}
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from kernel import clock
    from timetables.importing.record_files import read_records
    from timetables.importing.timetable import import_timetable

    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE classrooms_classroom, timetables_course, timetables_semester CASCADE")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "semester.json"
        with path.open("w", encoding="utf-8") as file:
            file.writelines(text(number))
        sys.stdout.write(f"{number:,} dated lectures, {path.stat().st_size / 1e6:.0f} MB of JSON\n")
        for what in ("first", "again"):
            before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
            report = import_timetable(
                by=None, now=clock.now(), source=path.name, read=lambda: read_records(path), create_rooms=True
            )
            seconds = time.perf_counter() - began
            risen = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
            sys.stdout.write(f"{what}: {seconds:.1f} s, memory +{risen:.0f} MB, bookings {report.counts['bookings']}\n")


def text(number: int) -> Iterator[str]:
    """The file, piece by piece."""
    first = date(2027, 2, 1)
    semester = {
        "name": "bench",
        "type": "spring",
        "starts_on": str(first),
        "ends_on": str(first + timedelta(days=DAYS)),
    }
    courses = [
        {"code": f"B-{index}", "name": f"Course {index}", "teachers": [f"T {index}"]} for index in range(COURSES)
    ]
    yield f'{{"semesters": {json.dumps([semester])},\n"courses": {json.dumps(courses)},\n"lectures": [\n'
    for index in range(number):
        yield json.dumps(lecture(index, first)) + (",\n" if index + 1 < number else "\n")
    yield "]}\n"


def lecture(index: int, first: date) -> dict[str, Any]:
    """Every room, day and slot in turn, and then again as joint lectures."""
    rest, room = divmod(index, ROOMS)
    rest, slot = divmod(rest, len(SLOTS))
    again, day = divmod(rest, DAYS)
    return {
        "course": f"B-{(index * 7 + again) % COURSES}",
        "date": str(first + timedelta(days=day)),
        "start": f"{SLOTS[slot]:02}:15",
        "end": f"{SLOTS[slot] + 1:02}:45",
        "label": "cours",
        "rooms": [f"Bench {room}"],
    }


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)

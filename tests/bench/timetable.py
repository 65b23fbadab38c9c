"""Importing dated lectures, into rooms of their own, then the same once more."""

import json
import resource
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from kernel import clock
from tests.bench.verdicts import Goal, Row
from timetables.importing.record_files import read_records
from timetables.importing.timetable import import_timetable

LECTURES, FEW_LECTURES = 20_000, 2_000
SECONDS = 60
"""For 100,000 lectures."""
ROOMS = 200
COURSES = 500
DAYS = 95
SLOTS = (8, 10, 13, 15, 17, 19)


def import_lectures(stage: Any) -> None:
    """Seconds of both, and how far the first raises the memory above what it was before the first record."""
    number = FEW_LECTURES if stage.is_quick else LECTURES
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "semester.json"
        with path.open("w", encoding="utf-8") as file:
            file.writelines(text(number))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        first, counts = _imported(path)
        rise = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        again, _ = _imported(path)
    if counts.created != number:
        raise RuntimeError(f"of {number:,} lectures became {counts}")
    goal = Goal("seconds", SECONDS * number / 100_000)
    remark = f"the same once more: {again:.1f} s; memory + {rise:.0f} MB"
    name = f"import of {number:,} dated lectures"
    stage.report.rows.append(Row(name, first, goal, unit="s", remark=remark, is_judged=not stage.is_quick))


def _imported(path: Path) -> tuple[float, Any]:
    """The seconds that the import takes, and what became of the bookings."""
    began = time.perf_counter()
    report = import_timetable(
        by=None, now=clock.now(), source=path.name, read=lambda: read_records(path), create_rooms=True
    )
    return time.perf_counter() - began, report.counts["bookings"]


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
        "rooms": [f"Lectures {room}"],
    }

"""A file to import, and what the database has after it."""

import copy
import io
import json
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from tests.factories import make_classroom
from timetables import models

FILE = {
    "semesters": [
        {
            "name": "2026-2027 fall",
            "type": "fall",
            "starts_on": "2026-09-14",
            "ends_on": "2026-12-18",
            "skip_dates": ["2026-10-05"],
        }
    ],
    "units": [{"name": "IN-BA3", "code": "IN", "section": "Computer science", "promo": "BA3"}],
    "teachers": [{"name": "Ada Lovelace", "people_url": "https://people.example/ada"}],
    "courses": [
        {"code": "CS-101", "name": "Algorithms", "credits": 6, "language": "en", "teachers": ["Ada Lovelace", "Bo"]},
        {"code": "MATH-101(a)", "name": "Analysis I", "credits": 6},
    ],
    "study_plans": [{"unit": "IN-BA3", "semester": "2026-2027 fall", "courses": ["CS-101", "MATH-101(a)"]}],
    "room_aliases": [{"alias": "A-B", "rooms": ["Room A", "Room B"]}],
    "weekly": [
        {
            "course": "CS-101",
            "semester": "2026-2027 fall",
            "weekday": "monday",
            "start": "08:15",
            "duration": 105,
            "rooms": ["Room A"],
        }
    ],
    "lectures": [
        {"course": "CS-101", "date": "2026-12-16", "start": "09:00", "end": "12:00", "label": "exam", "rooms": ["A-B"]},
        {
            "course": "MATH-101(a)",
            "date": "2026-09-14",
            "start": "08:15",
            "end": "10:00",
            "label": "exercice",
            "rooms": ["Room A"],
        },
    ],
}
"""14 Mondays without the skipped one = 13 weekly lectures; a joint lecture on the first; an exam in two rooms."""


@pytest.fixture
def file() -> dict[str, Any]:
    return copy.deepcopy(FILE)


@pytest.fixture
def rooms(db: None) -> dict[str, Any]:
    return {name: make_classroom(name) for name in ("Room A", "Room B")}


@pytest.fixture
def run_import(tmp_path: Any) -> Any:
    """Import a file by the command and return what it says."""

    def run(content: Any, *options: str, name: str = "timetable.json") -> str:
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content, indent=1), encoding="utf-8")
        out = io.StringIO()
        call_command("import_timetable", str(path), *options, stdout=out)
        return out.getvalue()

    return run


@pytest.fixture
def contents(db: None) -> Any:
    """Every row of the timetable and of room time, to compare two moments by."""

    def read() -> dict[str, list[Any]]:
        tables = [model._meta.db_table for model in vars(models).values() if hasattr(model, "_meta")]
        found = {}
        with connection.cursor() as cursor:
            for table in sorted({*tables, "timetables_course_teachers"}):
                cursor.execute(f'SELECT * FROM "{table}" ORDER BY 1')
                found[table] = cursor.fetchall()
        return found

    return read

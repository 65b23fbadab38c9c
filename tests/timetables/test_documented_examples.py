"""The files that docs/timetable-import.md shows are imported without a fault."""

import re
from pathlib import Path

import pytest
from django.core.management import call_command

from classrooms.models import Classroom
from tests.factories import make_classroom
from tests.timetables.test_importing import counts
from timetables.models import CourseSchedule

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "timetable-import.md").read_text(encoding="utf-8")


def block(start):
    """The code block that begins with a text."""
    return next(found for found in re.findall(r"```\w*\n(.*?)```", PAGE, re.DOTALL) if found.startswith(start))


@pytest.mark.parametrize(("start", "name", "lectures"), [("{", "semester.json", 14), ("record,", "semester.csv", 13)])
def test_example_file_is_imported(db, run_import, start, name, lectures):
    make_classroom("Room A")
    said = counts(run_import(block(start), "--create-rooms", name=name))
    assert (said["faults"], said["conflicts"]) == (0, 0)
    assert said["lectures"] == {"created": lectures}
    assert sorted(Classroom.objects.values_list("name", flat=True)) == ["BC07", "BC08", "Room A"]
    made = Classroom.objects.get(name="BC07")
    described = ("auditorium", "BC", 25.0173) if name.endswith("json") else ("", "", None)
    assert (made.type, made.building, made.latitude) == described


def test_example_calendar_is_imported(db, run_import, tmp_path):
    for room in ("BC07", "BC08", "Room A"):
        make_classroom(room)
    run_import(block("{"))
    path = tmp_path / "calendar.ics"
    path.write_text(f"BEGIN:VCALENDAR\n{block('BEGIN:VEVENT')}END:VCALENDAR\n", encoding="utf-8")
    call_command("import_ics", str(path), "--semester", "2026-2027 fall", "--alias", "BC07-08=BC07,BC08")
    # Every Monday but the skipped one, at 8:15 in Zurich. The lectures of the first file are withdrawn.
    assert CourseSchedule.objects.filter(is_available=True).count() == 13
    assert CourseSchedule.objects.filter(is_available=True).order_by("starts_at")[0].bookings.count() == 2

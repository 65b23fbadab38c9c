"""Importing a timetable: what it makes, that it can be repeated, what it withdraws, restores and refuses."""

from auditlog.models import LogEntry
from classrooms.models import Occupancy
from timetables.models import Course, CourseBooking, CourseSchedule, PlannedCourse, Semester, StudyPlan, Teacher, Unit


def counts(said):
    """{noun: {word: number}} of what the command says at its end."""
    found = {}
    for line in said.splitlines():
        noun, _, rest = line.partition(" ")
        if rest.strip().startswith("created"):
            words = [word.split() for word in rest.strip().split(", ")]
            found[noun] = {word: int(number) for word, number in words if int(number)}
        elif noun in ("conflicts", "faults"):
            found[noun] = int(rest)
    return found


def test_import_makes_everything(rooms, file, run_import):
    said = run_import(file)
    assert counts(said) == {
        "semesters": {"created": 1},
        "units": {"created": 1},
        "teachers": {"created": 2},
        "courses": {"created": 2},
        "teachings": {"created": 2},
        "study_plans": {"created": 1},
        "planned_courses": {"created": 2},
        "lectures": {"created": 15},
        "bookings": {"created": 16},
        "conflicts": 0,
        "faults": 0,
    }
    models = (Semester, Unit, Teacher, Course, StudyPlan, PlannedCourse, CourseSchedule, CourseBooking, Occupancy)
    assert [model.objects.count() for model in models] == [1, 1, 2, 2, 1, 2, 15, 16, 16]
    assert LogEntry.objects.filter(action="timetable.imported").count() == 1


def test_import_again_changes_nothing(rooms, file, run_import, contents):
    run_import(file)
    before, logged = contents(), LogEntry.objects.count()
    said = run_import(file)
    assert contents() == before
    assert LogEntry.objects.count() == logged
    assert counts(said)["bookings"] == {"kept": 16}
    assert counts(said)["lectures"] == {"kept": 15}

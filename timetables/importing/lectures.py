"""The imported lectures: staged rows become schedules, and bookings with their room time.

What the file no longer has, of its semesters and its courses, is withdrawn, unless rows of that course have faults;
what it has again is restored.
"""

from collections.abc import Sequence
from dataclasses import replace

from classrooms.enums import OccupancyKind
from classrooms.services.precedence import occupy_staged
from kernel.campus_time import campus_date, days_interval
from timetables.importing import lecture_statements as sql
from timetables.importing.nouns import LECTURES, WEEKLY
from timetables.importing.records import Fault, Position
from timetables.importing.report import MAX_COURSES_LISTED, Counts, ImportReport, Withdrawal
from timetables.importing.statements import count, named_rows_of, rows_of, run, run_noting
from timetables.importing.tables import fill, looking_up_by_key
from timetables.models import CourseBooking
from timetables.queries.conflicts import MAX_LISTED, LectureConflict
from timetables.services.visibility import settle


def write_lectures(report: ImportReport) -> None:
    """Schedules, bookings and their room time. Locks the rooms of what changes, last of all."""
    _find_scope()
    _refuse_unknown_courses(report)
    _refuse_other_days(report)
    _hold_courses(report)
    report.counts["lectures"] = _write_schedules(report)
    with looking_up_by_key():
        fill("bookings_in_file", sql.BOOKINGS_IN_FILE)
    counts = _set_availability(report)
    fill("new_bookings", sql.NEW_BOOKINGS)
    _write_room_time(counts, report)
    report.counts["bookings"] = counts


def _find_scope() -> None:
    """`courses_in_file`, and the days of the file's semesters as `days_in_file`."""
    fill("courses_in_file", sql.COURSES_IN_FILE)
    spans = [days_interval(first, last) for first, last in rows_of(sql.SEMESTERS_IN_FILE)]
    fill("days_in_file", sql.DAYS_IN_FILE, [[span.starts_at for span in spans], [span.ends_at for span in spans]])


def _refuse_unknown_courses(report: ImportReport) -> None:
    """One complaint for each course that is missing, however many lectures it has."""
    for noun, condition in ((WEEKLY, "true"), (LECTURES, "NOT is_expanded")):
        for line, item, code, number in rows_of(sql.unknown_courses(noun.table, condition)):
            report.complain(
                Fault(Position(line, noun.name, item), f"course {code} is not known ({number} such)", None, name=code)
            )


def _refuse_other_days(report: ImportReport) -> None:
    for line, item, code, starts_at in rows_of(sql.LECTURES_ON_OTHER_DAYS):
        sentence = f"{campus_date(starts_at)} lies in none of the file's semesters"
        report.complain(Fault(Position(line, LECTURES.name, item), sentence, (code,)))


def _hold_courses(report: ImportReport) -> None:
    """`held_courses`: those that lose nothing, since what the file leaves out of them may be what is faulty."""
    fill("held_courses", sql.HELD_COURSES, [report.faulty_courses is None, sorted(report.faulty_courses or ())])
    report.held_courses = count("held_courses")


def _write_schedules(report: ImportReport) -> Counts:
    fill("lectures_in_file", sql.LECTURES_IN_FILE)
    restored = run_noting(sql.RESTORE_SCHEDULES)
    _note_losses(sql.LOST_SCHEDULES, report)
    withdrawn = run_noting(sql.WITHDRAW_SCHEDULES)
    created = run_noting(sql.CREATE_SCHEDULES)
    return Counts(
        created=created,
        kept=count("lectures_in_file") - created - restored,
        withdrawn=withdrawn,
        restored=restored,
    )


def _note_losses(query: str, report: ImportReport) -> None:
    rows = rows_of(query, [MAX_COURSES_LISTED])
    report.add_losses([Withdrawal(*row[:4]) for row in rows], rows[0][4] if rows else 0)


def _set_availability(report: ImportReport) -> Counts:
    """Of the bookings that are there. Not all of `restored_bookings` need get their rooms."""
    _note_losses(sql.LOST_ROOMS, report)
    withdrawn = run_noting(sql.WITHDRAW_BOOKINGS)
    fill("restored_bookings", sql.RESTORED_BOOKINGS)
    run(sql.RESTORE_BOOKINGS)
    return Counts(withdrawn=withdrawn)


def _write_room_time(counts: Counts, report: ImportReport) -> None:
    """Bring room time into step, under the locks of the rooms concerned, and complete the counts of bookings."""
    rooms = frozenset(room for (room,) in rows_of(sql.ROOMS_OF_NEW_BOOKINGS))
    courses = [course for (course,) in rows_of("SELECT id FROM courses_in_file")]
    settlement = settle(CourseBooking.objects.filter(schedule__course__in=courses), more_rooms=rooms)
    taking = occupy_staged("new_bookings", kind=OccupancyKind.LECTURE)
    counts.created = taking.count
    report.shortened_buffers = sorted({*settlement.shortened_buffers, *taking.shortened})
    run(sql.CREATE_BOOKINGS)
    run(sql.NOTE_COURSES_OF_BOOKINGS)
    counts.restored = count(sql.BOOKINGS_RESTORED, "booking.is_available")
    counts.withdrawn += settlement.refused - (count("restored_bookings") - counts.restored)
    counts.kept = count(sql.BOOKINGS_THERE, "booking.is_available") - counts.created - counts.restored
    report.add_conflicts(_with_lines(settlement.conflicts), settlement.refused)
    conflicts = [LectureConflict(**row) for row in named_rows_of(sql.CONFLICTS_OF_NEW_BOOKINGS, [MAX_LISTED])]
    report.add_conflicts(conflicts, count("new_bookings", "NOT is_placed"))


def _with_lines(conflicts: Sequence[LectureConflict]) -> list[LectureConflict]:
    """Where in the file the lectures stand that did not get their rooms back."""
    lines = dict(rows_of(sql.LINES_OF_BOOKINGS, [[conflict.booking_id for conflict in conflicts]]))
    return [replace(conflict, line=lines.get(conflict.booking_id)) for conflict in conflicts]

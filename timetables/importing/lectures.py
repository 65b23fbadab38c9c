"""The imported lectures: staged rows become schedules, and bookings with their room time.

What the file no longer has, of its semesters and its courses, is withdrawn, unless rows of that course have faults;
what it has again is restored.
"""

from collections.abc import Sequence
from dataclasses import replace

from classrooms.enums import OccupancyKind
from classrooms.services.room_time import occupy_staged
from kernel.db.ranges import campus_date, days_interval
from timetables.importing.records import Fault, Position
from timetables.importing.report import MAX_TOLD, Counts, ImportReport, Meeting
from timetables.importing.statements import count, fill, rows_of, run, run_noting
from timetables.models import CourseBooking
from timetables.services.visibility import settle

SAME_SCHEDULE = (
    "(schedule.course_id, schedule.starts_at, schedule.ends_at, schedule.label)"
    " = (wanted.course_id, wanted.starts_at, wanted.ends_at, wanted.label)"
)
SAME_BOOKING = "(booking.schedule_id, booking.classroom_id) = (wanted.schedule_id, wanted.classroom_id)"
IN_SCOPE = (
    "schedule.course_id IN (SELECT id FROM courses_in_file)"
    " AND EXISTS (SELECT FROM days_in_file d WHERE schedule.starts_at >= d.starts_at"
    " AND schedule.starts_at < d.ends_at)"
)
MAY_GO = f"{IN_SCOPE} AND schedule.course_id NOT IN (SELECT id FROM held_courses)"


def write_lectures(report: ImportReport) -> None:
    """Schedules, bookings and their room time. Locks the rooms of what changes, last of all."""
    _find_scope()
    _refuse_unknown_courses(report)
    _refuse_other_days(report)
    _hold(report)
    report.counts["lectures"] = _schedules()
    _find_bookings()
    counts = _flags()
    _find_new_bookings()
    _room_time(counts, report)
    report.counts["bookings"] = counts


def _find_scope() -> None:
    """`courses_in_file`, and the days of the file's semesters as `days_in_file`."""
    fill(
        "courses_in_file",
        "SELECT id, code FROM timetables_course WHERE code IN (SELECT code FROM staged_courses UNION"
        " SELECT course FROM staged_lectures UNION SELECT course FROM staged_weekly)",
    )
    semesters = rows_of(
        "SELECT s.starts_on, s.ends_on FROM timetables_semester s JOIN staged_semesters file USING (name)"
    )
    spans = [days_interval(first, last) for first, last in semesters]
    fill(
        "days_in_file",
        "SELECT * FROM unnest(%s::timestamptz[], %s::timestamptz[]) AS days (starts_at, ends_at)",
        [[span.starts_at for span in spans], [span.ends_at for span in spans]],
    )


def _refuse_unknown_courses(report: ImportReport) -> None:
    """One complaint for each course that is missing, however many lectures it has."""
    for noun, condition in (("weekly", "true"), ("lectures", "NOT is_expanded")):
        unknown = rows_of(
            f"SELECT min(line), min(item), course, count(*) FROM staged_{noun} WHERE {condition}"
            " AND course NOT IN (SELECT code FROM courses_in_file) GROUP BY course ORDER BY 2"
        )
        for line, item, code, number in unknown:
            report.complain(Fault(Position(line, noun, item), f"course {code} is not known ({number} such)", None))


def _refuse_other_days(report: ImportReport) -> None:
    outside = rows_of(
        "SELECT line, item, course, starts_at FROM staged_lectures schedule WHERE NOT is_expanded AND NOT EXISTS"
        " (SELECT FROM days_in_file d WHERE schedule.starts_at >= d.starts_at AND schedule.starts_at < d.ends_at)"
        " ORDER BY item"
    )
    for line, item, code, starts_at in outside:
        sentence = f"{campus_date(starts_at)} lies in none of the file's semesters"
        report.complain(Fault(Position(line, "lectures", item), sentence, (code,)))


def _hold(report: ImportReport) -> None:
    """`held_courses`: those that lose nothing, since what the file leaves out of them may be what is faulty."""
    fill(
        "held_courses",
        "SELECT id FROM courses_in_file WHERE %s OR code = ANY(%s) OR code IN (SELECT staged.course FROM"
        " staged_lectures staged, unnest(staged.rooms) AS named (name) JOIN named_rooms USING (name)"
        " WHERE NOT EXISTS (SELECT FROM classrooms_classroom room WHERE room.name = named_rooms.target))",
        [report.faulty_courses is None, sorted(report.faulty_courses or ())],
    )
    report.held_courses = count("held_courses")


def _schedules() -> Counts:
    fill(
        "wanted_lectures",
        "SELECT c.id AS course_id, schedule.starts_at, schedule.ends_at, schedule.label, min(schedule.line) AS line"
        " FROM staged_lectures schedule JOIN courses_in_file c ON c.code = schedule.course"
        " WHERE EXISTS (SELECT FROM days_in_file d WHERE schedule.starts_at >= d.starts_at"
        " AND schedule.starts_at < d.ends_at) GROUP BY 1, 2, 3, 4",
    )
    restored = run_noting(
        "UPDATE timetables_courseschedule schedule SET is_available = true FROM wanted_lectures wanted"
        f" WHERE {SAME_SCHEDULE} AND NOT schedule.is_available RETURNING schedule.course_id"
    )
    withdrawn = run_noting(
        f"UPDATE timetables_courseschedule schedule SET is_available = false WHERE {MAY_GO}"
        f" AND is_available AND NOT EXISTS (SELECT FROM wanted_lectures wanted WHERE {SAME_SCHEDULE})"
        " RETURNING schedule.course_id"
    )
    created = run_noting(
        "INSERT INTO timetables_courseschedule (course_id, starts_at, ends_at, label, is_available)"
        " SELECT course_id, starts_at, ends_at, label, true FROM wanted_lectures"
        " ORDER BY course_id, starts_at ON CONFLICT DO NOTHING RETURNING course_id"
    )
    kept = count("wanted_lectures") - created - restored
    return Counts(created=created, kept=kept, withdrawn=withdrawn, restored=restored)


def _find_bookings() -> None:
    """`wanted_bookings`: every lecture of the file in every room it names, as far as both are known."""
    fill(
        "wanted_bookings",
        "SELECT schedule.id AS schedule_id, room.classroom_id, min(staged.line) AS line FROM staged_lectures staged"
        " JOIN courses_in_file c ON c.code = staged.course JOIN timetables_courseschedule schedule ON"
        " (schedule.course_id, schedule.starts_at, schedule.ends_at, schedule.label)"
        " = (c.id, staged.starts_at, staged.ends_at, staged.label)"
        " CROSS JOIN unnest(staged.rooms) AS named (name) JOIN known_rooms room ON room.name = named.name"
        " GROUP BY 1, 2",
    )


def _flags() -> Counts:
    """Write which bookings are available. Not all of `restored_bookings` need get their rooms."""
    withdrawn = run_noting(
        "UPDATE timetables_coursebooking booking SET is_available = false FROM timetables_courseschedule schedule"
        f" WHERE schedule.id = booking.schedule_id AND booking.is_available AND {MAY_GO}"
        f" AND NOT EXISTS (SELECT FROM wanted_bookings wanted WHERE {SAME_BOOKING}) RETURNING schedule.course_id"
    )
    fill(
        "restored_bookings",
        "SELECT booking.occupancy_id FROM timetables_coursebooking booking JOIN wanted_bookings wanted"
        f" ON {SAME_BOOKING} WHERE NOT booking.is_available",
    )
    run(
        "UPDATE timetables_coursebooking booking SET is_available = true FROM restored_bookings restored"
        " WHERE restored.occupancy_id = booking.occupancy_id"
    )
    return Counts(withdrawn=withdrawn)


def _find_new_bookings() -> None:
    """`new_bookings`, each with the id it will share with its room time. A withdrawn course holds no room."""
    fill(
        "new_bookings",
        "SELECT nextval(pg_get_serial_sequence('classrooms_occupancy', 'id')) AS id, wanted.*, schedule.starts_at,"
        " schedule.ends_at, course.is_available AS is_live, false AS is_placed FROM wanted_bookings wanted"
        " JOIN timetables_courseschedule schedule ON schedule.id = wanted.schedule_id"
        " JOIN timetables_course course ON course.id = schedule.course_id"
        f" WHERE NOT EXISTS (SELECT FROM timetables_coursebooking booking WHERE {SAME_BOOKING})",
    )


def _room_time(counts: Counts, report: ImportReport) -> None:
    """Bring room time into step, under the locks of the rooms concerned, and complete the counts of bookings."""
    rooms = frozenset(room for (room,) in rows_of("SELECT DISTINCT classroom_id FROM new_bookings"))
    of_file = [course for (course,) in rows_of("SELECT id FROM courses_in_file")]
    settled = settle(CourseBooking.objects.filter(schedule__course__in=of_file), more_rooms=rooms)
    counts.created = occupy_staged("new_bookings", kind=OccupancyKind.LECTURE)
    run(
        "INSERT INTO timetables_coursebooking (occupancy_id, schedule_id, classroom_id, is_available)"
        " SELECT id, schedule_id, classroom_id, true FROM new_bookings WHERE is_placed ORDER BY id"
    )
    run(
        "INSERT INTO affected_courses SELECT DISTINCT schedule.course_id FROM timetables_coursebooking booking"
        " JOIN timetables_courseschedule schedule ON schedule.id = booking.schedule_id WHERE booking.is_available AND"
        " booking.occupancy_id IN (SELECT occupancy_id FROM restored_bookings UNION ALL SELECT id FROM new_bookings)"
        " ON CONFLICT DO NOTHING"
    )
    available = "timetables_coursebooking booking JOIN {0} ON {1}"
    counts.restored = count(
        available.format("restored_bookings restored", "restored.occupancy_id = booking.occupancy_id"),
        "booking.is_available",
    )
    counts.withdrawn += settled.refused - (count("restored_bookings") - counts.restored)
    there = count(available.format("wanted_bookings wanted", SAME_BOOKING), "booking.is_available")
    counts.kept = there - counts.created - counts.restored
    report.meet(_with_lines(settled.meetings), settled.refused)
    report.meet(_meetings_of_new(), count("new_bookings", "NOT is_placed"))


def _with_lines(meetings: Sequence[Meeting]) -> list[Meeting]:
    """Where in the file the lectures stand that did not get their rooms back."""
    lines = dict(
        rows_of(
            "SELECT booking.occupancy_id, wanted.line FROM timetables_coursebooking booking JOIN wanted_bookings wanted"
            f" ON {SAME_BOOKING} WHERE booking.occupancy_id = ANY(%s)",
            [[meeting.booking_id for meeting in meetings]],
        )
    )
    return [replace(meeting, line=lines.get(meeting.booking_id)) for meeting in meetings]


def _meetings_of_new() -> list[Meeting]:
    found = rows_of(
        "SELECT course.code, room.name, new.starts_at, new.ends_at, met.kind, met.id, new.id, new.line"
        " FROM new_bookings new"
        " JOIN timetables_courseschedule schedule ON schedule.id = new.schedule_id"
        " JOIN timetables_course course ON course.id = schedule.course_id"
        " JOIN classrooms_classroom room ON room.id = new.classroom_id"
        " CROSS JOIN LATERAL (SELECT o.kind, o.id FROM classrooms_occupancy o WHERE o.classroom_id = new.classroom_id"
        " AND o.is_live AND o.kind <> 'lecture' AND tstzrange(o.starts_at, o.ends_at, '[)')"
        " && tstzrange(new.starts_at, new.ends_at, '[)') ORDER BY o.starts_at, o.id LIMIT 1) met"
        " WHERE NOT new.is_placed ORDER BY new.line, new.starts_at, new.id LIMIT %s",
        [MAX_TOLD],
    )
    return [Meeting(*row) for row in found]

"""What `lectures` says in SQL: texts only."""

SAME_SCHEDULE = (
    "(schedule.course_id, schedule.starts_at, schedule.ends_at, schedule.label)"
    " = (wanted.course_id, wanted.starts_at, wanted.ends_at, wanted.label)"
)
SAME_BOOKING = "(booking.schedule_id, booking.classroom_id) = (wanted.schedule_id, wanted.classroom_id)"
ON_DAYS_IN_FILE = """EXISTS (SELECT FROM days_in_file d
    WHERE schedule.starts_at >= d.starts_at AND schedule.starts_at < d.ends_at)"""
MAY_GO = f"""schedule.course_id IN (SELECT id FROM courses_in_file) AND {ON_DAYS_IN_FILE}
    AND schedule.course_id NOT IN (SELECT id FROM held_courses)"""
"""A lecture that the file speaks for, of a course that may lose some."""

COURSES_IN_FILE = """
    SELECT id, code FROM timetables_course
    WHERE code IN (SELECT code FROM staged_courses
    UNION SELECT course FROM staged_lectures
    UNION SELECT course FROM staged_weekly)"""

SEMESTERS_IN_FILE = """
    SELECT s.starts_on, s.ends_on FROM timetables_semester s JOIN staged_semesters file USING (name)"""

DAYS_IN_FILE = """
    SELECT * FROM unnest(%s::timestamptz[], %s::timestamptz[]) AS days (starts_at, ends_at)"""
"""Parameters: where spans of days begin, where they end."""


def unknown_courses(noun: str, condition: str) -> str:
    """Codes that staged rows name and nobody has: where first, and how often."""
    return f"""
        SELECT min(line), min(item), course, count(*) FROM staged_{noun}
        WHERE {condition} AND course NOT IN (SELECT code FROM courses_in_file)
        GROUP BY course ORDER BY 2"""


LECTURES_ON_OTHER_DAYS = f"""
    SELECT line, item, course, starts_at FROM staged_lectures schedule
    WHERE NOT is_expanded AND NOT {ON_DAYS_IN_FILE}
    ORDER BY item"""

HELD_COURSES = """
    SELECT id FROM courses_in_file WHERE %s OR code = ANY(%s)
    OR code IN (SELECT staged.course
    FROM staged_lectures staged, unnest(staged.rooms) AS named (name) JOIN named_rooms USING (name)
    WHERE NOT EXISTS (SELECT FROM classrooms_classroom room WHERE room.name = named_rooms.target))"""
"""Parameters: whether all are held; the codes with faults. Also held: whose lecture names a room that is not known."""

LECTURES_IN_FILE = f"""
    SELECT c.id AS course_id, schedule.starts_at, schedule.ends_at, schedule.label, min(schedule.line) AS line
    FROM staged_lectures schedule JOIN courses_in_file c ON c.code = schedule.course
    WHERE {ON_DAYS_IN_FILE}
    GROUP BY 1, 2, 3, 4"""

RESTORE_LECTURES = f"""
    UPDATE timetables_courseschedule schedule SET is_available = true FROM wanted_lectures wanted
    WHERE {SAME_SCHEDULE} AND NOT schedule.is_available
    RETURNING schedule.course_id"""

WITHDRAW_LECTURES = f"""
    UPDATE timetables_courseschedule schedule SET is_available = false
    WHERE {MAY_GO} AND is_available
    AND NOT EXISTS (SELECT FROM wanted_lectures wanted WHERE {SAME_SCHEDULE})
    RETURNING schedule.course_id"""

CREATE_LECTURES = """
    INSERT INTO timetables_courseschedule (course_id, starts_at, ends_at, label, is_available)
    SELECT course_id, starts_at, ends_at, label, true FROM wanted_lectures
    ORDER BY course_id, starts_at ON CONFLICT DO NOTHING
    RETURNING course_id"""

BOOKINGS_IN_FILE = """
    SELECT schedule.id AS schedule_id, room.classroom_id, min(staged.line) AS line
    FROM staged_lectures staged
    JOIN courses_in_file c ON c.code = staged.course
    JOIN timetables_courseschedule schedule ON
    (schedule.course_id, schedule.starts_at, schedule.ends_at, schedule.label)
    = (c.id, staged.starts_at, staged.ends_at, staged.label)
    CROSS JOIN unnest(staged.rooms) AS named (name)
    JOIN known_rooms room ON room.name = named.name
    GROUP BY 1, 2"""
"""Every lecture of the file in every room it names, as far as both are known."""

WITHDRAW_BOOKINGS = f"""
    UPDATE timetables_coursebooking booking SET is_available = false
    FROM timetables_courseschedule schedule
    WHERE schedule.id = booking.schedule_id AND booking.is_available AND {MAY_GO}
    AND NOT EXISTS (SELECT FROM wanted_bookings wanted WHERE {SAME_BOOKING})
    RETURNING schedule.course_id"""

RESTORED_BOOKINGS = f"""
    SELECT booking.occupancy_id FROM timetables_coursebooking booking
    JOIN wanted_bookings wanted ON {SAME_BOOKING}
    WHERE NOT booking.is_available"""

RESTORE_BOOKINGS = """
    UPDATE timetables_coursebooking booking SET is_available = true FROM restored_bookings restored
    WHERE restored.occupancy_id = booking.occupancy_id"""

NEW_BOOKINGS = f"""
    SELECT nextval(pg_get_serial_sequence('classrooms_occupancy', 'id')) AS id, wanted.*,
    schedule.starts_at, schedule.ends_at, course.is_available AS is_live, false AS is_placed
    FROM wanted_bookings wanted
    JOIN timetables_courseschedule schedule ON schedule.id = wanted.schedule_id
    JOIN timetables_course course ON course.id = schedule.course_id
    WHERE NOT EXISTS (SELECT FROM timetables_coursebooking booking WHERE {SAME_BOOKING})"""
"""Each with the id it will share with its room time. A withdrawn course holds no room."""

CREATE_BOOKINGS = """
    INSERT INTO timetables_coursebooking (occupancy_id, schedule_id, classroom_id, is_available)
    SELECT id, schedule_id, classroom_id, true FROM new_bookings WHERE is_placed ORDER BY id"""
"""Of those that got their room."""

NOTE_COURSES_OF_BOOKINGS = """
    INSERT INTO affected_courses
    SELECT DISTINCT schedule.course_id FROM timetables_coursebooking booking
    JOIN timetables_courseschedule schedule ON schedule.id = booking.schedule_id
    WHERE booking.is_available
    AND booking.occupancy_id IN (SELECT occupancy_id FROM restored_bookings UNION ALL SELECT id FROM new_bookings)
    ON CONFLICT DO NOTHING"""
"""Whose bookings are back in their rooms, or new in them."""

BOOKINGS_BACK_IN_ROOM = """timetables_coursebooking booking
    JOIN restored_bookings restored ON restored.occupancy_id = booking.occupancy_id"""
BOOKINGS_THERE = f"timetables_coursebooking booking JOIN wanted_bookings wanted ON {SAME_BOOKING}"
"""Of the file."""

LINES_OF_BOOKINGS = f"""
    SELECT booking.occupancy_id, wanted.line FROM timetables_coursebooking booking
    JOIN wanted_bookings wanted ON {SAME_BOOKING}
    WHERE booking.occupancy_id = ANY(%s)"""

CONFLICTS_OF_NEW_BOOKINGS = """
    SELECT course.code, room.name, new.starts_at, new.ends_at, met.kind, met.id, new.id, new.line
    FROM new_bookings new
    JOIN timetables_courseschedule schedule ON schedule.id = new.schedule_id
    JOIN timetables_course course ON course.id = schedule.course_id
    JOIN classrooms_classroom room ON room.id = new.classroom_id
    CROSS JOIN LATERAL (SELECT o.kind, o.id FROM classrooms_occupancy o
    WHERE o.classroom_id = new.classroom_id AND o.is_live AND o.kind <> 'lecture'
    AND tstzrange(o.starts_at, o.ends_at, '[)') && tstzrange(new.starts_at, new.ends_at, '[)')
    ORDER BY o.starts_at, o.id LIMIT 1) met
    WHERE NOT new.is_placed ORDER BY new.line, new.starts_at, new.id LIMIT %s"""

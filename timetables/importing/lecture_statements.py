"""What `lectures` says in SQL: texts only. `file` is what the file says; `schedule` and `booking` are what there is."""

SAME_SCHEDULE = """(schedule.course_id, schedule.starts_at, schedule.ends_at, schedule.label)
    = (file.course_id, file.starts_at, file.ends_at, file.label)"""
SAME_BOOKING = "(booking.schedule_id, booking.classroom_id) = (file.schedule_id, file.classroom_id)"


def on_days_in_file(rows: str) -> str:
    """Condition: a row begins on a day of the file's semesters."""
    return f"""EXISTS (SELECT FROM days_in_file day
    WHERE {rows}.starts_at >= day.starts_at AND {rows}.starts_at < day.ends_at)"""


MAY_GO = f"""schedule.course_id IN (SELECT id FROM courses_in_file) AND {on_days_in_file("schedule")}
    AND schedule.course_id NOT IN (SELECT id FROM held_courses)"""
"""The file speaks for the lecture, and its course may lose some."""

COURSES_IN_FILE = """
    SELECT id, code FROM timetables_course
    WHERE code IN (SELECT code FROM staged_courses
    UNION SELECT course FROM staged_lectures
    UNION SELECT course FROM staged_weekly)"""

SEMESTERS_IN_FILE = """
    SELECT semester.starts_on, semester.ends_on
    FROM timetables_semester semester JOIN staged_semesters file USING (name)"""

DAYS_IN_FILE = """
    SELECT * FROM unnest(%s::timestamptz[], %s::timestamptz[]) AS days (starts_at, ends_at)"""
"""Parameters: where spans of days begin, where they end."""


def unknown_courses(staged: str, condition: str) -> str:
    """Codes that rows of a staged table name and nobody has: where first, and how often."""
    return f"""
        SELECT min(line), min(item), course, count(*) FROM {staged}
        WHERE {condition} AND course NOT IN (SELECT code FROM courses_in_file)
        GROUP BY course ORDER BY 2"""


LECTURES_ON_OTHER_DAYS = f"""
    SELECT line, item, course, starts_at FROM staged_lectures file
    WHERE NOT is_expanded AND NOT {on_days_in_file("file")}
    ORDER BY item"""
"""Those of weekly patterns cannot be."""

HELD_COURSES = """
    SELECT id FROM courses_in_file WHERE %s OR code = ANY(%s)
    OR code IN (SELECT file.course
    FROM staged_lectures file, unnest(file.rooms) AS mention (name) JOIN named_rooms USING (name)
    WHERE NOT EXISTS (SELECT FROM classrooms_classroom room WHERE room.name = named_rooms.target))"""
"""Parameters: whether all are held; the codes with faults. Also held: whose lecture names a room that is not known."""

LECTURES_IN_FILE = f"""
    SELECT course.id AS course_id, file.starts_at, file.ends_at, file.label, min(file.line) AS line,
    array_agg(mention.name) AS rooms, array_agg(file.line) AS lines
    FROM staged_lectures file JOIN courses_in_file course ON course.code = file.course
    LEFT JOIN LATERAL unnest(file.rooms) AS mention (name) ON true
    WHERE {on_days_in_file("file")}
    GROUP BY 1, 2, 3, 4"""

RESTORE_SCHEDULES = f"""
    UPDATE timetables_courseschedule schedule SET is_available = true FROM lectures_in_file file
    WHERE {SAME_SCHEDULE} AND NOT schedule.is_available
    RETURNING schedule.course_id"""

SCHEDULE_GOES = f"""{MAY_GO} AND schedule.is_available
    AND NOT EXISTS (SELECT FROM lectures_in_file file WHERE {SAME_SCHEDULE})"""

LOST_SCHEDULES = f"""
    SELECT course.code, NULL, count(*), (array_agg(schedule.starts_at ORDER BY schedule.starts_at))[1:3],
    count(*) OVER () FROM timetables_courseschedule schedule
    JOIN timetables_course course ON course.id = schedule.course_id
    WHERE {SCHEDULE_GOES} GROUP BY course.code ORDER BY course.code LIMIT %s"""
"""By course: how many, the first of them, and of how many courses. Parameters: how many courses."""

WITHDRAW_SCHEDULES = f"""
    UPDATE timetables_courseschedule schedule SET is_available = false
    WHERE {SCHEDULE_GOES}
    RETURNING schedule.course_id"""

CREATE_SCHEDULES = """
    INSERT INTO timetables_courseschedule (course_id, starts_at, ends_at, label, is_available)
    SELECT course_id, starts_at, ends_at, label, true FROM lectures_in_file
    ORDER BY course_id, starts_at ON CONFLICT DO NOTHING
    RETURNING course_id"""

BOOKINGS_IN_FILE = f"""
    SELECT schedule.id AS schedule_id, room.classroom_id, min(mention.line) AS line
    FROM lectures_in_file file
    CROSS JOIN LATERAL (SELECT id FROM timetables_courseschedule schedule WHERE {SAME_SCHEDULE} LIMIT 1) schedule
    CROSS JOIN unnest(file.rooms, file.lines) AS mention (name, line)
    JOIN known_rooms room ON room.name = mention.name
    GROUP BY 1, 2"""
"""Every lecture of the file in every room it names, as far as both are known.

The schedules have just been written, and the planner may still take their table for one of a few rows: by LIMIT each is
looked up by itself, and `looking_up_by_key` has it done by its key. Joined freely, an import of 35,000 took longer than
600 s.
"""

BOOKING_GOES = f"""schedule.id = booking.schedule_id AND booking.is_available AND {MAY_GO}
    AND NOT EXISTS (SELECT FROM bookings_in_file file WHERE {SAME_BOOKING})"""

LOST_ROOMS = f"""
    SELECT course.code, room.name, count(*), (array_agg(schedule.starts_at ORDER BY schedule.starts_at))[1:3],
    count(*) OVER () FROM timetables_coursebooking booking
    JOIN classrooms_classroom room ON room.id = booking.classroom_id,
    timetables_courseschedule schedule JOIN timetables_course course ON course.id = schedule.course_id
    WHERE {BOOKING_GOES} AND schedule.is_available
    GROUP BY course.code, room.name ORDER BY course.code, room.name LIMIT %s"""
"""As `LOST_SCHEDULES`, of lectures that go on without a room that they had."""

WITHDRAW_BOOKINGS = f"""
    UPDATE timetables_coursebooking booking SET is_available = false
    FROM timetables_courseschedule schedule
    WHERE {BOOKING_GOES}
    RETURNING schedule.course_id"""

RESTORED_BOOKINGS = f"""
    SELECT booking.occupancy_id FROM timetables_coursebooking booking
    JOIN bookings_in_file file ON {SAME_BOOKING}
    WHERE NOT booking.is_available"""

RESTORE_BOOKINGS = """
    UPDATE timetables_coursebooking booking SET is_available = true FROM restored_bookings restored
    WHERE restored.occupancy_id = booking.occupancy_id"""

NEW_BOOKINGS = f"""
    SELECT nextval(pg_get_serial_sequence('classrooms_occupancy', 'id')) AS id, file.*,
    schedule.starts_at, schedule.ends_at, course.is_available AS is_live, false AS is_placed
    FROM bookings_in_file file
    JOIN timetables_courseschedule schedule ON schedule.id = file.schedule_id
    JOIN timetables_course course ON course.id = schedule.course_id
    WHERE NOT EXISTS (SELECT FROM timetables_coursebooking booking WHERE {SAME_BOOKING})"""
"""Each with the id it will share with its room time. A withdrawn course holds no room."""

ROOMS_OF_NEW_BOOKINGS = "SELECT DISTINCT classroom_id FROM new_bookings"

CREATE_BOOKINGS = """
    INSERT INTO timetables_coursebooking (occupancy_id, schedule_id, classroom_id, is_available)
    SELECT id, schedule_id, classroom_id, true FROM new_bookings WHERE is_placed ORDER BY id"""

NOTE_COURSES_OF_BOOKINGS = """
    INSERT INTO affected_courses
    SELECT DISTINCT schedule.course_id FROM timetables_coursebooking booking
    JOIN timetables_courseschedule schedule ON schedule.id = booking.schedule_id
    WHERE booking.is_available
    AND booking.occupancy_id IN (SELECT occupancy_id FROM restored_bookings UNION ALL SELECT id FROM new_bookings)
    ON CONFLICT DO NOTHING"""
"""Of those that were restored or created, and have not been refused."""

BOOKINGS_RESTORED = """timetables_coursebooking booking
    JOIN restored_bookings restored ON restored.occupancy_id = booking.occupancy_id"""
BOOKINGS_THERE = f"timetables_coursebooking booking JOIN bookings_in_file file ON {SAME_BOOKING}"
"""To be counted, where `booking.is_available`: what came of `restored_bookings`, of all of the file."""

LINES_OF_BOOKINGS = f"""
    SELECT booking.occupancy_id, file.line FROM timetables_coursebooking booking
    JOIN bookings_in_file file ON {SAME_BOOKING}
    WHERE booking.occupancy_id = ANY(%s)"""
"""Parameters: the bookings."""

CONFLICTS_OF_NEW_BOOKINGS = """
    SELECT course.code AS course, room.name AS room, booking.starts_at, booking.ends_at,
    obstacle.kind, obstacle.id AS obstacle_id, booking.id AS booking_id, booking.line
    FROM new_bookings booking
    JOIN timetables_courseschedule schedule ON schedule.id = booking.schedule_id
    JOIN timetables_course course ON course.id = schedule.course_id
    JOIN classrooms_classroom room ON room.id = booking.classroom_id
    CROSS JOIN LATERAL (SELECT coalesce(main.kind, o.kind) AS kind, coalesce(main.id, o.id) AS id
    FROM classrooms_occupancy o LEFT JOIN classrooms_occupancy main ON main.id = o.main_id
    WHERE o.classroom_id = booking.classroom_id AND o.is_live AND o.kind <> 'buffer'
    AND (o.kind <> 'lecture' OR o.main_id IS NOT NULL)
    AND tstzrange(o.starts_at, o.ends_at, '[)') && tstzrange(booking.starts_at, booking.ends_at, '[)')
    ORDER BY o.starts_at, o.id LIMIT 1) obstacle
    WHERE NOT booking.is_placed ORDER BY booking.line, booking.starts_at, booking.id LIMIT %s"""
"""Which of them have not got their rooms, each with the first that is in the way. Parameters: how many."""

"""Importing a timetable from a file: `timetable.import_timetable`.

What a file says is read first, without the database:

    forms, nouns              what a file may say, and the staged columns that take it
    records                   a record checked against its noun
    files, record_files       JSON and CSV
    ical, calendar_records    calendars; in `ical` what is of any calendar, not only of lectures
    report                    what has become of the file

From there on it is written, in this order, with as many statements for a long file as for a short one:

    staging                   the records into temporary tables (`tables`)
    catalogue                 semesters, units, teachers, courses, study plans
    rooms                     which rooms are meant; with `--create-rooms` those that are missing
    lectures                  schedules, bookings and their room time

`statements` has the forms in which they speak SQL; the texts of the long ones are in `…_statements`.
"""

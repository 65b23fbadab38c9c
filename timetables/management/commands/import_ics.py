"""`manage.py import_ics FILE --semester NAME`: lectures from a calendar file (docs/timetable-import.md)."""

import re
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import CommandError

from timetables.importing.calendar_records import CODE, CalendarReading, SemesterDays, read_calendar
from timetables.importing.files import Progress
from timetables.management.commands.import_timetable import ImportCommand, Read
from timetables.models import Course, Semester


class Command(ImportCommand):
    help = "Make the lectures of a semester what a calendar says, for the courses in it. Again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--semester", required=True, help="the name of a semester that is known")
        parser.add_argument("--course", metavar="CODE", help="whose calendar it is, where its events do not say")
        parser.add_argument("--code-pattern", metavar="REGEX", help=f"how a code looks in SUMMARY ({CODE.pattern})")
        parser.add_argument(
            "--alias", action="append", default=[], metavar="NAME=ROOM[,ROOM]", help="what a LOCATION means; repeatable"
        )

    def reader(self, file: Path, options: dict[str, Any], progress: Progress) -> Read:
        semester = Semester.objects.filter(name=options["semester"]).first()
        if semester is None:
            raise CommandError(f"there is no semester called {options['semester']}: import one first")
        try:
            pattern = re.compile(options["code_pattern"] or CODE.pattern)
        except re.error as error:
            raise CommandError(f"--code-pattern: {error}") from error
        pairs = [alias.partition("=") for alias in options["alias"]]
        reading = CalendarReading(
            semester=SemesterDays(semester.name, semester.starts_on, semester.ends_on, semester.skip_dates),
            known_codes=set(Course.objects.values_list("code", flat=True)),
            course=options["course"],
            code_pattern=pattern,
            aliases={name.strip(): [room.strip() for room in rooms.split(",")] for name, _, rooms in pairs},
        )
        records = list(read_calendar(file, reading, progress))
        return lambda: records

"""`manage.py import_ics FILE… --semester NAME`: lectures from calendar files (docs/timetable-import.md)."""

import codecs
import re
from argparse import ArgumentParser
from collections.abc import Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Any

from django.core.management import CommandError

from classrooms.models import Classroom
from kernel.ical.zones import known_zone
from timetables.importing.calendar_courses import CODE, CourseNames
from timetables.importing.calendar_records import CalendarReading, SemesterDays, read_calendars
from timetables.importing.calendar_rooms import RoomNames
from timetables.importing.files import Places, Progress, UnreadableFile
from timetables.importing.name_tables import NameTable, read_rows, table_of
from timetables.management.commands.import_timetable import ImportCommand, Read
from timetables.models import Course, Semester

MAX_FILES = 10_000
NO_TEXTS = ("idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem")
"""What Python calls encodings, and no file is written in."""


class Command(ImportCommand):
    help = (
        "Make the lectures of a semester what calendars say, for the courses in them. Several files are one import: "
        "what none of them has is withdrawn. Again changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--semester", required=True, help="the name of a semester that is known")
        parser.add_argument("--course", metavar="CODE", help="whose calendar it is, where its events do not say")
        parser.add_argument("--code-pattern", metavar="REGEX", help=f"how a code looks in SUMMARY ({CODE.pattern})")
        parser.add_argument(
            "--alias", action="append", default=[], metavar="NAME=ROOM[,ROOM]", help="what a LOCATION means; repeatable"
        )
        parser.add_argument("--rooms", type=Path, metavar="CSV", help="what locations mean: name, room, room, …")
        parser.add_argument("--courses", type=Path, metavar="CSV", help="what summaries mean: name, code, code, …")
        parser.add_argument(
            "--zone", action="append", default=[], metavar="NAME=ZONE", help="what a TZID means; repeatable"
        )
        parser.add_argument("--encoding", help="of the calendars (UTF-8, or what they say at their beginning)")

    def add_files(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="FILE", help="a calendar, or a folder of *.ics")

    def files(self, options: dict[str, Any]) -> list[Path]:
        """Folders stand for their *.ics, by name; what is named twice is read once."""
        files = dict.fromkeys(file for path in options["paths"] for file in _files_of(path))
        if len(files) > MAX_FILES:
            raise CommandError(f"there are more than {MAX_FILES} files")
        return [*files]

    def reader(self, files: Sequence[Path], options: dict[str, Any], progress: Progress) -> tuple[Read, Places]:
        semester = Semester.objects.filter(name=options["semester"]).first()
        if semester is None:
            raise CommandError(f"there is no semester called {options['semester']}: import one first")
        courses = CourseNames(
            course=options["course"],
            pattern=_pattern(options["code_pattern"]),
            table=_table("--courses", options["courses"]),
            known_codes=set(Course.objects.values_list("code", flat=True)),
        )
        rooms = _table("--rooms", options["rooms"], _aliases(options["alias"]))
        reading = CalendarReading(
            semester=SemesterDays(semester.name, semester.starts_on, semester.ends_on, semester.skip_dates),
            courses=courses,
            rooms=RoomNames(rooms, set(Classroom.objects.values_list("name", flat=True))),
            zones=_zones(options["zone"]),
            encoding=_encoding(options["encoding"]),
        )
        calendars = read_calendars(files, reading, progress)
        return lambda: calendars.records, calendars.places


def _files_of(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.iterdir() if file.suffix.lower() == ".ics" and file.is_file())
    if not files:
        raise CommandError(f"there is no .ics file in {path}")
    return files


def _pattern(text: str | None) -> re.Pattern[str] | None:
    try:
        return re.compile(text) if text else None
    except re.error as error:
        raise CommandError(f"--code-pattern: {error}") from error


def _pairs(option: str, texts: Sequence[str], form: str) -> list[tuple[str, str]]:
    """The two sides of each NAME=…, neither of them empty."""
    pairs = []
    for text in texts:
        name, _, meaning = text.rpartition("=") if option == "--alias" else text.partition("=")
        if not name.strip() or not meaning.strip():
            raise CommandError(f"{option} {text}: it has to be {form}")
        pairs.append((name.strip(), meaning.strip()))
    return pairs


def _aliases(texts: Sequence[str]) -> list[tuple[str, list[str]]]:
    return [(name, rooms.split(",")) for name, rooms in _pairs("--alias", texts, "NAME=ROOM or NAME=ROOM,ROOM")]


def _table(option: str, path: Path | None, rows: Sequence[tuple[str, Sequence[str]]] = ()) -> NameTable:
    """What stands in the options and in the file."""
    try:
        return table_of([*rows, *(read_rows(path) if path else ())])
    except UnreadableFile as error:
        raise CommandError(f"{option}: {error.message}") from error
    except ValueError as error:
        raise CommandError(f"{option if path else '--alias'}: {error}") from error


def _zones(texts: Sequence[str]) -> dict[str, tzinfo]:
    zones: dict[str, tzinfo] = {}
    for name, zone_name in _pairs("--zone", texts, "NAME=ZONE, such as Ours=Europe/Zurich"):
        zone = known_zone(zone_name)
        if zone is None:
            raise CommandError(f"--zone {name}={zone_name}: there is no time zone called {zone_name}")
        zones[name.casefold()] = zone
    return zones


def _encoding(name: str | None) -> str | None:
    if name is None:
        return None
    try:
        is_text = codecs.lookup(name).name not in NO_TEXTS and "BEGIN".encode(name).decode(name) == "BEGIN"
    except (LookupError, UnicodeError, ValueError):
        is_text = False
    if not is_text:
        raise CommandError(f"--encoding {name}: there is no text encoding of this name")
    return name

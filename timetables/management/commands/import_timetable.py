"""`manage.py import_timetable FILE`: courses, study plans and lectures from JSON or CSV (docs/timetable-import.md)."""

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError
from tqdm import tqdm

from accounts.models import User
from cspace import clock
from cspace.errors import DomainError
from timetables.reading import Progress, read_records
from timetables.records import Fault, Record
from timetables.services.importing import import_timetable

Read = Callable[[], Iterable[Record | Fault]]


class ImportCommand(BaseCommand):
    """Imports what a file says, shows how far it is, prints what came of it."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="do it all, print the counts, roll it back")
        parser.add_argument("--create-rooms", action="store_true", help="make the rooms that do not exist")
        parser.add_argument("--by", metavar="USERNAME", help="in whose name it is logged (default: the system)")

    def reader(self, file: Path, options: dict[str, Any], progress: Progress) -> Read:
        """What opens the file's records, telling `progress` the bytes read. Called before anything is locked."""
        raise NotImplementedError

    def handle(self, *, file: Path, dry_run: bool, create_rooms: bool, by: str | None, **options: Any) -> None:
        actor = User.objects.filter(username=by).first() if by else None
        if by and actor is None:
            raise CommandError(f"there is no user {by}")
        size = file.stat().st_size if file.is_file() else None
        with tqdm(
            total=size, desc=file.name, unit="B", unit_scale=True, disable=not sys.stderr.isatty(), leave=False
        ) as bar:
            try:
                report = import_timetable(
                    by=actor,
                    now=clock.now(),
                    source=file.name,
                    read=self.reader(file, options, bar.update),
                    create_rooms=create_rooms,
                    dry_run=dry_run,
                )
            except DomainError as error:
                raise CommandError(error.message) from error
        for line in report.lines():
            self.stdout.write(line)
        if dry_run:
            self.stdout.write("Nothing of it was kept: this was a dry run.")


class Command(ImportCommand):
    help = "Make the timetable what FILE (.json or .csv) says, for its semesters and courses. Again changes nothing."

    def reader(self, file: Path, options: dict[str, Any], progress: Progress) -> Read:
        return lambda: read_records(file, progress)

"""`manage.py import_timetable FILE`: courses, study plans and lectures from JSON or CSV (docs/timetable-import.md)."""

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.db import DatabaseError
from tqdm import tqdm

from accounts.models import User
from kernel import clock
from kernel.db.refusals import as_domain_error
from kernel.errors import DomainError, Unavailable
from timetables.importing.files import Progress
from timetables.importing.record_files import read_records
from timetables.importing.records import Fault, Record
from timetables.importing.report import ImportReport
from timetables.importing.timetable import import_timetable

BUSY = "another import is running, or the rooms are in use: try again"
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

    def handle(self, *, file: Path, by: str | None, dry_run: bool, **options: Any) -> None:
        try:
            report = self.run_import(file, by, dry_run=dry_run, **options)
        except (DomainError, DatabaseError) as error:
            refusal = as_domain_error(error)
            if refusal is None:
                raise
            raise CommandError(BUSY if isinstance(refusal, Unavailable) else refusal.message) from error
        except KeyboardInterrupt:
            raise CommandError("interrupted: nothing is imported", returncode=130) from None
        for line in report.lines():
            self.stdout.write(line)
        if dry_run:
            self.stdout.write("Nothing of it was kept: this was a dry run.")

    def run_import(
        self, file: Path, by: str | None, *, create_rooms: bool, dry_run: bool, **options: Any
    ) -> ImportReport:
        """Import it, with a progress bar. Raises: CommandError, DomainError, DatabaseError."""
        actor = User.objects.filter(username=by).first() if by else None
        if by and actor is None:
            raise CommandError(f"there is no user {by}")
        size = file.stat().st_size if file.is_file() else None
        with tqdm(
            total=size, desc=file.name, unit="B", unit_scale=True, disable=not sys.stderr.isatty(), leave=False
        ) as bar:
            return import_timetable(
                by=actor,
                now=clock.now(),
                source=file.name,
                read=self.reader(file, options, bar.update),
                create_rooms=create_rooms,
                dry_run=dry_run,
            )


class Command(ImportCommand):
    help = "Make the timetable what FILE (.json or .csv) says, for its semesters and courses. Again changes nothing."

    def reader(self, file: Path, options: dict[str, Any], progress: Progress) -> Read:
        return lambda: read_records(file, progress)

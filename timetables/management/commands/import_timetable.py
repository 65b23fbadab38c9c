"""`manage.py import_timetable FILE`: courses, study plans and lectures from JSON or CSV (docs/timetable-import.md)."""

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.db import DatabaseError
from tqdm import tqdm

from accounts.models import User
from kernel import clock
from kernel.db.refusals import as_domain_error
from kernel.errors import DomainError, Unavailable
from timetables.importing.files import Places, Progress
from timetables.importing.record_files import read_records
from timetables.importing.records import Fault, Record
from timetables.importing.report import MAX_FAULTS_PER_KIND, ImportReport
from timetables.importing.timetable import import_timetable
from timetables.queries.conflicts import MAX_LISTED

BUSY = "another import is running, or the rooms are in use: try again"
Read = Callable[[], Iterable[Record | Fault]]


class ImportCommand(BaseCommand):
    """Imports what files say, shows how far it is, prints what came of it."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        self.add_files(parser)
        parser.add_argument("--dry-run", action="store_true", help="do it all, print the counts, roll it back")
        parser.add_argument("--create-rooms", action="store_true", help="make the rooms that do not exist")
        parser.add_argument("--by", metavar="USERNAME", help="in whose name it is logged (default: the system)")

    def add_files(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def files(self, options: dict[str, Any]) -> list[Path]:
        """What is imported, as one. Raises: CommandError."""
        return [options["file"]]

    def reader(self, files: Sequence[Path], options: dict[str, Any], progress: Progress) -> tuple[Read, Places]:
        """What opens the records, and where their lines stand; `progress` is told the bytes read.

        Called before anything is locked.
        """
        raise NotImplementedError

    def handle(self, *, by: str | None, dry_run: bool, verbosity: int, **options: Any) -> None:
        try:
            report = self.run_import(by, dry_run=dry_run, **options)
        except (DomainError, DatabaseError) as error:
            refusal = as_domain_error(error)
            if refusal is None:
                raise
            raise CommandError(BUSY if isinstance(refusal, Unavailable) else refusal.message) from error
        except KeyboardInterrupt:
            raise CommandError("interrupted: nothing is imported", returncode=130) from None
        most = MAX_FAULTS_PER_KIND if verbosity < 2 else MAX_LISTED
        for line in report.lines(faults_per_kind=most):
            self.stdout.write(line)
        if dry_run:
            self.stdout.write("Nothing of it was kept: this was a dry run.")

    def run_import(self, by: str | None, *, create_rooms: bool, dry_run: bool, **options: Any) -> ImportReport:
        """Import it, with a progress bar. Raises: CommandError, DomainError, DatabaseError."""
        actor = User.objects.filter(username=by).first() if by else None
        if by and actor is None:
            raise CommandError(f"there is no user {by}")
        files = self.files(options)
        source = ", ".join(file.name for file in files)
        size = sum(file.stat().st_size for file in files if file.is_file()) or None
        with tqdm(
            total=size, desc=source[:40], unit="B", unit_scale=True, disable=not sys.stderr.isatty(), leave=False
        ) as bar:
            read, places = self.reader(files, options, bar.update)
            return import_timetable(
                by=actor,
                now=clock.now(),
                source=source,
                read=read,
                create_rooms=create_rooms,
                dry_run=dry_run,
                places=places,
            )


class Command(ImportCommand):
    help = "Make the timetable what FILE (.json or .csv) says, for its semesters and courses. Again changes nothing."

    def reader(self, files: Sequence[Path], options: dict[str, Any], progress: Progress) -> tuple[Read, Places]:
        return lambda: read_records(files[0], progress), Places()

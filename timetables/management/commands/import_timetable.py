"""`manage.py import_timetable FILE`: courses, study plans and lectures from JSON or CSV (docs/timetable-import.md)."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError
from tqdm import tqdm

from accounts.models import User
from cspace import clock
from cspace.errors import DomainError
from timetables.reading import read_records
from timetables.services.importing import import_timetable


class Command(BaseCommand):
    help = "Make the timetable what FILE says it is, for the file's semesters and courses. Again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help=".json or .csv, see docs/timetable-import.md")
        parser.add_argument("--dry-run", action="store_true", help="do it all, print the counts, roll it back")
        parser.add_argument("--create-rooms", action="store_true", help="make the rooms that do not exist")
        parser.add_argument("--by", metavar="USERNAME", help="in whose name it is logged (default: the system)")

    def handle(self, *, file: Path, dry_run: bool, create_rooms: bool, by: str | None, **_options: Any) -> None:
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
                    read=lambda: read_records(file, bar.update),
                    create_rooms=create_rooms,
                    dry_run=dry_run,
                )
            except DomainError as error:
                raise CommandError(error.message) from error
        for line in report.lines():
            self.stdout.write(line)
        if dry_run:
            self.stdout.write("Nothing of it was kept: this was a dry run.")

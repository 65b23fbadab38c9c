"""`manage.py clear_bookings`: what the call of the Room Booking API does, for an operator; it prints the same JSON."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError

from calendars.queries.clearing_json import clearing_report
from calendars.services.clearings import clear_as_operator
from calendars.services.remote import RemoteFailed
from kernel import clock
from kernel.errors import NotFound


class Command(BaseCommand):
    help = "Delete cancelled and overlapping events of calendars, and print what has gone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--calendar",
            action="append",
            metavar="SLUG",
            help="clear this one; may be repeated (without it: those that are cleared by themselves)",
        )
        parser.add_argument("--dry-run", action="store_true", help="only print what would go")

    def handle(self, **options: Any) -> None:
        try:
            clearing = clear_as_operator(slugs=options["calendar"], now=clock.now(), is_test=options["dry_run"])
        except NotFound as error:
            raise CommandError(f"{error.message}: nothing was cleared") from error
        except RemoteFailed as error:
            raise CommandError(f"A calendar could not be synchronised, and nothing was cleared. {error}") from error
        self.stdout.write(json.dumps(clearing_report(clearing), ensure_ascii=False, indent=2))

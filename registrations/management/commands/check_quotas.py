"""`manage.py check_quotas`: whether what quotas have been charged is what the live registrations say."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from kernel import clock
from kernel.db.transactions import one_moment
from registrations.queries.charged import ledger_differences


class Command(BaseCommand):
    help = "Compare the ledger of quotas with the live registrations. Ends with 1 if they differ."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--most", type=int, default=50, help="how many differences to print (50)")

    def handle(self, *args: Any, **options: Any) -> None:
        with one_moment():
            lines = ledger_differences(clock.now())
        for line in lines[: options["most"]]:
            self.stdout.write(line)
        if lines:
            self.stdout.write(f"{len(lines)} differences")
            sys.exit(1)
        self.stdout.write("The ledger says what the live registrations say.")

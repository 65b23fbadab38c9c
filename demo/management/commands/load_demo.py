"""`manage.py load_demo`: the demo campus, once."""

import sys
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError
from tqdm import tqdm

from demo.loading import load, steps
from kernel import clock
from kernel.errors import DomainError


class Command(BaseCommand):
    help = "Load the demo campus (DEBUG only). Running it again changes nothing."

    def handle(self, **_options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("the demo campus has known passwords: it is for development, with DEBUG=1")
        with tqdm(total=steps(), desc="Demo campus", disable=not sys.stderr.isatty(), leave=False) as bar:
            try:
                loaded = load(now=clock.now(), progress=bar.update)
            except DomainError as error:
                raise CommandError(error.message) from error
        self.stdout.write("The demo campus is loaded." if loaded else "The demo campus was there already.")

"""`manage.py invitation URL`: what `make run` prints once it answers."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand

from demo.invitation import invitation
from kernel import clock


class Command(BaseCommand):
    help = "Say where everything is on a server and, on the demo campus, how to book a room that is free."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("url")

    def handle(self, *, url: str, **_options: Any) -> None:
        for line in invitation(url, now=clock.now()):
            self.stdout.write(line)
            self.stdout.flush()

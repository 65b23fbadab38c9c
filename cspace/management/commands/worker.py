"""`manage.py worker`: does jobs, those by the clock included, until it is told to end. Any number may run."""

from typing import Any

from django.core.management import BaseCommand

from cspace.jobs import run_worker


class Command(BaseCommand):
    """A worker (docs/operations.md)."""

    help = "Do what is to be done after commits and by the clock, until SIGTERM."
    requires_system_checks = ()

    def handle(self, **_options: Any) -> None:
        run_worker()

"""`manage.py tick`: what is due by the clock, done once, here. Beside a running worker there is nothing left to do."""

from typing import Any

from django.core.management import BaseCommand, CommandError

from jobs.services.due_times import claim_due
from kernel import clock


class Command(BaseCommand):
    help = "Do what is due by the clock and no worker has done: run it every minute where no worker runs."

    def handle(self, **_options: Any) -> None:
        """Raises: CommandError, in the end, if one of them has failed."""
        now = clock.now()
        failed = []
        for periodic in claim_due(now=now):
            try:
                self.stdout.write(f"{periodic.name}: {periodic.do(now=now)}")
            except Exception as error:
                failed.append(f"{periodic.name}: {type(error).__name__}: {' '.join(str(error).split())}")
        if failed:
            raise CommandError("; ".join(failed))

"""`manage.py tick`: what has to happen from time to time. Idempotent; run it every minute."""

from typing import Any

from django.core.management import BaseCommand

from allocations.services.progress import advance_due_events
from cspace.clockwork import keep_house
from kernel import clock


class Command(BaseCommand):
    help = "Open and close allocation events; forget expired sessions, old idempotency records and throttle counters."

    def handle(self, **_options: Any) -> None:
        now = clock.now()
        moved = advance_due_events(now=now)
        self.stdout.write(f"Moved on: {moved} allocation events.")
        forgotten = keep_house(now=now)
        self.stdout.write(
            f"Forgotten: {forgotten.records} idempotency records, {forgotten.sessions} sessions, "
            f"{forgotten.admin_sessions} sessions of the admin, {forgotten.windows} throttle counters."
        )

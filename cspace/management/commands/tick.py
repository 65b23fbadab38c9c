"""`manage.py tick`: what has to happen from time to time. Idempotent; run it every minute."""

from typing import Any

from django.core.management import BaseCommand

from accounts.services.sessions import forget_expired_sessions
from allocations.services.progress import advance_due_events
from cspace import clock
from cspace.api.idempotency import forget_old_records


class Command(BaseCommand):
    help = "Open and close allocation events; forget expired sessions and idempotency records."

    def handle(self, **_options: Any) -> None:
        now = clock.now()
        moved = advance_due_events(now=now)
        self.stdout.write(f"Moved on: {moved} allocation events.")
        records, sessions = forget_old_records(now=now), forget_expired_sessions(now=now)
        self.stdout.write(f"Forgotten: {records} idempotency records, {sessions} sessions.")

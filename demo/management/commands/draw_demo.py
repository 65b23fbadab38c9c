"""`manage.py draw_demo`: a whole draw on the demo campus, verified from the outside."""

import sys
import time
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command
from django.db import connections
from tqdm import tqdm

from accounts.models import User
from classrooms.models import Classroom
from demo import lottery
from demo.loading import PASSWORD
from demo.outside import Outsider, ServerFailed, serving
from kernel import clock


class Command(BaseCommand):
    help = "File about 1,000 wishes of 300 clubs, end the event, draw it over HTTP, verify the downloads (DEBUG only)."

    def handle(self, **_options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("the demo campus has known passwords: it is for development, with DEBUG=1")
        call_command("migrate", interactive=False, verbosity=0)
        if not Classroom.objects.exists():
            call_command("load_demo", stdout=self.stdout)
        admin = User.objects.filter(username="admin", is_superuser=True).first()
        if admin is None:
            raise CommandError("this database is not the demo campus: it has no superuser called admin")
        with tqdm(total=lottery.steps(), desc="Wishes", disable=not sys.stderr.isatty(), leave=False) as bar:
            event = lottery.hold_registration_period(admin=admin, now=clock.now(), progress=bar.update)
        # The server is another process; this one has nothing left to do in the database.
        connections.close_all()
        try:
            with serving() as url:
                self.draw(Outsider.logged_in(url, "admin", PASSWORD), event.pk)
        except ServerFailed as failed:
            raise CommandError(str(failed)) from failed
        self.stdout.write(WHERE_TO_LOOK.format(event_id=event.pk))

    def draw(self, outsider: Outsider, event_id: int) -> None:
        """End, distribute, download, verify; say what came out."""
        path = f"allocation-events/{event_id}/"
        outsider.post(f"{path}end/")
        began = time.perf_counter()
        counts = outsider.post(f"{path}distribute/")
        seconds = time.perf_counter() - began
        verdict, record = outsider.verify(event_id)
        numbers = record["statistics"]
        reasons = ", ".join(f"{number} {reason}" for reason, number in numbers["reasons"].items()) or "none"
        self.stdout.write(
            f"\nAllocation event {event_id}, drawn over HTTP in {seconds:.1f} s\n"
            f"  wishes    {counts['total_registrations']}: {counts['successful_allocations']} won,"
            f" {counts['failed_allocations']} did not ({reasons})\n"
            f"  groups    {numbers['groups']}, {numbers['groups_served']} of them served\n"
            f"  bookings  {numbers['occurrences']} over the term\n"
            f"  verified  by the downloaded draw.py, alone in an empty folder: {verdict}"
        )


WHERE_TO_LOOK = """
Where to look (start the server with: make run):
  the demand as a picture, and every place and reason:
    http://127.0.0.1:8000/admin/allocations/allocationevent/{event_id}/change/   admin / cspace-demo
  the record, and the files to verify it with:
    http://127.0.0.1:8000/api/v1/allocation-events/{event_id}/draw/   and   manifest/  result/  verifier/  below it
  the live rows against the record:
    DEBUG=1 .venv/bin/python manage.py verify_draw {event_id}
"""

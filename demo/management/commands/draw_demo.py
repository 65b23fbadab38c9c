"""`manage.py draw_demo`: a whole draw on the demo campus, verified from the outside."""

import shlex
import sys
import time
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command
from tqdm import tqdm

from accounts.models import RefreshSession, User
from allocations.models import AllocationEvent
from classrooms.models import Classroom
from demo import lottery
from demo.loading import ADMIN, PASSWORD
from demo.outside import Outsider, ServerFailed, serving
from kernel import clock
from kernel.listening import Address, CannotListen


class Command(BaseCommand):
    help = "File about 1,000 wishes of 300 clubs, end the event, draw it over HTTP, verify the downloads (DEBUG only)."

    def handle(self, **_options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("the demo campus has known passwords: it is for development, with DEBUG=1")
        try:
            address = Address.of(settings.HOST, settings.PORT)
            is_running = address.is_taken()
            if not is_running:
                address.check_free()
        except CannotListen as error:
            raise CommandError(str(error)) from error
        self.say("Preparing the database")
        call_command("migrate", interactive=False, verbosity=0)
        url = address.url
        try:
            if is_running:
                self.say(f"Using the server that runs at {url}")
                event = self.hold_draw(logged_in(url))
            else:
                self.load_campus()
                self.say(f"Starting a server at {url}")
                with serving(address):
                    event = self.hold_draw(logged_in(url))
        except ServerFailed as failed:
            raise CommandError(str(failed)) from failed
        start = "" if is_running else f" (start the server with: {command_to_run(address)})"
        self.stdout.write(WHERE_TO_LOOK.format(start=start, url=url, event_id=event.pk))

    def load_campus(self) -> None:
        """Fill an empty database."""
        if not Classroom.objects.exists():
            self.say("Loading the demo campus")
            call_command("load_demo", stdout=self.stdout)

    def hold_draw(self, outsider: Outsider) -> AllocationEvent:
        """File the wishes here, draw and verify them from outside."""
        admin = User.objects.filter(username=ADMIN, is_superuser=True).first()
        if admin is None:
            raise CommandError("this database is not the demo campus: it has no superuser called admin")
        event = self.file_wishes(admin)
        self.draw(outsider, event.pk)
        return event

    def file_wishes(self, admin: User) -> AllocationEvent:
        """An open event with every wish filed."""
        self.say(f"Filing {lottery.WISHES:,} wishes of {lottery.CLUBS} clubs")
        with tqdm(total=lottery.steps(), desc="Wishes", disable=not sys.stderr.isatty(), leave=False) as bar:
            return lottery.hold_registration_period(admin=admin, now=clock.now(), progress=bar.update)

    def draw(self, outsider: Outsider, event_id: int) -> None:
        """End, distribute, download, verify; say what came out."""
        path = f"allocation-events/{event_id}/"
        self.say("Ending the event and drawing it")
        outsider.post(f"{path}end/")
        began = time.perf_counter()
        counts = outsider.post(f"{path}distribute/")
        seconds = time.perf_counter() - began
        self.say("Downloading the draw and verifying it")
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

    def say(self, stage: str) -> None:
        """What comes now, at once, into a pipe too."""
        self.stdout.write(f"{stage} ...")
        self.stdout.flush()


def command_to_run(address: Address) -> str:
    """For a shell, and for make, which has a `$` of its own."""
    options = (f"HOST={address.host}".replace("$", "$$"), f"PORT={address.port}")
    return f"make run {' '.join(map(shlex.quote, options))}"


def logged_in(url: str) -> Outsider:
    """The demo's superuser, at a server over this very database: it keeps the session where we can see it.

    Raises: ServerFailed.
    """
    try:
        outsider = Outsider.logged_in(url, ADMIN, PASSWORD)
        if RefreshSession.objects.filter(family=outsider.family).exists():
            return outsider
        reason = "it keeps its sessions in another database"
    except ServerFailed as failed:
        reason = str(failed)
    raise ServerFailed(
        f"what runs at {url} does not serve this demo campus ({reason}): stop it, or choose another port: "
        "make draw-demo PORT=8001"
    )


WHERE_TO_LOOK = """
Where to look{start}:
  the demand as a picture, and every place and reason:
    {url}/admin/allocations/allocationevent/{event_id}/change/   admin / cspace-demo
  the record, and the files to verify it with:
    {url}/api/v1/allocation-events/{event_id}/draw/   and   manifest/  result/  verifier/  below it
  the live rows against the record:
    DEBUG=1 .venv/bin/python manage.py verify_draw {event_id}
"""

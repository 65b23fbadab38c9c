"""`manage.py verify_draw ID`: whether a draw is what was published, and the live rows what it gave."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError

from allocations.models import AllocationEvent
from allocations.queries.verifying import DrawDiffers, verify_draw


class Command(BaseCommand):
    help = "Recompute a draw from its stored bytes and compare the live rows with it. Exits 1 naming a difference."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("event_id", type=int, metavar="ID", help="the allocation event")

    def handle(self, *, event_id: int, **_options: Any) -> None:
        event = AllocationEvent.objects.filter(pk=event_id).first()
        if event is None:
            raise CommandError(f"There is no allocation event {event_id}.")
        try:
            verified = verify_draw(event)
        except DrawDiffers as difference:
            raise CommandError(str(difference)) from difference
        self.stdout.write(
            f"The draw of allocation event {event_id} is as published: {verified.wins} won,"
            f" {verified.losses} did not; {verified.occurrences} occurrences stand as drawn."
        )
        for line in verified.since:
            self.stdout.write(f"After the draw: {line}.")

"""`manage.py roomie_rules NAME`: the booking rules of a house whose rooms are booked over the Roomie wire."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError

from accounts.models import User
from dialects.roomie.house_rules import house_rules
from kernel import clock
from kernel.errors import DomainError
from policies.services.house_rules import write_house_rules


class Command(BaseCommand):
    help = "Write the booking rules that the Roomie wire promises. Those that are there already stay."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", help="who of cspace writes them")

    def handle(self, *, username: str, **_options: Any) -> None:
        by = User.objects.filter(username=username, is_active=True).first()
        if by is None:
            raise CommandError(f"There is nobody called {username}")
        try:
            rules = write_house_rules(house_rules(), by=by, now=clock.now())
        except DomainError as error:
            raise CommandError(error.message) from error
        for each in rules:
            self.stdout.write(each.rule.sentence)
        self.stdout.write(f"{len(rules)} rules written.")

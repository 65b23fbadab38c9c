"""`manage.py createadmin NAME`: the first admin of a production."""

import secrets
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management import BaseCommand, CommandError

from accounts.models import User
from accounts.services.people import UsernameIsTaken
from groups.services.admins import make_admin
from kernel import clock


class Command(BaseCommand):
    help = "Make an admin of the campus and print a one-time password. The password is shown once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--display-name", default="")

    def handle(self, *, username: str, display_name: str, **_options: Any) -> None:
        password = secrets.token_urlsafe(18)
        try:
            User(username=username).clean_fields(exclude=["password", "display_name"])
            make_admin(now=clock.now(), username=username, password=password, display_name=display_name)
        except UsernameIsTaken as error:
            raise CommandError(f"{username}: {error.message}") from error
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        self.stdout.write(f"Admin {username} made. Password, shown this once: {password}")

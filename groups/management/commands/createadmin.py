"""`manage.py createadmin NAME`: the first admin of a production."""

import secrets
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management import BaseCommand, CommandError

from accounts.models import User
from accounts.services.people import UsernameIsTaken, create_user
from groups.enums import Permissions
from groups.models import Group
from groups.services.members import add_member
from kernel import clock
from kernel.db.transactions import transactional


class Command(BaseCommand):
    help = "Make an admin of the campus and print a one-time password. The password is shown once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--display-name", default="")

    def handle(self, *, username: str, display_name: str, **_options: Any) -> None:
        password = secrets.token_urlsafe(18)
        try:
            User(username=username).clean_fields(exclude=["password", "display_name"])
            make_admin(username, display_name, password)
        except UsernameIsTaken as error:
            raise CommandError(f"{username}: {error.message}") from error
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        self.stdout.write(f"Admin {username} made. Password, shown this once: {password}")


@transactional
def make_admin(username: str, display_name: str, password: str) -> None:
    """A superuser who is also an admin of the system group."""
    now = clock.now()
    admin = create_user(
        by=None, now=now, username=username, password=password, display_name=display_name, is_superuser=True
    )
    system = Group.objects.get(is_system=True)
    add_member(group_id=system.pk, by=admin, now=now, username=username, permissions=Permissions.ADMIN)

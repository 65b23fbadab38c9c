"""`manage.py migrate`, one at a time: of several servers that start together, one migrates and the others wait."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import CommandError
from django.core.management.commands import migrate

from kernel.db.locks import migration_turn

WAIT_SECONDS = 600


class Command(migrate.Command):
    """Django's, under an advisory lock."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)  # type: ignore[arg-type]  # the stubs want Django's own parser
        parser.add_argument(
            "--wait-seconds", type=int, default=WAIT_SECONDS, help="how long to wait for another migration to end"
        )

    def handle(self, *arguments: Any, database: str, wait_seconds: int = WAIT_SECONDS, **options: Any) -> None:
        """Migrate when it is our turn; what the other one has done is not done again."""
        with migration_turn(database=database, wait_seconds=wait_seconds) as is_ours:
            if not is_ours:
                raise CommandError(
                    f"Another migration of this database has been running for {wait_seconds} s: "
                    "wait for its end and try again"
                )
            super().handle(*arguments, database=database, **options)

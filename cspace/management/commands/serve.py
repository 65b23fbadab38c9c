"""`manage.py serve`: the web server alone, over a database that somebody else has made ready. The image runs it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError

from cspace.options import add_listening_options, whole_number
from cspace.serving import serve
from kernel.listening import Address, CannotListen


class Command(BaseCommand):
    """Serve CSpace to a proxy (docs/operations.md)."""

    help = "Serve CSpace to the proxy of a production; the database is migrated already."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_listening_options(parser)

    def handle(self, *, host: str, port: str, workers: str, **_options: Any) -> None:
        port_number, worker_count = whole_number("--port", port, 65535), whole_number("--workers", workers, 64)
        try:
            address = Address.of(host, port_number)
            address.check_free()
            serve(address, worker_count)
        except CannotListen as error:
            raise CommandError(str(error)) from error

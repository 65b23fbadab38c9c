"""`manage.py serve`: the web server alone, over a database that somebody else has made ready. The image runs it."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError
from environs import EnvError

from cspace.env import parse_whole_number
from kernel.listening import Address, CannotListen
from serving.server import serve


class Command(BaseCommand):
    """Serve CSpace to a proxy (docs/operations.md)."""

    help = "Serve CSpace to the proxy of a production; the database is migrated already."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_listening_options(parser)
        parser.add_argument("--streams", action="store_true", help="serve streams too; the proxy sends them here")

    def handle(self, *, host: str, port: str, workers: str, streams: bool, **_options: Any) -> None:
        port_number, worker_count = whole_number("--port", port, 65535), whole_number("--workers", workers, 64)
        try:
            address = Address.of(host, port_number)
            address.check_free()
            serve(address, worker_count, has_streams=streams)
        except CannotListen as error:
            raise CommandError(str(error)) from error


def add_listening_options(parser: ArgumentParser) -> None:
    """Taken from the options, else from the settings."""
    parser.add_argument("--host", default=settings.HOST)
    parser.add_argument("--port", default=str(settings.PORT))
    parser.add_argument("--workers", default=str(settings.WORKERS))


def whole_number(name: str, text: str, largest: int) -> int:
    """Read an option that must be 1 ... largest."""
    try:
        return parse_whole_number(name, text, largest=largest)
    except EnvError as error:
        raise CommandError(str(error)) from error

"""Where to listen and with how many workers, as the commands that serve are told."""

from argparse import ArgumentParser

from django.conf import settings
from django.core.management import CommandError
from environs import EnvError

from cspace.env import parse_whole_number


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

"""Environment variables, typed and validated at start, and the refusal to start an unsafe production."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

from environs import Env, EnvError

EX_CONFIG = 78
"""sysexits.h: configuration error."""

PERIODS = {"s": 1, "sec": 1, "min": 60, "h": 3600, "hour": 3600, "day": 86400}

MIN_SECRET_LENGTH = 50


def refuse(problem: str) -> NoReturn:
    """Print one clear line and exit 78."""
    sys.stderr.write(f"CSpace cannot start: {problem}\n")
    raise SystemExit(EX_CONFIG)


class Environment(Env):
    """`environs.Env` with secrets from files: `NAME_FILE` names a file that holds the value of `NAME`."""

    def secret(self, name: str, default: str = "") -> str:
        """The value of `NAME`, else the stripped content of the file `NAME_FILE`, else `default`."""
        path = self.str(f"{name}_FILE", "")
        if not path:
            return self.str(name, default)
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            refuse(f"{name}_FILE names {path}, which cannot be read ({error.strerror})")


def read_environment() -> Environment:
    """The process environment; a `.env` beside the working directory is read first."""
    environment = Environment()
    try:
        environment.read_env(".env", recurse=False)
    except (EnvError, OSError) as error:
        refuse(str(error))
    return environment


def secret_problems(**secrets: str) -> Iterable[str]:
    """What is wrong with the secrets of a production, one sentence each."""
    for name, value in secrets.items():
        if not value:
            yield f"{name} (or {name}_FILE) is not set"
        elif len(value) < MIN_SECRET_LENGTH or len(set(value)) < 5 or "insecure" in value:
            yield f"{name} is weak: it needs at least {MIN_SECRET_LENGTH} random characters"
    if len(set(secrets.values())) < len(secrets) and all(secrets.values()):
        yield " and ".join(secrets) + " must differ"


def parse_rate(rate: str) -> tuple[int, int]:
    """ "5/min" → (5, 60): how many tries in how many seconds.

    Raises:
        ValueError: the rate is not of that form.
    """
    tries, _, period = rate.partition("/")
    if period not in PERIODS or not (tries.isascii() and tries.isdigit() and len(tries) <= 9):
        raise ValueError(f"{rate!r} is not a rate such as 5/min (periods: {', '.join(PERIODS)})")
    return int(tries), PERIODS[period]


def development_hosts(listening_on: str) -> list[str]:
    """The host names a development server answers to: its own, or any where it was told to listen everywhere."""
    everywhere = {"0.0.0.0", "::"}  # noqa: S104 - compared with, not bound to
    return ["*"] if listening_on in everywhere else ["127.0.0.1", "localhost", "[::1]", "testserver", listening_on]

"""Environment variables, typed and validated at start, and the refusal to start an unsafe production."""

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import dj_database_url
from environs import Env, EnvError

from kernel.rates import parse_rate

EX_CONFIG = 78
"""sysexits.h: configuration error."""

UNITS = {"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000}

MIN_STATEMENT_TIMEOUT, MAX_STATEMENT_TIMEOUT = 100, 86_400_000
"""Milliseconds."""

MIN_SECRET_LENGTH = 50

ANY_ORIGIN = "*"
ORIGIN = re.compile(r"https?://(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?")
EXACT_ORIGIN = "an exact origin such as https://rooms.example.edu"

POSTGRES_SCHEMES = ("postgres", "postgresql")


def refuse(problem: str) -> NoReturn:
    """Print one clear line and exit 78."""
    sys.stderr.write(f"CSpace cannot start: {' '.join(problem.split())}\n")
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

    def words(self, name: str, default: Iterable[str] = ()) -> list[str]:
        """What stands between the commas, without the spaces around it; nothing for an empty value."""
        return split_words(self.str(name, ",".join(default)))

    def origins(self, name: str, default: Iterable[str] = (), *, or_any: bool = False) -> list[str]:
        """Exact origins, or `*` where that is allowed. Raises: EnvError."""
        origins = self.words(name, default)
        for origin in origins:
            if not is_exact_origin(origin) and not (or_any and origin == ANY_ORIGIN):
                kind = f"neither * nor {EXACT_ORIGIN}" if or_any else f"not {EXACT_ORIGIN}"
                raise EnvError(f"{name}: {origin!r} is {kind}")
        return origins

    def rate(self, name: str, default: str) -> str:
        """A rate such as 5/min, for `parse_rate`. Raises: EnvError."""
        rate: str = self.str(name, default)
        try:
            parse_rate(rate)
        except ValueError as error:
            raise EnvError(f"{name}: {error}") from error
        return rate

    def statement_timeout(self, name: str, default: str) -> str:
        """A duration as PostgreSQL writes it, 100 ms to 24 h. Raises: EnvError."""
        timeout: str = self.str(name, default)
        try:
            is_bounded = MIN_STATEMENT_TIMEOUT <= parse_duration(timeout) <= MAX_STATEMENT_TIMEOUT
        except ValueError as error:
            raise EnvError(f"{name}: {error}") from error
        if not is_bounded:
            raise EnvError(f"{name}: {timeout!r} is not between 100ms and 24h")
        return timeout

    def postgres(self, name: str) -> dict[str, object] | None:
        """Django's description of the database that a secret URL names; None without one.

        Raises:
            EnvError: it is no URL of a PostgreSQL database. The sentence never quotes it: it holds a password.
        """
        url = self.secret(name).strip()
        if not url:
            return None
        try:
            database: dict[str, object] = dict(dj_database_url.parse(url))
        except ValueError:
            database = {}
        if not database.get("NAME") or urlsplit(url).scheme not in POSTGRES_SCHEMES:
            raise EnvError(f"{name} is not the URL of a PostgreSQL database: postgres://user:password@host/name")
        return database


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


def split_words(text: str) -> list[str]:
    """ "a, b," → ["a", "b"]."""
    return [word for word in (part.strip() for part in text.split(",")) if word]


def is_exact_origin(text: str) -> bool:
    """Scheme, host and perhaps a port, as a browser's `Origin` header says it: no `*`, no path, no `null`."""
    origin = ORIGIN.fullmatch(text)
    return origin is not None and 1 <= int(origin[1] or 1) <= 65535


def parse_duration(text: str) -> int:
    """ "5s" → 5000: how many milliseconds; a number without a unit is milliseconds.

    Raises:
        ValueError: the duration is not of that form.
    """
    duration = re.fullmatch(r"([0-9]{1,9})(ms|s|min|h|)", text)
    if duration is None:
        raise ValueError(f"{text!r} is not a duration such as 5s (units: {', '.join(UNITS)})")
    return int(duration[1]) * UNITS[duration[2] or "ms"]


def development_hosts(listening_on: str) -> list[str]:
    """The host names a development server answers to: its own, or any where it was told to listen everywhere."""
    everywhere = {"0.0.0.0", "::"}  # noqa: S104 - compared with, not bound to
    return ["*"] if listening_on in everywhere else ["127.0.0.1", "localhost", "[::1]", "testserver", listening_on]

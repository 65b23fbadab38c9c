"""Environment variables, typed and validated at start, alone and together; an unsafe production is refused."""

import os
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from io import StringIO
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import dj_database_url
from dotenv import dotenv_values
from dotenv.parser import Binding, parse_stream
from environs import Env, EnvError

from kernel.rates import parse_rate
from kernel.smtp import mail_problems
from sso.configuration import sign_on_problems

EX_CONFIG = 78
"""sysexits.h: configuration error."""

DEFAULT_FILE = ".env"
"""In the working directory; it may be missing."""
DEPLOYMENTS = ("", "production", "development")

HSTS_PRELOAD_SECONDS = 31_536_000
"""What the browsers' list asks for."""
MIN_SECRET_LENGTH = 50

UNITS = {"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000}

MIN_STATEMENT_TIMEOUT, MAX_STATEMENT_TIMEOUT = 100, 86_400_000
"""Milliseconds."""

ANY_ORIGIN = "*"
ORIGIN = re.compile(r"https?://(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?")
EXACT_ORIGIN = "an exact origin such as https://rooms.example.edu"

POSTGRES_SCHEMES = ("postgres", "postgresql")

OWN_PREFIXES = ("CSPACE_", "OCCUPANCY_", "ROOMIE_", "SSO_", "OIDC_", "SAML_")
"""Names that are nobody else's: one that is no setting is a mistake, wherever it stands."""
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
SERVICE_LINK = re.compile(r"[A-Z0-9_]+_(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT_[0-9]+_(?:TCP|UDP|SCTP)\w*)")
"""What Kubernetes tells every container about a service that is called cspace."""
NEAR, ALMOST_EQUAL = 0.6, 0.9
"""How alike two names are (difflib) for one to be suggested; for one of another program's to be taken for ours."""
MAX_TOLD = 5


def refuse(problem: str) -> NoReturn:
    """Print one clear line and exit 78."""
    sys.stderr.write(f"CSpace cannot start: {' '.join(problem.split())}\n")
    raise SystemExit(EX_CONFIG)


class Environment(Env):
    """`environs.Env` with secrets from files: `NAME_FILE` names a file that holds the value of `NAME`."""

    def read_file(self, path: str) -> None:
        """Take from a `.env` file what the process environment does not say. No path is no file.

        Raises:
            EnvError: another file than `.env` is not there; it is no text, or a line of it is neither NAME=value nor a
                comment. No line is quoted: it may hold a secret.
        """
        if not path:
            return
        try:
            text = Path(path).read_bytes().decode("utf-8-sig")
        except FileNotFoundError:
            if path == DEFAULT_FILE:
                return
            raise EnvError(f"{path} cannot be read (there is no such file)") from None
        except OSError as error:
            raise EnvError(f"{path} cannot be read ({error.strerror})") from error
        except UnicodeDecodeError as error:
            raise EnvError(f"{path} is not a text in UTF-8: save it as one, or remove it") from error
        if "\0" in text:
            raise EnvError(f"{path} is not a text: it holds NUL characters; save it as UTF-8, or remove it")
        for binding in parse_stream(StringIO(text)):
            if fault := _line_fault(binding):
                raise EnvError(f"{path}, line {_line_number(binding)}: {fault}")
        values = dotenv_values(stream=StringIO(text))
        self._environ |= {name: value for name, value in values.items() if value is not None}

    def refuse_unknown_names(self) -> None:
        """Refuse names that were meant for us and are no setting: call it when every setting has been read.

        In the process environment those are the ones with a prefix of ours; in `.env`, which is ours, also what is
        almost a setting. Other programs' names are left alone.

        Raises:
            EnvError: naming each with the nearest setting. Values are never quoted.
        """
        names = set(self.dump())
        faults = []
        for name in sorted({*os.environ, *self._environ} - names):
            if self._is_ours(name):
                faults.append(f"{name} is not a setting: {_advice(name, names, NEAR) or 'see docs/configuration.md'}")
            elif name in self._environ and (advice := _advice(name, names, ALMOST_EQUAL)):
                faults.append(f"{name} in .env is not a setting: {advice}")
        if faults:
            more = f"; and {len(faults) - MAX_TOLD} more" if len(faults) > MAX_TOLD else ""
            raise EnvError("; ".join(faults[:MAX_TOLD]) + more)

    def _is_ours(self, name: str) -> bool:
        if not name.upper().startswith(OWN_PREFIXES) or SERVICE_LINK.fullmatch(name):
            return False
        return not (name.endswith("_PORT") and self._get_value(name, "").startswith(("tcp://", "udp://")))

    def deployment(self, name: str) -> str:
        """`production`, `development`, or nothing. Raises: EnvError."""
        kind: str = self.str(name, "")
        if kind not in DEPLOYMENTS:
            raise EnvError(f"{name}={kind} is neither production nor development")
        return kind

    def word(self, name: str, default: str, words: Collection[str]) -> str:
        """One of some words. Raises: EnvError."""
        word: str = self.str(name, default)
        if word not in words:
            raise EnvError(f"{name}={word} is none of {', '.join(words)}")
        return word

    def whole_number(self, name: str, default: int, *, largest: int) -> int:
        """1 … `largest`. Raises: EnvError."""
        return parse_whole_number(name, self.str(name, str(default)), largest=largest)

    def secret(self, name: str, default: str = "") -> str:
        """The value of `NAME`, else the stripped content of the file `NAME_FILE`, else `default`."""
        path = self.str(f"{name}_FILE", "")
        if not path:
            return self.str(name, default)
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            refuse(f"{name}_FILE names {path}, which cannot be read ({error.strerror})")
        except UnicodeDecodeError:
            refuse(f"{name}_FILE names {path}, which is not a text in UTF-8")

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

    def networks(self, name: str) -> list[IPv4Network | IPv6Network]:
        """Addresses, or networks such as 10.0.0.0/24. Raises: EnvError."""
        try:
            return [ip_network(word) for word in self.words(name)]
        except ValueError as error:
            raise EnvError(f"{name}: {error}") from error

    def texts(self, name: str) -> dict[str, str]:
        """Texts by text, as a JSON object. Raises: EnvError."""
        value: Any = self.json(name, {})
        if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
            raise EnvError(f'{name}: must be a JSON object of texts such as {{"staff": "Office"}}')
        return value

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


def problems(settings: Mapping[str, Any]) -> Iterator[str]:
    """One sentence each, none of which quotes a secret. `settings`: by name, as `cspace.settings` has read them."""
    zone, owner = settings["CSPACE_TIME_ZONE"], settings["OWNER_DATABASE"]
    if not _is_zone(zone):
        yield f"CSPACE_TIME_ZONE={zone!r} is not an IANA time zone name such as Asia/Taipei"
    if owner and (problem := owner_problem(settings["DATABASE"], owner)):
        yield problem
    is_for_long = settings["CSPACE_HSTS_SECONDS"] >= HSTS_PRELOAD_SECONDS
    if settings["CSPACE_HSTS_PRELOAD"] and not (settings["CSPACE_HSTS_SUBDOMAINS"] and is_for_long):
        needs = f"CSPACE_HSTS_SUBDOMAINS=on and CSPACE_HSTS_SECONDS={HSTS_PRELOAD_SECONDS} or more"
        yield f"CSPACE_HSTS_PRELOAD needs {needs}"
    url = settings["CSPACE_PUBLIC_URL"]
    if url and not is_exact_origin(url):
        yield f"CSPACE_PUBLIC_URL: {url!r} is not {EXACT_ORIGIN}"
    yield from mail_problems(settings)
    for name in ("WEBHOOK_ALLOW_PRIVATE_HOSTS", "CALENDAR_ALLOW_PRIVATE_HOSTS"):
        for host in settings[name]:
            if {"/", "[", "@"} & set(host):
                yield f"{name}: {host!r} is no host such as door.example.edu, 10.0.0.7 or ::1"
    yield from sign_on_problems(settings)
    if settings["ENVIRONMENT"] == "production" and settings["DEBUG"]:
        yield "DEBUG must not be on when CSPACE_ENV=production"
    if settings["IS_PRODUCTION"]:
        yield from _problems_of_a_production(settings)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _problems_of_a_production(settings: Mapping[str, Any]) -> Iterator[str]:
    secret = settings["SECRET_KEY"]
    yield from secret_problems(SECRET_KEY=secret, CSPACE_JWT_KEY=settings["CSPACE_JWT_KEY"])
    for former_key in settings["CSPACE_JWT_KEY_FALLBACKS"]:
        yield from secret_problems(SECRET_KEY=secret, CSPACE_JWT_KEY_FALLBACKS=former_key)
    if not settings["ALLOWED_HOSTS"] or "*" in settings["ALLOWED_HOSTS"]:
        yield "ALLOWED_HOSTS must list the host names this server answers to; * is not one"
    if not settings["CSPACE_THROTTLE"]:
        yield "CSPACE_THROTTLE=off is for development only: it needs DEBUG=1"
    if settings["CSPACE_TEST_FAULTS"]:
        yield "CSPACE_TEST_FAULTS is for tests only: it needs DEBUG=1"


def secret_problems(**secrets: str) -> Iterable[str]:
    """What is wrong with the secrets of a production, one sentence each."""
    for name, value in secrets.items():
        if not value:
            yield f"{name} (or {name}_FILE) is not set"
        elif len(value) < MIN_SECRET_LENGTH or len(set(value)) < 5 or "insecure" in value:
            yield f"{name} is weak: it needs at least {MIN_SECRET_LENGTH} random characters"
    if len(set(secrets.values())) < len(secrets) and all(secrets.values()):
        yield " and ".join(secrets) + " must differ"


def owner_problem(database: Mapping[str, object], owner: Mapping[str, object]) -> str | None:
    """What is wrong with the owner's way to the application's database, in one sentence without a secret."""
    if database.get("ENGINE") != owner.get("ENGINE"):
        return "DATABASE_OWNER_URL needs a DATABASE_URL: the embedded PostgreSQL has one role"
    if database.get("NAME") != owner.get("NAME"):
        return "DATABASE_URL and DATABASE_OWNER_URL must name the same database"
    if database.get("USER") == owner.get("USER"):
        return "DATABASE_URL and DATABASE_OWNER_URL must name two roles: the application must not own its tables"
    return None


def parse_whole_number(name: str, text: str, *, largest: int) -> int:
    """ "8000" → 8000: what must be 1 … `largest`. Raises: EnvError."""
    if not text.isascii() or not text.isdigit() or len(text) > 10 or not 1 <= int(text) <= largest:
        raise EnvError(f"{name}={text} is not a number between 1 and {largest}")
    return int(text)


def _line_fault(binding: Binding) -> str | None:
    """What is wrong with a line of `.env`; blank lines and comments have no key."""
    if binding.error or (binding.key is not None and not NAME.fullmatch(binding.key)):
        return "this is neither NAME=value nor a comment (#)"
    if binding.key is not None and binding.value is None:
        return f"{binding.key} is given no value: write {binding.key}=..."
    return None


def _line_number(binding: Binding) -> int:
    """Where it begins; the parser counts from the blank lines before it."""
    text = binding.original.string
    return binding.original.line + len(re.findall(r"\r\n|\n|\r", text[: len(text) - len(text.lstrip())]))


def _advice(name: str, settings: Collection[str], alike: float) -> str | None:
    """The nearest setting, if one is as near as that. A prefix of ours says nothing: CSPACE_PORT is near to PORT."""

    def nearness(setting: str) -> tuple[float, float]:
        return _likeness(_stem(name), _stem(setting)), _likeness(name.upper(), setting)

    nearest = max(sorted(settings), key=nearness)
    return f"did you mean {nearest}?" if nearness(nearest)[0] >= alike else None


def _stem(name: str) -> str:
    return name.upper().removeprefix("CSPACE_").removeprefix("OCCUPANCY_")


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other).ratio()


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


def development_url(listening_on: str, port: int) -> str:
    """Where a development server is found by a browser on its machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(listening_on, listening_on)  # noqa: S104 - compared with
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

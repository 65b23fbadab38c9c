"""Where a URL leads, and whether a webhook may lead there (T38; contract live §8)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from webhooks import rules

WRITABLE = re.compile(r"[!-\[\]-~]+")
"""What stands in a URL: visible ASCII but the backslash, which some read as a slash."""
NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*")
ENDS_IN_A_NUMBER = re.compile(r"(.*\.)?([0-9]+|0x[0-9a-f]*)")
"""Such a host is read as an IPv4 address by many, in old notations too: 127.1, 0x7f.1, 2130706433."""
PORTS = {"https": 443, "http": 80}
ANY_HOST = "*"
NOT_A_URL = "Must be a URL such as https://hooks.example.org/cspace"
NOT_HTTPS = "Must begin with https://"
HAS_USER = "Must not hold a username or a password"
HAS_FRAGMENT = "Must not hold a fragment"
NO_PORT = "The port must be 1 to 65535"
NOT_PUBLIC = "Must not lead to a private address"


@dataclass(frozen=True)
class Destination:
    """A URL taken apart. `host`: lower case, an IPv6 address without its brackets."""

    scheme: str
    host: str
    port: int
    path: str
    """With its query, at least `/`."""

    @property
    def authority(self) -> str:
        """The header `Host`; where it leads, for people."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def may_be_private(self) -> bool:
        """Whether the operator lets this host be inside (`WEBHOOK_ALLOW_PRIVATE_HOSTS`)."""
        allowed: Sequence[str] = settings.WEBHOOK_ALLOW_PRIVATE_HOSTS
        return self.host in allowed or ANY_HOST in allowed


def destination_of(url: str) -> Destination:
    """Raises: ValueError, with the sentence that says what is wrong."""
    if not WRITABLE.fullmatch(url):
        raise ValueError(NOT_A_URL)
    try:
        parts = urlsplit(url)
        host, has_user = (parts.hostname or "").rstrip("."), "@" in parts.netloc
    except ValueError:
        raise ValueError(NOT_A_URL) from None
    if parts.scheme not in PORTS:
        raise ValueError(NOT_HTTPS)
    if has_user:
        raise ValueError(HAS_USER)
    if "#" in url:
        raise ValueError(HAS_FRAGMENT)
    if not _is_host(host, has_brackets="[" in parts.netloc):
        raise ValueError(NOT_A_URL)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Destination(parts.scheme, host, _port_of(parts), path)


def _is_host(host: str, *, has_brackets: bool) -> bool:
    if rules.is_address(host):
        return has_brackets == (":" in host)
    return not has_brackets and bool(NAME.fullmatch(host)) and not ENDS_IN_A_NUMBER.fullmatch(host)


def _port_of(parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError:
        raise ValueError(NO_PORT) from None
    if port == 0:
        raise ValueError(NO_PORT)
    return PORTS[parts.scheme] if port is None else port


def url_faults(url: str) -> list[str]:
    """What keeps a URL from being a webhook's. A name is looked up when it is called, not here."""
    try:
        destination = destination_of(url)
    except ValueError as error:
        return [str(error)]
    faults = [] if destination.scheme == "https" or settings.DEBUG else [NOT_HTTPS]
    if not destination.may_be_private and _is_inside(destination.host):
        faults.append(NOT_PUBLIC)
    return faults


def _is_inside(host: str) -> bool:
    if rules.is_address(host):
        return not rules.is_public_address(host)
    return rules.is_local_name(host)

"""Where a URL leads, and whether a call may lead there. Pure: a name is looked up when it is called, not here."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import SplitResult, urlsplit

from kernel.calling.addresses import is_address, is_local_name, is_public_address

WRITABLE = re.compile(r"[!-\[\]-~]+")
"""What stands in a URL: visible ASCII but the backslash, which some read as a slash."""
NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*")
ENDS_IN_A_NUMBER = re.compile(r"(.*\.)?([0-9]+|0x[0-9a-f]*)")
"""Such a host is read as an IPv4 address by many, in old notations too: 127.1, 0x7f.1, 2130706433."""
PORTS = {"https": 443, "http": 80}
ANY_HOST = "*"


class UrlFault(StrEnum):
    """What is wrong with a URL, and the sentence for it."""

    NO_URL = "Must be a URL such as https://www.example.org/path"
    OTHER_SCHEME = "Must begin with https:// or http://"
    HAS_USER = "Must not hold a username or a password"
    HAS_FRAGMENT = "Must not hold a fragment"
    NO_PORT = "The port must be 1 to 65535"
    IS_PRIVATE = "Must not lead to a private address"


class UrlRefused(ValueError):
    def __init__(self, fault: UrlFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


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
    def origin(self) -> str:
        return f"{self.scheme}://{self.authority}"

    def may_be_private(self, private_hosts: Collection[str]) -> bool:
        """Whether this host is among those that may be inside, in lower case, or all may (`*`)."""
        return self.host in private_hosts or ANY_HOST in private_hosts

    def is_refused(self, private_hosts: Collection[str]) -> bool:
        """Whether it says by itself that it leads inside, where it may not."""
        if self.may_be_private(private_hosts):
            return False
        return not is_public_address(self.host) if is_address(self.host) else is_local_name(self.host)


def destination_of(url: str) -> Destination:
    """Raises: UrlRefused."""
    if not WRITABLE.fullmatch(url):
        raise UrlRefused(UrlFault.NO_URL)
    try:
        parts = urlsplit(url)
        host, has_user = (parts.hostname or "").rstrip("."), "@" in parts.netloc
    except ValueError:
        raise UrlRefused(UrlFault.NO_URL) from None
    if parts.scheme not in PORTS:
        raise UrlRefused(UrlFault.OTHER_SCHEME)
    if has_user:
        raise UrlRefused(UrlFault.HAS_USER)
    if "#" in url:
        raise UrlRefused(UrlFault.HAS_FRAGMENT)
    if not _is_host(host, has_brackets="[" in parts.netloc):
        raise UrlRefused(UrlFault.NO_URL)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Destination(parts.scheme, host, _port_of(parts), path)


def judged_destination(url: str, *, private_hosts: Collection[str]) -> Destination:
    """Where a URL leads, as far as it says so itself. Raises: UrlRefused, where it must not lead there, too."""
    destination = destination_of(url)
    if destination.is_refused(private_hosts):
        raise UrlRefused(UrlFault.IS_PRIVATE)
    return destination


def _is_host(host: str, *, has_brackets: bool) -> bool:
    if is_address(host):
        return has_brackets == (":" in host)
    return not has_brackets and bool(NAME.fullmatch(host)) and not ENDS_IN_A_NUMBER.fullmatch(host)


def _port_of(parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError:
        raise UrlRefused(UrlFault.NO_PORT) from None
    if port == 0:
        raise UrlRefused(UrlFault.NO_PORT)
    return PORTS[parts.scheme] if port is None else port

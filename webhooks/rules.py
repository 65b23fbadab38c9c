"""What a webhook may ask for, where it may lead, and how its deliveries are signed (Standard Webhooks). Pure."""

import base64
import hashlib
import hmac
from collections.abc import Collection, Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

MAX_URL = 1000
MAX_DESCRIPTION = 200
MAX_EVENTS = 100
MAX_EVENT = 60
ALL_EVENTS = "*"
SECRET_PREFIX = "whsec_"  # noqa: S105 - how a secret begins
RETRY_SECONDS = (5, 60, 600, 3600, 6 * 3600, 24 * 3600)
"""After the first try, the second …; after the last of them the webhook is switched off."""
MAX_TRIES = 1 + len(RETRY_SECONDS)
TRANSLATED = IPv6Network("64:ff9b::/96")
"""IPv4 addresses in IPv6 (RFC 6052)."""
LOCAL_NAMES = ("localhost", "local", "internal", "home.arpa")
"""Names that never mean anything outside, and all below them."""


def event_faults(events: Sequence[str], actions: Collection[str]) -> list[str]:
    """What is wrong with a list of events: each is an action of the log, `noun.*` for all of a noun, or `*`."""
    nouns = {f"{action.partition('.')[0]}.*" for action in actions}
    unknown = [each for each in events if each != ALL_EVENTS and each not in nouns and each not in actions]
    return [f"Unknown action: {each}" for each in dict.fromkeys(unknown)]


def is_local_name(host: str) -> bool:
    """Whether a name says by itself that it is not to be found outside. `host`: lower case."""
    return any(host == name or host.endswith(f".{name}") for name in LOCAL_NAMES)


def is_address(host: str) -> bool:
    """Whether a host is an IP address, not a name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_public_address(text: str) -> bool:
    """Whether an IP address belongs to the whole internet, whatever it is wrapped into. What is none does not."""
    if not is_address(text):
        return False
    address = ip_address(text)
    return all(_is_public(each) for each in (address, *_addresses_inside(address)))


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _addresses_inside(address: IPv4Address | IPv6Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that an IPv6 address leads to: mapped, 6to4, Teredo, translated."""
    if isinstance(address, IPv4Address):
        return
    yield from (each for each in (address.ipv4_mapped, address.sixtofour) if each is not None)
    yield from address.teredo or ()
    if address in TRANSLATED:
        yield IPv4Address(int(address) & 0xFFFFFFFF)


def signature(secrets: Sequence[str], *, message_id: str, timestamp: int, body: bytes) -> str:
    """The header `webhook-signature`: one for each secret, which are base64 after their prefix."""
    content = f"{message_id}.{timestamp}.".encode() + body
    keys = [base64.b64decode(secret.removeprefix(SECRET_PREFIX)) for secret in secrets]
    digests = [hmac.new(key, content, hashlib.sha256).digest() for key in keys]
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)

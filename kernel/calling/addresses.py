"""Which addresses and names belong to the whole internet, and which are inside. Pure."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

TRANSLATED = IPv6Network("64:ff9b::/96")
"""IPv4 addresses in IPv6 (RFC 6052)."""
NOT_PUBLIC_EITHER = tuple(
    ip_network(text)
    for text in ("192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "3fff::/20", "5f00::/16", "fec0::/10")
)
"""Which not every Python that runs us knows to be special (IANA's registries)."""
LOCAL_NAMES = ("localhost", "local", "internal", "home.arpa")
"""Names that never mean anything outside, and all below them."""


def is_local_name(host: str) -> bool:
    """Whether a name says by itself that it is not to be found outside. `host`: lower case."""
    return any(host == name or host.endswith(f".{name}") for name in LOCAL_NAMES)


def is_address(host: str) -> bool:
    """Whether a host is an IP address, not a name; one with a zone is good on one machine only and is none."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return "%" not in host


def is_public_address(text: str) -> bool:
    """Whether an IP address belongs to the whole internet, whatever it is wrapped into. What is none does not."""
    return is_address(text) and all(map(_is_public, _addresses_of(ip_address(text))))


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    is_special = address.is_multicast or address.is_reserved or address.is_unspecified
    return address.is_global and not is_special and not any(address in network for network in NOT_PUBLIC_EITHER)


def _addresses_of(address: IPv4Address | IPv6Address) -> Iterator[IPv4Address | IPv6Address]:
    """Where an address leads: an IPv4 one written as IPv6 is that; 6to4 and Teredo lead to others beside themselves."""
    if isinstance(address, IPv4Address):
        yield address
    elif address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    elif address in TRANSLATED:
        yield IPv4Address(int(address) & 0xFFFFFFFF)
    else:
        yield address
        yield from (address.sixtofour,) if address.sixtofour else address.teredo or ()

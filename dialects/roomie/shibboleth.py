"""Who a Shibboleth proxy in front of us says somebody is. Only the configured one is believed: all can send headers."""

import hmac
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest

from accounts.services.identities import Identity

SECRET_HEADER = "X-Sso-Proxy-Secret"  # noqa: S105  # the name of the header
GROUPS_HEADER = "UCLINTRANETGROUPS"


def is_behind_proxy() -> bool:
    """Whether a proxy logs people in, and not a page of ours."""
    return bool(settings.SSO_PROXY_SECRET or settings.SSO_PROXY_ADDRESSES)


def identity_in(request: HttpRequest) -> Identity | None:
    """Whom the proxy names; None where it names nobody, or where it is not the proxy that asks."""
    if not (is_behind_proxy() and _is_proxy(request)):
        return None
    email = _header(request, "EPPN")
    if not email:
        return None
    names = (_header(request, "GIVENNAME"), _header(request, "SN"))
    groups = (group.strip() for group in _header(request, GROUPS_HEADER).split(";"))
    return Identity(
        email=email,
        username=_header(request, "CN"),
        display_name=" ".join(filter(None, names)),
        department=_header(request, "DEPARTMENT"),
        groups=frozenset(filter(None, groups)),
    )


def _is_proxy(request: HttpRequest) -> bool:
    """It shows the secret, and comes from one of the addresses: of what is configured, all has to be so."""
    secret, addresses = settings.SSO_PROXY_SECRET, settings.SSO_PROXY_ADDRESSES
    claim = request.headers.get(SECRET_HEADER, "")
    if secret and not hmac.compare_digest(claim.encode("latin-1", "replace"), secret.encode()):
        return False
    return not addresses or any(_peer(request) in network for network in addresses)


def _peer(request: HttpRequest) -> object:
    """Who has really connected: `X-Forwarded-For` can be said by anybody."""
    try:
        return ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return None


def _header(request: HttpRequest, name: str) -> str:
    """Proxies send UTF-8, which WSGI shows as Latin-1."""
    text = request.headers.get(name, "")
    try:
        return text.encode("latin-1").decode().strip()
    except (UnicodeEncodeError, UnicodeDecodeError):
        return text.strip()

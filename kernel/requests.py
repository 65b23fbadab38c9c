"""What a request says of itself, whatever reads the rest of it: its id, who acts, where it comes from.

The id and the actor stand in the environment of the request, where every wrapper of it finds them.
"""

from contextvars import ContextVar
from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

REQUEST_ID, ACTOR_ID = "cspace.request_id", "cspace.actor_id"
_present: ContextVar[HttpRequest | None] = ContextVar("present_request", default=None)


class Handling:
    """Make a request the present one, for log lines that are written where no request is known."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    def __enter__(self) -> None:
        self._token = _present.set(self._request)

    def __exit__(self, *_error: object) -> None:
        _present.reset(self._token)


def present_request() -> HttpRequest | None:
    """The request that is being handled here; None in a command or a periodic step."""
    return _present.get()


def name_request(request: HttpRequest, request_id: str) -> None:
    """Give it the id under which the log and a failed answer speak of it."""
    request.META[REQUEST_ID] = request_id


def request_id_of(request: HttpRequest) -> str | None:
    request_id: str | None = request.META.get(REQUEST_ID)
    return request_id


def origin_of(request: HttpRequest) -> str:
    """Of this server, as people reach it: what is said in `CSPACE_PUBLIC_URL`, else the one that was asked."""
    return settings.CSPACE_PUBLIC_URL or f"{request.scheme}://{request.get_host()}"


def name_actor(request: HttpRequest, user_id: int) -> None:
    """Say who acts, for the access line."""
    request.META[ACTOR_ID] = user_id


def actor_id_of(request: HttpRequest) -> int | None:
    actor_id: int | None = request.META.get(ACTOR_ID)
    return actor_id


def client_address(request: HttpRequest) -> str | None:
    """The caller's address; behind N trusted proxies the N-th of X-Forwarded-For from the right. None if it is none."""
    hops = settings.CSPACE_TRUSTED_PROXIES
    forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    address = forwarded[-hops] if hops and len(forwarded) >= hops else request.META.get("REMOTE_ADDR", "")
    try:
        return str(ip_address(address))
    except ValueError:
        return None


def network_of(address: str | None) -> str:
    """The address, or the /64 an IPv6 address belongs to."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped or ip_network((parsed, 64), strict=False))
    return str(parsed)

"""A request that may be sent on: each place is judged like the first, and none learns what is another's."""

import socket
from collections.abc import Mapping
from urllib.parse import urldefrag, urljoin

from kernel.calling.destinations import PORTS, Destination, UrlRefused, destination_of, judged_destination
from kernel.calling.exchange import CallFailed, HttpAnswer, Terms, ask
from kernel.calling.wire import Deadline, Resolve

MAX_REDIRECTS = 3
REDIRECTS = frozenset({301, 302, 307, 308})
"""Those after which the same is asked elsewhere."""
FOR_READING = REDIRECTS | {303}
CREDENTIALS = frozenset({"authorization", "cookie", "proxy-authorization"})
TOO_MANY = f"It was redirected more than {MAX_REDIRECTS} times"
NOWHERE = "The redirect does not say where to"
NOT_SECURE = "The redirect is not followed: it leads from https:// to http://"


def follow(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes = b"",
    terms: Terms,
    deadline: Deadline | None = None,
    resolve: Resolve = socket.getaddrinfo,
) -> HttpAnswer:
    """As `ask`, at the end of at most `MAX_REDIRECTS` redirects; all in the time of one call. For what only reads.

    Credentials go no further than to the host they are for (`may_keep_credentials`). Raises: CallFailed.
    """
    deadline = Deadline(terms.seconds) if deadline is None else deadline.within(terms.seconds)
    for _ in range(1 + MAX_REDIRECTS):
        answer = ask(method, url, headers=headers, body=body, terms=terms, deadline=deadline, resolve=resolve)
        if answer.status not in (FOR_READING if method == "GET" else REDIRECTS):
            return answer
        elsewhere = _target(answer, terms)
        if not may_keep_credentials(url, elsewhere):
            headers = {name: value for name, value in headers.items() if name.lower() not in CREDENTIALS}
        url = elsewhere
    raise CallFailed(TOO_MANY, answer.status)


def may_keep_credentials(url: str, elsewhere: str) -> bool:
    """Whether what was said to one URL may be said to another: the same host and port, or its https. Both are URLs."""
    first, other = destination_of(url), destination_of(elsewhere)
    is_upgrade = (_place(first), _place(other)) == (("http", PORTS["http"]), ("https", PORTS["https"]))
    return first.host == other.host and (is_upgrade or _place(first) == _place(other))


def _place(destination: Destination) -> tuple[str, int]:
    return destination.scheme, destination.port


def _target(answer: HttpAnswer, terms: Terms) -> str:
    """Where an answer sends us. Raises: CallFailed, where we do not go there."""
    location = answer.headers.get("location", "").strip()
    if not location:
        raise CallFailed(NOWHERE, answer.status)
    try:
        url = urldefrag(urljoin(answer.url, location)).url
        destination = judged_destination(url, private_hosts=terms.private_hosts)
    except UrlRefused as refusal:
        sentence = refusal.fault.value
        raise CallFailed(f"The redirect is not followed: {sentence[0].lower()}{sentence[1:]}", answer.status) from None
    except ValueError:
        raise CallFailed(NOWHERE, answer.status) from None
    if destination_of(answer.url).scheme == "https" and destination.scheme != "https":
        raise CallFailed(NOT_SECURE, answer.status)
    return url

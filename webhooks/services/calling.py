"""One POST to somebody else's server. Nobody follows a redirect: it is a refusal."""

import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass

from kernel.calling.exchange import CallFailed, Terms, ask
from kernel.calling.wire import Resolve
from webhooks.queries.destinations import private_hosts, url_faults

CALL_SECONDS = 10.0
MAX_ANSWER = 65_536
"""Bytes of an answer's body that are read; the rest of a longer one is left."""
MAX_SENTENCE = 200


@dataclass(frozen=True)
class CallOutcome:
    """What became of a call. `status`: of the answer, None where there was none; `error`: empty where it succeeded."""

    status: int | None
    duration_ms: int
    error: str


def call(
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes,
    seconds: float = CALL_SECONDS,
    resolve: Resolve = socket.getaddrinfo,
) -> CallOutcome:
    """POST a body; success is any 2xx, all of which came in time. Raises nothing for what the other side does."""
    began, status, error = time.monotonic(), None, ""
    if faults := url_faults(url):  # the settings may be others than when it was said
        return CallOutcome(None, 0, faults[0])
    terms = Terms(seconds=seconds, max_answer=MAX_ANSWER, private_hosts=private_hosts(), is_all_needed=False)
    try:
        status = ask("POST", url, headers=headers, body=body, terms=terms, resolve=resolve).status
        error = "" if 200 <= status < 300 else f"HTTP {status}"
    except CallFailed as failure:
        status, error = failure.status, failure.sentence
    return CallOutcome(status, round(1000 * (time.monotonic() - began)), error[:MAX_SENTENCE])

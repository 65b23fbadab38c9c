"""The bytes of an event stream (HTML Living Standard §9.2), and how else a stream may be written. Pure."""

from dataclasses import dataclass
from typing import Any

import orjson

CONTENT_TYPE = "text/event-stream; charset=utf-8"
BEGINNING = b"retry: 3000\n\n"
"""Milliseconds after which a browser that has lost its stream comes back."""
HEARTBEAT = b": \n\n"
LONGEST_SECONDS = 3600.0
"""After so long an event stream is closed, and the client comes back."""


@dataclass(frozen=True)
class StreamForm:
    """How a stream is written.

    `is_one_answer`: nothing is written before what is given, which is the whole answer; where nothing is given in time,
    the answer of the view stays what it is. `status`: the view's, if it is to become a stream.
    """

    longest_seconds: float
    beginning: bytes = b""
    heartbeat: bytes = b""
    says_bye: bool = False
    is_one_answer: bool = False
    status: int = 200


EVENTS = StreamForm(LONGEST_SECONDS, BEGINNING, HEARTBEAT, says_bye=True)


def event(name: str, data: Any, *, pk: int | None = None) -> bytes:
    """One event: `data` as one line of JSON; `pk` becomes the `Last-Event-ID` of a reader who comes back."""
    number = b"" if pk is None else b"id: %d\n" % pk
    return number + b"event: %s\ndata: %s\n\n" % (name.encode("ascii"), orjson.dumps(data))


def bye(reason: str) -> bytes:
    """The last event of a stream that the server ends."""
    return event("bye", {"reason": reason})

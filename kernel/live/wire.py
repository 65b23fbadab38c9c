"""The bytes of an event stream (HTML Living Standard §9.2). Pure."""

from typing import Any

import orjson

CONTENT_TYPE = "text/event-stream; charset=utf-8"
BEGINNING = b"retry: 3000\n\n"
"""Milliseconds after which a browser that has lost its stream comes back."""
HEARTBEAT = b": \n\n"


def event(name: str, data: Any, *, pk: int | None = None) -> bytes:
    """One event: `data` as one line of JSON; `pk` becomes the `Last-Event-ID` of a reader who comes back."""
    number = b"" if pk is None else b"id: %d\n" % pk
    return number + b"event: %s\ndata: %s\n\n" % (name.encode("ascii"), orjson.dumps(data))


def bye(reason: str) -> bytes:
    """The last event of a stream that the server ends."""
    return event("bye", {"reason": reason})

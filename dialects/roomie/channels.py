"""Channels: whoever waits for a login is told as soon as it has ended, in whichever process that was."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any
from weakref import WeakSet

from accounts.queries.sid_logins import logins_of
from accounts.rules import name_of_digest
from accounts.services.sid_logins import LOGIN_WORD
from dialects.roomie.login_messages import ETAG, ChannelMessage, message_of
from kernel import clock
from kernel.live.feeds import IDLE_SECONDS
from kernel.live.streams import Stream, WholeAnswer
from kernel.live.wire import BEGINNING, StreamForm

FEED = "logins"
LONG_POLL = StreamForm(25.0, is_one_answer=True, status=304)
"""Clients give up after 32 seconds, and take an empty answer within 15 for a refusal."""
LINES = StreamForm(600.0, beginning=b"\n", heartbeat=b"\n")
EVENTS = StreamForm(600.0, beginning=BEGINNING, heartbeat=b": \n\n")


@dataclass(frozen=True)
class Waiter:
    """`letters`: of the sid; `callback`: the function that JSONP calls; `has_message`: he has it, and waits for what
    never comes."""

    letters: str
    callback: str = ""
    has_message: bool = False


class LoginFeed:
    """`Opening.wish`: a `Waiter`."""

    name = FEED

    def __init__(self) -> None:
        self._known: WeakSet[Stream] = WeakSet()
        self._looked_at = monotonic()

    def attend(self, words: Sequence[str] | None, readers: Collection[Stream]) -> float:
        ended = {word.split()[1] for word in words or () if word.startswith(f"{LOGIN_WORD} ")}
        is_due = words is None or monotonic() >= self._looked_at + IDLE_SECONDS
        if is_due:
            self._looked_at = monotonic()
        waiting = [stream for stream in readers if not stream.opening.wish.has_message]
        self._tell(
            [
                stream
                for stream in waiting
                if is_due or stream not in self._known or name_of_digest(stream.opening.wish.letters) in ended
            ]
        )
        for stream in waiting:
            self._known.add(stream)
        return IDLE_SECONDS

    def _tell(self, streams: Sequence[Stream]) -> None:
        now = clock.now()
        logins = logins_of({stream.opening.wish.letters for stream in streams}, now=now)
        messages = {letters: message_of(letters, login, now=now) for letters, login in logins.items()}
        for stream in streams:
            if (message := messages.get(stream.opening.wish.letters)) is not None:
                give(stream, message)


def give(stream: Stream, message: ChannelMessage) -> None:
    """Write the message as the stream is written, and end it."""
    if stream.opening.form == LONG_POLL:
        stream.answer(polled(message, stream.opening.wish.callback))
        return
    stream.give(event(message) if stream.opening.form == EVENTS else line(message))
    stream.close("told")


def polled(message: ChannelMessage, callback: str) -> WholeAnswer:
    """The answer to a long poll; with a callback it is a script, which tells the headers too."""
    headers = {"Content-Type": "application/json", "Etag": ETAG, "Last-Modified": message.time}
    if not callback:
        return WholeAnswer(headers, _bytes(message.json))
    script = callback.encode() + b"(" + _bytes([message.json | {"tag": ETAG, "time": message.time}]) + b");"
    return WholeAnswer({**headers, "Content-Type": "text/javascript"}, script)


def line(message: ChannelMessage) -> bytes:
    return message.text.encode() + b"\n"


def event(message: ChannelMessage) -> bytes:
    return b"id: " + ETAG.encode() + b"\ndata: " + _bytes(message.json) + b"\n\n"


def _bytes(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()

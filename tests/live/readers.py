"""Readers of streams inside this process: an event loop of their own, the real hub, and what they have been told."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from accounts.models import User
from accounts.rules import Claims
from kernel import clock
from kernel.live.feeds import Feed
from kernel.live.hub import Hub
from kernel.live.streams import Opening, Stream
from tests.crash.processes import await_true

SECONDS = 60
"""Bound of every wait here, on a busy machine; most last milliseconds."""


@dataclass(frozen=True)
class Event:
    name: str
    data: Any
    pk: int | None = None


def events_in(text: str) -> list[Event]:
    """What a browser makes of a stream's bytes."""
    events = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line and not line.startswith(":"))
        if "event" in fields:
            pk = int(fields["id"]) if "id" in fields else None
            events.append(Event(fields["event"], json.loads(fields["data"]), pk))
    return events


@dataclass
class Reader:
    """One open stream, and everything that it has said."""

    stream: Stream
    events: list[Event] = field(default_factory=list)

    async def read(self) -> None:
        while not self.stream.is_over:
            self.events += events_in((await self.stream.next_chunk()).decode())

    def named(self, name: str) -> list[Any]:
        return [event.data for event in list(self.events) if event.name == name]

    def told(self, name: str, number: int) -> list[Any]:
        """The data of the events of a name, once there are so many."""
        await_true(lambda: len(self.named(name)) >= number, SECONDS)
        return self.named(name)

    @property
    def ids(self) -> list[int]:
        return [event.pk for event in list(self.events) if event.name == "notification" and event.pk is not None]


class Readers:
    """Opens streams on the hub."""

    def __init__(self, hub: Hub, loop: asyncio.AbstractEventLoop) -> None:
        self.hub, self._loop = hub, loop

    def open(self, feed: str, wish: Any = None, *, user: User | None = None, family: Any = None) -> Reader:
        claims = Claims(user.pk, user.token_version, family or uuid4(), clock.now()) if user else None
        opening = Opening(feed, wish, user.pk if user else None, claims)

        async def begin() -> Reader:
            reader = Reader(Stream(opening, self._loop))
            self._loop.create_task(reader.read())
            self.hub.join(reader.stream)
            return reader

        return asyncio.run_coroutine_threadsafe(begin(), self._loop).result(SECONDS)

    def close(self, reader: Reader) -> None:
        self.hub.leave(reader.stream)
        reader.stream.close("restart")


@contextmanager
def readers_of(*feeds: Feed) -> Iterator[Readers]:
    """A hub with these feeds, until the end of the block."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    hub = Hub(feeds)
    try:
        yield Readers(hub, loop)
    finally:
        hub.end()
        asyncio.run_coroutine_threadsafe(_end_others(), loop).result(SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(SECONDS)
        loop.close()


async def _end_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)

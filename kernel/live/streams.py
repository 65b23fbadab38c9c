"""Open streams: what waits to be written to each, and how many there may be. All of it on the event loop's thread,
but for what says otherwise."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from threading import BoundedSemaphore
from typing import Any

from kernel.errors import Unavailable
from kernel.live import wire

MAX_WAITING = 64
"""Events that a slow reader may have waiting; one more and his stream is closed."""
MAX_PER_PERSON = 3
"""Streams of one kind that a person may have open; one more closes his oldest."""
HEARTBEAT_SECONDS = 15.0
RETRY_SECONDS = 5
_numbers = count()


@dataclass(frozen=True)
class Opening:
    """What a view has found out about a reader, once for the whole stream.

    `feed`: the name of the feed that he reads; `wish`: what of it, in the feed's own words; `session`: the claims by
    which he is logged in, None for a stranger; `expires_at`: when these end; `form`: how it is written.
    """

    feed: str
    wish: Any = None
    user_id: int | None = None
    session: Any = None
    expires_at: datetime | None = None
    form: wire.StreamForm = wire.EVENTS

    def seconds_left(self, now: datetime) -> float:
        """How long the stream may be open."""
        if self.expires_at is None:
            return self.form.longest_seconds
        return max(0.0, min((self.expires_at - now).total_seconds(), self.form.longest_seconds))


@dataclass(frozen=True)
class WholeAnswer:
    """What a stream is given that is one answer."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(eq=False)
class Stream:
    """One reader's open stream."""

    opening: Opening
    loop: asyncio.AbstractEventLoop
    _waiting: dict[Any, bytes] = field(default_factory=dict)
    _counted: int = 0
    _reason: str | None = None
    _answer: WholeAnswer | None = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def give(self, *chunks: bytes, key: Any = None, counts: bool = True) -> None:
        """Have events written, from any thread. One with a `key` takes the place of one with the same that still waits.

        `counts`: whether the reader is slow if too many of them wait.
        """
        self._tell(self._take_in, chunks, key, counts)

    def close(self, reason: str) -> None:
        """Say `bye` and end, from any thread; what waits is written first, unless the reader is slow."""
        self._tell(self._end, reason)

    def answer(self, answer: WholeAnswer) -> None:
        """Have this be the one answer, from any thread."""
        self._tell(self._take_answer, answer)

    def _tell(self, what: Any, *arguments: Any) -> None:
        try:
            self.loop.call_soon_threadsafe(what, *arguments)
        except RuntimeError:  # the loop is closed: the process ends, and nobody reads any more
            return

    def _take_in(self, chunks: tuple[bytes, ...], key: Any, counts: bool) -> None:
        if self._reason is not None:
            return
        if counts and key is None and self._counted >= MAX_WAITING:  # before these: what was not taken until now
            self._waiting.clear()
            self._end("slow")
            return
        for chunk in chunks:
            place = (counts, next(_numbers)) if key is None else key
            self._counted += counts and key is None
            self._waiting.pop(place, None)  # the newest comes last, behind whatever it may contradict
            self._waiting[place] = chunk
        self._news.set()

    def _take_answer(self, answer: WholeAnswer) -> None:
        if self._reason is None:
            self._answer = answer
            self._end("answered")

    async def one_answer(self) -> WholeAnswer | None:
        """The answer, as soon as there is one; None, if it is over before."""
        await self._news.wait()
        return self._answer

    def _end(self, reason: str) -> None:
        self._reason = self._reason or reason
        self._news.set()

    @property
    def is_over(self) -> bool:
        """Whether nothing more will be written after what `next_chunk` gives now."""
        return self._reason is not None

    async def next_chunk(self) -> bytes:
        """What is to be written next: what has come, or a heartbeat; once it is over, what waits and `bye`."""
        try:
            async with asyncio.timeout(HEARTBEAT_SECONDS):
                await self._news.wait()
        except TimeoutError:
            if not self._news.is_set():  # what came at that very moment is not passed over
                return self.opening.form.heartbeat
        self._news.clear()
        chunks = list(self._waiting.values())
        self._waiting.clear()
        self._counted = 0
        if self._reason is not None and self.opening.form.says_bye:
            chunks.append(wire.bye(self._reason))
        return b"".join(chunks)


class StreamPlaces:
    """The streams of a process, at most so many at once; of some feeds fewer. Safe from any thread where it says so."""

    def __init__(self, most: int, most_of: Mapping[str, int] | None = None) -> None:
        self._left = BoundedSemaphore(most)
        self._left_of = {feed: BoundedSemaphore(number) for feed, number in (most_of or {}).items()}
        self._open: dict[Stream, None] = {}
        self._by_person: defaultdict[tuple[str, int], list[Stream]] = defaultdict(list)

    def promise(self, feed: str = "") -> None:
        """From any thread: keep a place for a stream that is about to be opened: then it is taken, or given back.

        `feed`: which one, where it may have fewer. Raises:
            Unavailable: there are as many streams as this process may have.
        """
        of_feed = self._left_of.get(feed)
        if of_feed is None or of_feed.acquire(blocking=False):
            if self._left.acquire(blocking=False):
                return
            if of_feed is not None:
                of_feed.release()
        raise Unavailable("Too many streams are open, please try again", retry_after=RETRY_SECONDS)

    def give_back(self, feed: str = "") -> None:
        """From any thread: what was promised is not wanted."""
        self._left.release()
        if feed in self._left_of:
            self._left_of[feed].release()

    def take(self, stream: Stream) -> None:
        """Let one in who has a promise; a person's oldest of the kind goes, if he had more than `MAX_PER_PERSON`."""
        self._open[stream] = None
        person = stream.opening.user_id
        if person is not None:
            own = self._by_person[stream.opening.feed, person]
            own.append(stream)
            if len(own) > MAX_PER_PERSON:
                own[0].close("replaced")
                del own[0]

    def leave(self, stream: Stream) -> None:
        """Its place is free from now on."""
        del self._open[stream]
        self.give_back(stream.opening.feed)
        key = stream.opening.feed, stream.opening.user_id or 0
        own = self._by_person.get(key, [])
        if stream in own:
            own.remove(stream)
        if not own:
            self._by_person.pop(key, None)

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Stream]:
        return iter(list(self._open))

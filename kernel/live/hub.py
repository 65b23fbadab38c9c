"""The one thread of a process that listens to PostgreSQL and asks it what is new, for all its streams.

It waits for three things at once: a word of PostgreSQL, a new reader, and the moment at which a feed wants to look. A
connection that is lost is replaced; what was committed meanwhile is found in the tables, because then every feed looks.
"""

import contextlib
import logging
import select
import socket
import threading
from collections import defaultdict, deque
from collections.abc import Collection, Sequence
from typing import Any

from django.db import DatabaseError, connection

from kernel.db.batch import send
from kernel.live.elsewhere import Elsewhere
from kernel.live.feeds import CHANNEL, Feed, still_standing
from kernel.live.streams import Stream

logger = logging.getLogger("cspace.live")
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
"""Seconds between two tries to reach a database that is not there."""
STOP_SECONDS = 5.0
SESSION = "session"


class Hub:
    """Starts with the process's first reader and ends with the process."""

    def __init__(self, feeds: Sequence[Feed]) -> None:
        self._feeds = {feed.name: feed for feed in feeds}
        self._coming_and_going: deque[tuple[Stream, bool]] = deque()
        """(who, whether he comes), in the order in which it happened."""
        self._readers: defaultdict[str, dict[Stream, None]] = defaultdict(dict)
        self._elsewhere = Elsewhere()
        self._heard: list[str] = []
        self._ended = threading.Event()
        self._woken, self._waker = socket.socketpair()
        for end in (self._woken, self._waker):
            end.setblocking(False)
        self._thread: threading.Thread | None = None

    def join(self, stream: Stream) -> None:
        """From any thread: have a stream fed until it leaves."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="live-hub", daemon=True)
            self._thread.start()
        self._coming_and_going.append((stream, True))
        self._wake()

    def leave(self, stream: Stream) -> None:
        """From any thread."""
        self._coming_and_going.append((stream, False))
        self._wake()

    def end(self) -> None:
        """Stop listening. Whoever still reads is told by others."""
        self._ended.set()
        self._wake()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)
        self._woken.close()
        self._waker.close()

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # full: then it is awake; closed: then it has ended
            self._waker.send(b"!")

    def _run(self) -> None:
        pause = FIRST_PAUSE
        while not self._ended.is_set():
            try:
                self._listen()
                words: list[str] | None = None
                while not self._ended.is_set():
                    words = self._wait(self._attend(words))
                    pause = FIRST_PAUSE
            except DatabaseError as error:
                logger.warning("the hub has lost the database", extra={"reason": type(error).__name__})
                self._ended.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            except Exception:
                logger.exception("the hub has failed, and begins anew")
                self._ended.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            finally:
                connection.close()

    def _listen(self) -> None:
        self._heard.clear()
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")
        database: Any = connection.connection
        database.add_notify_handler(lambda notification: self._heard.append(notification.payload))

    def _wait(self, seconds: float) -> list[str]:
        """What PostgreSQL says meanwhile. Raises: DatabaseError: the connection is lost."""
        words = self._words()
        if words or self._coming_and_going:
            return words
        poll = select.poll()  # `select` knows no file behind the 1,024th, and there are as many streams
        for file in (connection.connection.pgconn.socket, self._woken):
            poll.register(file, select.POLLIN)
        poll.poll(seconds * 1000)
        with contextlib.suppress(BlockingIOError):
            self._woken.recv(4096)
        return self._words()

    def _words(self) -> list[str]:
        """What has come. It may lie in three places: on the wire, in libpq, where answers to a batch were read before
        it, or with psycopg, which calls the handler for what came beside the answers to a cursor."""
        pgconn = connection.connection.pgconn
        with connection.wrap_database_errors:
            pgconn.consume_input()
        while (notification := pgconn.notifies()) is not None:
            self._heard.append(notification.extra.decode())
        words, self._heard = self._heard, []
        return words

    def _attend(self, words: Sequence[str] | None) -> float:
        """Everything that is due; after how many seconds something else will be."""
        newcomers = self._let_in_and_out()
        self._end_replaced(words)
        self._end_revoked(words, newcomers)
        return min(feed.attend(words, list(self._readers[name])) for name, feed in self._feeds.items())

    def _let_in_and_out(self) -> set[Stream]:
        """Those who have come since the last time, and are still there."""
        newcomers: set[Stream] = set()
        for _ in range(len(self._coming_and_going)):
            stream, is_coming = self._coming_and_going.popleft()
            readers = self._readers[stream.opening.feed]
            if is_coming:
                readers[stream] = None
                newcomers.add(stream)
            else:
                readers.pop(stream, None)
                newcomers.discard(stream)
        return newcomers

    def _end_replaced(self, words: Sequence[str] | None) -> None:
        """Close the streams of whoever has opened newer ones in other processes."""
        self._elsewhere.hear(words)
        readers = [stream for streams in self._readers.values() for stream in streams]
        if (saying := self._elsewhere.saying(readers)) is not None:
            send(saying)
        for stream in self._elsewhere.surplus():
            stream.close("replaced")

    def _end_revoked(self, words: Sequence[str] | None, newcomers: Collection[Stream]) -> None:
        """Close the streams of whoever is not logged in any more; of a newcomer that may have been said before."""
        people = {word.split()[1] for word in words or () if word.startswith(f"{SESSION} ")}
        concerned = [
            stream
            for streams in self._readers.values()
            for stream in streams
            if stream.opening.session is not None
            and (words is None or stream in newcomers or str(stream.opening.user_id) in people)
        ]
        if concerned:
            standing = still_standing({stream.opening.session for stream in concerned})
            for stream in concerned:
                if stream.opening.session not in standing:
                    stream.close("revoked")

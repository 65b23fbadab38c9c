"""Clients of event streams over connections of their own: many at once, slow ones, and ones that vanish."""

import resource
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

SECONDS = 30
"""Bound of every wait here."""
FILES = 4096
ROOMS, NOTICES = "/api/v1/classrooms/stream/", "/api/v1/notifications/stream/"
VANISHING = struct.pack("ii", 1, 0)
"""SO_LINGER: the connection is reset, as by a client whose process is killed."""


@dataclass
class Subscriber:
    """One client. It reads only when it is asked to."""

    connection: socket.socket
    received: bytearray = field(default_factory=bytearray)

    def read_until(self, words: bytes, seconds: float = SECONDS) -> bytes:
        """Everything so far, once the words are there. Raises: TimeoutError; ConnectionError: it has ended before."""
        deadline = time.monotonic() + seconds
        while words not in self.received:
            self.connection.settimeout(max(0.001, deadline - time.monotonic()))
            if not (part := self.connection.recv(65536)):
                raise ConnectionError(f"it has ended after {bytes(self.received[-500:])!r}")
            self.received += part
        return bytes(self.received)

    @property
    def head(self) -> str:
        """The status and the headers."""
        return self.read_until(b"\r\n\r\n").partition(b"\r\n\r\n")[0].decode().lower()

    @property
    def status(self) -> int:
        return int(self.head[9:12])

    def vanish(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, VANISHING)
        self.connection.close()


class Subscribers:
    """Those of a server; whoever has not left by the end of the block leaves then."""

    def __init__(self, port: int, stack: ExitStack) -> None:
        self._port, self._stack = port, stack
        self.opened: list[Subscriber] = []

    def open(self, path: str = ROOMS, *, token: str | None = None, most_unread: int | None = None) -> Subscriber:
        """`most_unread`: how many bytes the system may keep for a client that does not read."""
        connection = self._stack.enter_context(socket.socket())
        if most_unread is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, most_unread)
        connection.settimeout(SECONDS)
        connection.connect(("127.0.0.1", self._port))
        lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", "X-Forwarded-Proto: https"]
        lines += [f"Authorization: Bearer {token}"] if token else []
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        self.opened.append(Subscriber(connection))
        return self.opened[-1]

    def open_many(self, number: int, path: str = ROOMS) -> list[Subscriber]:
        """All at once; each is answered when this returns."""
        opened = [self.open(path) for _ in range(number)]
        for subscriber in opened:
            assert subscriber.status
        return opened


@contextmanager
def subscribing(port: int) -> Iterator[Subscribers]:
    """A client has a file open for each connection: as many as there may be."""
    before, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if before < FILES:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(FILES, most), most))
    with ExitStack() as stack:
        yield Subscribers(port, stack)

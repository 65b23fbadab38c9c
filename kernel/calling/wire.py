"""Names, connections, and sockets whose every wait ends when the time of the whole call does."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection, Sequence
from typing import Any

from kernel.calling.addresses import is_public_address
from kernel.calling.destinations import Destination

MAX_ADDRESSES = 4
"""So many of a name's addresses are tried."""
PIECE = 16_384
Resolve = Callable[..., Sequence[tuple[Any, ...]]]
"""As `socket.getaddrinfo`."""


class AddressIsPrivate(Exception):
    """The name leads inside, or has come to do so since it was accepted."""


class AnswerIsLong(Exception):
    """More has come than is read of such an answer."""


class AnswerIsCut(Exception):
    """TLS ended without a word: by somebody, perhaps, who is not the other side."""


class Deadline:
    """A moment by which everything has to be over. `seconds`: how long that was at first."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds, more than 0. Raises: TimeoutError."""
        seconds = self._end - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds

    def within(self, seconds: float) -> "Deadline":
        """One for a part of it: in so many seconds, or this one where it is sooner."""
        return self if self._end <= time.monotonic() + seconds else Deadline(seconds)


def resolved(
    destination: Destination, *, private_hosts: Collection[str], deadline: Deadline, resolve: Resolve
) -> list[str]:
    """The addresses of a host, all of which a call may lead to.

    In a thread, for a resolver knows no deadline; it is left alone where it takes too long. Raises: AddressIsPrivate.
    """
    box: list[Any] = []

    def ask() -> None:
        try:
            box.append(resolve(destination.host, destination.port, type=socket.SOCK_STREAM))
        except Exception as problem:
            box.append(problem)

    thread = threading.Thread(target=ask, name="name-of-a-call", daemon=True)
    thread.start()
    thread.join(deadline.left())
    if not box:
        raise TimeoutError
    (answer,) = box
    if isinstance(answer, Exception):
        raise answer
    addresses = list(dict.fromkeys(str(row[4][0]) for row in answer))
    if not destination.may_be_private(private_hosts) and not all(map(is_public_address, addresses)):
        raise AddressIsPrivate
    if not addresses:
        raise socket.gaierror
    return addresses[:MAX_ADDRESSES]


def connected(addresses: Sequence[str], port: int, deadline: Deadline) -> socket.socket:
    """A connection to the first address that takes one. An address is no name: nothing is looked up any more."""
    problem: OSError = OSError()
    for place, address in enumerate(addresses):
        try:
            # Not all of the time for the first, which may be silent where the second is not.
            seconds = deadline.left() / (len(addresses) - place)
            connection = socket.create_connection((address, port), timeout=seconds)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connection
        except OSError as error:
            problem = error
    raise problem


def secured(raw: socket.socket, destination: Destination, deadline: Deadline) -> socket.socket:
    """The same connection, in TLS where the URL says so."""
    if destination.scheme != "https":
        return raw
    try:
        raw.settimeout(deadline.left())  # for the whole handshake
        context = ssl.create_default_context()
        return context.wrap_socket(raw, server_hostname=destination.host, suppress_ragged_eofs=False)
    except BaseException:
        raw.close()
        raise


class Wire:
    """A socket as `http.client` uses it.

    `room`: bytes of an answer that may come, with all that stands around it; `may_be_cut`: whether an end of TLS
    without a word is taken for an end.
    """

    def __init__(self, inner: socket.socket, deadline: Deadline, *, room: int, may_be_cut: bool) -> None:
        self._inner, self._deadline, self._room, self._may_be_cut = inner, deadline, room, may_be_cut

    def sendall(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            self._inner.settimeout(self._deadline.left())
            view = view[self._inner.send(view) :]

    def makefile(self, mode: str) -> Any:
        return _AnswerReader(self._inner, self._deadline, self._room, self._may_be_cut)

    def close(self) -> None:
        """An answer may still be read; the connection is closed by whoever opened it."""


class _AnswerReader:
    """What `http.client` reads an answer from."""

    def __init__(self, inner: socket.socket, deadline: Deadline, room: int, may_be_cut: bool) -> None:
        self._inner, self._deadline, self._room, self._may_be_cut = inner, deadline, room, may_be_cut
        self._buffer = b""

    def _more(self) -> bool:
        """Whether something has come. Raises: AnswerIsLong, AnswerIsCut."""
        self._inner.settimeout(self._deadline.left())
        try:
            data = self._inner.recv(PIECE)
        except ssl.SSLEOFError:
            if not self._may_be_cut:
                raise AnswerIsCut from None
            return False
        self._room -= len(data)
        if self._room < 0:
            raise AnswerIsLong
        self._buffer += data
        return bool(data)

    def readline(self, limit: int = -1) -> bytes:
        while b"\n" not in self._buffer and (limit < 0 or len(self._buffer) < limit) and self._more():
            pass
        end = self._buffer.find(b"\n") + 1 or len(self._buffer)
        return self._take(end if limit < 0 else min(end, limit))

    def read(self, size: int = -1) -> bytes:
        while (size < 0 or len(self._buffer) < size) and self._more():
            pass
        return self._take(len(self._buffer) if size < 0 else size)

    def _take(self, size: int) -> bytes:
        data, self._buffer = self._buffer[:size], self._buffer[size:]
        return data

    def flush(self) -> None:
        """Nothing is written here."""

    def close(self) -> None:
        """The connection is closed by whoever opened it."""

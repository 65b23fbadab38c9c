"""One POST to somebody else's server: it takes no longer than it may, and leads where it was checked to lead.

The name is resolved once, every address it has is judged, and the connection goes to such an address; the name stays in
`Host`, in the TLS handshake and in the check of the certificate. Nobody follows a redirect: it is a refusal.
"""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse, IncompleteRead
from typing import Any

from webhooks import rules
from webhooks.queries.destinations import NOT_PUBLIC, Destination, destination_of, url_faults

CALL_SECONDS = 10.0
"""For all of it: name, connection, TLS, and the whole answer."""
MAX_ANSWER = 65_536
"""Bytes of an answer's body that are read; the rest of a longer one is left."""
MAX_ADDRESSES = 4
"""So many of a name's addresses are tried."""
MAX_SENTENCE = 200
NO_NAME = "The name could not be resolved"
TOO_SLOW = f"There was no whole answer within {CALL_SECONDS:.0f} s"
NOT_WHOLE = "The answer ended too early"
NO_CONNECTION = "No connection"
Resolve = Callable[..., Sequence[tuple[Any, ...]]]
"""As `socket.getaddrinfo`."""


@dataclass(frozen=True)
class CallOutcome:
    """What became of a call. `status`: of the answer, None where there was none; `error`: empty where it succeeded."""

    status: int | None
    duration_ms: int
    error: str


class AddressIsPrivate(Exception):
    """The name leads inside, or has come to do so since it was accepted."""


class AnswerIsLong(Exception):
    """More has come than is read of any answer."""


class Deadline:
    """A moment by which everything has to be over."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds, more than 0. Raises: TimeoutError."""
        seconds = self._end - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds


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
    try:
        status = _post(destination_of(url), headers, body, Deadline(seconds), resolve)
        error = "" if 200 <= status < 300 else f"HTTP {status}"
    except _NotWhole as refusal:
        status, error = refusal.status, refusal.sentence
    except Exception as problem:  # whatever a strange server makes of the library: it is this webhook's
        error = _sentence(problem)
    return CallOutcome(status, round(1000 * (time.monotonic() - began)), error[:MAX_SENTENCE])


class _NotWhole(Exception):
    """There was a status, but not a whole answer."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


def _post(
    destination: Destination, headers: Mapping[str, str], body: bytes, deadline: Deadline, resolve: Resolve
) -> int:
    addresses = _resolved(destination, deadline, resolve)
    with _secured(_connected(addresses, destination.port, deadline), destination, deadline) as inner:
        connection = HTTPConnection(destination.host, destination.port)
        connection.sock = _Wire(inner, deadline)  # all of a socket that it asks for
        connection.request("POST", destination.path, body, {"Host": destination.authority, **headers})
        answer = connection.getresponse()
        try:
            _read(answer)
        except Exception as problem:
            raise _NotWhole(answer.status, _sentence(problem)) from problem
        return answer.status


def _resolved(destination: Destination, deadline: Deadline, resolve: Resolve) -> list[str]:
    """The addresses of a host, all of which a webhook may lead to.

    In a thread, for a resolver knows no deadline; it is left alone where it takes too long. Raises: AddressIsPrivate.
    """
    box: list[Any] = []

    def ask() -> None:
        try:
            box.append(resolve(destination.host, destination.port, type=socket.SOCK_STREAM))
        except Exception as problem:
            box.append(problem)

    thread = threading.Thread(target=ask, name="webhook-name", daemon=True)
    thread.start()
    thread.join(deadline.left())
    if not box:
        raise TimeoutError
    (answer,) = box
    if isinstance(answer, Exception):
        raise answer
    addresses = list(dict.fromkeys(str(row[4][0]) for row in answer))
    if not destination.may_be_private and not all(map(rules.is_public_address, addresses)):
        raise AddressIsPrivate
    if not addresses:
        raise socket.gaierror
    return addresses[:MAX_ADDRESSES]


def _connected(addresses: Sequence[str], port: int, deadline: Deadline) -> socket.socket:
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


def _secured(raw: socket.socket, destination: Destination, deadline: Deadline) -> socket.socket:
    if destination.scheme != "https":
        return raw
    try:
        raw.settimeout(deadline.left())  # for the whole handshake
        return ssl.create_default_context().wrap_socket(raw, server_hostname=destination.host)
    except BaseException:
        raw.close()
        raise


class _Wire:
    """A socket as `http.client` uses it, each of whose waits ends when the time of the whole call does."""

    def __init__(self, inner: socket.socket, deadline: Deadline) -> None:
        self._inner, self._deadline = inner, deadline

    def sendall(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            self._inner.settimeout(self._deadline.left())
            view = view[self._inner.send(view) :]

    def makefile(self, mode: str) -> Any:
        return _AnswerReader(self._inner, self._deadline)

    def close(self) -> None:
        """An answer may still be read; the connection is closed by whoever opened it."""


class _AnswerReader:
    """What `http.client` reads an answer from."""

    def __init__(self, inner: socket.socket, deadline: Deadline) -> None:
        self._inner, self._deadline = inner, deadline
        self._buffer = b""
        self._room = 2 * MAX_ANSWER

    def _more(self) -> bool:
        """Whether something has come. Raises: AnswerIsLong, where that was more than is read of any."""
        self._inner.settimeout(self._deadline.left())
        data = self._inner.recv(16_384)
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


def _read(answer: HTTPResponse) -> None:
    """All of an answer, or as much as is read of any. Raises: IncompleteRead."""
    left = MAX_ANSWER
    try:
        while left and (piece := answer.read(min(left, 8192))):
            left -= len(piece)
    except AnswerIsLong:
        return
    if left and answer.length:  # what was announced and has not come
        raise IncompleteRead(b"", answer.length)


def _sentence(problem: Exception) -> str:
    """What went wrong, for people: nothing of what the other side sent."""
    match problem:
        case AddressIsPrivate():
            return NOT_PUBLIC
        case TimeoutError():
            return TOO_SLOW
        case socket.gaierror() | UnicodeError():
            return NO_NAME
        case ssl.SSLCertVerificationError():
            return f"TLS: {problem.verify_message}"
        case ssl.SSLError():
            return f"TLS: {problem.reason or 'the handshake failed'}"
        case IncompleteRead():
            return NOT_WHOLE
        case ConnectionError() | OSError():
            return f"{NO_CONNECTION}: {problem.strerror or 'it was closed'}"
    return f"No answer that is HTTP ({type(problem).__name__})"

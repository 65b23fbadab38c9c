"""The load: connections that are kept, requests that were written before, answers that are hardly read.

One thread and one selector for all connections. What a request costs here is measured and printed with every run, so
that nobody takes the client's price for the server's.
"""

import selectors
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.client import HTTPResponse

TIMEOUT_SECONDS = 30
HEAD_ENDS, LAST_CHUNK = b"\r\n\r\n", b"0\r\n\r\n"


@dataclass
class Run:
    """What came of one run: seconds per request in the order in which they ended, and how often each status came."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    """Of the client."""
    latencies: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)

    def add(self, status: int, seconds: float) -> None:
        self.latencies.append(seconds)
        self.statuses[status] = self.statuses.get(status, 0) + 1

    @property
    def rate(self) -> float:
        """Requests per second."""
        return len(self.latencies) / self.seconds

    def percentile(self, percent: float) -> float:
        """Seconds; the nearest rank."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


@dataclass
class _Connection:
    channel: socket.socket
    sent_at: float = 0.0
    content: bytes = b""
    """The request."""
    received: bytes = b""


def request(
    method: str, path: str, *, token: str | None = None, body: bytes = b"", headers: Sequence[str] = ()
) -> bytes:
    """An HTTP/1.1 request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}", *headers]
    lines += ["Content-Type: application/json"] if body else []
    lines += [f"Authorization: Bearer {token}"] if token else []
    return "\r\n".join([*lines, "", ""]).encode() + body


def asking_whether_it_holds(content: bytes, tag: str) -> bytes:
    """The same request from somebody who has the answer with that `ETag`."""
    line, end, rest = content.partition(b"\r\n")
    return line + end + f"If-None-Match: {tag}\r\n".encode() + rest


@dataclass(frozen=True)
class Answer:
    """What came back: the status, headers by their names in small letters, the body, and the seconds it took."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float


def exchange(port: int, content: bytes, *, timeout: float = TIMEOUT_SECONDS) -> Answer:
    """Send one request over a connection of its own and read the whole answer."""
    with socket.create_connection(("127.0.0.1", port), timeout) as channel:
        began = time.perf_counter()
        channel.sendall(content)
        response = HTTPResponse(channel)
        response.begin()
        body = response.read()
        seconds = time.perf_counter() - began
        headers = {name.lower(): value for name, value in response.getheaders()}
        response.close()
    return Answer(response.status, headers, body, seconds)


def run(
    port: int,
    requests: Iterator[bytes],
    *,
    clients: int,
    seconds: float,
    most: int | None = None,
    heard: Callable[[bytes, int, bytes], object] | None = None,
) -> Run:
    """Send requests over so many connections, one at a time on each, until the time or `most` of them are over.

    `heard` is told of each answer: the request, the status, the body.

    Raises: TimeoutError: no answer came for `TIMEOUT_SECONDS`.
    """
    result, cpu = Run(), time.process_time()
    with selectors.DefaultSelector() as selector, ExitStack() as stack:
        for _ in range(clients):
            channel = stack.enter_context(_connected(port))
            selector.register(channel, selectors.EVENT_READ, _Connection(channel))
        began = time.perf_counter()
        waiting = sum(_send(key.data, requests) for key in list(selector.get_map().values()))
        while waiting:
            ready = selector.select(TIMEOUT_SECONDS)
            if not ready:
                raise TimeoutError(f"no answer in {TIMEOUT_SECONDS} s")
            for key, _ in ready:
                status = _receive(key.data)
                if status is None:
                    continue
                now = time.perf_counter()
                if heard is not None:
                    heard(key.data.content, status, _body(key.data.received))
                result.add(status, now - key.data.sent_at)
                is_over = now - began >= seconds or (most is not None and len(result.latencies) + waiting > most)
                waiting -= 1
                if not is_over:
                    waiting += _send(key.data, requests)
        result.seconds = time.perf_counter() - began
    result.cpu_seconds = time.process_time() - cpu
    return result


def _connected(port: int) -> socket.socket:
    channel = socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS)
    channel.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return channel


def _send(connection: _Connection, requests: Iterator[bytes]) -> int:
    """Send the next request; how many were sent."""
    content = next(requests, None)
    if content is None:
        return 0
    connection.received, connection.content, connection.sent_at = b"", content, time.perf_counter()
    connection.channel.sendall(content)
    return 1


def _receive(connection: _Connection) -> int | None:
    """The status, once the answer is there as a whole.

    Raises: ConnectionError: the server has closed the connection.
    """
    part = connection.channel.recv(262_144)
    if not part:
        raise ConnectionError("the server has closed a connection")
    connection.received += part
    head, end, content = connection.received.partition(HEAD_ENDS)
    if not end:
        return None
    status = int(head[9:12])
    return status if status in (204, 304) or _is_whole(head.lower(), content) else None


def _body(received: bytes) -> bytes:
    """The body of a whole answer, its chunks put together."""
    head, _, content = received.partition(HEAD_ENDS)
    if b"\r\ncontent-length:" in head.lower():
        return content
    parts = []
    while content:
        line, _, rest = content.partition(b"\r\n")
        size = int(line, 16)
        parts.append(rest[:size])
        content = rest[size + 2 :]
    return b"".join(parts)


def _is_whole(head: bytes, content: bytes) -> bool:
    """Whether the body is there: by its length, or by its last chunk."""
    place = head.find(b"\r\ncontent-length:")
    if place < 0:
        return content.endswith(LAST_CHUNK)
    return len(content) >= int(head[place + 17 :].split(b"\r\n", 1)[0])

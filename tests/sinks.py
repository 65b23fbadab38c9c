"""Servers elsewhere that do as they are told, connection by connection, and keep what they were sent."""

import json
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

OK = b"HTTP/1.1 204 No Content\r\n\r\n"
WAIT_SECONDS = 30
Behaviour = Callable[["Call", threading.Event], None]
"""What is done with a call whose request has been read, until it is to be closed or the sink ends (the event)."""


@dataclass
class Received:
    """One request."""

    line: str
    headers: dict[str, str]
    body: bytes


class Call:
    """One who has asked. It waits until its answer begins: from then on it may have asked the next thing already."""

    def __init__(self, connection: socket.socket, end_wait: Callable[[], None]) -> None:
        self._connection, self._end_wait, self._waits = connection, end_wait, True

    def sendall(self, data: bytes) -> None:
        self.end_wait()
        self._connection.sendall(data)

    def bid_farewell(self) -> None:
        """End TLS as it is to end; else the connection is just closed."""
        assert isinstance(self._connection, ssl.SSLSocket)
        self._connection.unwrap()

    def end_wait(self) -> None:
        if self._waits:
            self._waits = False
            self._end_wait()


@dataclass
class Sink:
    port: int
    received: list[Received] = field(default_factory=list)
    behaviours: list[Behaviour] = field(default_factory=list)
    """For the next connections; after them all get 204."""
    most_at_once: int = 0
    """The most calls that have waited for the begin of an answer at one moment."""
    _waiting: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?a=b"

    def bodies(self) -> list[bytes]:
        return [each.body for each in self.received]

    def serve(self, connection: socket.socket, end: threading.Event) -> None:
        try:
            request = read_request(connection)
            if request is None:
                return
            with self._lock:
                self.received.append(request)
                self._waiting += 1
                self.most_at_once = max(self.most_at_once, self._waiting)
                behaviour = self.behaviours.pop(0) if self.behaviours else answers(OK)
            call = Call(connection, self._end_wait)
            try:
                behaviour(call, end)
            finally:
                call.end_wait()
        except (OSError, ValueError, KeyError):  # the other side has gone, or speaks no HTTP
            pass
        finally:
            connection.close()

    def _end_wait(self) -> None:
        with self._lock:
            self._waiting -= 1


def read_request(connection: socket.socket) -> Received | None:
    with connection.makefile("rb") as file:
        line = file.readline().decode().strip()
        if not line:
            return None
        headers = {}
        while text := file.readline().decode().strip():
            name, _, value = text.partition(":")
            headers[name.lower()] = value.strip()
        return Received(line, headers, file.read(int(headers.get("content-length", 0))))


def answers(data: bytes) -> Behaviour:
    return lambda call, end: call.sendall(data)


def status(code: int, *headers: str) -> Behaviour:
    return answers("\r\n".join([f"HTTP/1.1 {code} X", "Content-Length: 0", *headers, "", ""]).encode())


def hangs(call: Call, end: threading.Event) -> None:
    end.wait(WAIT_SECONDS)


def drips(head: bytes) -> Behaviour:
    """One byte at a time, for ever."""

    def drip(call: Call, end: threading.Event) -> None:
        call.sendall(head)
        while not end.wait(0.05):
            call.sendall(b"x")

    return drip


def pours(head: bytes, piece: bytes, times: int, tail: bytes = b"") -> Behaviour:
    def pour(call: Call, end: threading.Event) -> None:
        call.sendall(head)
        for _ in range(times):
            call.sendall(piece)
        call.sendall(tail)

    return pour


def slowly(seconds: float) -> Behaviour:
    def answer(call: Call, end: threading.Event) -> None:
        end.wait(seconds)
        call.sendall(OK)

    return answer


@contextmanager
def sink(*behaviours: Behaviour, tls: ssl.SSLContext | None = None) -> Iterator[Sink]:
    end, threads = threading.Event(), []
    listener = socket.create_server(("127.0.0.1", 0))
    here = Sink(listener.getsockname()[1], behaviours=list(behaviours))

    def serve(connection: socket.socket) -> None:
        connection.settimeout(WAIT_SECONDS)
        try:
            if tls is not None:
                connection = tls.wrap_socket(connection, server_side=True)
        except OSError:
            connection.close()
            return
        here.serve(connection, end)

    def accept() -> None:
        while not end.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=serve, args=[connection], daemon=True))
            threads[-1].start()

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield here
    finally:
        end.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for thread in [acceptor, *threads]:
            thread.join(WAIT_SECONDS)


def leading_to(*addresses: str) -> Callable[..., list[tuple[Any, ...]]]:
    """As `socket.getaddrinfo` answers."""
    return lambda host, port, **_: [
        (socket.AF_INET6 if ":" in each else socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port))
        for each in addresses
    ]


def self_signed(folder: Path, name: str) -> tuple[ssl.SSLContext, Path]:
    """What serves TLS under a name, and the certificate, for whoever is to believe it."""
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
         "-addext", f"subjectAltName=DNS:{name}", "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )  # fmt: skip
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    return tls, certificate


def words(received: Sequence[Received]) -> list[str]:
    """The `type` of each."""
    return [json.loads(each.body)["type"] for each in received]

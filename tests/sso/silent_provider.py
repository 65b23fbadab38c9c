"""Something that listens where a provider should, and says nothing, or always the same."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Body = str | Callable[[str], str] | None


@contextmanager
def silent_provider(body: Body = None, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Its issuer. `body`: of each answer, or how it is made of the issuer; None is none at all."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connections: list[socket.socket] = []
        issuer = f"{'https' if tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}"
        text = body(issuer) if callable(body) else body
        thread = threading.Thread(target=_serve, args=(listener, connections, text, tls))
        thread.start()
        try:
            yield issuer
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            for connection in connections:
                connection.close()


def _serve(
    listener: socket.socket, connections: list[socket.socket], body: str | None, tls: ssl.SSLContext | None
) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:  # the listener has been shut down
            return
        if tls:
            connection = tls.wrap_socket(connection, server_side=True)
        connections.append(connection)
        if body is not None:
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            connection.recv(65_536)
            connection.sendall(f"{head}Connection: close\r\n\r\n{body}".encode())

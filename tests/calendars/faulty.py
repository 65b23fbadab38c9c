"""A server between us and a CalDAV server that spoils one exchange of many."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FAULTS = ("refused", "failed", "stale", "cut", "unanswered")
"""500, and not passed on; passed on, and 500 for an answer; 412, and not passed on; half of the answer; passed on, and
no answer."""
HOP = frozenset({"connection", "host", "content-length", "transfer-encoding", "keep-alive"})


@dataclass
class FaultyServer:
    """`fault`: what happens to the exchange with this number, counted from 0; to no other."""

    port: int = 0
    fault: str = ""
    number: int = -1
    methods: list[str] = field(default_factory=list)

    def spoil(self, fault: str, number: int) -> None:
        self.fault, self.number = fault, number
        self.methods.clear()

    def mend(self) -> int:
        """Nothing is spoilt from now on. How many exchanges there were."""
        self.number = -1
        return len(self.methods)


@contextmanager
def faulty_server(port: int) -> Iterator[FaultyServer]:
    """Before the one at a port of this machine."""
    state = FaultyServer()

    class Handler(BaseHTTPRequestHandler):
        def _exchange(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            state.methods.append(self.command)
            fault = state.fault if len(state.methods) - 1 == state.number else ""
            if fault in ("refused", "stale"):
                self._answer(500 if fault == "refused" else 412, [], b"")
                return
            connection = HTTPConnection("127.0.0.1", port, timeout=30)
            headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP}
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            if fault == "unanswered":
                self.close_connection = True
                return
            if fault == "failed":
                self._answer(500, [], b"")
                return
            self._answer(answer.status, answer.getheaders(), content, is_cut=fault == "cut")

        def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes, *, is_cut: bool = False) -> None:
            self.send_response(status)
            for name, value in headers:
                if name.lower() not in HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content) + is_cut))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if is_cut else content)

        def log_message(self, *_words: object) -> None: ...

    for method in ("GET", "PUT", "DELETE", "PROPFIND", "REPORT"):
        setattr(Handler, f"do_{method}", Handler._exchange)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    state.port = server.server_port
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)

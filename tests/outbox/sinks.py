"""Mail servers that are not ours: they take letters, refuse them, or hold their answers."""

import asyncio
import socket
import ssl
import subprocess
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from tests.races.server import free_port

USER, PASSWORD = "robot", "s3cret, of a mail server"
OK = "250 taken"
Answering = Callable[[str], str]
"""From an address to what the server says of it."""


@dataclass
class Sink:
    """What a mail server has been told, in order. `rcpt` and `data` say what it answers."""

    port: int
    letters: list[tuple[str, EmailMessage]] = field(default_factory=list)
    """(recipient, mail), of what was taken."""
    logins: list[tuple[str, str]] = field(default_factory=list)
    rcpt: Answering = lambda address: OK
    data: Answering = lambda address: OK
    asked: list[str] = field(default_factory=list)
    """The recipients that it was asked about."""
    sources: list[bytes] = field(default_factory=list)
    is_holding: bool = False
    """Whether it keeps a whole mail without an answer."""
    held: int = 0
    """How many it keeps."""

    @property
    def recipients(self) -> list[str]:
        return [recipient for recipient, _ in self.letters]

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        self.asked.append(address)
        answer = self.rcpt(address)
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.is_holding:
            self.held += 1
            await asyncio.Event().wait()  # until its client is gone
        (recipient,) = envelope.rcpt_tos
        answer = self.data(recipient)
        if answer.startswith("2"):
            mail = message_from_bytes(envelope.original_content, policy=policy.default)
            assert isinstance(mail, EmailMessage)
            self.letters.append((recipient, mail))
            self.sources.append(envelope.original_content)
        return answer

    def log_in(self, server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
        assert isinstance(given, LoginPassword)
        self.logins.append((given.login.decode(), given.password.decode()))
        return AuthResult(success=self.logins[-1] == (USER, PASSWORD), handled=False)


@contextmanager
def sink(certificate: Path, *, starttls: bool = False, wants_login: bool = False, port: int = 0) -> Iterator[Sink]:
    """A mail server on 127.0.0.1, over TLS or with STARTTLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    told = Sink(port or free_port())
    options: dict[str, Any] = {"tls_context": context, "require_starttls": True} if starttls else {}
    if wants_login:
        # Of TLS around everything the library knows nothing, and warns.
        options |= {"authenticator": told.log_in, "auth_required": True, "auth_require_tls": starttls}

    class Serving(Controller):
        def factory(self) -> SMTP:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                return SMTP(self.handler, **options)

    controller = Serving(told, hostname="127.0.0.1", port=told.port, ssl_context=None if starttls else context)
    controller.start()
    try:
        yield told
    finally:
        controller.stop()


def make_certificate(folder: Path) -> Path:
    """A throw-away certificate for 127.0.0.1 with its key, in one file: its own authority."""
    path = folder / "mail.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    files = ["-keyout", str(path), "-out", str(folder / "certificate.pem")]
    subprocess.run([*command.split(), *names, *files], check=True, capture_output=True, timeout=60)
    path.write_bytes(path.read_bytes() + (folder / "certificate.pem").read_bytes())
    return path


@contextmanager
def tarpit() -> Iterator[int]:
    """The port of one who takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])


@contextmanager
def babbler(certificate: Path) -> Iterator[int]:
    """The port of one who begins his greeting over TLS and never ends it, one line after the other."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    over = threading.Event()

    def babble(listener: socket.socket) -> None:
        try:
            with context.wrap_socket(listener.accept()[0], server_side=True) as connection:
                while not over.wait(0.05):
                    connection.sendall(b"220-patience\r\n")
        except OSError:
            pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=babble, args=(listener,), daemon=True)
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            over.set()
    thread.join(5)

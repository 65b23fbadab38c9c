"""One mail handed to a mail server, or written into a file. Everything is waited for with a bound."""

import os
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail.backends.smtp import EmailBackend
from django.utils.functional import cached_property

from kernel.letters import AS_FILES, BY_SMTP
from outbox.services.composing import one_line

ANSWER_SECONDS = 10
"""For the connection, for TLS and for each answer."""
TRY_SECONDS = 20
"""For all of it together: less than a worker that is told to end gives its jobs."""
MAX_WORDS = 500


class NotDelivered(Exception):
    """It was not taken. `reason` holds no address, and may be logged; `words` are the server's, too.

    `is_final`: this recipient, or this mail, will not be taken later either.
    """

    def __init__(self, reason: str, words: str = "", *, is_final: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.is_final = reason, is_final
        self.words = one_line(f"{reason} {words}")[:MAX_WORDS]


class Connections:
    """The connections of one try, so that they can be cut."""

    def __init__(self) -> None:
        self.clients: list[smtplib.SMTP] = []

    def cut(self) -> None:
        """Whoever reads from one of them reads its end."""
        for client in self.clients:
            connection = getattr(client, "sock", None)
            if connection is not None:
                with suppress(OSError):
                    # Not the method of a TLS connection: another thread is in the middle of using that.
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)


class Client(smtplib.SMTP):
    """Known before it connects."""

    def __init__(self, *args: Any, connections: Connections, **options: Any) -> None:
        connections.clients.append(self)
        super().__init__(*args, **options)


class TLSClient(smtplib.SMTP_SSL):
    """As above."""

    def __init__(self, *args: Any, connections: Connections, **options: Any) -> None:
        connections.clients.append(self)
        super().__init__(*args, **options)


class SmtpBackend(EmailBackend):
    """Django's, over TLS always, with certificates that are believed as the settings say."""

    def __init__(self, connections: Connections) -> None:
        super().__init__(
            host=settings.SMTP_SERVER,
            port=settings.SMTP_PORT,
            username=settings.SMTP_USER_NAME if settings.SMTP_PASSWORD else "",
            password=settings.SMTP_PASSWORD,
            use_tls=settings.SMTP_STARTTLS,
            use_ssl=not settings.SMTP_STARTTLS,
            timeout=ANSWER_SECONDS,
        )
        self._connections = connections

    @property
    def connection_class(self) -> Callable[..., smtplib.SMTP]:  # type: ignore[override]  # it is only called
        return partial(TLSClient if self.use_ssl else Client, connections=self._connections)

    @cached_property
    def ssl_context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=settings.SMTP_CA_FILE or None)


def deliver(source: bytes, *, recipient: str, name: str, now: datetime) -> None:
    """Hand a mail over. `name`: of its file, where mails become files. Raises: NotDelivered."""
    match settings.CSPACE_MAIL_LEAVES:
        case how if how == BY_SMTP:
            send_by_smtp(source, recipient=recipient)
        case how if how == AS_FILES:
            write_file(source, name=name, now=now)
        case _:
            raise NotDelivered("No mail server is named (SMTP_SERVER)", is_final=True)


def send_by_smtp(source: bytes, *, recipient: str) -> None:
    """Returns once the server has taken it. Raises: NotDelivered."""
    with _bounded() as connections:
        backend = SmtpBackend(connections)
        try:
            backend.open()
            if backend.connection is None:
                raise smtplib.SMTPServerDisconnected
            backend.connection.sendmail(settings.SMTP_EMAIL, [recipient], source)
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            raise _finding(error) from None
        finally:
            # It has been taken, or not: how the connection ends changes nothing.
            with suppress(OSError, smtplib.SMTPException):
                backend.close()


def write_file(source: bytes, *, name: str, now: datetime) -> Path:
    """`<time>-<name>.eml`, whole or not at all. Raises: NotDelivered."""
    folder = Path(settings.CSPACE_MAIL_DIR)
    path = folder / f"{now:%Y%m%dT%H%M%SZ}-{name}.eml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        unfinished.write_bytes(source)
        os.replace(unfinished, path)
    except OSError as error:
        raise NotDelivered(f"{folder} cannot be written to ({error.strerror})") from None
    return path


@contextmanager
def _bounded() -> Iterator[Connections]:
    """A server that says a little now and then keeps every answer's bound: all of them together have one too."""
    connections = Connections()
    end = threading.Timer(TRY_SECONDS, connections.cut)
    end.daemon = True
    end.start()
    try:
        yield connections
    finally:
        end.cancel()


def _finding(error: Exception) -> NotDelivered:
    """What the server has said, or why there was none. A refusal is final of a recipient and of a mail; a login or a
    sender is refused for what can be mended here."""
    code, words = 0, str(error)
    is_about_this_mail = isinstance(error, smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, answer = next(iter(error.recipients.values()))
        words = _text(answer)
    elif isinstance(error, smtplib.SMTPResponseException):
        code, words = error.smtp_code, _text(error.smtp_error)
    reason = f"{type(error).__name__} {code}" if code else type(error).__name__
    return NotDelivered(reason, words, is_final=is_about_this_mail and code >= 500)


def _text(answer: bytes | str) -> str:
    return answer.decode("utf-8", "replace") if isinstance(answer, bytes) else str(answer)

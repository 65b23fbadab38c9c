"""One request, and its answer: whole, in time, and no longer than it may be."""

import socket
import ssl
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse, IncompleteRead
from io import BytesIO

from kernel.calling.destinations import Destination, UrlFault, UrlRefused, judged_destination
from kernel.calling.wire import (
    AddressIsPrivate,
    AnswerIsCut,
    AnswerIsLong,
    Deadline,
    Resolve,
    Wire,
    connected,
    resolved,
    secured,
)

HEAD_ROOM = 262_144
"""Bytes of an answer that are no body: its head, at most 100 lines, and the sizes of chunks."""
PIECE = 8192
NO_NAME = "The name could not be resolved"
NOT_WHOLE = "The answer ended too early"
NO_CONNECTION = "No connection"
IS_CODED = "The answer is packed, which was not asked for"


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What calls of a kind may take. `private_hosts`: those that may be inside, lower case, `*` all."""

    seconds: float
    """For all of it: name, connection, TLS, and the whole answer."""
    max_answer: int
    """Bytes of an answer's body."""
    private_hosts: Collection[str] = ()
    is_all_needed: bool = True
    """Whether a longer answer, a packed one, and TLS that ends without a word are refusals; else the rest is left."""


@dataclass(frozen=True, kw_only=True)
class HttpAnswer:
    """What came back, whatever its status. `url`: whence; `headers`: by name in lower case, the first of equals."""

    url: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    has_end: bool
    """Whether it said where it ends; else it was over when the connection was."""


class CallFailed(Exception):
    """There is no whole answer. `sentence`: why, for people, nothing of what was sent; `status`: None without one."""

    def __init__(self, sentence: str, status: int | None = None) -> None:
        super().__init__(sentence)
        self.sentence, self.status = sentence, status


def ask(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes = b"",
    terms: Terms,
    deadline: Deadline | None = None,
    resolve: Resolve = socket.getaddrinfo,
) -> HttpAnswer:
    """The answer to a request; a redirect is one too. `deadline`: of something larger that this is a part of.

    Raises: CallFailed, and nothing else for what the other side does.
    """
    deadline = Deadline(terms.seconds) if deadline is None else deadline.within(terms.seconds)
    try:
        destination = judged_destination(url, private_hosts=terms.private_hosts)
        addresses = resolved(destination, private_hosts=terms.private_hosts, deadline=deadline, resolve=resolve)
        with secured(connected(addresses, destination.port, deadline), destination, deadline) as inner:
            room = 2 * terms.max_answer + HEAD_ROOM
            wire = Wire(inner, deadline, room=room, may_be_cut=not terms.is_all_needed)
            answer = _answer(wire, destination, method, headers, body)
            return _whole(answer, url, terms, deadline)
    except CallFailed:
        raise
    except Exception as problem:  # whatever a strange server makes of the library; it may quote what was sent: not kept
        sentence = _sentence(problem, terms, deadline)
    raise CallFailed(sentence)


def _answer(wire: Wire, destination: Destination, method: str, headers: Mapping[str, str], body: bytes) -> HTTPResponse:
    connection = HTTPConnection(destination.host, destination.port)
    connection.sock = wire  # all of a socket that it asks for
    connection.request(method, destination.path, body or None, {"Host": destination.authority, **headers})
    return connection.getresponse()


def _whole(answer: HTTPResponse, url: str, terms: Terms, deadline: Deadline) -> HttpAnswer:
    """Raises: CallFailed, with the status."""
    has_end = answer.chunked or answer.length is not None
    try:
        if terms.is_all_needed and _is_coded(answer):
            raise CallFailed(IS_CODED, answer.status)
        body = _body(answer, terms)
    except CallFailed:
        raise
    except Exception as problem:
        sentence = _sentence(problem, terms, deadline)
    else:
        headers: dict[str, str] = {}
        for name, value in answer.getheaders():
            headers.setdefault(name.lower(), value)
        return HttpAnswer(url=url, status=answer.status, headers=headers, body=body, has_end=has_end)
    raise CallFailed(sentence, answer.status)


def _is_coded(answer: HTTPResponse) -> bool:
    if not 200 <= answer.status < 300:  # its status says enough
        return False
    codings = answer.getheader("Content-Encoding", "").lower().strip()
    transfer = answer.getheader("Transfer-Encoding", "").lower().strip()
    return codings not in ("", "identity") or transfer not in ("", "identity", "chunked")


def _body(answer: HTTPResponse, terms: Terms) -> bytes:
    """All of a body; where that is not needed, as much as is kept of any. Raises: IncompleteRead, AnswerIsLong, …"""
    if terms.is_all_needed and (answer.length or 0) > terms.max_answer:
        raise AnswerIsLong
    pieces, left = BytesIO(), terms.max_answer
    try:
        while left and (piece := answer.read(min(left, PIECE))):
            left -= pieces.write(piece)
        if terms.is_all_needed and not left and answer.read(1):
            raise AnswerIsLong
    except AnswerIsLong:
        if terms.is_all_needed:
            raise
        return pieces.getvalue()
    if left and answer.length:  # what was announced and has not come
        raise IncompleteRead(b"", answer.length)
    return pieces.getvalue()


def _sentence(problem: Exception, terms: Terms, deadline: Deadline) -> str:
    """What went wrong, for people: nothing of what either side has sent."""
    match problem:
        case UrlRefused():
            return problem.fault.value
        case AddressIsPrivate():
            return UrlFault.IS_PRIVATE.value
        case AnswerIsLong():
            return f"The answer is larger than {terms.max_answer / 2**20:g} MiB"
        case TimeoutError():
            return f"There was no whole answer within {deadline.seconds:g} s"
        case socket.gaierror() | UnicodeError():
            return NO_NAME
        case ssl.SSLCertVerificationError():
            return f"TLS: {problem.verify_message}"
        case ssl.SSLError():
            return f"TLS: {problem.reason or 'the handshake failed'}"
        case IncompleteRead() | AnswerIsCut():
            return NOT_WHOLE
        case ConnectionError() | OSError():
            return f"{NO_CONNECTION}: {problem.strerror or 'it was closed'}"
    return f"No answer that is HTTP ({type(problem).__name__})"

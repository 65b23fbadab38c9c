"""The ASGI application: requests are answered by the WSGI one in a thread, streams by the event loop without any.

A view that opens a stream (`kernel.live.opening`) answers like any other; then its thread goes back, and what the hub
gives the stream is written until somebody ends it.
"""

import asyncio
import contextlib
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

from kernel import clock
from kernel.api.errors import envelope
from kernel.api.rendering import to_json
from kernel.errors import ErrorCode
from kernel.live.hub import Hub
from kernel.live.opening import OPENING, PLACES, PROMISE
from kernel.live.streams import Opening, Stream, StreamPlaces

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
WsgiApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
"""A WSGI application."""
Headers = list[tuple[bytes, bytes]]

IN_MEMORY = 1_048_576
"""Bytes of a body that are kept in memory; what is more goes into a file."""
BODY_SECONDS = 20.0
"""A body of which nothing comes for so long is not waited for."""
DRAIN_POLL_SECONDS = 0.2
TAKING_SECONDS = 10.0
"""A reader who takes nothing for so long is left: the system keeps megabytes for him, then granian's `send` waits."""


class Application:
    """Over a WSGI application, the feeds of a hub, and so many threads and streams at most; of some feeds fewer."""

    def __init__(
        self,
        handler: WsgiApplication,
        hub: Hub,
        *,
        threads: int,
        most_streams: int,
        largest_body: int,
        most_of: Mapping[str, int] | None = None,
        is_ending: Callable[[], bool] = lambda: False,
    ) -> None:
        self._handler, self._hub, self._is_ending = handler, hub, is_ending
        self._largest_body = largest_body
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="request")
        self._places = StreamPlaces(most_streams, most_of)
        self._watching: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while (message := await receive())["type"] != "lifespan.shutdown":
            await send({"type": message["type"] + ".complete"})
        self._say_that_it_ends()
        await asyncio.to_thread(self._hub.end)
        await send({"type": "lifespan.shutdown.complete"})

    def _say_that_it_ends(self) -> None:
        for stream in self._places:
            stream.close("restart")

    async def _watch_for_the_end(self) -> None:
        """Streams would be open for ever while everything else is drained."""
        while self._places and not self._is_ending():
            await asyncio.sleep(DRAIN_POLL_SECONDS)
        if self._is_ending():
            self._say_that_it_ends()
        self._watching = None

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        with tempfile.SpooledTemporaryFile(IN_MEMORY) as body:
            if not await _take_in(body, receive, self._largest_body):
                await _refuse(send)
                return
            environ = environ_of(scope, body) | {PLACES: self._places}
            loop = asyncio.get_running_loop()
            status = 0
            try:
                status, headers, content = await loop.run_in_executor(self._threads, self._handle, environ)
            finally:
                opening: Opening | None = environ.get(OPENING)
                if PROMISE in environ and (opening is None or status != opening.form.status):
                    self._places.give_back(environ[PROMISE])
        if opening is None or status != opening.form.status:
            await _send_whole(status, headers, content, send)
            return
        await self._stream(opening, headers, receive, send)

    def _handle(self, environ: dict[str, Any]) -> tuple[int, Headers, bytes]:
        """In a thread, from its beginning to its end: what a request leaves behind is put in order there."""
        begun: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            begun[:] = [int(status[:3]), [(_encoded(name.lower()), _encoded(value)) for name, value in headers]]

        answer = self._handler(environ, start_response)
        try:
            content = b"".join(answer)
        finally:
            if hasattr(answer, "close"):
                answer.close()
        return begun[0], begun[1], content

    async def _stream(self, opening: Opening, headers: Headers, receive: Receive, send: Send) -> None:
        stream = Stream(opening, asyncio.get_running_loop())
        self._places.take(stream)
        self._hub.join(stream)
        if self._watching is None:
            self._watching = asyncio.get_running_loop().create_task(self._watch_for_the_end())
        ending = stream.loop.call_later(opening.seconds_left(clock.now()), stream.close, "expired")
        leaving = asyncio.ensure_future(_gone(receive))
        write = _write_one_answer if opening.form.is_one_answer else _write
        writing = asyncio.ensure_future(write(stream, headers, send))
        try:
            await asyncio.wait({leaving, writing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ending.cancel()
            leaving.cancel()
            writing.cancel()
            self._places.leave(stream)
            self._hub.leave(stream)


async def _write(stream: Stream, headers: Headers, send: Send) -> None:
    """Until the stream is over or its reader takes nothing any more."""
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    is_last = False
    with contextlib.suppress(TimeoutError):
        await _hand_over(stream.opening.form.beginning, send)
        while not is_last:
            chunk = await stream.next_chunk()
            is_last = stream.is_over  # of this chunk: what ends the stream while it is sent has the next one
            await _hand_over(chunk, send)
        await _hand_over(b"", send, is_end=True)


async def _write_one_answer(stream: Stream, headers: Headers, send: Send) -> None:
    """What the stream is given, or else what the view has answered."""
    answer = await stream.one_answer()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(TAKING_SECONDS):
            if answer is None:
                await _send_whole(stream.opening.form.status, headers, b"", send)
                return
            own = [(_encoded(name.lower()), _encoded(value)) for name, value in answer.headers.items()]
            names = {name for name, _ in own}
            rest = [(name, value) for name, value in headers if name not in names]
            await _send_whole(200, [*rest, *own], answer.body, send)


async def _send_whole(status: int, headers: Headers, content: bytes, send: Send) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


async def _hand_over(chunk: bytes, send: Send, *, is_end: bool = False) -> None:
    """Raises: TimeoutError: the reader takes nothing."""
    if not (chunk or is_end):
        return
    async with asyncio.timeout(TAKING_SECONDS):
        await send({"type": "http.response.body", "body": chunk, "more_body": not is_end})


async def _gone(receive: Receive) -> None:
    """Until the reader has gone away."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _refuse(send: Send) -> None:
    """Say that a body cannot be read, to whoever is still there."""
    refusal = envelope("The request is malformed, or its body did not come in time", ErrorCode.VALIDATION_ERROR)
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await _send_whole(400, headers, to_json(refusal), send)


async def _take_in(body: IO[bytes], receive: Receive, largest: int) -> bool:
    """Read a body, of one that is too large a byte more than is allowed.

    False: it is malformed, its sender has gone away, or nothing of it has come for `BODY_SECONDS`.
    """
    size = 0
    while True:
        try:
            async with asyncio.timeout(BODY_SECONDS):
                message = await receive()
        except TimeoutError:
            return False
        if message["type"] == "http.disconnect":
            return False
        piece = message.get("body", b"")[: largest + 1 - size]
        size += len(piece)
        body.write(piece)
        if not message.get("more_body") or size > largest:
            body.seek(0)
            return True


def environ_of(scope: Scope, body: IO[bytes]) -> dict[str, Any]:
    """What a WSGI application is told of a request (PEP 3333)."""
    host, port = scope.get("server") or ("localhost", 80)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode("utf-8", "surrogateescape").decode("latin-1"),
        "RAW_URI": scope.get("raw_path", b"").decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": (scope.get("client") or ("",))[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.errors": sys.stderr,
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        key = name.decode("latin-1").upper().replace("-", "_")
        key = key if key in ("CONTENT_LENGTH", "CONTENT_TYPE") else f"HTTP_{key}"
        text = value.decode("latin-1")
        environ[key] = f"{environ[key]},{text}" if key in environ else text
    return environ


def _encoded(text: str) -> bytes:
    return text.encode("latin-1")

"""A web server that has one calendar file, and answers as it is told to."""

import atexit
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class CalendarFile:
    """`status`: what it answers instead of the file; `cut`: so many bytes of it come; `encoding`: in which it is."""

    text: str = ""
    encoding: str = "utf-8"
    content_type: str = ""
    etag: str = '"1"'
    status: int | None = None
    cut: int | None = None
    url: str = ""
    conditions: list[str | None] = field(default_factory=list)

    def write(self, *events: str) -> None:
        """Another file: the texts of its events."""
        self.text = calendar_text(*events)
        self.etag = f'"{int(self.etag[1:-1]) + 1}"'


def calendar_text(*events: str) -> str:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//tests//EN", *events, "END:VCALENDAR", ""])


def event_text(uid: str, start: str, end: str, *more: str, name: str = "Meeting", zone: str = "Europe/Berlin") -> str:
    """`start`, `end`: `20270105T100000` on the wall of the zone."""
    lines = [f"UID:{uid}", f"SUMMARY:{name}", f"DTSTART;TZID={zone}:{start}", f"DTEND;TZID={zone}:{end}", *more]
    return "\r\n".join(["BEGIN:VEVENT", "DTSTAMP:20260101T000000Z", *lines, "END:VEVENT"])


BOUNDARY = "boundary"
IMPORTED = {"file": calendar_text(event_text("one", "20260301T100000", "20260301T120000"))}
"""A form for a calendar: {field: text}, of which `file` is one."""


def as_form(fields: Mapping[str, object] | None) -> tuple[bytes, dict[str, str]]:
    """A form as it is sent, and its headers."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"'
        + ('; filename="calendar.ics"\r\nContent-Type: text/calendar' if name == "file" else "")
        + f"\r\n\r\n{value}\r\n"
        for name, value in (fields or {}).items()
    ]
    content = "".join([*parts, f"--{BOUNDARY}--\r\n"]).encode()
    return content, {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


@cache
def standing_file(text: str = calendar_text()) -> CalendarFile:
    """A calendar that is served as long as this process lasts; empty, unless something else is said."""
    standing = ExitStack()
    file = standing.enter_context(serving_file())
    atexit.register(standing.close)
    file.text = text
    return file


@contextmanager
def serving_file() -> Iterator[CalendarFile]:
    file = CalendarFile()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            condition = self.headers.get("If-None-Match")
            file.conditions.append(condition)
            if file.status is None and condition == file.etag:
                self.send_response(304)
                self.end_headers()
                return
            body = file.text.encode(file.encoding)
            self.send_response(file.status or 200)
            if file.content_type:
                self.send_header("Content-Type", file.content_type)
            self.send_header("ETag", file.etag)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: file.cut])

        def log_message(self, *_words: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    file.url = f"http://127.0.0.1:{server.server_port}/room.ics"
    try:
        yield file
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)

"""A calendar that is published as one file, `.ics`: read where it has changed."""

import socket
from dataclasses import dataclass, field

from calendars.services.remote import RemoteFailed, authorization, exchange, refusal_of, validator
from kernel.calling.exchange import NOT_WHOLE
from kernel.calling.redirects import follow
from kernel.calling.wire import Deadline, Resolve
from kernel.ical.charsets import charset_said

ACCEPT = "text/calendar, */*;q=0.1"
BEGIN, END = b"BEGIN:VCALENDAR", b"END:VCALENDAR"


@dataclass(frozen=True)
class Unchanged:
    """It is as it was."""


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """All of it. `etag`, `last_modified`: to ask with the next time; `charset`: what it is said to be written in. Each
    is empty where the server says none."""

    body: bytes = field(repr=False)
    etag: str
    last_modified: str
    charset: str = ""


def fetch(
    url: str,
    *,
    etag: str = "",
    last_modified: str = "",
    username: str = "",
    secret: str = "",
    deadline: Deadline | None = None,
    resolve: Resolve = socket.getaddrinfo,
) -> Unchanged | Fetched:
    """The file, if it is another than what came with these. Whether it is a calendar is not judged.

    `deadline`: of something larger that this is a part of. Raises: RemoteFailed.
    """
    conditions = {"If-None-Match": validator(etag), "If-Modified-Since": validator(last_modified)}
    asked_with = {name: value for name, value in conditions.items() if value}
    headers = {"Accept": ACCEPT, **asked_with, **authorization(username, secret)}
    answer = exchange(follow, "GET", url, headers=headers, deadline=deadline, resolve=resolve)
    if answer.status == 304 and asked_with:
        return Unchanged()
    if answer.status != 200:
        raise refusal_of(answer.status)
    if not answer.has_end and is_cut(answer.body):
        raise RemoteFailed(NOT_WHOLE, answer.status)
    validators = (validator(answer.headers.get(name)) for name in ("etag", "last-modified"))
    charset = charset_said(answer.headers.get("content-type", ""))
    return Fetched(body=answer.body, charset=charset, **dict(zip(("etag", "last_modified"), validators, strict=True)))


def is_cut(body: bytes) -> bool:
    """Whether a calendar has begun and not ended: nothing else says so, where an answer ends with its connection."""
    return BEGIN in body[:4096].upper() and not body[-4096:].rstrip().upper().endswith(END)

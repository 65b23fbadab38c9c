"""A calendar of another server is asked here: what that may take at most, and what went wrong, in a sentence.

By `kernel.calling`, as webhooks are, and not by httpx or the package `caldav`: one mechanism judges addresses and keeps
time, and that package replaces `urllib3` for everybody in its environment.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings

from kernel.calling.exchange import CallFailed, HttpAnswer, Terms

CALL_SECONDS = 20.0
MAX_ANSWER = 10 * 2**20
"""Bytes of an answer (contract room-booking §8)."""
USER_AGENT = "CSpace-Calendars/1.0"
HEADERS = {"User-Agent": USER_AGENT, "Connection": "close"}
VALIDATOR = re.compile(r"[ -~]{1,255}")
"""ETags and dates that may be sent back: of what is in an answer, it could else become two lines of a head."""
SENTENCES = {
    401: "The server does not accept the username and the password",
    403: "The server does not allow it",
    404: "The server has no such calendar",
    410: "The server has no such calendar any more",
    429: "The server asks to come back later",
}
HAS_FAILED = "The server has failed"
UNEXPECTED = "The server answers otherwise than expected"


class RemoteFailed(Exception):
    """Another server did not do what it was asked. `sentence`: a line for people, without secrets; `status`: HTTP's."""

    def __init__(self, sentence: str, status: int | None = None) -> None:
        super().__init__(sentence)
        self.sentence, self.status = sentence, status


class PreconditionFailed(RemoteFailed):
    """What was to be written is another by now, or is there already (412)."""

    def __init__(self) -> None:
        super().__init__("It has been changed on the server meanwhile", 412)


def refusal_of(status: int) -> RemoteFailed:
    """What is raised for an answer of a status that is no success."""
    sentence = SENTENCES.get(status, HAS_FAILED if status >= 500 else UNEXPECTED)
    return RemoteFailed(f"{sentence} (HTTP {status})", status)


def authorization(username: str, secret: str) -> dict[str, str]:
    """The header of Basic authentication (RFC 7617); none without a name. Raises: RemoteFailed."""
    if not username:
        return {}
    if ":" in username:
        raise RemoteFailed("A username must not hold a colon")
    try:
        credentials = f"{username}:{secret}".encode()
    except UnicodeError:
        credentials = b""
    if not credentials:  # outside of the handler: the error would hold them
        raise RemoteFailed("The username or the password holds what is no character")
    return {"Authorization": f"Basic {b64encode(credentials).decode()}"}


def exchange(
    call: Callable[..., HttpAnswer], method: str, url: str, *, headers: Mapping[str, str], **options: Any
) -> HttpAnswer:
    """`kernel.calling`'s `ask` or `follow`, on the terms for calendars. Raises: RemoteFailed, never for a status."""
    hosts = settings.CALENDAR_ALLOW_PRIVATE_HOSTS
    terms = Terms(seconds=CALL_SECONDS, max_answer=MAX_ANSWER, private_hosts=hosts)
    try:
        return call(method, url, headers=HEADERS | dict(headers), terms=terms, **options)
    except CallFailed as failure:
        sentence, status = failure.sentence, failure.status
    raise RemoteFailed(sentence, status)


def validator(text: str | None) -> str:
    """An ETag or a date as it may be sent back; empty where there is none that may."""
    text = (text or "").strip()
    return text if VALIDATOR.fullmatch(text) else ""

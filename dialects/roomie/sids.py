"""A sid, which a program and a browser share while somebody logs in, and the addresses that are made of it."""

import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from django.http import HttpRequest, QueryDict

from accounts.services.sid_logins import SID_LETTERS
from kernel.requests import origin_of

PREFIX = "shib"
"""Before the letters wherever a sid is said, but in the address of the callback: both are read everywhere."""
LETTERS = re.compile(rf"(?:{PREFIX})?([a-z]{{{SID_LETTERS}}})", re.ASCII)
MOUNT = "/api/v1/"
LOGIN_PATH, CALLBACK = "/Shibboleth.sso/Login", "user.login.callback"
STREAM, LONG_POLL = "push.subscribe", "push.subscribe_longpoll"


def letters_of(sid: str) -> str | None:
    """The letters of a sid in either form; None of what cannot be one."""
    match = LETTERS.fullmatch(sid)
    return match[1] if match else None


@dataclass(frozen=True)
class LoginAddresses:
    """Where a login by sid goes on. `origin`: of this server, as clients reach it; `letters`: of the sid."""

    origin: str
    letters: str

    @property
    def sid(self) -> str:
        return PREFIX + self.letters

    @property
    def callback(self) -> str:
        return f"{self.origin}{MOUNT}{CALLBACK}?sid={self.letters}"

    @property
    def login(self) -> str:
        return f"{self.origin}{LOGIN_PATH}?target={quote(self.callback, safe='')}"

    @property
    def stream(self) -> str:
        return f"{self.origin}{MOUNT}{STREAM}/{self.sid}"

    @property
    def long_poll(self) -> str:
        return f"{self.origin}{MOUNT}{LONG_POLL}/{self.sid}"


def letters_in_target(target: str, request: HttpRequest) -> str | None:
    """The letters of the sid whose callback an address is; None where it is no callback of ours."""
    try:
        parts = urlsplit(target)
    except ValueError:
        return None
    origins = {origin_of(request), f"{request.scheme}://{request.get_host()}"}
    path = parts.path.removesuffix("/")
    if f"{parts.scheme}://{parts.netloc}" not in origins or path not in (f"{MOUNT}{CALLBACK}", f"/{CALLBACK}"):
        return None
    return letters_of(QueryDict(parts.query).get("sid", ""))

"""What is inside of a collection of a server, and what only says so. Pure.

An href is kept in one form: an absolute path, percent-encoded but for letters, digits and `_.-~`.
"""

import re
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import quote, unquote_to_bytes

from kernel.calling.destinations import UrlRefused, destination_of

MAX_HREF = 1000
FILE_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.@-]{0,99}")
"""A UID that is taken for a name as it is."""
CONTROL = re.compile(rb"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Collection:
    """A folder of a server. `origin`: `https://host:port`; `path`: an href that ends in a slash."""

    origin: str
    path: str
    host: str

    @classmethod
    def at(cls, url: str) -> "Collection":
        """Raises: UrlRefused; ValueError where the URL has a query."""
        destination = destination_of(url)
        if "?" in destination.path:
            raise ValueError("Must not hold a question mark")
        return cls(destination.origin, _href(_segments(destination.path.rstrip("/"))) + "/", destination.host)

    @property
    def url(self) -> str:
        return self.origin + self.path

    def is_at(self, href: str) -> bool:
        """Whether the collection itself is meant."""
        path = self._path_of(href)
        return path is not None and _segments(path.rstrip("/")) == _segments(self.path.rstrip("/"))

    def inside(self, href: str) -> str | None:
        """The one form of what lies right in the collection; None for whatever lies elsewhere."""
        path = self._path_of(href)
        if path is None or len(path) > MAX_HREF:
            return None
        *folder, name = _segments(path)
        is_name = name not in (b"", b".", b"..") and b"/" not in name and not CONTROL.search(name)
        if not is_name or folder != _segments(self.path.rstrip("/")):
            return None
        href = self.path + quote(name, safe="")
        return href if len(href) <= MAX_HREF else None

    def href_of(self, uid: str) -> str:
        """Where a new object belongs: the same for the same UID, so that a second try meets the first."""
        name = uid if FILE_NAME.fullmatch(uid) else sha256(uid.encode("utf-8", "surrogatepass")).hexdigest()
        return f"{self.path}{quote(name, safe='')}.ics"

    def _path_of(self, href: str) -> str | None:
        """A server behind a proxy may think that it has another scheme or port: only our own are ever called."""
        href = href.strip()
        try:
            if not href.startswith("/") or href.startswith("//"):
                destination = destination_of(href)
                href = destination.path if destination.host == self.host else "?"
            href.encode()
        except (UrlRefused, UnicodeError):
            return None
        return None if {"?", "#"} & set(href) else href


def _segments(path: str) -> list[bytes]:
    """Decoded, after the slashes have been found: `%2F` is none of them."""
    return [unquote_to_bytes(segment) for segment in path.split("/")]


def _href(segments: list[bytes]) -> str:
    return "/".join(quote(segment, safe="") for segment in segments)

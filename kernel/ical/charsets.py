"""In which encoding a calendar is whose sender says so."""

import codecs
import re

from kernel.ical.lines import MARKS

CHARSET = re.compile(r""";\s*charset\s*=\s*["']?([^"';\s]+)""", re.IGNORECASE)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,39}")
NO_CHARSETS = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "utf-7"})
"""Codecs of Python in which nobody writes files."""
SAID_OF_ALL = frozenset({"ascii", "iso8859-1", "cp1252"})
"""Some servers say these of whatever they have: what can be read as UTF-8 is that."""


def charset_said(content_type: str) -> str:
    """What a header Content-Type says, empty where it says nothing."""
    match = CHARSET.search(content_type)
    return match[1] if match else ""


def encoding_of(data: bytes, charset: str) -> str | None:
    """The codec for a file whose sender says this of it; None where UTF-8 or the mark at its beginning counts, as of
    what is no charset, or is unknown."""
    name = _codec(charset)
    if name is None or data.startswith(tuple(MARKS)):
        return None
    return None if name in SAID_OF_ALL and _is_utf_8(data) else name


def _codec(charset: str) -> str | None:
    if not NAME.fullmatch(charset):
        return None
    try:
        name = codecs.lookup(charset).name
        if name in NO_CHARSETS:
            return None
        b"A".decode(name, "replace")
    except LookupError:  # unknown, or what makes no text: base64, zlib, …
        return None
    return name


def _is_utf_8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True

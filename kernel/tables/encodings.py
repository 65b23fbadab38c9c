"""Which characters the bytes of a text stand for. Nothing is guessed that the bytes do not show.

Marked texts are what their mark says; UTF-16 without a mark shows by its NUL bytes; UTF-8 by its own grammar. What is
left is an 8-bit code. It is taken for Windows-1252, which Excel writes in Western Europe, only where the text then
reads like a Western language; who shows it to somebody should say so (`is_guess`). What reads otherwise (Big5,
Shift-JIS, Cyrillic and Greek codes, those of DOS and of old Macs) is refused.
"""

import codecs
import re
from dataclasses import dataclass
from typing import IO

from kernel.tables.refusals import UnreadableTable

CHUNK_BYTES = 1 << 16
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is the first half of it
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
WESTERN = "cp1252"
NUL_SHARE = 0.3
"""Of every other byte of a UTF-16 text whose separators and digits are ASCII, at least."""
NOT_UTF_8 = "The file is not UTF-8, and what else it is cannot be told: save it as CSV UTF-8"
BINARY = "The file holds NUL bytes, so it is no text: save the list as CSV UTF-8"

LETTERS = "À-ÏÑ-ÖØ-Üßà-ïñ-öø-üŒœŸÿ"
"""Of Western languages beyond ASCII; not those of Icelandic, whose places Turkish uses in its own code."""
SIGNS = "–—‘’“”‚„…«»°·•€§\u00a0"
NOT_WESTERN = re.compile(
    f"[^\\x00-\\x7f{LETTERS}{SIGNS}]"  # a sign that hardly stands in a list
    f"|[{LETTERS}]{{3}}"  # a word of an alphabet that has no ASCII in it
    f"|[a-z][À-ÖØ-ÜŒŸ]"  # a capital inside a word
    "|[A-Za-z][‚„]|[A-Za-z][“”‘][A-Za-z]"  # a quotation mark inside a word
    f"|(?<![A-Za-z{LETTERS}])(?![àéóÀÉÓ][^A-Za-z])[{LETTERS}]{{1,2}}(?![A-Za-z{LETTERS}])"  # a word without ASCII
)


@dataclass(frozen=True)
class Encoding:
    """What Python calls it."""

    name: str
    is_guess: bool = False

    @property
    def title(self) -> str:
        return "Windows-1252" if self.name == WESTERN else self.name.removesuffix("-sig").upper()


def encoding_of(file: IO[bytes]) -> Encoding:
    """The encoding of a text, read from its beginning; the file is rewound.

    Raises: UnreadableTable.
    """
    try:
        return _encoding_of(file)
    finally:
        file.seek(0)


def _encoding_of(file: IO[bytes]) -> Encoding:
    head = file.read(CHUNK_BYTES)
    for mark, name in MARKS:
        if head.startswith(mark):
            return Encoding(name)
    if b"\x00" in head:
        return Encoding(_utf_16_without_mark(head))
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := file.read(CHUNK_BYTES):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        file.seek(0)
        return _western(file)
    return Encoding("utf-8")


def _utf_16_without_mark(head: bytes) -> str:
    """An ASCII character has its NUL second in the little-endian form, first in the other."""
    first, second = head[0::2].count(0), head[1::2].count(0)
    if max(first, second) < NUL_SHARE * len(head) / 2 or min(first, second) * 4 > max(first, second):
        raise UnreadableTable(BINARY)
    return "utf-16-le" if second > first else "utf-16-be"


def _western(file: IO[bytes]) -> Encoding:
    while line := file.readline(CHUNK_BYTES):
        try:
            text = line.decode(WESTERN)
        except UnicodeDecodeError as error:
            raise UnreadableTable(NOT_UTF_8) from error
        if NOT_WESTERN.search(text):
            raise UnreadableTable(NOT_UTF_8)
    return Encoding(WESTERN, is_guess=True)

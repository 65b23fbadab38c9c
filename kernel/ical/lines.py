"""Bytes become property lines, each with the number of the line in which it begins; and how one is written."""

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kernel.ical.errors import UnreadableCalendar

MAX_LINES = 1_000_000
DEFAULT_ENCODING = "utf-8"
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
AFTER_THE_END = b"\x00\x1a \t\r\n"
"""What editors and old systems leave behind a text."""
LINE_END = re.compile(rb"\r\n|\n|\r")
CRLF = "\r\n"
ASCII = bytes(range(128))
MAX_OCTETS = 75
"""Of a line that is written, without its end (RFC 5545, 3.1)."""
BLANKS = (b" ", b"\t")
"""With one of them begins what continues the line before."""
PARAMETER_VALUE = r'(?:"[^"]*"|[^":;,]*)'
PROPERTY = re.compile(rf"([A-Za-z0-9-]+)((?:;[A-Za-z0-9-]+(?:={PARAMETER_VALUE}(?:,{PARAMETER_VALUE})*)?)*):")
PARAMETER = re.compile(rf";([A-Za-z0-9-]+)(?:=({PARAMETER_VALUE}(?:,{PARAMETER_VALUE})*))?")


@dataclass(frozen=True, slots=True)
class Line:
    """A property, or a text that is none: then `name` is empty and `value` has all of it."""

    number: int
    name: str
    """In upper case."""
    parameters: Mapping[str, str]
    """Names in upper case, values without quotes."""
    value: str


def read_lines(data: bytes, encoding: str | None) -> Iterator[Line]:
    """The property lines of a file. `encoding` None: UTF-8, or what the mark at its beginning says.

    Raises: UnreadableCalendar, midway.
    """
    data, encoding = source_of(data, encoding)
    for number, raw in unfold(data.rstrip(AFTER_THE_END)):
        yield line_of(number, _decode(raw, encoding, line=number))


def source_of(data: bytes, encoding: str | None) -> tuple[bytes, str]:
    """What lines are cut out of, and how each is written: line ends are bytes in it. Raises: UnreadableCalendar."""
    mark = next((mark for mark in MARKS if data.startswith(mark)), None)
    encoding = encoding or (MARKS[mark] if mark else DEFAULT_ENCODING)
    if not _keeps_ascii(encoding):
        return _decode(data, encoding, line=1).encode("utf-8", "replace"), DEFAULT_ENCODING
    return (data[len(mark) :] if mark == codecs.BOM_UTF8 else data), encoding


def line_count(data: bytes) -> int:
    """How many lines a file has, as `Line.number` counts them."""
    return 1 + sum(1 for _ in LINE_END.finditer(data))


def folded(text: str) -> str:
    """A property as it is written: in lines of at most 75 octets, none of which ends inside a character."""
    if len(text) <= MAX_OCTETS and text.isascii():
        return text
    data, parts, begin, most = text.encode(), list[bytes](), 0, MAX_OCTETS
    while len(data) - begin > most:
        end = begin + most
        while data[end] & 0xC0 == 0x80:
            end -= 1
        parts.append(data[begin:end])
        begin, most = end, MAX_OCTETS - 1
    return f"{CRLF} ".join(part.decode() for part in (*parts, data[begin:]))


def unfold(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Lines with what continues them: as bytes, for a fold may stand inside a character (RFC 5545, 3.1).

    Raises: UnreadableCalendar, midway.
    """
    first, parts = 0, list[bytes]()
    for number, line in enumerate(split(data), start=1):
        if number > MAX_LINES:
            raise UnreadableCalendar(f"has more than {MAX_LINES} lines")
        if parts and line[:1] in BLANKS:
            parts.append(line[1:])
        elif line.strip():
            if parts:
                yield first, b"".join(parts)
            first, parts = number, [line.strip() if not first else line]
    if parts:
        yield first, b"".join(parts)


def split(data: bytes) -> Iterator[bytes]:
    """The lines as they stand, without their ends."""
    at = 0
    for end in LINE_END.finditer(data):
        yield data[at : end.start()]
        at = end.end()
    yield data[at:]


def _keeps_ascii(encoding: str) -> bool:
    """Whether line ends are the bytes of ASCII in it: not in UTF-16, nor in EBCDIC."""
    try:
        return ASCII.decode(encoding) == ASCII.decode()
    except UnicodeError:
        return False


def _decode(raw: bytes, encoding: str, *, line: int) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeError as error:
        name = "UTF-8" if encoding.startswith("utf-8") else encoding
        raise UnreadableCalendar(f"is not {name} in line {line}: say in which encoding it is written") from error


def line_of(number: int, text: str) -> Line:
    head = PROPERTY.match(text)
    if head is None:
        return Line(number, "", {}, text.strip())
    parameters = {name.upper(): value.replace('"', "") for name, value in PARAMETER.findall(head[2])}
    return Line(number, head[1].upper(), parameters, text[head.end() :])

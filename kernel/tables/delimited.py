"""Reads CSV piece by piece: however long the file is, only a row of it is in memory.

Cells are separated by comma, semicolon, tab or bar: by the one with which the header names most columns. A line
`sep=;` before it is understood, and lines that begin with #. Each row knows the line on which it begins, as an editor
counts them.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import IO, Any

from kernel.tables.encodings import Encoding, encoding_of
from kernel.tables.headers import MARK, Columns, Header, Row, header_of
from kernel.tables.refusals import UnreadableTable

DELIMITERS = (",", ";", "\t", "|")
SEPARATOR_LINE = re.compile(r"\"?sep=(.)\"?[,;\t|\s]*", re.IGNORECASE)
COMMENT = "#"
NO_CHARACTER = "\ufffd"
"""What Python puts for bytes that are none."""
HEADER_LINES = 20
"""Over which a header's quoted cells may go."""
MAX_CHARACTERS = 1 << 20
"""Of a row."""
EMPTY = "The file is empty: its first row has to name the columns"


@dataclass(frozen=True)
class DelimitedTable:
    """A CSV whose header is read. `rows` raises UnreadableTable, also midway."""

    header: Header
    rows: Iterator[Row]
    encoding: Encoding


def read_delimited(
    file: IO[bytes], columns: Columns, progress: Callable[[int], object] = lambda count: None
) -> DelimitedTable:
    """A table of text; `file` stands at its beginning and can be rewound; `progress` is called with the bytes read.

    Raises: UnreadableTable.
    """
    encoding = encoding_of(file)
    lines = _Lines(file, encoding, progress)
    separator, first = _beginning(lines)
    head = [first, *islice(lines, HEADER_LINES - 1)]
    delimiter = _delimiter(head, separator, columns)
    rows = _rows(chain(head, lines), lines, delimiter, before=lines.number - len(head))
    line, titles = next(rows)
    header = header_of(titles, columns, place=f"line {line}", line=line)
    below = (header.row(line, cells) for line, cells in rows)
    return DelimitedTable(header, (row for row in below if row is not None), encoding)


class _Borrowed(io.BufferedIOBase):
    """The bytes of a file that somebody else closes."""

    def __init__(self, file: IO[bytes], progress: Callable[[int], object]) -> None:
        self._file, self._progress = file, progress

    def readable(self) -> bool:
        return True

    def read1(self, size: int = -1, /) -> bytes:
        content = self._file.read(size)
        self._progress(len(content))
        return content


class _Lines:
    """The lines of a text with their ends, counted."""

    def __init__(self, file: IO[bytes], encoding: Encoding, progress: Callable[[int], object]) -> None:
        self._file, self._encoding = file, encoding
        self._text = self._wrapped("strict", progress)
        self.number, self.row_characters = 0, 0

    def _wrapped(self, errors: str, progress: Callable[[int], object]) -> io.TextIOWrapper:
        borrowed: Any = _Borrowed(self._file, progress)
        return io.TextIOWrapper(borrowed, self._encoding.name, errors, newline="")

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        try:
            line = self._text.readline(MAX_CHARACTERS + 1)
        except UnicodeDecodeError as error:
            raise UnreadableTable(f"line {self._line_not_read()}: this is not {self._encoding.title}") from error
        if not line:
            raise StopIteration
        self.number += 1
        self.row_characters += len(line)
        if self.row_characters > MAX_CHARACTERS:
            raise UnreadableTable(
                f"line {self.number}: this row has more than {MAX_CHARACTERS:,} characters: is a cell open?"
            )
        if "\x00" in line:
            raise UnreadableTable(f"line {self.number}: there is a NUL character: save the list as CSV UTF-8")
        return line

    def _line_not_read(self) -> int:
        """Where the characters end: the text is decoded ahead of the lines."""
        self._file.seek(0)
        text = self._wrapped("replace", lambda count: None)
        pieces = iter(lambda: text.readline(MAX_CHARACTERS), "")
        return next((number for number, line in enumerate(pieces, start=1) if NO_CHARACTER in line), self.number + 1)


def _beginning(lines: _Lines) -> tuple[str, str]:
    """What a line `sep=` names, or "", and the first line of the header."""
    separator = ""
    for line in lines:
        text = line.lstrip(MARK).strip()
        if match := SEPARATOR_LINE.fullmatch(line.lstrip(MARK).strip("\r\n")):
            separator = match[1]
        elif text and not text.startswith(COMMENT):
            return separator, line.lstrip(MARK)
    raise UnreadableTable(EMPTY)


def _delimiter(head: list[str], separator: str, columns: Columns) -> str:
    """The one with which the header names most columns; of several the one that is named, or the first."""
    candidates = (separator, *DELIMITERS) if separator and separator not in "\"'\r\n " else DELIMITERS

    def titles_with(delimiter: str) -> int:
        try:
            return columns.count(next(_reader(iter(head), delimiter)))
        except csv.Error:
            return 0

    best: str = max(candidates, key=titles_with)
    return best


def _reader(lines: Iterator[str], delimiter: str) -> Any:
    """Python's reader, whose `line_num` counts the lines it has taken."""
    return csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=delimiter != " ")


def _rows(all_lines: Iterator[str], lines: _Lines, delimiter: str, *, before: int) -> Iterator[tuple[int, list[str]]]:
    """Each row with the line on which it begins; `before`: how many lines are above."""
    reader = _reader(all_lines, delimiter)
    while True:
        line, lines.row_characters = before + reader.line_num + 1, 0
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UnreadableTable(f"line {line}: {_in_words(str(error))}") from error
        yield line, cells


def _in_words(error: str) -> str:
    if "expected after" in error:
        return 'after a quotation mark that closes a cell the next cell has to begin: inside a cell write ""'
    return "a quotation mark opens a cell here that is never closed"

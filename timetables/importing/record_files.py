"""Reads import files piece by piece: however long the file is, only one record of it is in memory.

JSON: one object whose values are lists of records, `{"semesters": […], "courses": […], …}`.
CSV: a header; the column `record` names the noun, each other column a field.
"""

import codecs
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from kernel.tables.delimited import DelimitedTable, read_delimited
from kernel.tables.headers import Columns, clean, in_quotes
from kernel.tables.refusals import UnreadableTable
from timetables.importing.files import Progress, UnreadableFile
from timetables.importing.nouns import LECTURES, NOUNS
from timetables.importing.other_formats import SAMPLE_BYTES, refuse_known_formats
from timetables.importing.records import Ambiguous, Fault, Position, Record, record

CHUNK_BYTES = 1 << 16
MAX_RECORD_CHARACTERS = 1 << 20
MAX_DIGITS = 20
MAX_QUOTED = 30
LONGEST_WORD = len("-Infinity")
"""Python points to where a word or an escape begins that it does not know, as it does not know half a word."""
UNCLOSED = "Unterminated string"
"""How Python begins what it says of a text that ends nowhere; it then points to where the text begins."""
TOO_LONG = (
    f"what begins here has more than {MAX_RECORD_CHARACTERS:,} characters, which is the most that a record may have:"
    " shorten it, or close the text, list or object that is open"
)
TOO_DEEP = "lists and objects are nested too deeply here: a record is an object of texts, numbers and short lists"
COLUMNS = Columns(("record", *dict.fromkeys(each.name for noun in NOUNS.values() for each in noun.fields)), "record")
WHITESPACE = re.compile(r"[ \t\r\n]*")


def read_records(path: Path, progress: Progress = lambda count: None) -> Iterator[Record | Fault]:
    """The records of a file, by its ending: .json or .csv; `progress` is called with the bytes read.

    Raises: UnreadableFile, also midway.
    """
    readers = {".json": read_json, ".csv": read_csv}
    reader = readers.get(path.suffix.lower())
    try:
        with path.open("rb") as file:
            refuse_known_formats(path.name, file.read(SAMPLE_BYTES), is_json=reader is read_json)
            if reader is None:
                raise UnreadableFile(f"{path.name} is neither a .json nor a .csv file")
            file.seek(0)
            yield from reader(file, progress)
    except OSError as error:
        raise UnreadableFile(f"{path.name} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"{path.name} is not UTF-8") from error


def read_csv(file: IO[bytes], progress: Progress) -> Iterator[Record | Fault]:
    """Each row with a noun in the column `record`; empty cells say nothing."""
    try:
        yield from _records_of(read_delimited(file, COLUMNS, progress))
    except UnreadableTable as error:
        raise UnreadableFile(error.message) from error


def _records_of(table: DelimitedTable) -> Iterator[Record | Fault]:
    if table.encoding.is_guess:
        sentence = f"the file is not UTF-8 and is read as {table.encoding.title}: check its accents"
        yield Fault(Position(table.header.line, "record", 0), sentence)
    counts = dict.fromkeys(NOUNS, 0)
    for row in table.rows:
        cells = dict(row.cells)
        noun = clean(cells.pop("record", row.key))
        position = Position(row.line, noun or "record", counts.get(noun, 0))
        if noun not in NOUNS:
            # It may have been a lecture.
            yield Fault(position, f"record is not one of {', '.join(NOUNS)}", LECTURES.courses(cells))
            continue
        counts[noun] += 1
        if row.fault:
            # The cells may have moved: none of them can be trusted.
            yield Fault(position, row.fault, NOUNS[noun].courses({}))
            continue
        yield record(position, cells)


def read_json(file: IO[bytes], progress: Progress) -> Iterator[Record | Fault]:
    """The elements of each list of the file's one object, as they come."""
    text = _JsonText(file, progress)
    text.expect("{")
    if text.peek() == "}":
        return
    nouns: set[str] = set()
    while True:
        noun = text.value()
        if not isinstance(noun, str) or noun not in NOUNS:
            raise UnreadableFile(f"line {text.line}: {str(noun)[:40]!r} is not one of {', '.join(NOUNS)}")
        if noun in nouns:
            raise UnreadableFile(f"line {text.line}: {noun!r} stands twice: put all its records into one list")
        nouns.add(noun)
        text.expect(":")
        text.expect("[")
        if text.peek() == "]":
            text.expect("]")
        else:
            yield from _elements(text, noun)
        if text.expect(",}") == "}":
            text.expect_end()
            return


def _elements(text: "_JsonText", noun: str) -> Iterator[Record | Fault]:
    item = 0
    while True:
        text.peek()
        position = Position(text.line, noun, item)
        yield record(position, text.value())
        item += 1
        if text.expect(",]") == "]":
            return


class _JsonText:
    """A window on JSON text that moves forward."""

    def __init__(self, file: IO[bytes], progress: Progress) -> None:
        self._file, self._progress = file, progress
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._json = json.JSONDecoder(object_pairs_hook=_pairs, parse_int=_whole, parse_constant=_refuse_constant)
        self._window, self._at, self._is_over = "", 0, False
        self.line = 1
        """Where the window stands, counted from 1."""

    def peek(self) -> str:
        """The next character that is not white space; "" at the end."""
        while True:
            blank = WHITESPACE.match(self._window, self._at)
            self._move(blank.end() - self._at if blank else 0)
            if self._at < len(self._window):
                return self._window[self._at]
            if not self._more():
                return ""

    def expect(self, characters: str) -> str:
        """Step over one of some characters and return it."""
        character = self.peek()
        if not character or character not in characters:
            choices = " or ".join(characters)
            raise UnreadableFile(f"line {self.line}: {choices} was expected, not {character or 'the end of the file'}")
        self._move(1)
        return character

    def expect_end(self) -> None:
        if self.peek():
            raise UnreadableFile(f"line {self.line}: something follows after the end")

    def value(self) -> Any:
        """The next value, which has to end in a character of its own: an object, a list or a string."""
        self.peek()
        while True:
            try:
                value, end = self._json.raw_decode(self._window, self._at)
            except RecursionError as error:
                raise UnreadableFile(f"line {self.line}: {TOO_DEEP}") from error
            except json.JSONDecodeError as error:
                if self._is_over or not self._may_go_on(error):
                    raise UnreadableFile(self._in_words(error)) from error
                if len(self._window) - self._at > MAX_RECORD_CHARACTERS:
                    raise UnreadableFile(f"line {self.line}: {TOO_LONG}") from error
                self._more()
                continue
            except ValueError as error:
                raise UnreadableFile(f"line {self.line}: {error}") from error
            # A number or word that touches the window's end may go on behind it.
            if end == len(self._window) and not isinstance(value, dict | list | str) and self._more():
                continue
            self._move(end - self._at)
            return value

    def _may_go_on(self, error: json.JSONDecodeError) -> bool:
        """Whether it is perhaps only that the rest has not been read yet."""
        return error.msg.startswith(UNCLOSED) or error.pos > len(self._window) - LONGEST_WORD

    def _in_words(self, error: json.JSONDecodeError) -> str:
        line = self.line + self._window.count("\n", self._at, error.pos)
        place = self._window[error.pos : error.pos + MAX_QUOTED]
        if error.msg.startswith(UNCLOSED):
            return f"line {line}: this is not JSON: the text {in_quotes(place)} has no quotation mark at its end"
        if not place.strip():
            return f"line {line}: this is not JSON: the file ends in the middle of a record: is all of it there?"
        return f"line {line}: this is not JSON: look for what is missing or too many before {in_quotes(place)}"

    def _move(self, count: int) -> None:
        self.line += self._window.count("\n", self._at, self._at + count)
        self._at += count

    def _more(self) -> bool:
        """Read on; False at the end of the file."""
        if self._is_over:
            return False
        chunk = self._file.read(CHUNK_BYTES)
        self._progress(len(chunk))
        self._is_over = not chunk
        self._window = self._window[self._at :] + self._decoder.decode(chunk, final=self._is_over)
        self._at = 0
        return not self._is_over


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    return values if len(values) == len(pairs) else Ambiguous(values)


def _whole(digits: str) -> float:
    """A number of thousands of digits would be slow to read, and is outside every range anyway."""
    return int(digits) if len(digits) <= MAX_DIGITS else math.inf


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")

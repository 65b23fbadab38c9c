"""Reads the sheets of an XLSX: a bounded share of what a spreadsheet program could want of one.

An XLSX is a ZIP of XML, and a small ZIP may unpack to anything. What it would unpack to stands in its directory, and
Python's `zipfile` gives no more of a part than that; so it is refused before anything is unpacked. The XML is read as
it comes, by expat: no tree is built, declarations of entities are refused, nesting is bounded.
"""

import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from posixpath import join, normpath
from typing import IO, Any
from xml.parsers import expat

from kernel.tables.cells import NoValue
from kernel.tables.headers import MAX_COLUMNS, Cell
from kernel.tables.kinds import SAVE_AS
from kernel.tables.refusals import UnreadableTable

MIB = 1 << 20
MAX_UNPACKED_BYTES = 8 * MIB
MAX_PARTS = 1000
MAX_DEPTH = 64
MAX_ELEMENTS = 300_000
"""Of the XML of all parts that are read: they take the time, as bytes take the memory. 2,000 rooms have 80,000."""
MAX_MERGED = 1000
CHUNK_BYTES = 1 << 16
PLAIN_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
IS_ENCRYPTED = 0x1
BROKEN = f"This XLSX is damaged, or none: {SAVE_AS}"
TOO_LARGE = (
    f"This XLSX would unpack to more than {MAX_UNPACKED_BYTES // MIB} MiB, which is the most that is read:"
    " keep the list alone in a workbook, without pictures and empty rows"
)
FAULTS_OF_LIBRARIES = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    expat.ExpatError,
    EOFError,
    OSError,
    ValueError,
    KeyError,
    IndexError,
    OverflowError,
    RuntimeError,
    NotImplementedError,
)
"""What `zipfile` and expat say of bytes that are neither."""
DATE_FORMATS = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
"""Built into Excel; the others stand in the workbook."""
NOT_OF_A_FORMAT = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.|_.|\*.')
ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
MERGED = re.compile(r"([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})")


@dataclass(frozen=True)
class Merged:
    """Cells that are shown as one: only the first of them holds anything. Rows and columns from 1."""

    first_row: int
    last_row: int
    first_column: int
    last_column: int


@dataclass
class Sheet:
    """What a sheet that is not hidden holds: its rows that are not blank, by number, and merged cells."""

    name: str
    rows: dict[int, list[Cell]] = field(default_factory=dict)
    merged: list[Merged] = field(default_factory=list)


def read_sheets(file: IO[bytes]) -> list[Sheet]:
    """The visible sheets of a workbook, in its order. Raises: UnreadableTable."""
    try:
        with zipfile.ZipFile(file) as archive:
            _check(archive)
            return list(_Workbook(archive).sheets())
    except FAULTS_OF_LIBRARIES as error:
        raise UnreadableTable(BROKEN) from error


def _check(archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
        raise UnreadableTable(TOO_LARGE)
    if any(part.flag_bits & IS_ENCRYPTED or part.compress_type not in PLAIN_METHODS for part in parts):
        raise UnreadableTable(BROKEN)
    names = set(archive.namelist())
    if "_rels/.rels" not in names:
        raise UnreadableTable(f"This is a ZIP archive, not a workbook: {SAVE_AS}")


class _Workbook:
    """What the parts of a workbook share: texts, formats of dates, where the sheets are."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive, self._budget = archive, _Budget()
        main = [path for kind, path in self._related("").values() if kind == "officeDocument"]
        if not main:
            raise UnreadableTable(f"This is no workbook: {SAVE_AS}")
        self._main = main[0]
        self._parts = self._related(self._main)
        self.texts = _Texts()
        self.formats = _Formats()
        for kind, reader in (("sharedStrings", self.texts), ("styles", self.formats)):
            for path in [path for of_kind, path in self._parts.values() if of_kind == kind][:1]:
                self._parse(path, reader)

    def sheets(self) -> Iterator[Sheet]:
        book = _Book()
        self._parse(self._main, book)
        for name, relation in book.visible_sheets:
            kind, path = self._parts[relation]
            if kind == "worksheet":
                reader = _SheetReader(Sheet(name), self.texts.all, self.formats.dates, has_1904=book.has_1904)
                self._parse(path, reader)
                yield reader.sheet

    def _related(self, part: str) -> dict[str, tuple[str, str]]:
        """{id: (kind, path)} of what a part refers to."""
        folder, _, name = part.rpartition("/")
        path = join(folder, "_rels", f"{name}.rels")
        relations = _Relations()
        if path in self._archive.namelist():
            self._parse(path, relations)
        return {key: (kind, normpath(join("/", folder, to)).lstrip("/")) for key, (kind, to) in relations.all.items()}

    def _parse(self, path: str, reader: "_PartReader") -> None:
        with self._archive.open(path) as part, _parser(reader, self._budget) as parse:
            while chunk := part.read(CHUNK_BYTES):
                parse(chunk, False)
            parse(b"", True)


class _PartReader:
    """Is told of the elements of a part, by their names without namespaces."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    def text(self, text: str) -> None:
        """Characters inside it, perhaps not all of them."""

    def end(self, name: str) -> None:
        """An element ends."""


class _Budget:
    """How many elements have been read."""

    def __init__(self) -> None:
        self._count = 0

    def spend(self) -> None:
        self._count += 1
        if self._count > MAX_ELEMENTS:
            raise UnreadableTable(f"This XLSX has more than {MAX_ELEMENTS:,} pieces: keep the list alone in a workbook")


@contextmanager
def _parser(reader: _PartReader, budget: _Budget) -> Iterator[Callable[[bytes, bool], Any]]:
    """What is given XML and tells a reader of it."""
    parser = expat.ParserCreate(namespace_separator=" ")
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        budget.spend()
        depth += 1
        if depth > MAX_DEPTH:
            raise UnreadableTable(BROKEN)
        reader.start(name.rpartition(" ")[2], {key.rpartition(" ")[2]: value for key, value in attributes.items()})

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        reader.end(name.rpartition(" ")[2])

    def refuse(*declaration: Any) -> None:
        raise UnreadableTable(BROKEN)

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = reader.text, refuse
    parser.buffer_text = True
    try:
        yield parser.Parse
    finally:  # parser and handlers refer to each other
        parser.StartElementHandler = parser.EndElementHandler = parser.CharacterDataHandler = None


class _Relations(_PartReader):
    """{id: (last word of its type, target)}."""

    def __init__(self) -> None:
        self.all: dict[str, tuple[str, str]] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "Relationship" and attributes.get("TargetMode") != "External":
            self.all[attributes["Id"]] = (attributes["Type"].rpartition("/")[2], attributes["Target"])


class _Book(_PartReader):
    """The sheets that are not hidden, as (name, id of the relation), and from when days are counted."""

    def __init__(self) -> None:
        self.visible_sheets: list[tuple[str, str]] = []
        self.has_1904 = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "sheet" and attributes.get("state", "visible") == "visible":
            self.visible_sheets.append((attributes["name"], attributes["id"]))
        elif name == "workbookPr":
            self.has_1904 = attributes.get("date1904") in ("1", "true")


class _Texts(_PartReader):
    """The texts that cells share. What is written above characters to say how they sound, is left out."""

    def __init__(self) -> None:
        self.all: list[str] = []
        self._pieces: list[str] = []
        self._is_text = self._is_sound = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "si":
            self._pieces.clear()
        elif name == "rPh":
            self._is_sound = True
        self._is_text = name == "t" and not self._is_sound

    def text(self, text: str) -> None:
        if self._is_text:
            self._pieces.append(text)

    def end(self, name: str) -> None:
        self._is_text = False
        if name == "rPh":
            self._is_sound = False
        elif name == "si":
            self.all.append(_unescaped("".join(self._pieces)))


class _Formats(_PartReader):
    """Which formats of cells show a date."""

    def __init__(self) -> None:
        self.dates: set[int] = set()
        """Numbers of formats."""
        self._codes: set[str] = {str(number) for number in DATE_FORMATS}
        self._is_of_cells, self._count = False, 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "numFmt":
            code = NOT_OF_A_FORMAT.sub("", attributes.get("formatCode", ""))
            if code != "General" and re.search("[dmyhsDMYHS]", code):
                self._codes.add(attributes["numFmtId"])
        elif name == "cellXfs":
            self._is_of_cells = True
        elif name == "xf" and self._is_of_cells:
            if attributes.get("numFmtId") in self._codes:
                self.dates.add(self._count)
            self._count += 1

    def end(self, name: str) -> None:
        if name == "cellXfs":
            self._is_of_cells = False


class _SheetReader(_PartReader):
    """Fills a sheet. Rows and cells that do not say where they are, stand behind the last ones."""

    def __init__(self, sheet: Sheet, texts: list[str], dates: set[int], *, has_1904: bool) -> None:
        self.sheet = sheet
        self._texts, self._dates = texts, dates
        self._day_zero = datetime(1904, 1, 1) if has_1904 else datetime(1899, 12, 30)  # noqa: DTZ001  # no instant
        self._row = self._column = 0
        self._kind, self._style, self._has_formula = "n", 0, False
        self._pieces: list[str] = []
        self._is_text = self._is_sound = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._is_text = name == "v" or (name == "t" and not self._is_sound)
        if name == "row":
            self._row = int(attributes.get("r", self._row + 1))
            self._column = 0
        elif name == "c":
            place = REFERENCE.fullmatch(attributes.get("r", ""))
            self._column = _number_of(place[1]) if place else self._column + 1
            self._kind, self._style = attributes.get("t", "n"), int(attributes.get("s", 0))
            self._has_formula = False
            self._pieces.clear()
        elif name == "f":
            self._has_formula = True
        elif name == "rPh":
            self._is_sound = True
        elif name == "mergeCell" and (area := MERGED.fullmatch(attributes.get("ref", ""))):
            rows, columns = (int(area[2]), int(area[4])), (_number_of(area[1]), _number_of(area[3]))
            if len(self.sheet.merged) == MAX_MERGED:
                raise UnreadableTable(f"The sheet has more than {MAX_MERGED:,} merged areas: divide them")
            self.sheet.merged.append(Merged(*rows, *columns))

    def text(self, text: str) -> None:
        if self._is_text:
            self._pieces.append(text)

    def end(self, name: str) -> None:
        self._is_text = False
        if name == "rPh":
            self._is_sound = False
        elif name == "c":
            self._keep(self._value("".join(self._pieces)))

    def _keep(self, value: Cell) -> None:
        if value is None or value == "":
            return
        if self._column > MAX_COLUMNS:
            raise UnreadableTable(f"row {self._row}: there is a cell beyond column {MAX_COLUMNS}: keep the list alone")
        cells = self.sheet.rows.setdefault(self._row, [])
        cells.extend([None] * (self._column - len(cells)))
        cells[self._column - 1] = value

    def _value(self, raw: str) -> Cell:
        if self._kind == "inlineStr":
            return _unescaped(raw)
        if not raw:
            return NoValue("a formula that was never calculated") if self._has_formula else None
        if self._kind == "s":
            return self._texts[int(raw)]
        if self._kind == "b":
            return raw.strip() in ("1", "true")
        if self._kind == "e":
            return NoValue(f"the error {raw[:20]}")
        if self._kind == "n":
            return self._numeric(raw)
        return datetime.fromisoformat(raw) if self._kind == "d" else _unescaped(raw)

    def _numeric(self, raw: str) -> Cell:
        number = float(raw)
        if self._style in self._dates:
            return self._day_zero + timedelta(days=number)
        return int(number) if number.is_integer() and abs(number) < 10**15 else number


def _number_of(letters: str) -> int:
    """A column: A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _unescaped(text: str) -> str:
    """`_x000D_` is how Excel writes what XML cannot hold."""
    return ESCAPE.sub(lambda code: chr(int(code[1], 16)), text) if "_x" in text else text

"""Which column of a table is which, and its rows as {column: cell}."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from kernel.tables.refusals import UnreadableTable

MAX_SHOWN = 60
MAX_COLUMNS = 256
"""Of CSV and XLSX; more are refused before their titles are looked at, which takes longer than to send them."""
MARK = "\ufeff"
"""The byte order mark, which gets into the first cell where a program writes it twice."""
Cell = Any
"""A text; in a workbook also a number, a truth value, a `date` or `datetime`, a `cells.NoValue`."""


@dataclass(frozen=True)
class Columns:
    """What a table may have: its columns, and the one without which it is none."""

    known: tuple[str, ...]
    required: str

    def named(self, title: Cell) -> str:
        """The column that a title means: `Auto approve` and `AUTO-APPROVE` mean `auto_approve`; others stay."""
        text = clean(title)
        return {_key(column): column for column in self.known}.get(_key(text), text)

    def count(self, titles: Sequence[Cell]) -> int:
        """How many of some titles are known; of more than are read, among the first."""
        return len({self.named(title) for title in titles[:MAX_COLUMNS]} & set(self.known))


@dataclass(frozen=True)
class Row:
    """A row, and where in its file it begins."""

    line: int
    cells: dict[str, Cell] = field(default_factory=dict)
    """By column. Blank ones are left out: they say nothing."""
    fault: str = ""
    """Why its cells cannot be told apart."""
    key: str = ""
    """Then, what seems to stand in the column that is required."""


@dataclass(frozen=True)
class Header:
    """The columns in their order, "" for one without a title."""

    names: tuple[str, ...]
    line: int
    required: str

    def row(self, line: int, cells: Sequence[Cell]) -> Row | None:
        """A row, or None where all of it is blank."""
        if all(is_blank(cell) for cell in cells):
            return None
        by_name = {name: cell for name, cell in zip(self.names, cells, strict=False) if not is_blank(cell)}
        key = clean(by_name.get(self.required))
        if any(not is_blank(cell) for cell in cells[len(self.names) :]):
            return Row(line, fault=f"there are more than {len(self.names)} cells", key=key)
        if "" in by_name:
            return Row(line, fault=f"{in_quotes(by_name[''])} stands in a column without a title", key=key)
        return Row(line, by_name)


def header_of(titles: Sequence[Cell], columns: Columns, *, place: str, line: int) -> Header:
    """What the first row of a table says; `place`: what it is called, such as `line 1`.

    Raises: UnreadableTable.
    """
    if len(titles) > MAX_COLUMNS:
        raise UnreadableTable(f"{place}: the header has more than {MAX_COLUMNS} columns: keep the list alone")
    names = tuple(columns.named(title) for title in titles)
    if columns.required not in names:
        raise UnreadableTable(
            f"{place}: a header with a column called {columns.required} is required, such as"
            f" {','.join(columns.known[:3])}; what stands there is {in_quotes(', '.join(names))}"
        )
    for name in dict.fromkeys(names):
        if name and names.count(name) > 1:
            raise UnreadableTable(f"{place}: {in_quotes(name)} stands twice: name each column once")
    return Header(names, line, columns.required)


def is_blank(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and not clean(cell))


def clean(cell: Cell) -> str:
    """A cell as a text, without the white space around it and marks of byte order."""
    return "" if cell is None else str(cell).strip().strip(MARK).strip()


def in_quotes(cell: Cell) -> str:
    """A cell as a sentence shows it: in quotes, cut."""
    if isinstance(cell, bool):
        return str(cell).upper()
    text = cell.isoformat() if isinstance(cell, date) else " ".join(str(cell).split())
    cut = text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"
    return f"'{''.join(each if each.isprintable() else '�' for each in cut)}'"


def _key(title: str) -> str:
    return "".join(each for each in unicodedata.normalize("NFKC", title).casefold() if each.isalnum())

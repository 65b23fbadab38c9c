"""A small file with a table, of whatever kind it is by its content."""

import io
from dataclasses import dataclass

from kernel.tables.delimited import EMPTY, read_delimited
from kernel.tables.headers import Columns, Header, Row, header_of, in_quotes
from kernel.tables.kinds import HEAD_BYTES, is_zip, refuse_other_files
from kernel.tables.refusals import UnreadableTable
from kernel.tables.workbooks import MIB, Sheet, read_sheets

MAX_BYTES = MIB
MAX_ROWS = 2000
"""Each is a call of a service, and a proxy waits half a minute for them all."""
TOO_LARGE = f"The file has more than {MAX_BYTES // MIB} MiB, which is the most that is read: split the list"
TOO_LONG = f"The list has more than {MAX_ROWS:,} rows, which is the most that is read: split it"
IS_MERGED = "it has merged cells: divide them, and fill in each"
NO_ROWS = "There is no row below the header"


@dataclass(frozen=True)
class Table:
    """The rows below a header."""

    header: Header
    rows: tuple[Row, ...]
    word: str
    """What `Row.line` counts: `line` of a text, `row` of a sheet."""
    notes: tuple[str, ...] = ()
    """What somebody who looks at the table should know of how it was read."""


def read_table(content: bytes, columns: Columns) -> Table:
    """A CSV or XLSX of at most `MAX_BYTES` and `MAX_ROWS`. Raises: UnreadableTable."""
    if len(content) > MAX_BYTES:
        raise UnreadableTable(TOO_LARGE)
    if not content.strip():
        raise UnreadableTable(EMPTY)
    head = content[:HEAD_BYTES]
    refuse_other_files(head)
    table = _of_workbook(content, columns) if is_zip(head) else _of_text(content, columns)
    if not table.rows:
        raise UnreadableTable(NO_ROWS)
    return table


def _of_text(content: bytes, columns: Columns) -> Table:
    table = read_delimited(io.BytesIO(content), columns)
    rows: list[Row] = []
    for row in table.rows:
        if len(rows) == MAX_ROWS:
            raise UnreadableTable(TOO_LONG)
        rows.append(row)
    notes = _unread_columns(table.header, columns)
    if table.encoding.is_guess:
        notes.append(f"The file is not UTF-8; it was read as {table.encoding.title}: check the accents.")
    return Table(table.header, tuple(rows), "line", tuple(notes))


def _of_workbook(content: bytes, columns: Columns) -> Table:
    sheets = [sheet for sheet in read_sheets(io.BytesIO(content)) if sheet.rows]
    if not sheets:
        raise UnreadableTable(EMPTY)
    lists = [sheet for sheet in sheets if columns.required in map(columns.named, next(iter(sheet.rows.values())))]
    if len(lists) > 1:
        names = ", ".join(in_quotes(sheet.name) for sheet in lists[:5])
        raise UnreadableTable(f"Several sheets have a column {columns.required}: {names}. Keep one list in a workbook")
    sheet = (lists or sheets)[0]
    notes = [f"Only the sheet {in_quotes(sheet.name)} is read."] if len(sheets) > 1 else []
    return _of_sheet(sheet, columns, notes)


def _of_sheet(sheet: Sheet, columns: Columns, notes: list[str]) -> Table:
    if len(sheet.rows) > MAX_ROWS + 1:
        raise UnreadableTable(TOO_LONG)
    first, *lines = sorted(sheet.rows)
    header = header_of(sheet.rows[first], columns, place=f"row {first}", line=first)
    rows = [
        Row(line, fault=IS_MERGED) if _is_merged(sheet, header, line) else header.row(line, sheet.rows[line])
        for line in lines
    ]
    notes = [*notes, *_unread_columns(header, columns)]
    return Table(header, tuple(row for row in rows if row is not None), "row", tuple(notes))


def _is_merged(sheet: Sheet, header: Header, line: int) -> bool:
    """Whether the row shares cells: what stands in the first of them counts for that one only."""
    return any(
        area.first_row <= line <= area.last_row and area.first_column <= len(header.names) for area in sheet.merged
    )


def _unread_columns(header: Header, columns: Columns) -> list[str]:
    names = [in_quotes(name) for name in header.names if name and name not in columns.known]
    return [f"Columns that are not read: {', '.join(names)}."] if names else []

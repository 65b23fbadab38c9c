"""What the cells of a list of rooms say, column by column, and what is wrong with them. Pure."""

import json
from collections.abc import Callable
from typing import Any

from classrooms.rules import name_faults, room_faults
from classrooms.services.rooms import CHANGEABLE
from kernel.names import one_line
from kernel.tables.cells import CLEARED, WrongCell, number, text_of, truth, whole_number
from kernel.tables.headers import Cell, Columns, Row, in_quotes

COLUMNS = Columns(("name", *CHANGEABLE), required="name")
MAX_BRACKETS = 100
"""Of a cell with JSON: Python's reader gives up on deep nesting."""
RoomFaults = dict[str, list[str]]
"""{column: sentences}; those of the row as a whole under ""."""


def _line(cell: Cell) -> str:
    return one_line(text_of(cell).replace("\u00a0", " "))


def _equipment(cell: Cell) -> Any:
    text = text_of(cell)
    try:
        if text.count("[") + text.count("{") > MAX_BRACKETS:
            raise ValueError("nested too deeply")
        return json.loads(text, object_pairs_hook=_pairs)
    except ValueError as error:
        raise WrongCell(f'{in_quotes(text)} is not JSON such as {{"projector": 1}}') from error


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError("a key stands twice")
    return values


READERS: dict[str, Callable[[Cell], Any]] = {
    "name": _line,
    "capacity": whole_number,
    "floor": whole_number,
    "equipment": _equipment,
    "is_active": truth,
    "auto_approve": truth,
    "type": text_of,
    "building": text_of,
    "link": text_of,
    "latitude": number,
    "longitude": number,
    "code": _line,
}
NOTHING: dict[str, Any] = {
    "equipment": {},
    "latitude": None,
    "longitude": None,
    **dict.fromkeys(("type", "building", "link", "code"), ""),
}
"""What a dash leaves in the columns that may be empty."""


def read_cells(row: Row) -> tuple[dict[str, Any], RoomFaults]:
    """{column: value} of the cells that say something, and what is wrong with the others."""
    values: dict[str, Any] = {}
    faults: RoomFaults = {"": [row.fault]} if row.fault else {}
    for column, reader in READERS.items():
        if column not in row.cells:
            continue
        cell = row.cells[column]
        if column in NOTHING and isinstance(cell, str) and cell.strip() == CLEARED:
            values[column] = NOTHING[column]
            continue
        try:
            values[column] = reader(cell)
        except WrongCell as wrong:
            faults[column] = [str(wrong)]
    return values, faults


def value_faults(values: dict[str, Any], unreadable: RoomFaults) -> RoomFaults:
    """What the rules have against a room's values, in all columns but those that could not be read."""
    faults = {"name": name_faults(values.get("name", ""))} | room_faults(values)
    return {column: row_faults for column, row_faults in faults.items() if row_faults and column not in unreadable}

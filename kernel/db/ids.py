"""Ids taken from a sequence in blocks, so that a row's id is known before the row is sent.

A row that is written together with what refers to it needs no round trip for its id. What is left of a block when a
process ends is a gap, as a rolled back INSERT leaves one. Within a process ids grow; between two they do not tell which
row came first, `created_at` does.
"""

import threading
from collections import defaultdict, deque

from django.db import connection

from kernel.db.batch import Statement, send

BLOCK = 100


class _Blocks:
    """What is left of the blocks that this process has taken: {(database, table): ids}."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids: defaultdict[tuple[str, str], deque[int]] = defaultdict(deque)

    def take(self, key: tuple[str, str]) -> int | None:
        with self._lock:
            ids = self._ids[key]
            return ids.popleft() if ids else None

    def keep(self, key: tuple[str, str], ids: list[int]) -> None:
        with self._lock:
            self._ids[key].extend(ids)


_blocks = _Blocks()


def next_ids(table: str, count: int) -> list[int]:
    """Ids for new rows of a table, ascending; one statement."""
    sequence = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)"
    return [number for (number,) in send(Statement(sequence, (table, count)))[0]]


def next_id(table: str) -> int:
    """The id for one new row of a table; a statement only where the block is used up."""
    key = (str(connection.settings_dict["NAME"]), table)
    number = _blocks.take(key)
    if number is None:
        number, *others = next_ids(table, BLOCK)
        _blocks.keep(key, others)
    return number

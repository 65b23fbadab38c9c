"""Ids taken from a sequence in blocks, so that a row's id is known before the row is sent.

A row that is written together with what refers to it needs no round trip for its id. What is left of a block when a
process ends is a gap, as a rolled back INSERT leaves one. Within a process ids grow; between two they do not tell which
row came first, `created_at` does.
"""

import threading
from collections import defaultdict, deque

from django.db import connection

from kernel.db.batch import Statement, send
from kernel.db.pipeline import ResultRows

BLOCK = 100


_lock = threading.Lock()
_ids: defaultdict[tuple[str, str], deque[int]] = defaultdict(deque)
"""What is left of the blocks that this process has taken, by database and table."""


def next_ids(table: str, count: int) -> list[int]:
    """Ids for new rows of a table, ascending; one statement."""
    return numbers_in(*send(taking_ids(table, count)))


def ids_for(table: str, count: int) -> list[int]:
    """The same; for one row from the block, as `next_id`, and for none without a statement."""
    if count == 1:
        return [next_id(table)]
    return next_ids(table, count) if count else []


def taking_ids(table: str, count: int) -> Statement:
    """What takes ids for new rows of a table, for a batch; read by `numbers_in`."""
    # In a sub-select the name of the sequence is looked up once, not for each number.
    sequence = "SELECT nextval((SELECT pg_get_serial_sequence(%s, 'id'))) FROM generate_series(1, %s)"
    return Statement(sequence, (table, count))


def numbers_in(rows: ResultRows) -> list[int]:
    """The ids that were taken, ascending."""
    return [number for (number,) in rows]


def next_id(table: str) -> int:
    """The id for one new row of a table; a statement only where the block is used up."""
    key = _key(table)
    while True:
        with _lock:
            if _ids[key]:
                return _ids[key].popleft()
        take_block(table)


def take_block(table: str) -> None:
    """Have one more block of ids in store."""
    ids = next_ids(table, BLOCK)
    with _lock:
        _ids[_key(table)].extend(ids)


def _key(table: str) -> tuple[str, str]:
    return str(connection.settings_dict["NAME"]), table

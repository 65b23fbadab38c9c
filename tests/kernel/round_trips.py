"""How often this connection waits for PostgreSQL, by what libpq says on the wire."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection

ENDS = ("Sync", "Query")
"""The messages that PostgreSQL answers by saying that it is ready: the sender waits for it."""


@contextmanager
def round_trips() -> Iterator[Callable[[], int]]:
    """The number of round trips inside the block, known at its end. The connection must stay the same."""
    connection.ensure_connection()
    pgconn = connection.connection.pgconn
    messages: list[str] = []
    with tempfile.TemporaryFile("w+") as trace:
        pgconn.trace(os.dup(trace.fileno()))  # libpq closes what it is given
        try:
            yield lambda: sum(line.split()[2:5:2] in [["F", end] for end in ENDS] for line in messages)
        finally:
            pgconn.untrace()
            trace.seek(0)
            messages += trace

"""Somebody else who has locked something and does not end: what this connection does then, in a moment."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, connections


@contextmanager
def another_connection() -> Iterator[Any]:
    other = connections.create_connection("default")
    try:
        yield other
    finally:
        other.close()


@contextmanager
def somebody_holding(sql: str, *parameters: object) -> Iterator[None]:
    """Another transaction has run this and does not end; this connection waits only for a moment."""
    with another_connection() as other:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute(sql, parameters)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '50ms'")
        try:
            yield
        finally:
            other.rollback()
            with connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout")

"""TODO."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from operator import itemgetter
from typing import Any

from django.db import connection

from timetables.importing.nouns import NOUNS, Noun
from timetables.importing.statements import run


def make_staged_tables() -> None:
    """`staged_<noun>`, still empty."""
    for noun in NOUNS.values():
        run(f"DROP TABLE IF EXISTS pg_temp.{noun.table}")
        columns = ", ".join(f"{column} {sql_type}" for column, sql_type in noun.columns.items())
        run(f"CREATE TEMPORARY TABLE {noun.table} ({columns}) ON COMMIT DROP")


def make_affected_courses() -> None:
    """`affected_courses`, still empty."""
    run("DROP TABLE IF EXISTS pg_temp.affected_courses")
    run("CREATE TEMPORARY TABLE affected_courses (course_id bigint PRIMARY KEY) ON COMMIT DROP")


def copy_rows(noun: Noun, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows ({column: value}, every column) to `staged_<noun>`."""
    if not rows:
        return
    in_order = itemgetter(*noun.columns)
    with ExitStack() as stack:
        cursor: Any = stack.enter_context(connection.cursor())
        copy = stack.enter_context(cursor.copy(f"COPY {noun.table} ({', '.join(noun.columns)}) FROM STDIN"))
        for row in rows:
            copy.write_row(in_order(row))


def fill(table: str, select: str, parameters: list[Any] | None = None) -> None:
    """A temporary table, made anew from a query; the planner knows its size."""
    run(f"DROP TABLE IF EXISTS pg_temp.{table}")
    run(f"CREATE TEMPORARY TABLE {table} ON COMMIT DROP AS {select}", parameters)
    analyze(table)


def analyze(*tables: str) -> None:
    """Let the planner know how large temporary tables have become."""
    for table in tables:
        run(f"ANALYZE {table}")

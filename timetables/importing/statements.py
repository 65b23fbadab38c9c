"""The few forms in which an import speaks SQL. Texts are put together of this app's own names, never of input."""

from typing import Any

from django.db import connection

from timetables.importing.nouns import Noun
from timetables.importing.records import Fault, Position
from timetables.importing.report import ImportReport


def run(sql: str, parameters: list[Any] | None = None) -> int:
    """How many rows a statement has written."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return int(cursor.rowcount)


def run_noting(sql: str) -> int:
    """How many rows a statement has written; each `course_id` that it returns is noted in `affected_courses`."""
    note = "INSERT INTO affected_courses SELECT DISTINCT course_id FROM changes ON CONFLICT DO NOTHING"
    return int(rows_of(f"WITH changes AS ({sql}), notes AS ({note}) SELECT count(*) FROM changes")[0][0])


def rows_of(sql: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
    """What a query answers."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def named_rows_of(sql: str, parameters: list[Any] | None = None) -> list[dict[str, Any]]:
    """What a query answers, by the names of its columns."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def count(table: str, condition: str = "true") -> int:
    return int(rows_of(f"SELECT count(*) FROM {table} WHERE {condition}")[0][0])


def drop_staged(noun: Noun, condition: str, sentence: str, report: ImportReport) -> None:
    """Leave staged rows out, with a complaint (an SQL expression) for each."""
    rows = rows_of(
        f"WITH dropped AS (DELETE FROM {noun.table} WHERE {condition} RETURNING line, item, {sentence} AS sentence)"
        " SELECT line, item, sentence FROM dropped ORDER BY item"
    )
    for line, item, complaint in rows:
        report.complain(Fault(Position(line, noun.name, item), complaint, noun.courses({})))


def drop_repeated(noun: Noun, key: list[str], report: ImportReport) -> None:
    """Leave out what stands a second time in the file."""
    same = " AND ".join(f"first.{column} = {noun.table}.{column}" for column in key)
    drop_staged(
        noun,
        f"EXISTS (SELECT FROM {noun.table} first WHERE {same} AND first.item < {noun.table}.item)",
        f"concat_ws(', ', {', '.join(key)}) || ' stands twice; the first counts'",
        report,
    )

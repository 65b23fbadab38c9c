"""What a file says, laid out in temporary tables: from there everything is set-based, and memory stays constant."""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Any

from django.db import connection

from kernel.db.ranges import clamped_interval, weekly_dates
from timetables.importing.records import DEFAULT_LABEL, WEEKDAYS, Fault, Position, Record

TABLES: dict[str, tuple[str, ...]] = {
    # {noun: the columns of staged_<noun>, as SQL, in the order of the record's values}
    "semesters": (
        "name text",
        "type text",
        "starts_on date",
        "ends_on date",
        "skip_dates date[]",
        "is_available boolean",
    ),
    "units": ("name text", "code text", "section text", "promo text", "is_available boolean"),
    "teachers": ("name text", "people_url text", "is_available boolean"),
    "courses": (
        "code text",
        "name text",
        "credits int",
        "edu_url text",
        "language text",
        "teachers text[]",
        "is_available boolean",
    ),
    "study_plans": ("unit text", "semester text", "courses text[]", "is_available boolean"),
    "rooms": (
        "name text",
        "capacity int",
        "floor int",
        "type text",
        "building text",
        "link text",
        "latitude float",
        "longitude float",
    ),
    "room_aliases": ("alias text", "rooms text[]"),
    "weekly": (
        "course text",
        "semester text",
        "weekday text",
        "start_minute int",
        "end_minute int",
        "duration int",
        "label text",
        "rooms text[]",
        "first date",
        "last date",
    ),
    "lectures": (
        "course text",
        "starts_at timestamptz",
        "ends_at timestamptz",
        "label text",
        "rooms text[]",
        "is_expanded boolean",
    ),
}
ROWS_PER_COPY = 5000
DAYS = {name: (number + 1) % 7 + 1 for number, name in enumerate(WEEKDAYS)}
"""As `kernel.db.ranges` counts them: 1 = Sunday."""
Complain = Callable[[Fault], object]


def stage(records: Iterable[Record | Fault], complain: Complain) -> None:
    """Lay the records out in temporary tables `staged_<noun>`, with `line` and `item`. Faults go to `complain`.

    Nothing of the database is read yet, so that the records may come in any order.
    """
    _make_tables()
    waiting: dict[str, list[tuple[Any, ...]]] = {noun: [] for noun in TABLES}
    for found in records:
        row = found if isinstance(found, Fault) else _row(found)
        if isinstance(row, Fault):
            complain(row)
            continue
        rows = waiting[found.place.noun]
        rows.append(row)
        if len(rows) == ROWS_PER_COPY:
            _copy(found.place.noun, rows)
            rows.clear()
    for noun, rows in waiting.items():
        _copy(noun, rows)
    analyze(*(f"staged_{noun}" for noun in TABLES))


def expand_weekly(complain: Complain) -> None:
    """Turn the weekly patterns into dated lectures: every such weekday of the semester but its skip dates.

    Only semesters that the file itself names are known here. Reads and writes in portions.
    """
    after = -1
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT w.*, s.starts_on, s.ends_on, s.skip_dates FROM staged_weekly w LEFT JOIN"
                " (timetables_semester s JOIN staged_semesters file ON file.name = s.name) ON s.name = w.semester"
                " WHERE w.item > %s ORDER BY w.item LIMIT 200",
                [after],
            )
            patterns = cursor.fetchall()
        if not patterns:
            break
        rows: list[tuple[Any, ...]] = []
        for pattern in patterns:
            rows += _dated(pattern, complain)
        _copy("lectures", rows)
        after = patterns[-1][1]
    analyze("staged_lectures")


def analyze(*tables: str) -> None:
    """Let the planner know how large the temporary tables have become."""
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ANALYZE {table}")


def _make_tables() -> None:
    with connection.cursor() as cursor:
        for noun, columns in TABLES.items():
            cursor.execute(f"DROP TABLE IF EXISTS pg_temp.staged_{noun}")
            cursor.execute(
                f"CREATE TEMPORARY TABLE staged_{noun} (line int, item int, {', '.join(columns)}) ON COMMIT DROP"
            )


def _row(found: Record) -> tuple[Any, ...] | Fault:
    place, values = found.place, found.values
    head = (place.line, place.item)
    if place.noun != "lectures":
        return (*head, *values.values())
    interval = clamped_interval(values["date"], values["start"], values["end"])
    if interval is None:
        sentence = "this time does not exist on that date: the clocks are put forward over it"
        return Fault(place, sentence, (values["course"],))
    label = values["label"] or DEFAULT_LABEL
    return (*head, values["course"], interval.starts_at, interval.ends_at, label, values["rooms"] or [], False)


def _dated(pattern: tuple[Any, ...], complain: Complain) -> list[tuple[Any, ...]]:
    """The lectures of one weekly pattern."""
    line, item, course, semester, weekday, start, end, _, label, rooms, first, last, *known = pattern
    starts_on, ends_on, skip_dates = known
    place = Position(line, "weekly", item)
    if starts_on is None:
        complain(Fault(place, f"semester {semester} is not one of this file", (course,)))
        return []
    rows = []
    for day in weekly_dates(max(first or starts_on, starts_on), min(last or ends_on, ends_on), DAYS[weekday]):
        if day in skip_dates:
            continue
        interval = clamped_interval(day, start, end)
        if interval is None:
            sentence = f"this time does not exist on {day}: the clocks are put forward over it"
            complain(Fault(place, sentence, (course,)))
        else:
            span = (interval.starts_at, interval.ends_at)
            rows.append((line, item, course, *span, label or DEFAULT_LABEL, rooms or [], True))
    return rows


def _copy(noun: str, rows: list[tuple[Any, ...]]) -> None:
    if not rows:
        return
    names = ", ".join(column.split()[0] for column in TABLES[noun])
    with ExitStack() as stack:
        cursor: Any = stack.enter_context(connection.cursor())
        copy = stack.enter_context(cursor.copy(f"COPY staged_{noun} (line, item, {names}) FROM STDIN"))
        for row in rows:
            copy.write_row(row)

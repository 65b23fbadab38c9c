"""What a file says, laid out in `staged_<noun>`: from there everything is set-based, and memory stays constant."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kernel.campus_time import Interval, clamped_interval, weekly_dates
from timetables.enums import Label
from timetables.importing.nouns import LECTURES, NOUNS, WEEKDAYS, WEEKLY
from timetables.importing.records import Fault, Position, Record
from timetables.importing.statements import named_rows_of
from timetables.importing.tables import analyze, copy_rows, make_staged_tables

ROWS_PER_COPY = 5000
PATTERNS_PER_PORTION = 200
DEFAULT_LABEL = Label.LECTURE.value
DAYS = {name: (number + 1) % 7 + 1 for number, name in enumerate(WEEKDAYS)}
"""As `kernel.campus_time` counts them: 1 = Sunday."""
StagedRow = dict[str, Any]
"""{column of `staged_<noun>`: value}."""
Complain = Callable[[Fault], object]

NEXT_PATTERNS = f"""
    SELECT pattern.*, semester.starts_on, semester.ends_on, semester.skip_dates
    FROM staged_weekly pattern
    LEFT JOIN (timetables_semester semester JOIN staged_semesters file ON file.name = semester.name)
    ON semester.name = pattern.semester
    WHERE pattern.item > %s ORDER BY pattern.item LIMIT {PATTERNS_PER_PORTION}"""
"""Weekly patterns, each with the days of its semester, NULL where the file does not name it.

Parameters: after which item.
"""


def stage(records: Iterable[Record | Fault], complain: Complain) -> None:
    """Make `staged_<noun>` and lay the records out in them. Faults go to `complain`.

    Nothing of the database is read yet, so that the records may come in any order.
    """
    make_staged_tables()
    portions: dict[str, list[StagedRow]] = {name: [] for name in NOUNS}
    for each in records:
        row = each if isinstance(each, Fault) else _row(each)
        if isinstance(row, Fault):
            complain(row)
            continue
        noun = each.position.noun
        portions[noun].append(row)
        if len(portions[noun]) == ROWS_PER_COPY:
            copy_rows(NOUNS[noun], portions[noun])
            portions[noun].clear()
    for noun, rows in portions.items():
        copy_rows(NOUNS[noun], rows)
    analyze(*(noun.table for noun in NOUNS.values()))


def expand_weekly(complain: Complain) -> None:
    """Turn the weekly patterns into dated lectures: every such weekday of the semester but its skip dates.

    Only semesters that the file itself names are known here. Reads and writes in portions.
    """
    after = -1
    while patterns := named_rows_of(NEXT_PATTERNS, [after]):
        copy_rows(LECTURES, [row for pattern in patterns for row in _dated_lectures(pattern, complain)])
        after = patterns[-1]["item"]
    analyze(LECTURES.table)


def _row(record: Record) -> StagedRow | Fault:
    position, values = record.position, record.values
    if position.noun != LECTURES.name:
        return {"line": position.line, "item": position.item, **NOUNS[position.noun].row(values)}
    interval = clamped_interval(values["date"], values["start"], values["end"])
    if interval is None:
        sentence = "this time does not exist on that date: the clocks are put forward over it"
        return Fault(position, sentence, (values["course"],))
    return _lecture(position, values, interval, is_expanded=False)


def _dated_lectures(pattern: StagedRow, complain: Complain) -> list[StagedRow]:
    """The lectures of one of `NEXT_PATTERNS`."""
    position, courses = Position(pattern["line"], WEEKLY.name, pattern["item"]), (pattern["course"],)
    if pattern["starts_on"] is None:
        complain(Fault(position, f"semester {pattern['semester']} is not one of this file", courses))
        return []
    first = max(pattern["first"] or pattern["starts_on"], pattern["starts_on"])
    last = min(pattern["last"] or pattern["ends_on"], pattern["ends_on"])
    rows = []
    for day in weekly_dates(first, last, DAYS[pattern["weekday"]]):
        if day in pattern["skip_dates"]:
            continue
        interval = clamped_interval(day, pattern["start_minute"], pattern["end_minute"])
        if interval is None:
            sentence = f"this time does not exist on {day}: the clocks are put forward over it"
            complain(Fault(position, sentence, courses))
        else:
            rows.append(_lecture(position, pattern, interval, is_expanded=True))
    return rows


def _lecture(position: Position, values: Mapping[str, Any], interval: Interval, *, is_expanded: bool) -> StagedRow:
    """A row of `staged_lectures`; `values`: the course, label and rooms of a record or a weekly pattern."""
    return {
        "line": position.line,
        "item": position.item,
        "course": values["course"],
        "starts_at": interval.starts_at,
        "ends_at": interval.ends_at,
        "label": values["label"] or DEFAULT_LABEL,
        "rooms": values["rooms"] or [],
        "is_expanded": is_expanded,
    }

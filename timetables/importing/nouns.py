"""What an import file speaks of: its nouns, the fields of each, and the staged columns that take their values. Pure.

One declaration from which a record is checked, `staged_<noun>` is made, and its rows are copied: by name. An absent
value is None and leaves what the database has. docs/timetable-import.md is the same for those who write such files.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from kernel import wording
from kernel.campus_time import MINUTES_PER_DAY
from timetables import rules
from timetables.enums import SemesterType
from timetables.importing.forms import (
    COURSE_CODE,
    DAY,
    DAYS,
    FLAG,
    LINK,
    MINUTE,
    RANGES_OF_DAYS,
    WEB_ADDRESS,
    Form,
    WrongForm,
    choice,
    degrees,
    list_of,
    text,
    whole,
)

WEEKDAYS = tuple(name.lower() for name in (*wording.WEEKDAYS[1:], wording.WEEKDAYS[0]))
"""Monday first."""
MAX_ROOM_NAME = 100
POSITION_COLUMNS = {"line": "int", "item": "int"}
"""Of every staged table: where in the file the row stands (`records.Position`)."""
Values = dict[str, Any]
"""{field: what the file says, None where it says nothing}."""


@dataclass(frozen=True)
class Field:
    """One thing that a record may say."""

    name: str
    form: Form
    is_required: bool = False
    column: str = ""
    """Of the staged table, where it is not called like the field."""
    is_staged: bool = True
    """False = the field has no column: what it says goes into others."""


@dataclass(frozen=True)
class Noun:
    """A list of the file, or the records of a CSV with this word in the column `record`."""

    name: str
    fields: tuple[Field, ...]
    """In the order in which a file best has them."""
    computed: Mapping[str, str] = field(default_factory=dict)
    """{staged column: its SQL type}, beside those of the fields."""
    course_field: str = ""
    """Which field holds the course's code."""
    decides_lectures: bool = False
    """A faulty record of which no course is known may be why any lecture is missing."""
    check: Callable[[Values], list[str]] = lambda values: []
    """What well-formed values get wrong together. May complete them."""

    @cached_property
    def field_names(self) -> frozenset[str]:
        return frozenset(each.name for each in self.fields)

    @cached_property
    def staged_fields(self) -> dict[str, Field]:
        """{staged column: the field whose value it takes as it is}."""
        return {each.column or each.name: each for each in self.fields if each.is_staged}

    @cached_property
    def columns(self) -> dict[str, str]:
        """{column: SQL type} of the staged table."""
        of_fields = {column: each.form.sql_type for column, each in self.staged_fields.items()}
        return {**POSITION_COLUMNS, **of_fields, **self.computed}

    @property
    def table(self) -> str:
        return f"staged_{self.name}"

    def row(self, values: Values) -> dict[str, Any]:
        """{staged column: value} of the fields that have one."""
        return {column: values[each.name] for column, each in self.staged_fields.items()}

    def courses(self, raw: Mapping[str, Any]) -> tuple[str, ...] | None:
        """Whose lectures a faulty raw record may have spoken of, by code; None if that cannot be known."""
        if self.course_field:
            try:
                return (COURSE_CODE.parse(raw.get(self.course_field)),)
            except WrongForm:
                pass
        return None if self.decides_lectures else ()


def _semester_faults(values: Values) -> list[str]:
    are_absent = [values[name] is None for name in ("type", "starts_on", "ends_on")]
    if any(are_absent) != all(are_absent):
        return ["type, starts_on and ends_on belong together"]
    if values["starts_on"] is None:
        return []
    days = values["starts_on"], values["ends_on"]
    return rules.semester_faults(*days) or rules.exam_faults(values["exam_dates"] or [], *days)


def _lecture_faults(values: Values) -> list[str]:
    return ["start is not before end"] if values["start"] >= values["end"] else []


def _weekly_faults(values: Values) -> list[str]:
    """Works the end out from the duration."""
    if (values["duration"] is None) == (values["end"] is None):
        return ["either duration or end is required"]
    end = values["end"] if values["end"] is not None else values["start"] + values["duration"]
    if not values["start"] < end <= MINUTES_PER_DAY:
        return ["the lecture does not end later on the same day"]
    values["end"] = end
    return []


NAME = text(rules.MAX_NAME)
WORD = text(rules.MAX_CODE, may_be_empty=True)
REMARK = text(rules.MAX_NAME, may_be_empty=True)
LABEL = text(rules.MAX_CODE)
ROOM = text(MAX_ROOM_NAME)
ROOMS = list_of(ROOM)
AVAILABLE = Field("available", FLAG, column="is_available")

SEMESTERS = Noun(
    "semesters",
    (
        Field("name", NAME, is_required=True),
        Field("type", choice(*SemesterType.values)),
        Field("starts_on", DAY),
        Field("ends_on", DAY),
        Field("skip_dates", DAYS),
        Field("exam_dates", RANGES_OF_DAYS),
        AVAILABLE,
    ),
    check=_semester_faults,
)
UNITS = Noun(
    "units",
    (
        Field("name", NAME, is_required=True),
        Field("code", WORD),
        Field("section", REMARK),
        Field("promo", WORD),
        AVAILABLE,
    ),
)
TEACHERS = Noun(
    "teachers",
    (Field("name", NAME, is_required=True), Field("people_url", WEB_ADDRESS), AVAILABLE),
)
COURSES = Noun(
    "courses",
    (
        Field("code", COURSE_CODE, is_required=True),
        Field("name", NAME),
        Field("credits", whole(0, rules.MAX_CREDITS)),
        Field("edu_url", WEB_ADDRESS),
        Field("language", WORD),
        Field("teachers", list_of(NAME)),
        AVAILABLE,
    ),
    course_field="code",
)
STUDY_PLANS = Noun(
    "study_plans",
    (
        Field("unit", NAME, is_required=True),
        Field("semester", NAME, is_required=True),
        Field("courses", list_of(COURSE_CODE)),
        AVAILABLE,
    ),
)
DESCRIBED_ROOMS = Noun(
    "rooms",
    (
        Field("name", ROOM, is_required=True),
        Field("capacity", whole(1, 100_000)),
        Field("floor", whole(-20, 200)),
        Field("type", WORD),
        Field("building", REMARK),
        Field("link", LINK),
        Field("latitude", degrees(90)),
        Field("longitude", degrees(180)),
    ),
)
ROOM_ALIASES = Noun(
    "room_aliases",
    (Field("alias", ROOM, is_required=True), Field("rooms", ROOMS, is_required=True)),
    decides_lectures=True,
)
WEEKLY = Noun(
    "weekly",
    (
        Field("course", COURSE_CODE, is_required=True),
        Field("semester", NAME, is_required=True),
        Field("weekday", choice(*WEEKDAYS), is_required=True),
        Field("start", MINUTE, is_required=True, column="start_minute"),
        Field("end", MINUTE, column="end_minute"),
        Field("duration", whole(1, MINUTES_PER_DAY), is_staged=False),
        Field("label", LABEL),
        Field("rooms", ROOMS),
        Field("from", DAY, column="first"),
        Field("until", DAY, column="last"),
    ),
    course_field="course",
    decides_lectures=True,
    check=_weekly_faults,
)
LECTURES = Noun(
    "lectures",
    (
        Field("course", COURSE_CODE, is_required=True),
        Field("date", DAY, is_required=True, is_staged=False),
        Field("start", MINUTE, is_required=True, is_staged=False),
        Field("end", MINUTE, is_required=True, is_staged=False),
        Field("label", LABEL),
        Field("rooms", ROOMS),
    ),
    computed={"starts_at": "timestamptz", "ends_at": "timestamptz", "is_expanded": "boolean"},
    course_field="course",
    decides_lectures=True,
    check=_lecture_faults,
)

NOUNS = {
    noun.name: noun
    for noun in (
        SEMESTERS,
        UNITS,
        TEACHERS,
        COURSES,
        STUDY_PLANS,
        DESCRIBED_ROOMS,
        ROOM_ALIASES,
        WEEKLY,
        LECTURES,
    )
}

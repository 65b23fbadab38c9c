"""Timetables in the files of other systems: which one it is, and in one line what to make of it."""

import re

from kernel.tables.kinds import HEAD_BYTES, is_zip, refuse_other_files
from kernel.tables.refusals import UnreadableTable
from timetables.importing.files import UnreadableFile

SAMPLE_BYTES = 16 * HEAD_BYTES
DOCUMENTED = "(docs/timetable-import.md)"
CALENDAR = "a calendar: import it with import_ics FILE --semester NAME"
NUSMODS = (
    "a file of NUSMods: make of each module a record of courses, and of each lesson in its timetable one of weekly"
    f" (day is weekday, startTime 0900 is start 09:00, venue is rooms) {DOCUMENTED}"
)
ITC_2019 = (
    "a problem of the ITC 2019 in XML: make of each class of its solution a record of weekly (the days of the bits of"
    f" days, start and length in slots of five minutes, the room's name) {DOCUMENTED}"
)
UNITIME = (
    "an XML of UniTime (Purdue): make of each course a record of courses, and of each assigned class one of weekly"
    f" (its date pattern is from and until, its time is start and end, its rooms are rooms) {DOCUMENTED}"
)
XML = f"XML: make records of it, as JSON or CSV {DOCUMENTED}"
WORKBOOK = "a workbook or another ZIP: save the sheet of records as CSV UTF-8 and import that"
FORMATS = (
    (re.compile(r"BEGIN:VCALENDAR", re.IGNORECASE), CALENDAR),
    (re.compile(r"[\[{].*\"(moduleCode|semesterData|acadYear)\"\s*:", re.DOTALL), NUSMODS),
    (re.compile(r"<(.*<)?(problem|solution)\b[^>]*\b(slotsPerDay|nrWeeks|runtime)=", re.DOTALL), ITC_2019),
    (re.compile(r"<.*unitime", re.DOTALL | re.IGNORECASE), UNITIME),
    (re.compile(r"<(.*<)?(timetable|offerings|courseTimetable)\b", re.DOTALL), UNITIME),
    (re.compile(r"<"), XML),
)
"""How a text of each begins, the more particular first."""


def refuse_known_formats(name: str, sample: bytes, *, is_json: bool) -> None:
    """Raises: UnreadableFile, where the first `SAMPLE_BYTES` of the file are those of another system's."""
    if is_zip(sample):
        raise UnreadableFile(f"{name} is {WORKBOOK}")
    text = sample.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").replace(b"\x00", b"").decode("utf-8", errors="replace")
    for beginning, what in FORMATS:
        if beginning.match(text):
            raise UnreadableFile(f"{name} is {what}")
    if not is_json:
        try:
            refuse_other_files(sample)
        except UnreadableTable as error:
            raise UnreadableFile(error.message) from error

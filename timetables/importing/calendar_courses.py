"""The courses of a SUMMARY. Pure."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from timetables.importing.name_tables import NameTable

CODE = re.compile(r"(?<!\w)[A-Z]{2,6}[-_. ]?\d{2,9}[A-Za-z]{0,3}(?:\([a-z0-9]{1,3}\))?(?!\w)(?!:\d)")
"""Codes as they are mostly written: CS-101, MATH-101(a), ENG 250b, DIT213GU. Never a part of a longer word."""
PARTS = re.compile(r"([A-Z]+)[-_. ]?(\d+)")
WITH_ANY_NUMBER = re.compile(
    "AM|PM|EXAM|EXAMS|EXAMEN|ROOM|SALLE|RAUM|HALL|FLOOR|CAMPUS|GROUPE?|GRUPPE|WEEK|WOCHE|COVID"
)
"""What stands before a number without being a course: times of day, rooms, groups, weeks."""
WITH_A_YEAR_OR_TWO_DIGITS = re.compile(
    "HS|FS|WS|SS|WISE|SOSE|HT|VT|AY|SEM|TERM|FALL|AUTUMN|SPRING|SUMMER|WINTER|FA|SP|SU|WI|AUT|HIVER"
    "|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEPT?|OCT|NOV|DEC|MARCH|APRIL|JUNE|JULY|AUGUST"
    "|MON|TUE|WED|THU|FRI|SAT|SUN|MONDAY|FRIDAY|SUNDAY"
    "|TD|TP|CM|GR|GRP|KW|LAB|QUIZ|TEST|PART|CLASS|SEC|SECT|LEVEL|YEAR|JAHR|UNIT|MODULE|LEC|LECT|TUT|CHAP"
    "|AT|TO|OF|ON|NO|NR|UM|BIS|VON|AB|UHR"
)
"""These are courses with other numbers: SEC-401."""
A_YEAR_OR_TWO_DIGITS = re.compile(r"(?:20)?\d\d")
AROUND_TITLES = " -–—:;,/|."
EMPTY_BRACKETS = re.compile(r"\([-–—:;,/|\s]*\)")


@dataclass(frozen=True)
class CourseNames:
    """How the courses of a calendar are told."""

    course: str | None = None
    """Whose calendar it is, where the events do not say."""
    pattern: re.Pattern[str] | None = None
    """How a code looks; None: as most do, but what is no course as often."""
    table: NameTable = field(default_factory=NameTable)
    """What summaries and codes mean."""
    known_codes: Collection[str] = frozenset()
    """Courses that there are: none of these is anything else."""

    def courses(self, summary: str, is_room: Callable[[str], bool] = lambda name: False) -> tuple[list[str], str]:
        """The codes in a summary and what is left of it, the title. `is_room`: the text is a room of the event."""
        if self.course:
            return [self.course], title(summary.replace(self.course, ""))
        meaning = self.table.meaning(summary)
        if meaning is not None:
            return list(dict.fromkeys(meaning)), title(summary)
        codes: list[str] = []

        def take(match: re.Match[str]) -> str:
            text = match.group()
            meaning = self.table.meaning(text)
            if meaning is None and self._is_no_course(text):
                return text
            if meaning is None and text not in self.known_codes and is_room(text):
                return ""
            codes.extend((text,) if meaning is None else meaning)
            return ""

        rest = (self.pattern or CODE).sub(take, summary)
        return list(dict.fromkeys(codes)), title(rest)

    def _is_no_course(self, text: str) -> bool:
        parts = PARTS.match(text)
        if self.pattern or text in self.known_codes or parts is None:
            return False
        return WITH_ANY_NUMBER.fullmatch(parts[1]) is not None or (
            WITH_A_YEAR_OR_TWO_DIGITS.fullmatch(parts[1]) is not None
            and A_YEAR_OR_TWO_DIGITS.fullmatch(parts[2]) is not None
        )


def title(rest: str) -> str:
    """A summary without its codes, and without what stood between or around them."""
    text = " ".join(EMPTY_BRACKETS.sub("", rest).split()).strip(AROUND_TITLES)
    return text if text.count("(") == text.count(")") else text.strip(AROUND_TITLES + "()")

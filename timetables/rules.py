"""Pure rules about courses and their lectures: names, codes, limits."""

from collections.abc import Sequence
from datetime import date

MAX_NAME = 300
MAX_CODE = 60
MAX_URL = 500
MAX_CREDITS = 1000
MAX_SEMESTER_DAYS = 1100
"""Three years: a weekly lecture becomes one on every such day."""

EXAMS_IN_WRONG_ORDER = "a range of exam_dates ends before it begins"
EXAMS_OUTSIDE = "exam_dates lie outside of the semester"


def code_faults(code: str) -> list[str]:
    """What keeps a text from being a course's code: it is also its address."""
    if "/" in code or code in {".", ".."}:
        return ["A code is part of an address: it must not contain / nor be . or .."]
    return []


def semester_faults(starts_on: date, ends_on: date) -> list[str]:
    """What is wrong with a semester's first and last day."""
    if starts_on > ends_on:
        return ["starts_on is after ends_on"]
    if (ends_on - starts_on).days > MAX_SEMESTER_DAYS:
        return [f"it is longer than {MAX_SEMESTER_DAYS} days"]
    return []


def exam_faults(exam_dates: Sequence[Sequence[date]], starts_on: date, ends_on: date) -> list[str]:
    """What is wrong with the ranges (first day, last day) of the exams of a semester."""
    if any(first > last for first, last in exam_dates):
        return [EXAMS_IN_WRONG_ORDER]
    are_inside = all(starts_on <= first and last <= ends_on for first, last in exam_dates)
    return [] if are_inside else [EXAMS_OUTSIDE]

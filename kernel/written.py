"""Days, times of day and whole numbers as people write them. What cannot be read is a `ValueError` that says why."""

import re
from datetime import date

from kernel.campus_time import MINUTES_PER_DAY
from kernel.dates import KNOWN_YEARS, OUTSIDE_KNOWN_YEARS

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::00)?")
WITH_SECONDS = re.compile(r"[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?")
NUMBER = re.compile(r"-?[0-9]+")
MAX_DIGITS = 18
"""So that it fits a bigint."""
NO_DAY = "A date of the form YYYY-MM-DD is required"
NO_SUCH_DAY = "There is no such day"
NO_TIME = "A time of the form HH:MM is required"
NO_SUCH_TIME = "There is no such time of day"
END_ONLY = "24:00 can only be an end"
WHOLE_MINUTES = "Only whole minutes, of the form HH:MM"
NO_NUMBER = "A whole number is required"
ASCII_DIGITS = "Only the digits 0 to 9 are read"
TOO_LONG = f"Must have at most {MAX_DIGITS} digits"


def read_day(text: object) -> date:
    """`YYYY-MM-DD`, exactly. Which years are known is asked elsewhere, but there is none before 1."""
    if not isinstance(text, str) or not DAY.fullmatch(text):
        raise ValueError(other_digits(text) or NO_DAY)
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(OUTSIDE_KNOWN_YEARS if text.startswith("0000") else NO_SUCH_DAY) from error


def read_known_day(text: object) -> date:
    """The same, in a known year."""
    day = read_day(text)
    if day.year not in KNOWN_YEARS:
        raise ValueError(OUTSIDE_KNOWN_YEARS)
    return day


def read_minute(text: object, *, latest: int) -> int:
    """`H:MM`, `HH:MM` or `HH:MM:00` as minutes since midnight; `latest` = 1440 where `24:00` may stand."""
    match = TIME.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        is_too_exact = isinstance(text, str) and WITH_SECONDS.fullmatch(text)
        raise ValueError(WHOLE_MINUTES if is_too_exact else other_digits(text) or NO_TIME)
    hour, minute = int(match[1]), int(match[2])
    if minute < 60 and hour * 60 + minute <= latest:
        return hour * 60 + minute
    raise ValueError(END_ONLY if (hour, minute) == (24, 0) and latest < MINUTES_PER_DAY else NO_SUCH_TIME)


def read_whole_number(text: object) -> int:
    """Of ASCII digits, perhaps with a minus, and no longer than an id may be."""
    if not isinstance(text, str) or not NUMBER.fullmatch(text):
        raise ValueError(other_digits(text) or NO_NUMBER)
    if len(text.lstrip("-")) > MAX_DIGITS:
        raise ValueError(TOO_LONG)
    return int(text)


def other_digits(text: object) -> str | None:
    """What to say of digits that are none of ours, such as full-width ones."""
    has_others = isinstance(text, str) and any(sign.isdigit() and not sign.isascii() for sign in text)
    return ASCII_DIGITS if has_others else None

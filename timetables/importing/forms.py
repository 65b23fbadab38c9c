"""The forms that a value of an import file may have, each with the SQL type that takes it. Pure.

A value is JSON, or text where the file is a CSV; both become the same.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

from kernel.dates import KNOWN_YEARS
from kernel.names import is_visible, without_variations
from kernel.tables.cells import WrongCell, truth, whole_number
from kernel.tables.cells import number as read_number
from kernel.web_addresses import is_web_address
from timetables import rules

DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
TIME = re.compile(r"(\d{1,2}):(\d{2})(?::00)?", re.ASCII)
MAX_LIST = 1000


class WrongForm(ValueError):
    """A value that breaks its field's form; the message is the rest of a sentence that begins with the field."""


@dataclass(frozen=True)
class Form:
    """How a raw value is read, and what SQL calls the result. `parse` raises WrongForm."""

    parse: Callable[[Any], Any]
    sql_type: str


def text(longest: int, *, may_be_empty: bool = False) -> Form:
    """A text without what cannot be shown, and without white space around it."""

    def parse(raw: Any) -> str:
        if not isinstance(raw, str):
            raise WrongForm("is not a text")
        # What cannot be printed cannot be told apart on a screen; U+00A0 and its like become a space.
        clean = without_variations(raw.strip() if raw.isprintable() else " ".join(raw.split()))
        if not clean.isprintable() or not is_visible(clean):
            raise WrongForm("has a character that cannot be shown")
        if not clean and not may_be_empty:
            raise WrongForm("is empty")
        if len(clean) > longest:
            raise WrongForm(f"is longer than {longest} characters")
        return clean

    return Form(parse, "text")


def whole(smallest: int, largest: int) -> Form:
    """A whole number in a range, both ends included."""

    def parse(raw: Any) -> int:
        try:
            number = whole_number(raw) if isinstance(raw, str) else raw
        except WrongCell:
            number = None
        if type(number) is not int or not smallest <= number <= largest:
            raise WrongForm(f"is not a whole number from {smallest} to {largest}")
        return number

    return Form(parse, "int")


def degrees(most: int) -> Form:
    """An angle from -most to most."""

    def parse(raw: Any) -> float:
        number: Any = raw
        if isinstance(raw, str):
            with suppress(WrongCell):
                number = read_number(raw)
        if type(number) not in (int, float) or not abs(number) <= most:
            raise WrongForm(f"is not a number from -{most} to {most}")
        return float(number)

    return Form(parse, "float")


def choice(*words: str) -> Form:
    """One of some words, in either case."""

    def parse(raw: Any) -> str:
        word = raw.lower() if isinstance(raw, str) else ""
        if word not in words:
            raise WrongForm(f"is not one of {', '.join(words)}")
        return word

    return Form(parse, "text")


def list_of(form: Form) -> Form:
    """A list, or in a CSV its elements separated by semicolons. What stands twice counts once."""

    def parse(raw: Any) -> list[Any]:
        elements = [part for part in raw.split(";") if part.strip()] if isinstance(raw, str) else raw
        if not isinstance(elements, list) or len(elements) > MAX_LIST:
            raise WrongForm(f"is not a list of at most {MAX_LIST}")
        try:
            return list(dict.fromkeys(form.parse(element) for element in elements))
        except WrongForm as error:
            raise WrongForm(f"has an element that {error}") from error

    return Form(parse, f"{form.sql_type}[]")


def _web_address(raw: Any) -> str:
    address: str = LINK.parse(raw)
    if address and not is_web_address(address):
        raise WrongForm("is not a web address such as https://people.example.edu/ada")
    return address


def _course_code(raw: Any) -> str:
    code: str = _CODE_TEXT.parse(raw)
    if faults := rules.code_faults(code):
        raise WrongForm(f"cannot be {code}: {faults[0]}")
    return code


def _flag(raw: Any) -> bool:
    try:
        return truth(raw if isinstance(raw, str | bool) else None)
    except WrongCell as error:
        raise WrongForm("is neither true nor false") from error


def _day(raw: Any) -> date:
    try:
        if isinstance(raw, str) and DATE.fullmatch(raw):
            day = date.fromisoformat(raw)
            if day.year in KNOWN_YEARS:
                return day
    except ValueError:
        pass
    raise WrongForm("is not a date of the form YYYY-MM-DD")


def _day_in_list(raw: Any) -> date:
    return _day(raw.strip() if isinstance(raw, str) else raw)


def _days(raw: Any) -> tuple[date, date]:
    """The first and the last of a range, both included: [first, last], or first/last."""
    ends = raw.split("/") if isinstance(raw, str) else raw
    if not isinstance(ends, list) or len(ends) != 2:
        raise WrongForm("is not a first and a last date, such as 2027-01-11/2027-01-29")
    first, last = (_day_in_list(end) for end in ends)
    if first > last:
        raise WrongForm(f"ends before it begins: {first}/{last}")
    return first, last


def _ranges_of_days(raw: Any) -> list[list[date]]:
    return [[first, last] for first, last in list_of(Form(_days, "date[]")).parse(raw)]


def _minute(raw: Any) -> int:
    parts = TIME.fullmatch(raw) if isinstance(raw, str) else None
    if parts:
        hour, minute = int(parts[1]), int(parts[2])
        if minute < 60 and (hour < 24 or (hour, minute) == (24, 0)):
            return hour * 60 + minute
    raise WrongForm("is not a time of the form HH:MM")


_CODE_TEXT = text(rules.MAX_CODE)
LINK = text(rules.MAX_URL, may_be_empty=True)
WEB_ADDRESS = Form(_web_address, "text")
COURSE_CODE = Form(_course_code, "text")
FLAG = Form(_flag, "boolean")
DAY = Form(_day, "date")
DAYS = list_of(Form(_day_in_list, "date"))
RANGES_OF_DAYS = Form(_ranges_of_days, "date[][]")
MINUTE = Form(_minute, "int")
"""Since midnight; 1440 = 24:00."""

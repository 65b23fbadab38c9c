"""What a cell says. Whatever program and language wrote it; never more than is there. Pure."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from kernel.tables.headers import Cell, clean, in_quotes

TRUE_WORDS = frozenset(
    {
        *("true", "t", "yes", "y", "on", "1", "wahr", "ja", "j", "vrai", "oui", "verdadero", "sí", "si", "sim"),
        *("verdadeiro", "vero", "sì", "waar", "是", "真", "はい"),
    }
)
FALSE_WORDS = frozenset(
    {
        *("false", "f", "no", "n", "off", "0", "falsch", "nein", "faux", "non", "falso", "não", "nao"),
        *("onwaar", "nee", "否", "假", "いいえ"),
    }
)
ONE_OR_ZERO = re.compile(r"([01])[.,]0*")
CLEARED = "-"
"""What is written into a cell to say that nothing is there; a blank cell says nothing."""
MAX_DIGITS = 18
MAX_NUMBER = 10**MAX_DIGITS
PLAIN = re.compile(r"([+-]?[0-9]+)(?:[.,](?:0{0,2}|0{4,}))?")
GROUPED = (
    re.compile(r"([+-]?[0-9]{1,3}(?:[ '’][0-9]{3})+)(?:[.,]0+)?"),
    re.compile(r"([+-]?[0-9]{1,3}(?:,[0-9]{3})+)\.0+"),
    re.compile(r"([+-]?[0-9]{1,3}(?:\.[0-9]{3})+),0+"),
    re.compile(r"([+-]?[0-9]{1,3}(?:,[0-9]{3}){2,})"),
    re.compile(r"([+-]?[0-9]{1,3}(?:\.[0-9]{3}){2,})"),
)
THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}[.,][0-9]{3}")
DECIMAL = re.compile(r"[+-]?[0-9]{1,3}(?:[.,][0-9]*)?")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class WrongCell(ValueError):
    """A cell that does not say what its column asks for; the message is a sentence about it."""


@dataclass(frozen=True)
class NoValue:
    """A cell of a workbook that holds something, but no value: an error, a formula that was never calculated."""

    what: str

    def __str__(self) -> str:
        return self.what


def truth(cell: Cell) -> bool:
    """Yes or no, in several languages, in any case, with space around. Raises: WrongCell."""
    _refuse_no_values(cell)
    if isinstance(cell, bool):
        return cell
    word = _plain(cell).casefold() if not isinstance(cell, date | time) else ""
    if match := ONE_OR_ZERO.fullmatch(word):
        word = match[1]
    if word in TRUE_WORDS or word in FALSE_WORDS:
        return word in TRUE_WORDS
    raise WrongCell(f"{in_quotes(cell)} is neither true nor false: write TRUE or FALSE")


def whole_number(cell: Cell) -> int:
    """A whole number, also as spreadsheets write it. Nothing is rounded, TRUE is no number. Raises: WrongCell."""
    _refuse_no_values(cell)
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        if abs(cell) < MAX_NUMBER and cell == int(cell):
            return int(cell)
    elif isinstance(cell, str):
        text = _plain(cell)
        for form in (PLAIN, *GROUPED):
            if match := form.fullmatch(text):
                digits = re.sub(r"[^0-9-]", "", match[1])
                if len(digits) <= MAX_DIGITS:
                    return int(digits)
        if THOUSANDS.fullmatch(text):
            raise WrongCell(f"{in_quotes(cell)} may be in thousands or a fraction: write the digits only")
    raise WrongCell(f"{in_quotes(cell)} is not a whole number")


def number(cell: Cell) -> float:
    """A number below 1000, so that a comma or a point in it is the decimal one. Raises: WrongCell."""
    _refuse_no_values(cell)
    if isinstance(cell, int | float) and not isinstance(cell, bool) and abs(cell) < MAX_NUMBER:
        return float(cell)
    if isinstance(cell, str) and DECIMAL.fullmatch(text := _plain(cell)):
        return float(text.replace(",", "."))
    raise WrongCell(f"{in_quotes(cell)} is not a number")


def text_of(cell: Cell) -> str:
    """A text, without white space around it; of a number its digits. Raises: WrongCell.

    What an export has marked as a text (`marked_as_text`) loses its mark.
    """
    _refuse_no_values(cell)
    if isinstance(cell, bool | date | time):
        raise WrongCell(f"{in_quotes(cell)} is not a text: format the column as text and write it again")
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = clean(cell)
    return text.removeprefix("'") if text.lstrip("'").startswith(FORMULA_STARTS) else text


def marked_as_text(text: str) -> str:
    """A text that a spreadsheet would run gets a mark; also what looks like such a mark already."""
    return f"'{text}" if text.lstrip("'").startswith(FORMULA_STARTS) else text


def _plain(cell: Any) -> str:
    """Full-width digits, narrow spaces and the sign for minus as everybody else writes them."""
    return unicodedata.normalize("NFKC", clean(cell)).replace("\u2212", "-").strip()


def _refuse_no_values(cell: Cell) -> None:
    if isinstance(cell, NoValue):
        raise WrongCell(f"there is {cell.what}, not a value")

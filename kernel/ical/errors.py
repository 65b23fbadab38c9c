"""What can be wrong with a calendar: with all of it, or with one thing in it."""

from dataclasses import dataclass


class UnreadableCalendar(Exception):
    """The file as a whole cannot be understood; the message goes on after its name."""


class WrongValue(ValueError):
    """A value that breaks its form; the message says what is wrong with it, without its property."""


class WrongZone(WrongValue):
    """A value whose zone is not known; the message is a whole sentence."""


@dataclass(frozen=True)
class Misread:
    """What is wrong in one line, and would otherwise be guessed or passed over."""

    line: int
    sentence: str


def quoted(text: str) -> str:
    """Input as a sentence quotes it."""
    return repr(text if len(text) <= 60 else f"{text[:60]}…")

"""What may stand in a request: no NUL, no lone surrogate, no stray control characters. And what leaves in one line."""

import re

# C0 without tab and newline, DEL, C1, lone surrogates. Tab and newline are for descriptions only;
# single-line fields refuse them themselves.
FORBIDDEN_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
FORBIDDEN_TEXT_MESSAGE = "Control characters and broken Unicode are not allowed"
INTEGER = re.compile(r"-?[0-9]{1,18}")
"""A whole number in ASCII digits, so short that it fits a bigint."""


def has_forbidden_text(text: str) -> bool:
    """True if the text holds a character no field of ours may hold."""
    return FORBIDDEN_TEXT.search(text) is not None


JOINERS = "\u200c\u200d"
"""They show nothing, but words of Persian and pictures of several characters are put together by them."""


def plain_line(text: str) -> str:
    """One line, without anything that could begin another, or steer what shows it."""
    return " ".join(_without_controls(text).split())


def plain_lines(text: str) -> str:
    """The same of each of its lines, with the blanks inside of them."""
    return "\n".join(_without_controls(line).rstrip() for line in text.splitlines()).strip()


def _without_controls(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() or sign in JOINERS else " " for sign in text)

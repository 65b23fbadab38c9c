"""What may stand in a request at all: no NUL, no lone surrogate, no stray control characters."""

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

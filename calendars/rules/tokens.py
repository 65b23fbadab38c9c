"""What a word that gives priority may be, and how it is shown to those who may not copy it."""

import re

from calendars.rules import MAX_PRIORITY, WORD
from kernel.errors import Faults
from kernel.names import is_visible

HINT = 2
"""So many characters of it tell one from another; the rest is a secret."""


def token_faults(*, token: str, priority: int) -> Faults:
    """By field."""
    faults: dict[str, list[str]] = {}
    if not re.fullmatch(WORD, token) or not is_visible(token):
        faults["token"] = ["Must have 8 to 100 visible characters and no space"]
    if not 1 <= priority <= MAX_PRIORITY:
        faults["priority"] = [f"Must be 1 to {MAX_PRIORITY}"]
    return faults


def hint_of(token: str) -> str:
    """ "VI•••"."""
    return f"{token[:HINT]}•••"

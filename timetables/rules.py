"""Pure rules about courses and their lectures: names, codes, limits."""

MAX_NAME = 300
MAX_CODE = 60
MAX_URL = 500
MAX_CREDITS = 1000
MAX_SEMESTER_DAYS = 1100
"""Three years: a weekly lecture becomes one on every such day."""


def code_faults(code: str) -> list[str]:
    """What keeps a text from being a course's code: it is also its address."""
    if "/" in code or code in {".", ".."}:
        return ["A code is part of an address: it must not contain / nor be . or .."]
    return []

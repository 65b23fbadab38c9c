"""What a calendar is told, when the letter of a day leaves, and how much a letter holds."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from kernel.campus_time import MINUTES_PER_DAY, campus_date, clamped_interval, day_start
from kernel.text import plain_line
from mail.enums import Method
from registrations.enums import RegistrationStatus

MOST_EVENTS = 400
"""In one calendar object: of a series nearly eight years."""
MOST_LISTED = 100
"""Lines of a letter."""
MAX_SUBJECT = 120
PAST_DAYS = 1
"""So long after its end a registration still matters to a calendar."""
KEPT_DAYS = 31
"""So long is kept what nobody needs any more."""


@dataclass(frozen=True)
class CalendarState:
    """What a calendar has last been told."""

    sequence: int
    method: str


def method_for(status: str, sequence: int, state: CalendarState | None) -> Method | None:
    """What a calendar must be told of a registration as it is now; None: nothing.

    What waits for a decision is not sent, but who has it in his calendar is told that it is open again.
    """
    is_there = state is not None and state.method == Method.REQUEST
    is_behind = state is None or state.sequence != sequence
    if status == RegistrationStatus.APPROVED:
        return Method.REQUEST if is_behind else None
    if status == RegistrationStatus.PENDING:
        return Method.REQUEST if is_there and is_behind else None
    return Method.CANCEL if is_there else None


def last_moment(now: datetime, minute: int) -> tuple[date, datetime]:
    """The last campus day whose letter, due at this minute on the wall, was due by now; and when that was."""
    day = campus_date(now)
    moment = _moment(day, minute)
    if moment <= now:
        return day, moment
    return day - timedelta(days=1), _moment(day - timedelta(days=1), minute)


def _moment(day: date, minute: int) -> datetime:
    """In a gap of the clocks, its end."""
    rest = clamped_interval(day, minute, MINUTES_PER_DAY)
    return rest.starts_at if rest else day_start(day + timedelta(days=1))


def subject_of(sentence: str) -> str:
    """The beginning of a sentence, as long as a subject may be."""
    line = plain_line(sentence)
    return line if len(line) <= MAX_SUBJECT else f"{line[: MAX_SUBJECT - 1].rstrip()}…"

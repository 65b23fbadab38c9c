"""Days and times in words, as notices, log rows and pictures say them. Pure."""

from collections.abc import Sequence

from kernel.campus_time import Interval, cut_per_day, format_minute

MOST_LISTED_CHARACTERS = 600
"""What is listed in a sentence leaves room for the rest of it in a notification."""
WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
"""`day_of_week` − 1 is the place: the API counts from 1 = Sunday."""


def span_in_words(start_minute: int, end_minute: int) -> str:
    """ "09:10–10:20"."""
    return f"{format_minute(start_minute)}–{format_minute(end_minute)}"


def interval_in_words(interval: Interval) -> str:
    """ "2026-02-01 10:00–12:00" on the campus wall; of an interval over midnight its first day."""
    piece = next(cut_per_day(interval))
    return f"{piece.date} {span_in_words(piece.start_minute, piece.end_minute)}"


def slot_in_words(classroom: str, day_of_week: int, start_minute: int, end_minute: int) -> str:
    """ "Room A, Wednesday 09:10–10:20"."""
    return f"{classroom}, {WEEKDAYS[day_of_week - 1]} {span_in_words(start_minute, end_minute)}"


def weekly_slot_in_words(classroom: str, day_of_week: int, start_minute: int, end_minute: int) -> str:
    """ "Room A, Wednesdays 09:10–10:20"."""
    return f"{classroom}, {WEEKDAYS[day_of_week - 1]}s {span_in_words(start_minute, end_minute)}"


def date_count_in_words(number: int) -> str:
    """ "1 date", "16 dates"."""
    return "1 date" if number == 1 else f"{number} dates"


def listed_in_words(names: Sequence[str]) -> str:
    """ "Room A, Room B and 7 more", as many as a sentence can hold."""
    text = ""
    for place, name in enumerate(names):
        if text and len(text) + len(name) > MOST_LISTED_CHARACTERS:
            return f"{text} and {len(names) - place} more"
        text += f", {name}" if text else name
    return text

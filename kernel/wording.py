"""Days and times in words, as log rows, pages and pictures say them. Pure."""

from kernel.campus_time import Interval, cut_per_day, format_minute

WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
"""`day_of_week` − 1 is the place: the API counts from 1 = Sunday."""


def span_in_words(start_minute: int, end_minute: int) -> str:
    """ "09:10–10:20"."""
    return f"{format_minute(start_minute)}–{format_minute(end_minute)}"


def interval_in_words(interval: Interval) -> str:
    """ "2026-02-01 10:00–12:00" on the campus wall; of an interval over midnight its first day."""
    piece = next(cut_per_day(interval))
    return f"{piece.date} {span_in_words(piece.start_minute, piece.end_minute)}"

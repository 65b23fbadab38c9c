"""The dates of an event as a table: their states, and what is in the way of those that wait."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from calendars.enums import OccurrenceState
from calendars.models import CalendarEvent, CalendarOccurrence
from calendars.queries.obstructing import uses_in_the_way
from calendars.queries.winners import Use
from kernel.campus_time import format_wall, format_wall_end

MAX_SHOWN, MAX_EXPLAINED, MAX_NAMED = 200, 50, 5
DAYS_BEFORE = timedelta(days=31)
"""Of a series, dates longer ago are only counted."""
NOTHING = "nothing any more: it gets the room when others have had their turn"


def dates_table(event: CalendarEvent, *, now: datetime) -> SafeString:
    """Those of the last weeks and all to come. Loaded before: its calendar."""
    dates = CalendarOccurrence.objects.filter(event=event).order_by("starts_at", "pk")
    near = dates.filter(ends_at__gt=now - DAYS_BEFORE) if event.is_repeated else dates
    rows = list(near[:MAX_SHOWN])
    waiting = [row for row in rows if row.state == OccurrenceState.CONFLICTING][:MAX_EXPLAINED]
    obstacles = uses_in_the_way(event.calendar, waiting)
    context = {
        "rows": [_row(row, obstacles.get(row.pk)) for row in rows],
        "more": dates.count() - len(rows),
    }
    return render_to_string("admin/calendars/dates.html", context)


def _row(row: CalendarOccurrence, uses: Sequence[Use] | None) -> dict[str, str]:
    return {
        "when": f"{format_wall(row.starts_at)} – {format_wall_end(row.ends_at)}",
        "state": row.get_state_display(),
        "obstacles": "" if uses is None else in_words(uses),
    }


def in_words(uses: Sequence[Use]) -> str:
    """ "Meeting, 2026-02-01 10:00 – 2026-02-01 12:00; and 3 more"."""
    if not uses:
        return NOTHING
    pieces = [
        f"{use.name}, {format_wall(use.interval.starts_at)} – {format_wall_end(use.interval.ends_at)}"
        for use in uses[:MAX_NAMED]
    ]
    rest = len(uses) - len(pieces)
    return "; ".join([*pieces, *([f"and {rest} more"] if rest else [])])

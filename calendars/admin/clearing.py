"""What the page that asks before calendars are cleared shows: what would go, for what, and what is left alone."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from accounts.admin.acting import actor
from accounts.models import User
from calendars.models import Calendar
from calendars.queries.clearings import LISTS, Cleared, Clearing
from calendars.queries.winners import Use
from calendars.services.clearing import clear_calendars
from kernel import clock
from kernel.admin.asking import Step
from kernel.campus_time import format_wall, format_wall_end

MAX_SHOWN = 200
"""Rows of each list; of the others there is a count."""
TITLES = {
    "cancelled": "Cancelled, and would be deleted",
    "overlapping": "Overlap others, and would be deleted",
    "dates": "Dates of series that overlap others, and would be cancelled",
    "ignored": "Overlap others, and are left alone",
}


def clear_place(*, calendar_ids: Sequence[int], by: User, now: datetime) -> Clearing:
    """Clear calendars of one room."""
    return clear_calendars(list(Calendar.objects.filter(pk__in=calendar_ids)), by=by, now=now, is_test=False)


def clearing_context(request: HttpRequest, steps: Sequence[Step]) -> Mapping[str, Any]:
    """What a test of clearing answers, list by list."""
    calendars = list(Calendar.objects.filter(pk__in=[pk for step in steps for pk in step.rows]))
    clearing = clear_calendars(calendars, by=actor(request), now=clock.now(), is_test=True)
    lists = [(TITLES[name], getattr(clearing, name)) for name in LISTS]
    return {
        "lists": [
            {
                "title": title,
                "number": len(items),
                "has_winners": any(item.winner is not None for item in items),
                "rows": [_row(item) for item in items[:MAX_SHOWN]],
                "more": max(0, len(items) - MAX_SHOWN),
            }
            for title, items in lists
            if items
        ]
    }


def _row(item: Cleared) -> dict[str, str]:
    return {
        "calendar": item.calendar,
        "name": item.use.name,
        "when": _when(item.use),
        "organizer": item.use.organizer or "–",
        "winner": "" if item.winner is None else f"{item.winner.name}, {_when(item.winner)}",
    }


def _when(use: Use) -> str:
    return f"{format_wall(use.interval.starts_at)} – {format_wall_end(use.interval.ends_at)}"

"""What calendars want of a room next, on the page of the room."""

from datetime import datetime

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from calendars.models import Calendar, CalendarOccurrence
from calendars.queries.winners import Use, event_uses, with_words
from classrooms.models import Classroom
from kernel import clock
from kernel.admin.panels import register
from kernel.campus_time import format_wall, format_wall_end

MAX_SHOWN = 10


def room_panel(room: Classroom) -> SafeString:
    """Its calendars and their next events; nothing for a room without any."""
    calendars = list(Calendar.objects.filter(classroom=room).order_by("slug"))
    if not calendars:
        return mark_safe("")
    dates = _next_dates(room, now=clock.now())
    rows = [_row(date, use) for date, use in zip(dates[:MAX_SHOWN], event_uses(dates), strict=False)]
    context = {"calendars": calendars, "rows": rows, "shown": MAX_SHOWN}
    return render_to_string("admin/calendars/room_panel.html", context | {"has_more": len(dates) > MAX_SHOWN})


def _next_dates(room: Classroom, *, now: datetime) -> list[CalendarOccurrence]:
    """By way of room time, which is found by room and time."""
    dates = CalendarOccurrence.objects.filter(occupancy__classroom=room, occupancy__ends_at__gt=now)
    return with_words(dates.order_by("occupancy__starts_at", "pk")[: MAX_SHOWN + 1])


def _row(date: CalendarOccurrence, use: Use) -> dict[str, str]:
    return {
        "when": f"{format_wall(date.starts_at)} – {format_wall_end(date.ends_at)}",
        "name": use.name,
        "calendar": date.event.calendar.slug,
        "state": date.get_state_display(),
    }


register(Classroom, room_panel)

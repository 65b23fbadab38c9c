"""What it costs to read calendars from files: all of them one after the other, by the job that reads one."""

import resource
import time
from datetime import timedelta
from typing import Any

from django.test import override_settings

from calendars.enums import CalendarSource
from calendars.models import CalendarEvent, CalendarOccurrence
from calendars.services.syncing import synchronise
from kernel import clock
from kernel.campus_time import campus_date
from tests.bench.verdicts import Goal, Row
from tests.calendars.files import event_text, serving_file
from tests.factories import make_classroom
from tests.factories.calendars import make_calendar

CALENDARS, EVENTS, FEW_CALENDARS = 100, 500, 5
SECONDS = 60.0
WARM_UP = 3
SERIES_EVERY = 50
"""One event of so many is a weekly series of a term."""


def measure_calendars(stage: Any) -> None:
    """100 calendars of 500 events, each with a room of its own; then once more, when nothing has changed."""
    number = FEW_CALENDARS if stage.is_quick else CALENDARS
    with override_settings(CALENDAR_ALLOW_PRIVATE_HOSTS=["127.0.0.1"]), serving_file() as file:
        calendars = []
        for place in range(number + WARM_UP):
            room = make_classroom(f"Bench calendar room {place}")
            calendars.append(
                make_calendar(f"bench-{place}", classroom=room, source=CalendarSource.ICS, source_url=file.url)
            )
        file.write(*_events())
        for calendar in calendars[:WARM_UP]:
            synchronise(calendar.pk, now=clock.now())
        memory, began = _memory(), time.perf_counter()
        for calendar in calendars[WARM_UP:]:
            synchronise(calendar.pk, now=clock.now())
        took = time.perf_counter() - began
        rows, unchanged = _memory() - memory, time.perf_counter()
        for calendar in calendars[WARM_UP:]:
            synchronise(calendar.pk, now=clock.now())
        again = time.perf_counter() - unchanged
    ids = [calendar.pk for calendar in calendars[WARM_UP:]]
    events = CalendarEvent.objects.filter(calendar__in=ids).count()
    dates = CalendarOccurrence.objects.filter(event__calendar__in=ids).count()
    assert events == number * EVENTS
    remark = f"{events} events, {dates} dates; again, unchanged: {again:.1f} s"
    goal = SECONDS * number / CALENDARS
    stage.report.rows.append(
        Row(f"{number} calendars of {EVENTS} events read", took, Goal("seconds", goal), unit="s", remark=remark)
    )
    name = "memory more after them than after the first three"
    stage.report.rows.append(Row(name, rows, Goal("MiB", 20.0), unit="MiB", remark="of the process that reads"))


def _events() -> list[str]:
    """In a term, up to five a day; every tenth overlaps its neighbour."""
    today = campus_date(clock.now())
    events = []
    for place in range(EVENTS):
        day, hour = today + timedelta(days=1 + place // 5), 8 + 2 * (place % 5)
        start, end = f"{day:%Y%m%d}T{hour:02}0000", f"{day:%Y%m%d}T{hour + 1:02}{30 if place % 10 else 59}00"
        more = ["RRULE:FREQ=WEEKLY;COUNT=16"] if place % SERIES_EVERY == 0 else []
        events.append(event_text(f"bench-{place}", start, end, *more, name=f"Meeting {place}"))
    return events


def _memory() -> float:
    """The most that this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

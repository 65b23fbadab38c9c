"""Room time on one day of the campus, hour by hour, as this wire writes it."""

import datetime as dt
from typing import Any

from classrooms.enums import OccupancyKind
from classrooms.models import Classroom, Occupancy
from kernel.campus_time import campus_interval

DAY = dt.date(2026, 11, 23)
FREE, SOONEST = "/api/rooms/find_free_rooms", "/api/rooms/find_soonest_bookings"


def at(hour: float) -> str:
    """Read and written alike."""
    return f"2026-11-23T{int(hour):02}:{int(hour * 60) % 60:02}:00.000Z"


def span(start: float, end: float) -> dict[str, str]:
    return {"start": at(start), "end": at(end)}


def shown(start: float, end: float) -> dict[str, str]:
    return {"start_datetime": at(start), "end_datetime": at(end)}


def occupy(room: Classroom, start: float, end: float, kind: Any = OccupancyKind.FEST, **fields: Any) -> Occupancy:
    """Raw room time."""
    interval = campus_interval(DAY, int(start * 60), int(end * 60))
    return Occupancy.objects.create(
        classroom=room, starts_at=interval.starts_at, ends_at=interval.ends_at, kind=kind, **fields
    )

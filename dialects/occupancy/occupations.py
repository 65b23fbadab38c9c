"""What keeps a room, and what the public may know of it."""

from datetime import datetime
from typing import Any

from django.conf import settings

from classrooms.enums import OccupancyKind
from classrooms.models import Classroom, Occupancy

RESERVED, CLOSED = "Reserved", "Closed"


def occupations(room: Classroom, *, since: datetime | None, until: datetime | None) -> list[Occupancy]:
    """All that blocks a room, of what overlaps a time where one is given, with lecture and group; one query."""
    rows = Occupancy.objects.live().filter(classroom=room)
    if since:
        rows = rows.filter(ends_at__gt=since)
    if until:
        rows = rows.filter(starts_at__lt=until)
    related = ("course_booking__schedule__course", "registration__group")
    return sorted(rows.select_related(*related), key=_order)


def lecture_of(occupancy: Occupancy) -> Any:
    """The dated lecture (`CourseSchedule`) that an occupancy is for; None for any other use."""
    booking = getattr(occupancy, "course_booking", None)
    return booking.schedule if booking else None


def public_name(occupancy: Occupancy) -> str:
    """What strangers read: never a person, never a description; a group where `OCCUPANCY_PUBLIC_NAMES` allows it."""
    if occupancy.kind == OccupancyKind.CLOSURE:
        return CLOSED
    registration = getattr(occupancy, "registration", None)
    return registration.group.name if registration and settings.OCCUPANCY_PUBLIC_NAMES else RESERVED


def _order(occupancy: Occupancy) -> tuple[datetime, datetime, str, int]:
    lecture = lecture_of(occupancy)
    return (
        occupancy.starts_at,
        occupancy.ends_at,
        lecture.course.code if lecture else public_name(occupancy),
        occupancy.pk,
    )

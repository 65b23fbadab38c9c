"""What keeps a room, and what the public may know of it."""

from datetime import datetime

from django.conf import settings

from classrooms.enums import OccupancyKind
from classrooms.models import Classroom, Occupancy
from classrooms.queries.agenda import Description, RoomUse, Visibility, closes_room, described
from kernel.campus_time import Interval

RESERVED, CLOSED = "Reserved", "Closed"


def occupations(room: Classroom, *, since: datetime | None, until: datetime | None) -> list[RoomUse]:
    """The uses of a room, in order, that overlap `since` to `until`; None is no limit on that side. One query."""
    occupancies = Occupancy.objects.live().filter(classroom=room)
    if since and until:
        occupancies = occupancies.overlapping(Interval(since, until))
    elif since:
        occupancies = occupancies.over_after(since)
    elif until:
        occupancies = occupancies.filter(starts_at__lt=until)
    return sorted(described(occupancies), key=_order)


def names_a_course(description: Description) -> bool:
    """Whether it is for a lecture that strangers may read of."""
    return description.kind == OccupancyKind.LECTURE and description.visibility == Visibility.PUBLIC


def public_name(description: Description) -> str:
    """What strangers read of any other use: never a person; a title only where it is public; a group only where
    `OCCUPANCY_PUBLIC_NAMES` allows it."""
    if closes_room(description.kind):
        return CLOSED
    if description.title and description.visibility == Visibility.PUBLIC:
        return description.title
    return description.group if description.group and settings.OCCUPANCY_PUBLIC_NAMES else RESERVED


def _order(use: RoomUse) -> tuple[datetime, datetime, str, int]:
    description = use.description
    name = (description.code or "") if names_a_course(description) else public_name(description)
    return use.starts_at, use.ends_at, name, use.id

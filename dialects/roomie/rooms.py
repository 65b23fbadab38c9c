"""The rooms of this wire: which there are, which people may book alone, and what keeps one on a day."""

from collections.abc import Iterable
from datetime import date

from classrooms.enums import OccupancyKind
from classrooms.models import Classroom, Occupancy
from classrooms.queries.agenda import described
from classrooms.queries.rooms import bookable_room_with_code
from dialects.roomie.envelope import RoomieRefusal
from dialects.roomie.shapes import JsonObject, slot
from kernel.campus_time import days_interval
from policies.rules.scopes import PolicyRule
from policies.rules.verdicts import lets_people_in
from registrations.queries.bookers import bookers_of
from registrations.services.judging import place_of


def open_rooms() -> Iterable[Classroom]:
    """Those that are not out of service, by name. One query."""
    return Classroom.objects.active().order_by("name", "id")


def room_called(code: str) -> Classroom:
    """The room with this identifier. Raises: RoomieRefusal."""
    room = bookable_room_with_code(code)
    if room is None or not room.is_active:
        raise RoomieRefusal("UNKNOWN_ROOM", "There is no room with this id")
    return room


def has_individual_access(room: Classroom, rules: Iterable[PolicyRule]) -> bool:
    """Whether people may book it for themselves; if not, societies alone do."""
    return lets_people_in(rules, place_of(room))


def slots_on(room: Classroom, day: date) -> list[JsonObject]:
    """What keeps a room on a day, whatever it is, by time. Two queries."""
    occupancies = Occupancy.objects.live().filter(classroom=room).overlapping(days_interval(day, day))
    uses = sorted(described(occupancies), key=lambda use: (use.starts_at, use.ends_at, use.id))
    bookers = bookers_of(use.id for use in uses if use.description.kind == OccupancyKind.REGISTRATION)
    return [slot(use, bookers.get(use.id), day) for use in uses]

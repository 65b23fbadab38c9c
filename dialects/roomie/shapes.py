"""The objects of this wire, key by key. Times are those of the campus wall."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from classrooms.enums import OccupancyKind
from classrooms.models import Classroom
from classrooms.queries.agenda import RoomUse, closes_room
from kernel.campus_time import MINUTES_PER_DAY, Interval, campus_date, campus_minute, days_interval
from registrations.queries.bookers import BookerOfRoom
from registrations.queries.bookings_of_a_person import OwnSlot

JsonObject = dict[str, Any]
PRINTERS, COFFEE, FOUNTAIN = ("printers", "printer"), ("coffee", "coffee_machine"), ("water_fountain",)
"""What rooms call their equipment."""
CLOSED, EVENT, LECTURE = "closed", "event", "lecture"
"""Whose a slot is that nobody has booked. Never empty: clients take that for a free one."""


def room_item(room: Classroom, *, has_individual_access: bool) -> JsonObject:
    """A room in the list; its code is its identifier, for names change."""
    return {
        "room_id": room.code,
        "room_name": room.name,
        "capacity": room.capacity,
        "printers": _has(room.equipment, PRINTERS),
        "coffee": _has(room.equipment, COFFEE),
        "water_fountain": _has(room.equipment, FOUNTAIN),
        "individual_access": has_individual_access,
    }


def _has(equipment: Mapping[str, Any], keys: tuple[str, ...]) -> bool:
    """Whether it has one at least; some rooms say how many, others only that."""
    return any(equipment.get(key) for key in keys)


def slot(use: RoomUse, booker: BookerOfRoom | None, day: date) -> JsonObject:
    """A use of a room, as far as it lies on a day. `booker`: of a booking."""
    return {**_words(use, booker), **times_on(Interval(use.starts_at, use.ends_at), day)}


def _words(use: RoomUse, booker: BookerOfRoom | None) -> JsonObject:
    description = use.description
    if booker is not None:
        return booker_words(booker, description.title or "")
    if closes_room(description.kind):
        return {"username": CLOSED, "notes": CLOSED}
    if description.kind == OccupancyKind.LECTURE:
        return {"username": description.code or LECTURE, "notes": LECTURE}
    return {"username": EVENT, "notes": EVENT}


def booker_words(booker: BookerOfRoom, description: str) -> JsonObject:
    """Who has booked, and what for: of a group's with its name, written as the clients know it."""
    if booker.group is None:
        return {"username": booker.username, "notes": description}
    is_the_groups = booker.is_by_token and booker.group_code
    username = booker.group_code if is_the_groups else booker.username
    return {"username": username, "notes": f"{description} -{booker.group}"}


def own_booking(booking: OwnSlot) -> JsonObject:
    """A booking as its maker sees it."""
    day = campus_date(booking.interval.starts_at)
    return {
        **booker_words(booking.booker, booking.description),
        **times_on(booking.interval, day),
        "booking_id": str(booking.uid),
        "date": day.isoformat(),
        "room_name": booking.classroom,
        "room_id": booking.room_code,
    }


def times_on(interval: Interval, day: date) -> JsonObject:
    """Its start and end; what lies outside of the day is cut off, and so is a midnight at its end."""
    whole = days_interval(day, day)
    within = interval.within(whole)
    end = MINUTES_PER_DAY if within.ends_at == whole.ends_at else campus_minute(within.ends_at)
    return {
        "start": _clock(campus_minute(within.starts_at)),
        "end": "23:59:59" if end == MINUTES_PER_DAY else _clock(end),
    }


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}:00"

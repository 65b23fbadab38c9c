"""The single bookings that somebody has made and that still hold their rooms, for himself or for a group."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kernel.campus_time import Interval
from kernel.db.batch import Statement, ask
from registrations.enums import Origin
from registrations.queries.bookers import BookerOfRoom

# What somebody else has booked with the key of a society is not his who once asked for that key.
BOOKINGS = """
SELECT registration.uid, room.name, room.code, occupancy.starts_at, occupancy.ends_at, registration.description,
       person.username, team.name, team.code
  FROM registrations_registration AS registration
  JOIN classrooms_occupancy AS occupancy ON occupancy.id = registration.occupancy_id AND occupancy.is_live
  JOIN classrooms_classroom AS room ON room.id = occupancy.classroom_id
  JOIN accounts_user AS person ON person.id = registration.created_by_id
  LEFT JOIN groups_group AS team ON team.id = registration.group_id
 WHERE registration.created_by_id = %s AND registration.series_id IS NULL AND registration.origin <> %s
   AND occupancy.ends_at > %s AND (%s::timestamptz IS NULL OR occupancy.starts_at < %s::timestamptz)
 ORDER BY occupancy.starts_at, occupancy.id
"""


@dataclass(frozen=True)
class OwnSlot:
    """A booking as its maker is shown it."""

    uid: UUID
    classroom: str
    room_code: str
    interval: Interval
    description: str
    booker: BookerOfRoom


def bookings_of_person(user_id: int, *, since: datetime, until: datetime | None) -> list[OwnSlot]:
    """Those that are not over at `since` and begin before `until` (None: whenever), by time. One query."""
    parameters = (user_id, Origin.SOCIETY.value, since, until, until)
    return [
        OwnSlot(uid, room, room_code, Interval(starts_at, ends_at), description, BookerOfRoom(person, team, code))
        for uid, room, room_code, starts_at, ends_at, description, person, team, code in ask(
            Statement(BOOKINGS, parameters)
        )
    ]

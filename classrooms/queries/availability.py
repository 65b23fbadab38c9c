"""Whether a room can be had in a span of time, and what keeps it from being had: one statement."""

from collections.abc import Sequence
from dataclasses import dataclass

from classrooms.queries.obstacles import Obstacle
from classrooms.queries.overlapping import IN_THE_SLOT, SLOT, THE_ROOM
from classrooms.queries.rooms import ClassroomNotFound
from classrooms.rules import bookable_faults
from kernel.campus_time import Interval
from kernel.db.batch import Statement, ask

# Each row has the room and the earliest hold; beside them stands one obstacle, or nothing.
ROOM_IN_A_SLOT = f"""
SELECT room.name, room.is_active, hold.reason,
       coalesce(main.id, classrooms_occupancy.id), classrooms_occupancy.starts_at, classrooms_occupancy.ends_at,
       CASE classrooms_occupancy.kind WHEN 'part' THEN main.kind ELSE classrooms_occupancy.kind END,
       via.name
  FROM classrooms_classroom AS room
 CROSS JOIN {SLOT}
  LEFT JOIN classrooms_occupancy ON classrooms_occupancy.classroom_id = {THE_ROOM} AND {IN_THE_SLOT}
  LEFT JOIN classrooms_occupancy AS main ON main.id = classrooms_occupancy.main_id
  LEFT JOIN classrooms_classroom AS via ON via.id = main.classroom_id AND via.id <> classrooms_occupancy.classroom_id
  LEFT JOIN LATERAL (
       SELECT kept.reason FROM classrooms_bookinghold AS kept
        WHERE kept.starts_at < slot.ends_at AND kept.ends_at > slot.starts_at
        ORDER BY kept.starts_at, kept.id LIMIT 1) AS hold ON true
 WHERE room.name = %s
 ORDER BY classrooms_occupancy.starts_at, classrooms_occupancy.id
"""  # noqa: S608  # constants of ours


@dataclass(frozen=True)
class RoomInSlot:
    """A room in a span of time."""

    name: str
    is_active: bool
    hold: str | None
    """What a caller reads whom the earliest hold over the span binds."""
    uses: Sequence[Obstacle]
    """What is live in the way, by time."""

    def refusal(self, *, is_bound: bool) -> str:
        """What would keep a caller from booking it even while nobody uses it, or an empty text.

        `is_bound`: whether holds keep him from booking.
        """
        if faults := bookable_faults(self):
            return faults["classroom"][0]
        return (self.hold or "") if is_bound else ""


def asking_for_slot(name: str, interval: Interval) -> Statement:
    """The question for `room_in_slot`."""
    return Statement(ROOM_IN_A_SLOT, (interval.starts_at, interval.ends_at, name, name))


def room_in_slot(name: str, interval: Interval) -> RoomInSlot:
    """The room with exactly this name in an interval; what is in the way is what a booking is refused for.

    Raises: ClassroomNotFound.
    """
    rows = ask(asking_for_slot(name, interval))
    if not rows:
        raise ClassroomNotFound
    name, is_active, hold, *_ = rows[0]
    uses = [
        Obstacle(pk, kind, Interval(starts_at, ends_at), via=via)
        for _, _, _, pk, starts_at, ends_at, kind, via in rows
        if pk is not None
    ]
    return RoomInSlot(name, is_active, hold, uses)

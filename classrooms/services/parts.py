"""Which rooms consist of which: `RoomPart`, what follows from it for every pair of rooms, and for what is booked."""

from collections.abc import Collection
from datetime import datetime

from classrooms.models import RoomPart
from classrooms.queries.obstacles import obstacles_found
from classrooms.services.room_time import RoomAlreadyBooked
from classrooms.services.satellites import adding_satellites
from kernel.db.batch import Statement, send
from kernel.db.locks import Namespace, lock_namespace, locking_rooms
from kernel.errors import Invalid

MAX_LISTED = 100
"""So many of the bookings that would clash are named."""
CONNECTED = """
WITH RECURSIVE connected (room) AS (
    SELECT unnest(%s::bigint[])
     UNION
    SELECT other_id FROM connected JOIN classrooms_roomoverlap ON classroom_id = room)
SELECT room FROM connected
"""
INSIDE = """
WITH RECURSIVE inside (room) AS (
    SELECT unnest(%s::bigint[])
     UNION
    SELECT part_id FROM inside JOIN classrooms_roompart ON whole_id = room)
SELECT room FROM inside WHERE room = %s
"""
# Two rooms overlap where they share an atom: a room without parts, which is its own.
OVERLAPS = """
WITH RECURSIVE inside (room, other) AS (
    SELECT whole_id, part_id FROM classrooms_roompart
     UNION
    SELECT inside.room, part_id FROM inside JOIN classrooms_roompart ON whole_id = inside.other),
atoms (room, atom) AS (
    SELECT room, other FROM inside WHERE NOT EXISTS (SELECT FROM classrooms_roompart WHERE whole_id = other)
     UNION
    SELECT other, other FROM inside WHERE NOT EXISTS (SELECT FROM classrooms_roompart WHERE whole_id = other)),
pairs AS (
    SELECT DISTINCT atoms.room, beside.room AS other,
           EXISTS (SELECT FROM inside WHERE inside.room = atoms.room AND inside.other = beside.room) AS is_inside
      FROM atoms JOIN atoms AS beside USING (atom)
     WHERE atoms.room <> beside.room),
gone AS (
    DELETE FROM classrooms_roomoverlap
     WHERE NOT EXISTS (SELECT FROM pairs WHERE room = classroom_id AND other = other_id))
INSERT INTO classrooms_roomoverlap (classroom_id, other_id, is_inside)
SELECT room, other, is_inside FROM pairs
    ON CONFLICT (classroom_id, other_id) DO UPDATE SET is_inside = excluded.is_inside
 WHERE classrooms_roomoverlap.is_inside <> excluded.is_inside
"""
AHEAD = """
SELECT id, classroom_id AS room, starts_at, ends_at, kind, before_minutes, after_minutes
  FROM classrooms_occupancy
 WHERE is_live AND main_id IS NULL AND ends_at > %s::timestamptz AND classroom_id = ANY(%s::bigint[])
"""
"""The main rows that are not over, of some rooms."""
# Buffers give way to lectures and closures, closures to each other; nothing else does.
CLASHES = f"""
WITH ahead AS ({AHEAD})
SELECT DISTINCT first.id, first.kind, first.starts_at, first.ends_at, first.kind, room.name
  FROM ahead AS first
  JOIN classrooms_roomoverlap AS overlap ON overlap.classroom_id = first.room
  JOIN ahead AS second ON second.room = overlap.other_id
  JOIN classrooms_classroom AS room ON room.id = first.room
 CROSS JOIN LATERAL (
       SELECT CASE WHEN first.kind IN ('lecture', 'closure') OR second.kind IN ('lecture', 'closure') THEN 0
                   ELSE greatest(first.after_minutes, second.before_minutes) END AS minutes_behind,
              CASE WHEN first.kind IN ('lecture', 'closure') OR second.kind IN ('lecture', 'closure') THEN 0
                   ELSE greatest(first.before_minutes, second.after_minutes) END AS minutes_ahead) AS apart
 WHERE second.starts_at < first.ends_at + make_interval(mins => minutes_behind)
   AND second.ends_at > first.starts_at - make_interval(mins => minutes_ahead)
   AND NOT (first.kind = 'closure' AND second.kind = 'closure')
 ORDER BY first.starts_at, first.id
 LIMIT {MAX_LISTED}
"""  # noqa: S608 - constants of ours
FORGET = f"""
DELETE FROM classrooms_occupancy USING ({AHEAD}) AS ahead WHERE classrooms_occupancy.main_id = ahead.id
"""  # noqa: S608 - constants of ours


class PartsClash(RoomAlreadyBooked):
    """What is booked ahead in rooms that would overlap; `details.conflicts` has at most `MAX_LISTED` of it."""

    message = "What is booked ahead in these rooms would clash"


def hold_connected(room_ids: Collection[int]) -> None:
    """Hold the rooms, and all that are connected with them by parts, exclusively; one writer of parts at a time."""
    lock_namespace(Namespace.ROOM_PARTS)
    send(locking_rooms(Statement(CONNECTED, (list(room_ids),))))


def write_parts(whole_id: int, part_ids: Collection[int], *, now: datetime) -> None:
    """Make a room consist of these rooms. `hold_connected` holds it, its present parts and these.

    What is booked ahead keeps its time, and takes and gives up the rooms that now follow from its own.

    Raises:
        Invalid: it would contain itself; under `parts`.
        PartsClash: what is booked ahead would clash.
    """
    if send(Statement(INSIDE, (list(part_ids), whole_id)))[0]:
        raise Invalid({"parts": ["A classroom cannot contain itself"]})
    affected = _connected([whole_id, *part_ids])
    RoomPart.objects.filter(whole=whole_id).exclude(part__in=part_ids).delete()
    RoomPart.objects.bulk_create(
        [RoomPart(whole_id=whole_id, part_id=part) for part in sorted(part_ids)], ignore_conflicts=True
    )
    ahead = (now, sorted(affected))
    _, _, rows = send(Statement(OVERLAPS), Statement(FORGET, ahead), Statement(CLASHES, ahead))
    if rows:
        raise PartsClash(obstacles_found(rows))
    send(Statement(f"WITH wanted AS ({AHEAD}) {adding_satellites()}", ahead))


def _connected(room_ids: Collection[int]) -> set[int]:
    return {room for (room,) in send(Statement(CONNECTED, (list(room_ids),)))[0]}

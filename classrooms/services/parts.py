"""Which rooms consist of which: `RoomPart`, what follows from it for every pair of rooms, and for what is booked."""

from collections.abc import Collection
from datetime import datetime

from classrooms.models import RoomPart
from classrooms.queries.obstacles import obstacles_found
from classrooms.services.room_time import RoomAlreadyBooked
from classrooms.services.satellites import adding_satellites
from kernel.campus_time import Interval
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
CLOSED = """
SELECT closed.id, closed.classroom_id AS room, closed.starts_at, closed.ends_at, closed.kind,
       closed.before_minutes, closed.after_minutes
  FROM classrooms_roomoverlap AS overlap
  JOIN classrooms_occupancy AS closed ON closed.classroom_id = overlap.other_id
 WHERE overlap.classroom_id = %s AND closed.is_live AND closed.kind = 'closure' AND closed.main_id IS NULL
   AND tstzrange(closed.starts_at, closed.ends_at, '[)') && tstzrange(%s::timestamptz, %s::timestamptz, '[)')
"""
"""The closures in a time of rooms that have a part in common with one."""
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
FORGET = "DELETE FROM classrooms_occupancy USING ({mains}) AS mains WHERE classrooms_occupancy.main_id = mains.id"


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
    forgetting, adding = _renewing(Statement(AHEAD, ahead))
    _, _, rows = send(Statement(OVERLAPS), forgetting, Statement(CLASHES, ahead))
    if rows:
        raise PartsClash(obstacles_found(rows))
    send(adding)


def part_closures_again(classroom_id: int, interval: Interval) -> None:
    """What else is closed in a divided room, or in one that has a part in common with it, where a closure was lifted:
    the parts of other closures had left it its time. The room is held."""
    send(*_renewing(Statement(CLOSED, (classroom_id, interval.starts_at, interval.ends_at))))


def _renewing(mains: Statement) -> tuple[Statement, Statement]:
    """What deletes the satellites of main rows (as `wanted`), and what adds them as they are to be."""
    adding = f"WITH wanted AS ({mains.sql}) {adding_satellites()}"
    return Statement(FORGET.format(mains=mains.sql), mains.parameters), Statement(adding, mains.parameters)


def _connected(room_ids: Collection[int]) -> set[int]:
    return {room for (room,) in send(Statement(CONNECTED, (list(room_ids),)))[0]}

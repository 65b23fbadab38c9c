"""Room time that may wait: what finds its room taken stands there not live, and gets it when it is free.

Calendars ask here. A live row is displaced by nobody; which of several that wait comes first their app says, by the
order in which it names them. The caller holds the rooms exclusively (`room_holding`).
"""

from collections.abc import Sequence

from classrooms.enums import OccupancyKind
from classrooms.queries.obstacles import as_arrays
from classrooms.services.room_time import ROOM_TIME
from classrooms.services.satellites import IS_PLAIN, adding_satellites, is_free
from kernel.campus_time import Interval
from kernel.db.arrays import array_of
from kernel.db.batch import Statement, send
from kernel.db.ids import ids_for
from kernel.db.pipeline import ResultRows

AT_ONCE = 500
"""Rows that are taken one after another, so that each sees those before it, in one round trip."""
IS_IN_PLAIN_ROOM = IS_PLAIN.format(room="asked.room")
WISHES = (
    "SELECT id, room, starts_at, ends_at, %s::text AS kind, place"
    " FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::timestamptz[])"
    " WITH ORDINALITY AS rows (id, room, starts_at, ends_at, place)"
)
# In plain rooms the constraint itself says who comes first: in the order in which they are inserted.
TAKE_PLAIN = f"""
WITH asked AS ({WISHES}),
     taken AS (INSERT INTO classrooms_occupancy (id, classroom_id, starts_at, ends_at, is_live, kind)
               SELECT id, room, starts_at, ends_at, true, kind FROM asked WHERE {IS_IN_PLAIN_ROOM} ORDER BY place
                   ON CONFLICT DO NOTHING RETURNING id),
     waiting AS (INSERT INTO classrooms_occupancy (id, classroom_id, starts_at, ends_at, is_live, kind)
                 SELECT id, room, starts_at, ends_at, false, kind FROM asked WHERE id NOT IN (SELECT id FROM taken))
SELECT ARRAY(SELECT id FROM taken),
       ARRAY(SELECT id FROM asked WHERE NOT {IS_IN_PLAIN_ROOM} ORDER BY place)
"""  # noqa: S608 - constants of ours
TAKE_AGAIN = """
WITH asked AS (SELECT id, classroom_id AS room, starts_at, ends_at, kind, before_minutes, after_minutes
                 FROM classrooms_occupancy WHERE id = %s::bigint AND NOT is_live),
     wanted AS (SELECT * FROM asked AS wanted WHERE {is_free}),
     taken AS (UPDATE classrooms_occupancy SET is_live = true FROM wanted WHERE classrooms_occupancy.id = wanted.id),
     satellites AS ({add})
SELECT id FROM wanted
"""
REMOVE = """
WITH named (id) AS (SELECT unnest(%s::bigint[])),
     satellites AS (DELETE FROM classrooms_occupancy WHERE main_id IN (SELECT id FROM named) RETURNING id)
DELETE FROM classrooms_occupancy WHERE id IN (SELECT id FROM named) AND (SELECT count(*) FROM satellites) >= 0
"""


def take_or_wait(rows: Sequence[tuple[int, Interval]], *, kind: OccupancyKind) -> tuple[list[int], set[int]]:
    """Add many rows (room, interval), live where nothing is in the way of them, in their order; else they wait.

    Returns their ids in order, and those that are live. Where rooms are plain, two statements; for one row, one.
    """
    ids = ids_for(ROOM_TIME, len(rows))
    parameters = (kind.value, array_of(ids), *as_arrays(rows))
    ((live, divided),) = send(Statement(TAKE_PLAIN, parameters))[0]
    return ids, {*live, *take_again(divided)}


def take_again(occupancy_ids: Sequence[int]) -> set[int]:
    """Make rows that wait live, one after another, where nothing is in the way; the ids of those that are live now."""
    sql = TAKE_AGAIN.format(is_free=is_free(), add=adding_satellites())
    answers: list[ResultRows] = []
    for first in range(0, len(occupancy_ids), AT_ONCE):
        answers += send(*[Statement(sql, (row_id,)) for row_id in occupancy_ids[first : first + AT_ONCE]])
    return {row_id for rows in answers for (row_id,) in rows}


def removing(occupancy_ids: Sequence[int]) -> Statement:
    """What takes rows out of the table, with their satellites: nothing may refer to them any more."""
    return Statement(REMOVE, (array_of(occupancy_ids),))


def wait_for(rows: Sequence[tuple[int, Interval]], *, kind: OccupancyKind) -> list[int]:
    """Add many rows (room, interval) that wait; ids in order."""
    ids = ids_for(ROOM_TIME, len(rows))
    send(Statement(WAIT, (kind.value, array_of(ids), *as_arrays(rows))))
    return ids


WAIT = f"""
WITH asked AS ({WISHES})
INSERT INTO classrooms_occupancy (id, classroom_id, starts_at, ends_at, is_live, kind)
SELECT id, room, starts_at, ends_at, false, kind FROM asked
"""  # noqa: S608 - constants of ours

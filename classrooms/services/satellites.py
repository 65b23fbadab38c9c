"""What is written beside a row of room time: its satellites, which keep other rooms, and the time before and after it.

A use has the room and all rooms inside it: there it has a row of its own kind, with its own share. In a room that has
only a part in common with it stands a row of the kind `part`, in all of these rooms one of the kind `buffer` before and
after. Uses of two rooms meet in a room that is inside both, so the constraint sees every clash there; parts and buffers
are compatible with each other, and say elsewhere that a room is not to be had. So whoever asks about one room needs its
own rows only.

Satellites follow from the main row and from `RoomOverlap`; they are deleted and written anew, never changed. A buffer
gives way to lectures and closures: where one stands, it has a gap.
"""

from collections.abc import Sequence

from django.conf import settings

from classrooms.enums import OccupancyKind
from classrooms.services.room_holding import TOUCHED
from kernel.db.batch import Statement
from kernel.db.locks import Lock, excluding_rooms

TAKING_PRECEDENCE = f"('{OccupancyKind.LECTURE}', '{OccupancyKind.CLOSURE}')"
IS_PLAIN = "NOT EXISTS (SELECT FROM classrooms_roomoverlap WHERE classroom_id = {room})"
IS_FREE = """
NOT EXISTS (
    SELECT FROM classrooms_occupancy AS held
      LEFT JOIN classrooms_occupancy AS main ON main.id = held.main_id
     WHERE held.is_live AND held.classroom_id = wanted.room
       AND tstzrange(held.starts_at, held.ends_at, '[)') && tstzrange(
               wanted.starts_at - make_interval(mins => wanted.before_minutes),
               wanted.ends_at + make_interval(mins => wanted.after_minutes), '[)')
       AND ({keeps_buffers_away}
            OR tstzrange(held.starts_at, held.ends_at, '[)') && tstzrange(wanted.starts_at, wanted.ends_at, '[)')))
"""
KEEPS_BUFFERS_AWAY = f"(held.kind <> 'buffer' AND coalesce(main.kind, held.kind) NOT IN {TAKING_PRECEDENCE})"
# Of the rows of a relation `wanted` (id, room, starts_at, ends_at, kind, before_minutes, after_minutes), whose main
# rows are written in the same statement.
ADD = """
INSERT INTO classrooms_occupancy (classroom_id, starts_at, ends_at, is_live, kind, main_id)
SELECT touched.room, lower(span), upper(span), true, piece.kind, wanted.id
  FROM wanted
 CROSS JOIN LATERAL (
       SELECT wanted.room AS room, wanted.kind AS kind, true AS is_own
        UNION ALL
       SELECT other_id, CASE WHEN is_inside THEN wanted.kind ELSE 'part' END, false
         FROM classrooms_roomoverlap WHERE classroom_id = wanted.room {which}) AS touched
 CROSS JOIN LATERAL (
       SELECT touched.kind, tstzrange(wanted.starts_at, wanted.ends_at) AS whole WHERE NOT touched.is_own
        UNION ALL
       SELECT 'buffer', tstzrange(wanted.starts_at - make_interval(mins => wanted.before_minutes), wanted.starts_at)
        WHERE wanted.before_minutes > 0
        UNION ALL
       SELECT 'buffer', tstzrange(wanted.ends_at, wanted.ends_at + make_interval(mins => wanted.after_minutes))
        WHERE wanted.after_minutes > 0) AS piece
 CROSS JOIN LATERAL (
       SELECT CASE WHEN piece.kind = 'buffer' OR (piece.kind = 'part' AND wanted.kind = 'closure')
              THEN (SELECT range_agg(tstzrange(first.starts_at, first.ends_at)) FROM ({first}) AS first)
              END AS spans) AS kept
 CROSS JOIN LATERAL unnest(tstzmultirange(piece.whole) - coalesce(kept.spans, '{{}}')) AS span
"""
# What a buffer, or the part of a closure, leaves to lectures and closures: those that are there in the room, and those
# that are written by the same statement.
FIRST = f"""
SELECT held.starts_at, held.ends_at
  FROM classrooms_occupancy AS held
 WHERE held.is_live AND held.classroom_id = touched.room AND held.kind IN {TAKING_PRECEDENCE}
   AND tstzrange(held.starts_at, held.ends_at, '[)') && piece.whole
 UNION ALL
SELECT beside.starts_at, beside.ends_at
  FROM wanted AS beside
 WHERE beside.kind IN {TAKING_PRECEDENCE}
   AND (beside.room = touched.room
        OR EXISTS (SELECT FROM classrooms_roomoverlap
                    WHERE classroom_id = beside.room AND other_id = touched.room AND is_inside))
"""  # noqa: S608 - constants of ours
MAIN = "id, classroom_id, starts_at, ends_at, is_live, kind, before_minutes, after_minutes"
"""The columns of a main row, in the order of `wanted`."""


def adding_satellites() -> str:
    """SQL: what adds the satellites of `wanted`."""
    which = "AND is_inside" if "skip-parts" in settings.CSPACE_TEST_FAULTS else ""
    return ADD.format(which=which, first=FIRST)


def is_free() -> str:
    """SQL: whether nothing is in the way of a row of `wanted`. Its room alone is looked at."""
    fault = "exclusive-buffers" in settings.CSPACE_TEST_FAULTS
    return IS_FREE.format(keeps_buffers_away="true" if fault else KEEPS_BUFFERS_AWAY)


def occupying_exclusively(
    classroom_id: int, row: Sequence[object], more: Statement, *, after: Sequence[Lock] = ()
) -> list[Statement]:
    """What adds one main row (id, room, start, end, kind, minutes before and after) with its satellites, unless
    something is in the way; for the beginning of a batch. The rooms are locked exclusively before."""
    columns = ("bigint", "bigint", "timestamptz", "timestamptz", "text", "int", "int")
    names = ("id", "room", "starts_at", "ends_at", "kind", "before_minutes", "after_minutes")
    values = ", ".join(f"%s::{column} AS {name}" for column, name in zip(columns, names, strict=True))
    sql = (
        f"WITH asked AS (SELECT {values}), wanted AS (SELECT * FROM asked AS wanted WHERE {is_free()}{more.sql}),"  # noqa: S608
        f" main AS (INSERT INTO classrooms_occupancy ({MAIN}) SELECT id, room, starts_at, ends_at, true, kind,"
        f" before_minutes, after_minutes FROM wanted) {adding_satellites()}"
    )
    touched = Statement(TOUCHED.format(named="SELECT %s::bigint"), (classroom_id,))
    return [*excluding_rooms(touched, after=after), Statement(sql, (*row, *more.parameters))]

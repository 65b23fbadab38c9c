"""Lectures and closures get their room time here: they take precedence over buffers, which give way for good.

Lectures may share a room with each other, but not with a lecture in a whole or a part of it; closures with any closure.
The caller holds the rooms exclusively (`room_holding`). Where rooms are plain, any number of rows is one statement; in
divided rooms they are written one after another, so that each sees the ones before it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from classrooms.enums import OccupancyKind
from classrooms.queries.obstacles import as_arrays, as_minutes
from classrooms.services.room_time import ADD_MAINS, MANY, ROOM_TIME, naming_ids
from classrooms.services.satellites import IS_PLAIN, adding_satellites
from kernel.campus_time import Interval
from kernel.db.arrays import array_of
from kernel.db.batch import Statement, send
from kernel.db.ids import next_ids

AT_ONCE = 500
"""Rows of divided rooms in one round trip."""
# What stands in the way of rows of `asked` that take precedence, and gives way to them: buffers, and where a closure is
# to stand, the parts of other closures. What is left of them stays.
CUT = """
own AS (
    SELECT room, kind, starts_at, ends_at FROM asked
     UNION ALL
    SELECT other_id, kind, starts_at, ends_at
      FROM asked JOIN classrooms_roomoverlap ON classroom_id = room WHERE is_inside),
taken AS (
    SELECT room, kind, range_agg(tstzrange(starts_at, ends_at)) AS spans FROM own GROUP BY room, kind),
cut AS (
    DELETE FROM classrooms_occupancy AS held
     USING taken, classrooms_occupancy AS main
     WHERE held.is_live AND held.main_id IS NOT NULL AND held.classroom_id = taken.room AND main.id = held.main_id
       AND tstzrange(held.starts_at, held.ends_at, '[)') && taken.spans
       AND (held.kind = 'buffer' OR (held.kind = 'part' AND main.kind = 'closure' AND taken.kind = 'closure'))
 RETURNING held.classroom_id, held.starts_at, held.ends_at, held.kind, held.main_id, taken.spans),
left_over AS (
    INSERT INTO classrooms_occupancy (classroom_id, starts_at, ends_at, is_live, kind, main_id)
    SELECT classroom_id, lower(span), upper(span), true, kind, main_id
      FROM cut CROSS JOIN LATERAL unnest(tstzmultirange(tstzrange(starts_at, ends_at)) - spans) AS span)
"""
SHORTENED = "ARRAY(SELECT DISTINCT main_id FROM cut WHERE kind = 'buffer' ORDER BY main_id)"
"""Whose buffers were cut."""
AFTER_CUT = "(SELECT count(*) FROM cut) >= 0"
"""So that nothing is written before what gives way is gone."""
# Of a row of `wished`, a lecture: whether nothing else than buffers and lectures of the same room is there.
IS_FREE_BUT_FOR_BUFFERS = """
NOT EXISTS (
    SELECT FROM classrooms_occupancy AS held
     WHERE held.is_live AND held.classroom_id = wished.room
       AND tstzrange(held.starts_at, held.ends_at, '[)') && tstzrange(wished.starts_at, wished.ends_at, '[)')
       AND held.kind <> 'buffer' AND NOT (held.kind = wished.kind AND held.main_id IS NULL))
"""
MEETS_BUFFER = """
EXISTS (
    SELECT FROM classrooms_occupancy AS held
     WHERE held.is_live AND held.main_id IS NOT NULL AND held.kind = 'buffer' AND held.classroom_id = wished.room
       AND held.starts_at < wished.ends_at AND held.ends_at > wished.starts_at)
"""
TAKE_MANY = f"""
WITH asked AS ({MANY}), {CUT}, wanted AS (SELECT * FROM asked WHERE {AFTER_CUT}), {ADD_MAINS},
satellites AS ({{add}})
SELECT {SHORTENED}
"""  # noqa: S608 - constants of ours
ROWS = "SELECT id, classroom_id AS room, starts_at, ends_at, {kind} AS kind, 0 AS before_minutes, 0 AS after_minutes"
IN_PLAIN_ROOM = IS_PLAIN.format(room="{rows}.classroom_id")
RECLAIM_IN_PLAIN_ROOMS = f"""
WITH named (id) AS ({{ids}}),
wished AS ({ROWS.format(kind="kind")} FROM classrooms_occupancy AS lost
            WHERE id IN (SELECT id FROM named) AND NOT is_live AND {IN_PLAIN_ROOM.format(rows="lost")}),
asked AS (SELECT * FROM wished WHERE {MEETS_BUFFER}), {CUT},
reclaimed AS (UPDATE classrooms_occupancy SET is_live = true FROM wished
               WHERE classrooms_occupancy.id = wished.id AND {AFTER_CUT} RETURNING wished.id)
SELECT (SELECT count(*) FROM reclaimed),
       ARRAY(SELECT id FROM classrooms_occupancy AS lost
              WHERE id IN (SELECT id FROM named) AND NOT is_live AND NOT {IN_PLAIN_ROOM.format(rows="lost")}
              ORDER BY classroom_id, starts_at, id),
       {SHORTENED}
"""  # noqa: S608 - constants of ours
RECLAIM_ONE = f"""
WITH wished AS ({ROWS.format(kind="kind")} FROM classrooms_occupancy WHERE id = %s),
asked AS (SELECT * FROM wished WHERE {IS_FREE_BUT_FOR_BUFFERS}), {CUT},
gone AS (DELETE FROM classrooms_occupancy WHERE main_id IN (SELECT id FROM asked) RETURNING id),
wanted AS (SELECT * FROM asked WHERE {AFTER_CUT} AND (SELECT count(*) FROM gone) >= 0),
reclaimed AS (UPDATE classrooms_occupancy SET is_live = true FROM wanted WHERE classrooms_occupancy.id = wanted.id),
satellites AS ({{add}})
SELECT (SELECT count(*) FROM wanted), ARRAY[]::bigint[], {SHORTENED}
"""  # noqa: S608 - constants of ours
# Of a withdrawn course nothing is live: it has no satellites until it is reclaimed.
STAGED_IN_PLAIN_ROOMS = f"""
WITH wished AS ({ROWS.format(kind="%s::text")}, is_live FROM {{table}} AS staged
                 WHERE NOT is_live OR {IN_PLAIN_ROOM.format(rows="staged")}),
asked AS (SELECT * FROM wished WHERE is_live AND {MEETS_BUFFER} AND {IS_FREE_BUT_FOR_BUFFERS}), {CUT},
placed AS (INSERT INTO classrooms_occupancy (id, classroom_id, starts_at, ends_at, is_live, kind)
           SELECT id, room, starts_at, ends_at, is_live, kind FROM wished WHERE {AFTER_CUT}
            ORDER BY room, starts_at, id ON CONFLICT DO NOTHING RETURNING id),
noted AS (UPDATE {{table}} SET is_placed = true FROM placed WHERE placed.id = {{table}}.id RETURNING placed.id)
SELECT (SELECT count(*) FROM noted),
       ARRAY(SELECT id FROM {{table}} AS staged WHERE is_live AND NOT {IN_PLAIN_ROOM.format(rows="staged")}
              ORDER BY classroom_id, starts_at, id),
       {SHORTENED}
"""  # noqa: S608 - constants of ours
STAGED_ONE = f"""
WITH wished AS ({ROWS.format(kind="%s::text")} FROM {{table}} WHERE id = %s),
asked AS (SELECT * FROM wished WHERE {IS_FREE_BUT_FOR_BUFFERS}), {CUT},
wanted AS (SELECT * FROM asked WHERE {AFTER_CUT}), {ADD_MAINS},
noted AS (UPDATE {{table}} SET is_placed = true FROM wanted WHERE wanted.id = {{table}}.id),
satellites AS ({{add}})
SELECT (SELECT count(*) FROM wanted), ARRAY[]::bigint[], {SHORTENED}
"""  # noqa: S608 - constants of ours


@dataclass(frozen=True)
class Taking:
    """How many rows have got their rooms, and the ids of the bookings whose buffers gave way."""

    count: int
    shortened: tuple[int, ...]


def take_many(rows: Sequence[tuple[int, Interval]], *, kind: OccupancyKind) -> tuple[list[int], Taking]:
    """Add many live rows (room, interval) with their satellites; ids in order, two statements. The caller has asked
    `obstacles` first; whatever slips through meets the constraint (23P01)."""
    ids = next_ids(ROOM_TIME, len(rows))
    sql = TAKE_MANY.replace("{add}", adding_satellites())
    rows_of_one = send(Statement(sql, (kind.value, array_of(ids), *as_arrays(rows), *as_minutes((), len(rows)))))
    return ids, Taking(len(ids), tuple(rows_of_one[0][0][0]))


def reclaim_many(occupancy_ids: QuerySet[Any, Any]) -> Taking:
    """Make rows live again where they were. The caller has left out what meets something else; of those that meet one
    another in rooms with common parts the later ones stay as they are."""
    one = RECLAIM_ONE.replace("{add}", adding_satellites())
    return _take(naming_ids(RECLAIM_IN_PLAIN_ROOMS, occupancy_ids), lambda row_id: Statement(one, (row_id,)))


def occupy_staged(table: str, *, kind: OccupancyKind) -> Taking:
    """Add a row for each row of a temporary table, as far as nothing is in the way.

    The table has the columns id, classroom_id, starts_at, ends_at, is_live, and is_placed, which is set where it went
    in. Ids come from the sequence of `classrooms_occupancy`. One statement for any number in plain rooms.
    """
    one = STAGED_ONE.replace("{add}", adding_satellites()).replace("{table}", table)
    many = Statement(STAGED_IN_PLAIN_ROOMS.replace("{table}", table), (kind.value,))
    return _take(many, lambda row_id: Statement(one, (kind.value, row_id)))


def _take(many: Statement, of_one: Any) -> Taking:
    """Carry out what takes the plain rooms, and then what takes the divided ones, row by row."""
    ((count, left, shortened),) = send(many)[0]
    answers = [(count, shortened)]
    for first in range(0, len(left), AT_ONCE):
        rows = send(*map(of_one, left[first : first + AT_ONCE]))
        answers += [(number, main_ids) for ((number, _, main_ids),) in rows]
    return Taking(sum(number for number, _ in answers), _distinct(main_ids for _, main_ids in answers))


def _distinct(ids: Iterable[Iterable[int]]) -> tuple[int, ...]:
    return tuple(sorted({main_id for those in ids for main_id in those}))

"""The one door to room time: `occupying`, `occupy_many`, `move`, `move_many`, `release`; `precedence` for lectures and
closures.

The exclusion constraint is the guarantee. How it is met decides whether the server stands under contention
(architecture §3): a single new row of a plain room goes in by ON CONFLICT DO NOTHING under the room's *shared* lock;
everything else holds the locks of all rooms it touches *exclusively* (`room_holding`).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from classrooms.enums import OccupancyKind
from classrooms.queries.obstacles import (
    Obstacle,
    as_arrays,
    as_minutes,
    asking_for_obstacles,
    obstacles,
    obstacles_found,
)
from classrooms.rules import NO_BUFFERS, Buffers
from classrooms.services.holds import asking_for_hold, check_no_hold, check_not_held
from classrooms.services.satellites import IS_PLAIN, MAIN, adding_satellites, occupying_exclusively
from kernel.campus_time import Interval
from kernel.db.arrays import array_of
from kernel.db.batch import Statement, put_off, send
from kernel.db.ids import next_ids
from kernel.db.locks import Lock, sharing_room
from kernel.db.querysets import statement_of
from kernel.errors import Conflict


class RoomAlreadyBooked(Conflict):
    """Something live is in the way.

    `details.existing_registration_id` is the earliest conflicting registration, None where only a lecture,
    closure, calendar or fest event is in the way; `details.conflicts` names what is in the way, cut per campus day.
    """

    def __init__(self, obstacles: Iterable[Obstacle]) -> None:
        ordered = sorted(obstacles, key=lambda row: (row.interval.starts_at, row.id or 0))
        registrations = [row.id for row in ordered if row.main_kind == OccupancyKind.REGISTRATION]
        super().__init__(
            existing_registration_id=registrations[0] if registrations else None,
            conflicts=(piece for row in ordered for piece in row.pieces()),
        )
        self.obstacles = ordered


def occupying(
    *,
    occupancy_id: int,
    classroom_id: int,
    interval: Interval,
    kind: OccupancyKind,
    respect_holds: bool = False,
    after: Sequence[Lock] = (),
    provided: Sequence[Statement] = (),
    buffers: Buffers = NO_BUFFERS,
    is_divided: bool = False,
) -> list[Statement]:
    """What adds one live row of room time: the room's shared lock, and the row unless something is in the way.

    For a batch whose later statements refer to the row by `OCCUPIED`, and so fail without it (`is_missing`); then
    `refuse_to_occupy` says why. `respect_holds`: nothing is added where a `BookingHold` stands. A row with buffers,
    or of a room that `is_divided`, is added with its satellites under exclusive locks; without the word, nothing is
    added to such a room. `after`: locks that are taken before the room's. `provided`: conditions without which nothing
    is added, asked under the locks.
    """
    row = (occupancy_id, classroom_id, interval.starts_at, interval.ends_at, kind.value)
    conditions = list(provided)
    if respect_holds:
        conditions.append(Statement(NOT_HELD, (interval.ends_at, interval.starts_at)))
    more = Statement(
        "".join(f" AND {each.sql}" for each in conditions),
        tuple(value for each in conditions for value in each.parameters),
    )
    if buffers or is_divided:
        minutes = (buffers.before_minutes, buffers.after_minutes)
        return occupying_exclusively(classroom_id, (*row, *minutes), more, after=after)
    is_plain = Statement(IS_PLAIN.format(room="%s::bigint"), (classroom_id,))
    if "trust-plain-rooms" in settings.CSPACE_TEST_FAULTS:
        is_plain = Statement("true")
    sql = f"{OCCUPY_PLAIN_ROOM} WHERE {is_plain.sql}{more.sql} ON CONFLICT DO NOTHING"
    return [*sharing_room(classroom_id, after=after), Statement(sql, (*row, *is_plain.parameters, *more.parameters))]


NO_OVERLAP = "occupancy_no_overlap"
"""The constraint. A plain room's row goes in unless it is met; satellites meet it where parts change at that moment."""
NOT_HELD = (
    "NOT EXISTS (SELECT FROM classrooms_bookinghold WHERE starts_at < %s::timestamptz AND ends_at > %s::timestamptz)"
)
OCCUPY_PLAIN_ROOM = (
    "INSERT INTO classrooms_occupancy (id, classroom_id, starts_at, ends_at, is_live, kind)"
    " SELECT %s::bigint, %s::bigint, %s::timestamptz, %s::timestamptz, true, %s"
)


OCCUPIED = "(SELECT id FROM classrooms_occupancy WHERE id = %s::bigint)"
"""SQL: the id of an occupancy, null unless it is there."""


def refuse_to_occupy(
    *, classroom_id: int, interval: Interval, respect_holds: bool = False, buffers: Buffers = NO_BUFFERS
) -> None:
    """Say why `occupying` added nothing, if that is still so.

    Raises:
        TimeIsHeldBack: the time is kept from callers like this one.
        RoomAlreadyBooked: a live occupancy is in the way.
    """
    if respect_holds:
        check_not_held(interval)
    if in_the_way := obstacles(classroom_id, interval, buffers=buffers):
        raise RoomAlreadyBooked(in_the_way)


def move(
    *,
    occupancy_id: int,
    classroom_id: int,
    interval: Interval,
    respect_holds: bool = False,
    buffers: Buffers = NO_BUFFERS,
) -> None:
    """Give an existing row another room or time and make it live, at the latest with the COMMIT. The caller holds old
    and new room exclusively, and asks nothing more about them. It has these buffers from then on, and no others.

    Raises:
        TimeIsHeldBack: `respect_holds`, and the new time is kept from callers like this one.
        RoomAlreadyBooked: something else is there.
    """
    questions = [asking_for_obstacles(classroom_id, interval, buffers)]
    if respect_holds:
        questions.append(asking_for_hold(interval))
    rows, *holds = send(*questions)
    if holds:
        check_no_hold(*holds)
    if in_the_way := [row for row in obstacles_found(rows) if row.id != occupancy_id]:
        raise RoomAlreadyBooked(in_the_way)
    row = (occupancy_id, classroom_id, interval.starts_at, interval.ends_at)
    put_off(moving(Statement(ONE_MOVE, (*row, buffers.before_minutes, buffers.after_minutes))))


def moving(moves: Statement) -> Statement:
    """What gives main rows their new room, time and buffers, and new satellites; the former ones go first, so that
    nothing meets its own buffer. `moves`: (id, room, starts_at, ends_at, before_minutes, after_minutes)."""
    return Statement(MOVE.format(moves=moves.sql) + adding_satellites(), moves.parameters)


ONE_MOVE = (
    "SELECT %s::bigint AS id, %s::bigint AS room, %s::timestamptz AS starts_at, %s::timestamptz AS ends_at,"
    " %s::int AS before_minutes, %s::int AS after_minutes"
)
MOVE = """
WITH asked AS ({moves}),
     gone AS (DELETE FROM classrooms_occupancy WHERE main_id IN (SELECT id FROM asked) RETURNING id),
     wanted AS (
         UPDATE classrooms_occupancy AS moved
            SET classroom_id = asked.room, starts_at = asked.starts_at, ends_at = asked.ends_at, is_live = true,
                before_minutes = asked.before_minutes, after_minutes = asked.after_minutes
           FROM asked
          WHERE moved.id = asked.id AND (SELECT count(*) FROM gone) >= 0
      RETURNING moved.id, moved.classroom_id AS room, moved.starts_at, moved.ends_at, moved.kind,
                moved.before_minutes, moved.after_minutes)
"""


def releasing(occupancy_ids: Sequence[int]) -> Statement:
    """`release` for a batch."""
    ids = list(occupancy_ids)
    return Statement(
        "UPDATE classrooms_occupancy SET is_live = false WHERE id = ANY(%s) OR main_id = ANY(%s)", (ids, ids)
    )


def release(occupancy_ids: Sequence[int] | QuerySet[Any, Any]) -> int:
    """Make rows not live; how many were. The rooms are free from the commit on; the caller holds them exclusively."""
    ((number,),) = send(naming_ids(RELEASE, occupancy_ids))[0]
    return int(number)


RELEASE = """
WITH named (id) AS ({ids}),
     mains AS (UPDATE classrooms_occupancy SET is_live = false
                WHERE is_live AND id IN (SELECT id FROM named) RETURNING id),
     satellites AS (UPDATE classrooms_occupancy SET is_live = false
                     WHERE is_live AND main_id IN (SELECT id FROM named))
SELECT count(*) FROM mains
"""


def naming_ids(sql: str, occupancy_ids: Sequence[int] | QuerySet[Any, Any]) -> Statement:
    """SQL with the rows of a query of ids, or with ids, in it."""
    if isinstance(occupancy_ids, QuerySet):
        ids = statement_of(occupancy_ids)
    else:
        ids = Statement("SELECT unnest(%s::bigint[])", (array_of(occupancy_ids),))
    return Statement(sql.replace("{ids}", ids.sql), ids.parameters)


def occupy_many(
    rows: Sequence[tuple[int, Interval]], *, kind: OccupancyKind, buffers: Sequence[Buffers] = ()
) -> list[int]:
    """Add many live rows (room, interval) with their satellites; ids in order, two statements. The caller holds the
    rooms exclusively and has asked `obstacles` first; whatever slips through meets the constraint (23P01).

    `buffers`: of each row, or none at all."""
    ids = next_ids(ROOM_TIME, len(rows))
    send(occupying_many(ids, rows, kind=kind, buffers=buffers))
    return ids


def occupying_many(
    ids: Sequence[int], rows: Sequence[tuple[int, Interval]], *, kind: OccupancyKind, buffers: Sequence[Buffers] = ()
) -> Statement:
    """The same for a batch, under ids of `ROOM_TIME` that its caller has taken."""
    sql = f"{OCCUPY_MANY} {adding_satellites()}"
    return Statement(sql, (kind.value, array_of(ids), *as_arrays(rows), *as_minutes(buffers, len(rows))))


ROOM_TIME = "classrooms_occupancy"
"""The table whose ids room time has."""
MANY = (
    "SELECT id, room, starts_at, ends_at, %s::text AS kind, before_minutes, after_minutes"
    " FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::int[], %s::int[])"
    " AS rows (id, room, starts_at, ends_at, before_minutes, after_minutes)"
)
ADD_MAINS = (
    f"main AS (INSERT INTO classrooms_occupancy ({MAIN})"  # noqa: S608
    " SELECT id, room, starts_at, ends_at, true, kind, before_minutes, after_minutes FROM wanted)"
)
OCCUPY_MANY = f"WITH wanted AS ({MANY}), {ADD_MAINS}"


def move_many(rows: Mapping[int, tuple[int, Interval]], *, buffers: Sequence[Buffers] = ()) -> None:
    """Give rows that are not live ({id: (room, interval)}) their new room, time and buffers, and make them live.

    `release` them first: in one UPDATE of live rows the first would meet the second's old time. The caller holds
    old and new rooms exclusively and has asked `obstacles_of_each`; what slips through meets the constraint (23P01).
    """
    columns = [array_of(rows), *as_arrays(list(rows.values())), *as_minutes(buffers, len(rows))]
    send(moving(Statement(MANY_MOVES, tuple(columns))))


MANY_MOVES = (
    "SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::int[], %s::int[])"
    " AS asked (id, room, starts_at, ends_at, before_minutes, after_minutes)"
)

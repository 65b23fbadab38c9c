"""The one door to room time: `occupying`, `occupy_many`, `move`, `move_many`, `release`, `reclaim_many`.

The exclusion constraint is the guarantee. How it is met decides whether the server stands under contention
(architecture §3): a single new row goes in by ON CONFLICT DO NOTHING under the room's *shared* lock;
everything else holds the room locks *exclusively*.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Q, QuerySet

from classrooms.enums import OccupancyKind
from classrooms.models import Occupancy
from classrooms.queries.obstacles import Obstacle, as_arrays, asking_for_obstacles, obstacles, obstacles_found
from classrooms.services.holds import asking_for_hold, check_no_hold, check_not_held
from kernel.campus_time import Interval
from kernel.db.arrays import array_of
from kernel.db.batch import Statement, put_off, send
from kernel.db.expressions import IsAmong
from kernel.db.ids import next_ids
from kernel.db.locks import Lock, lock_rooms, sharing_room
from kernel.db.transactions import StaleRead
from kernel.errors import Conflict

T = TypeVar("T")


class RoomAlreadyBooked(Conflict):
    """Something live is in the way.

    `details.existing_registration_id` is the earliest conflicting registration, None where only a lecture,
    closure, calendar or fest event is in the way; `details.conflicts` names what is in the way, cut per campus day.
    """

    def __init__(self, obstacles: Iterable[Obstacle]) -> None:
        ordered = sorted(obstacles, key=lambda row: (row.interval.starts_at, row.id or 0))
        registrations = [row.id for row in ordered if row.kind == OccupancyKind.REGISTRATION]
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
) -> list[Statement]:
    """What adds one live row of room time: the room's shared lock, and the row unless something is in the way.

    For a batch whose later statements refer to the row by `OCCUPIED`, and so fail without it (`is_missing`); then
    `refuse_to_occupy` says why. `respect_holds`: nothing is added where a `BookingHold` stands. `after`: locks that are
    taken before the room's. `provided`: conditions without which nothing is added, asked under the locks.
    """
    parameters: list[Any] = [occupancy_id, classroom_id, interval.starts_at, interval.ends_at, kind.value]
    conditions = list(provided)
    if respect_holds:
        conditions.append(Statement(NOT_HELD, (interval.ends_at, interval.starts_at)))
    where = f" WHERE {' AND '.join(each.sql for each in conditions)}" if conditions else ""
    insert = (
        "INSERT INTO classrooms_occupancy (id, classroom_id, starts_at, ends_at, is_live, kind)"
        " SELECT %s::bigint, %s::bigint, %s::timestamptz, %s::timestamptz, true, %s"
        f"{where} ON CONFLICT DO NOTHING"
    )
    parameters += [value for each in conditions for value in each.parameters]
    return [*sharing_room(classroom_id, after=after), Statement(insert, tuple(parameters))]


NOT_HELD = (
    "NOT EXISTS (SELECT FROM classrooms_bookinghold WHERE starts_at < %s::timestamptz AND ends_at > %s::timestamptz)"
)


OCCUPIED = "(SELECT id FROM classrooms_occupancy WHERE id = %s::bigint)"
"""SQL: the id of an occupancy, null unless it is there."""


def refuse_to_occupy(*, classroom_id: int, interval: Interval, respect_holds: bool = False) -> None:
    """Say why `occupying` added nothing.

    Raises:
        TimeIsHeldBack: the time is kept from callers like this one.
        RoomAlreadyBooked: a live occupancy is in the way.
    """
    if respect_holds:
        check_not_held(interval)
    if in_the_way := obstacles(classroom_id, interval):
        raise RoomAlreadyBooked(in_the_way)


def lock_and_reload(
    load: Callable[[], T],
    rooms_of: Callable[[T], Iterable[int]],
    *more_rooms: int,
    ask_rooms: Callable[[], Iterable[int]] | None = None,
    after: Sequence[Lock] = (),
) -> T:
    """Lock the rooms of what `load` reads (and `more_rooms`) exclusively, then read it again and return it.

    `ask_rooms`: what tells the rooms before they are locked, where that costs less than to read all twice. `after`:
    locks that are taken before those of the rooms.

    Raises:
        StaleRead: it moved to a room that is not locked; the transaction starts again.
    """
    rooms = {*(rooms_of(load()) if ask_rooms is None else ask_rooms()), *more_rooms}
    lock_rooms(rooms, after=after)
    row = load()
    if not rooms.issuperset(rooms_of(row)):
        raise StaleRead
    return row


def room_of(occupancy_id: int) -> Statement:
    """The query of the room in which a row of room time stands, for `locking_rooms`."""
    return Statement("SELECT classroom_id FROM classrooms_occupancy WHERE id = %s", (occupancy_id,))


def move(*, occupancy_id: int, classroom_id: int, interval: Interval, respect_holds: bool = False) -> None:
    """Give an existing row another room or time and make it live, at the latest with the COMMIT. The caller holds old
    and new room exclusively, and asks nothing more about them.

    Raises:
        TimeIsHeldBack: `respect_holds`, and the new time is kept from callers like this one.
        RoomAlreadyBooked: something else is there.
    """
    questions = [asking_for_obstacles(classroom_id, interval)]
    if respect_holds:
        questions.append(asking_for_hold(interval))
    rows, *holds = send(*questions)
    if holds:
        check_no_hold(*holds)
    if in_the_way := [row for row in obstacles_found(rows) if row.id != occupancy_id]:
        raise RoomAlreadyBooked(in_the_way)
    put_off(Statement(MOVE, (classroom_id, interval.starts_at, interval.ends_at, occupancy_id)))


MOVE = (
    "UPDATE classrooms_occupancy SET classroom_id = %s, starts_at = %s::timestamptz, ends_at = %s::timestamptz,"
    " is_live = true WHERE id = %s"
)


def releasing(occupancy_ids: Sequence[int]) -> Statement:
    """`release` for a batch."""
    return Statement("UPDATE classrooms_occupancy SET is_live = false WHERE id = ANY(%s)", (list(occupancy_ids),))


def release(occupancy_ids: Sequence[int] | QuerySet[Any, Any]) -> int:
    """Make rows not live; how many were. The rooms are free from the commit on; the caller holds them exclusively."""
    is_meant = Q(pk__in=occupancy_ids) if isinstance(occupancy_ids, QuerySet) else Q(IsAmong("pk", occupancy_ids))
    return Occupancy.objects.live().filter(is_meant).update(is_live=False)


def reclaim_many(occupancy_ids: QuerySet[Any, Any]) -> int:
    """Make rows live again where they were; how many. The caller holds the rooms exclusively and has left out what
    meets something else; whatever slips through meets the constraint (23P01)."""
    return Occupancy.objects.filter(pk__in=occupancy_ids).update(is_live=True)


def occupy_staged(table: str, *, kind: OccupancyKind) -> int:
    """Add a row for each row of a temporary table, as far as nothing is in the way; how many.

    The table has the columns id, classroom_id, starts_at, ends_at, is_live, and is_placed, which is set where it went
    in. Ids come from the sequence of `classrooms_occupancy`. One statement for any number; the caller holds the rooms
    exclusively.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH placed AS (INSERT INTO classrooms_occupancy (id, classroom_id, starts_at, ends_at, is_live, kind)"  # noqa: S608
            f" SELECT id, classroom_id, starts_at, ends_at, is_live, %s FROM {table}"
            " ORDER BY classroom_id, starts_at, id ON CONFLICT DO NOTHING RETURNING id)"
            f" UPDATE {table} SET is_placed = true FROM placed WHERE placed.id = {table}.id",
            [kind.value],
        )
        return int(cursor.rowcount)


def occupy_many(rows: Sequence[tuple[int, Interval]], *, kind: OccupancyKind) -> list[int]:
    """Add many live rows (room, interval); ids in order, two statements. The caller holds the rooms exclusively
    and has asked `obstacles` first; whatever slips through meets the constraint (23P01)."""
    ids = next_ids(ROOM_TIME, len(rows))
    send(occupying_many(ids, rows, kind=kind))
    return ids


def occupying_many(ids: Sequence[int], rows: Sequence[tuple[int, Interval]], *, kind: OccupancyKind) -> Statement:
    """The same for a batch, under ids of `ROOM_TIME` that its caller has taken."""
    return Statement(OCCUPY_MANY, (kind.value, array_of(ids), *as_arrays(rows)))


ROOM_TIME = "classrooms_occupancy"
"""The table whose ids room time has."""
OCCUPY_MANY = (
    "INSERT INTO classrooms_occupancy (id, classroom_id, starts_at, ends_at, is_live, kind)"
    " SELECT id, room, starts_at, ends_at, true, %s::text"
    " FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::timestamptz[])"
    " AS wanted (id, room, starts_at, ends_at)"
)


def move_many(rows: Mapping[int, tuple[int, Interval]]) -> None:
    """Give rows that are not live ({id: (room, interval)}) their new room and time, and make them live.

    `release` them first: in one UPDATE of live rows the first would meet the second's old time. The caller holds
    old and new rooms exclusively and has asked `obstacles_of_each`; what slips through meets the constraint (23P01).
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE classrooms_occupancy AS moved SET classroom_id = wanted.room, starts_at = wanted.starts_at,"
            " ends_at = wanted.ends_at, is_live = true"
            " FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::timestamptz[])"
            " AS wanted (id, room, starts_at, ends_at) WHERE moved.id = wanted.id",
            [array_of(rows), *as_arrays(list(rows.values()))],
        )

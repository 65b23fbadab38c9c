"""How rooms are held for what is more than a new row: exclusively, with all that have a part in common with them."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from kernel.db.batch import Statement, send
from kernel.db.locks import Lock, locking_rooms
from kernel.db.transactions import StaleRead

T = TypeVar("T")
TOUCHED = """
SELECT touched.room
  FROM ({named}) AS named (room)
 CROSS JOIN LATERAL (
       SELECT named.room
        UNION ALL
       SELECT other_id FROM classrooms_roomoverlap WHERE classroom_id = named.room) AS touched (room)
"""
"""The rooms of a query of one column, and those that have a part in common with them."""


def holding_rooms(*naming: Statement, rooms: Iterable[int] = (), after: Sequence[Lock] = ()) -> Statement:
    """`locking_rooms`, together with the rooms that have a part in common with any of them."""
    names = " UNION ".join([*(each.sql for each in naming), "SELECT unnest(%s::bigint[])"])
    values = [value for each in naming for value in each.parameters]
    return locking_rooms(Statement(TOUCHED.format(named=names), (*values, list(rooms))), after=after)


def hold_rooms(classroom_ids: Iterable[int], *, after: Sequence[Lock] = ()) -> set[int]:
    """The same at once: nobody else books in these rooms, or what touches them, until the transaction ends. All rooms
    that are held."""
    return {room for room, *_ in send(holding_rooms(rooms=classroom_ids, after=after))[0]}


def lock_and_reload(
    load: Callable[[], T],
    rooms_of: Callable[[T], Iterable[int]],
    *more_rooms: int,
    ask_rooms: Callable[[], Iterable[int]] | None = None,
    after: Sequence[Lock] = (),
) -> T:
    """Lock the rooms that what `load` reads touches (and `more_rooms`) exclusively, then read it again and return it.

    `ask_rooms`: what tells the rooms before they are locked, where that costs less than to read all twice. `after`:
    locks that are taken before those of the rooms.

    Raises:
        StaleRead: it moved to a room that is not locked; the transaction starts again.
    """
    rooms = {*(rooms_of(load()) if ask_rooms is None else ask_rooms()), *more_rooms}
    hold_rooms(rooms, after=after)
    row = load()
    if not rooms.issuperset(rooms_of(row)):
        raise StaleRead
    return row


def room_of(occupancy_id: int) -> Statement:
    """The query of the room in which a row of room time stands, for `locking_rooms`."""
    return Statement("SELECT classroom_id FROM classrooms_occupancy WHERE id = %s", (occupancy_id,))

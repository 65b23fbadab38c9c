"""The only module that takes advisory locks. Always the two-integer form: (namespace, id).

Lock order, everywhere: newcomers → timetable → event → group → calendars ascending → campus admins → booking rules →
owners ascending → room parts → rooms ascending → occupancy → own rows → log → notifications.
Every wait is bounded by the connection's `lock_timeout` (see settings) and then answered with 503.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, connections

from kernel.db.batch import Statement, send
from kernel.db.constraints import sqlstate
from kernel.db.patience import extend_patience


class Namespace(IntEnum):
    """The first integer of every advisory lock."""

    ROOM = 1
    DEMO = 2
    ALLOCATION_STEP = 3
    FILING = 4
    TIMETABLE = 5
    CAMPUS_ADMINS = 6
    MIGRATION = 7
    INBOX_PART = 8
    """Tried, never waited for, by the triggers that count notices (`notifications.models.InboxPart`)."""
    NOTICES = 9
    """Held in shared mode by whoever writes notices; only looked at (`notifications.queries.streaming`)."""
    LETTERS_OF_THE_DAY = 10
    """Tried, never waited for: who comes second sees whose letter of the day there is already."""
    WEBHOOKS = 11
    """Held by whoever makes one, before its log row: so many are counted as there are."""
    BOOKING_RULES = 12
    """Held in shared mode by whoever books; by whoever writes rules, or what they go by, exclusively."""
    GROUP_QUOTA = 13
    PERSON_QUOTA = 14
    """Held by whoever books for an owner whose bookings are counted, groups before people."""
    NEWCOMERS = 16
    """Held by whoever makes a person of what an identity provider says, before anything else: he is made once."""
    ROOM_PARTS = 15
    """Held by whoever says which rooms consist of which, before their rooms: what overlaps what is seen as a whole."""


class LockOutsideTransaction(RuntimeError):
    """A transaction lock outside a transaction is released before it protects anything."""


@dataclass(frozen=True, slots=True)
class Lock:
    """An advisory lock that a transaction takes."""

    namespace: Namespace
    id: int = 0
    is_shared: bool = False

    @property
    def sql(self) -> str:
        """The call that waits for it."""
        return f"pg_advisory_xact_lock{'_shared' if self.is_shared else ''}({self.namespace:d}, %s)"


def taking(*locks: Lock) -> list[Statement]:
    """What takes locks one after the other, for a batch; they are in the lock order. One statement."""
    calls = ", ".join(lock.sql for lock in locks)
    return _taking(f"SELECT {calls}", *(lock.id for lock in locks)) if locks else []


def sharing_room(classroom_id: int, *, after: Sequence[Lock] = ()) -> list[Statement]:
    """What holds the room's lock in shared mode until the transaction ends, for the beginning of a batch; `after`
    others that come before rooms.

    For adding one new row of room time. A statement of its own: a lock taken in the statement that
    also checks sees a snapshot older than the lock. Never upgrade it to the exclusive mode.
    """
    return taking(*after, Lock(Namespace.ROOM, classroom_id, is_shared=True))


def lock_rooms(classroom_ids: Iterable[int], *, after: Sequence[Lock] = ()) -> None:
    """Hold the rooms' locks exclusively until the transaction ends, taken in ascending order; `after` others that come
    before rooms.

    For everything that is not a single new row: updates, moves, closures, several rows.
    Call it once per transaction, with old and new rooms together.
    """
    ordered = sorted(set(classroom_ids))
    for lock in after:
        _take(f"SELECT {lock.sql}", lock.id)
    _take(
        "SELECT pg_advisory_xact_lock(%s, room) FROM (SELECT unnest(%s::int[]) AS room ORDER BY 1) AS rooms",
        Namespace.ROOM,
        ordered,
    )


def locking_rooms(*naming: Statement, rooms: Iterable[int] = (), after: Sequence[Lock] = ()) -> Statement:
    """The same for a batch. The rooms are those that queries of one column name when it is carried out, and `rooms`;
    each is answered by a row that begins with its id. `after`: other locks, which come before rooms.

    What the batch reads behind it is read under the locks, but may lie in a room that was not named any more: compare.
    """
    if not connection.in_atomic_block:
        raise LockOutsideTransaction
    rows = " UNION ".join([*(each.sql for each in naming), "SELECT unnest(%s::int[])"])
    query = Statement(rows, (*(value for each in naming for value in each.parameters), list(rooms)))
    return _locking_rooms(query, after)


def excluding_rooms(rooms: Statement, *, after: Sequence[Lock] = ()) -> list[Statement]:
    """The same for the beginning of a batch that may be a transaction of its own; `rooms`: the query that names them,
    each once."""
    return [] if "skip-lock" in settings.CSPACE_TEST_FAULTS else [_locking_rooms(rooms, after)]


def _locking_rooms(rooms: Statement, after: Sequence[Lock]) -> Statement:
    is_left_out = "skip-lock" in settings.CSPACE_TEST_FAULTS
    take = "" if is_left_out else f", pg_advisory_xact_lock({Namespace.ROOM:d}, room)"
    first = () if is_left_out else tuple(after)
    # A condition without columns is looked at before the first row.
    gate = f" WHERE (SELECT {' AND '.join(f'{lock.sql} IS NOT NULL' for lock in first)})" if first else ""
    sql = f"SELECT room{take} FROM (SELECT room::int FROM ({rooms.sql}) AS named (room){gate} ORDER BY 1) AS rooms"  # noqa: S608
    return Statement(sql, (*rooms.parameters, *(lock.id for lock in first)))


def lock_namespace(namespace: Namespace) -> None:
    """One runner at a time, until the transaction ends."""
    _take("SELECT pg_advisory_xact_lock(%s, 0)", namespace)


def locking_namespace(namespace: Namespace, *, where: Statement) -> list[Statement]:
    """The same for a batch, if a query has a row when it is carried out."""
    if not connection.in_atomic_block:
        raise LockOutsideTransaction
    sql = f"SELECT pg_advisory_xact_lock({namespace:d}, 0) WHERE EXISTS ({where.sql})"  # a number
    return [] if "skip-lock" in settings.CSPACE_TEST_FAULTS else [Statement(sql, where.parameters)]


def try_namespace(namespace: Namespace) -> bool:
    """The same without waiting: False if somebody else is running."""
    if not connection.in_atomic_block:
        raise LockOutsideTransaction
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, 0)", [namespace])
        row = cursor.fetchone()
    return bool(row and row[0])


@contextmanager
def migration_turn(*, database: str, wait_seconds: int) -> Iterator[bool]:
    """One migration at a time, held by a connection: a migration has many transactions, or none.

    `database`: its alias; two that lead to the same database, as two roles, wait for one another.

    False, if another one has not ended within the time.
    """
    own = connections[database]
    with own.cursor() as cursor, _longer_waits(cursor, wait_seconds):
        extend_patience(own, wait_seconds + 5)
        try:
            cursor.execute("SELECT pg_advisory_lock(%s, 0)", [Namespace.MIGRATION])
        except OperationalError as error:
            if sqlstate(error) != "55P03":
                raise
            is_ours = False
        else:
            is_ours = True
    try:
        yield is_ours
    finally:
        if is_ours and own.connection is not None:  # else its end has given the lock back
            with own.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, 0)", [Namespace.MIGRATION])


@contextmanager
def _longer_waits(cursor: Any, seconds: int) -> Iterator[None]:
    """Let the statements of a connection, outside a transaction, wait for so long."""
    cursor.execute("SELECT current_setting('lock_timeout'), current_setting('statement_timeout')")
    limits = cursor.fetchone()
    change = "SELECT set_config('lock_timeout', %s, false), set_config('statement_timeout', %s, false)"
    cursor.execute(change, [f"{seconds}s", f"{seconds + 5}s"])
    try:
        yield
    finally:
        cursor.execute(change, limits)


def locking_filing(group: Statement) -> Statement:
    """For a batch: one filing of a group at a time, until the transaction ends. It keeps nobody from booking for it.

    The group is the one that a query of one column names when it is carried out; it is answered by a row that begins
    with its id.
    """
    if not connection.in_atomic_block:
        raise LockOutsideTransaction
    take = "" if "skip-lock" in settings.CSPACE_TEST_FAULTS else f", pg_advisory_xact_lock({Namespace.FILING:d}, id)"
    sql = f"SELECT id{take} FROM (SELECT id::int FROM ({group.sql}) AS named (id)) AS filing"  # noqa: S608
    return Statement(sql, group.parameters)


def _take(sql: str, *parameters: Any) -> None:
    if not connection.in_atomic_block:
        raise LockOutsideTransaction
    if statements := _taking(sql, *parameters):
        send(*statements)


def _taking(sql: str, *parameters: Any) -> list[Statement]:
    return [] if "skip-lock" in settings.CSPACE_TEST_FAULTS else [Statement(sql, parameters)]

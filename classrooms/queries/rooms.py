"""Rooms: one by the name that is its address, and the list of them, as they are shown."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from django.db.models import Count, Q, TextField, Window
from django.db.models.functions import Cast, RowNumber

from classrooms.models import Classroom, RoomOverlap
from classrooms.querysets import PARTS, ClassroomQuerySet
from kernel.db.batch import Statement, ask, send
from kernel.db.loading import instance_of
from kernel.db.pipeline import ResultRow, ResultRows
from kernel.db.plans import USUAL_SIZES
from kernel.db.querysets import statement_of
from kernel.db.versions import VERSION
from kernel.errors import NotFound

Rooms = ClassroomQuerySet[Classroom]
ROOMS_VERSION = "rooms"
"""The version (`kernel.db.versions`) of all that a list of rooms shows."""
VIEW = (
    "id",
    "name",
    "capacity",
    "floor",
    "equipment",
    "is_active",
    "auto_approve",
    "type",
    "building",
    "link",
    "latitude",
    "longitude",
    "parts",
)
"""What is shown of a room, in order."""
IS_DIVIDED = "EXISTS (SELECT FROM classrooms_roomoverlap WHERE classroom_id = room.id)"
BOOKABLE = ("id", "name", "capacity", "floor", "is_active", "auto_approve", "building")
BY_NAME = f"SELECT {', '.join(BOOKABLE)}, {IS_DIVIDED} FROM classrooms_classroom AS room WHERE name = %s"  # noqa: S608
BY_CODE = f"SELECT {', '.join(BOOKABLE)}, {IS_DIVIDED} FROM classrooms_classroom AS room WHERE code = %s"  # noqa: S608
BY_NAMES = f"SELECT {', '.join(BOOKABLE)}, {IS_DIVIDED} FROM classrooms_classroom AS room WHERE name = ANY(%s)"  # noqa: S608
VIEW_BY_NAME = "SELECT {columns} FROM classrooms_classroom WHERE name = %s".format(  # noqa: S608
    columns=", ".join({"equipment": "equipment::text", "parts": PARTS}.get(column, column) for column in VIEW)
)
ROOMS_AT_PLACES = "SELECT * FROM ({rooms}) AS listed WHERE place > {first} AND place <= {last}"
# One row at least, with the version. The rooms beside it are of the same snapshot, and not read for whoever has them:
# behind OFFSET the condition is looked at before them.
VERSION_AND_ROOMS = f"""
SELECT version.stamp, room.*
  FROM ({VERSION.format(key=ROOMS_VERSION)}) AS version
  LEFT JOIN LATERAL ({{rooms}} AND (version.stamp = ANY(%s::uuid[])) IS NOT TRUE OFFSET 0) AS room ON true
 ORDER BY room.place
"""  # noqa: S608  # constants of ours


MAX_REMEMBERED = 1000
"""Lists of equipment."""


class ClassroomNotFound(NotFound):
    resource = "Classroom"


def classroom_named(name: str) -> Classroom:
    """The room with exactly this name. Raises: ClassroomNotFound."""
    classroom = Classroom.objects.filter(name=name).first()
    if classroom is None:
        raise ClassroomNotFound
    return classroom


def rooms_touched(classroom_id: int) -> Rooms:
    """A room, and those that have a part in common with it."""
    others = RoomOverlap.objects.filter(classroom=classroom_id).values("other")
    return Classroom.objects.filter(Q(pk=classroom_id) | Q(pk__in=others))


def asking_for_room(name: str) -> Statement:
    """The question for `bookable_room`."""
    return Statement(BY_NAME, (name,))


def bookable_room(name: str) -> Classroom | None:
    """The room with exactly this name, or None; its equipment is read when it is asked for."""
    rows = ask(asking_for_room(name))
    return _bookable(rows[0]) if rows else None


def bookable_room_with_code(code: str) -> Classroom | None:
    """The room with exactly this code, or None, as `bookable_room` reads one."""
    rows = ask(Statement(BY_CODE, (code,)))
    return _bookable(rows[0]) if rows else None


def asking_for_rooms_with_names(names: Iterable[str]) -> Statement:
    """The question for `rooms_by_name`."""
    return Statement(BY_NAMES, (sorted(set(names)),))


def rooms_by_name(rows: Iterable[ResultRow]) -> dict[str, Classroom]:
    """The rooms with these names, as `bookable_room` reads one."""
    return {room.name: room for room in map(_bookable, rows)}


def _bookable(row: ResultRow) -> Classroom:
    *columns, is_divided = row
    room = instance_of(Classroom, dict(zip(BOOKABLE, columns, strict=True)))
    room.is_divided = is_divided
    return room


def room_as_it_is(room: Classroom) -> Classroom:
    """The same room, read again. Raises: ClassroomNotFound."""
    rows = send(asking_for_rooms_with_names([room.name]))[0]
    if not rows:
        raise ClassroomNotFound
    return _bookable(rows[0])


def asking_for_room_view(name: str) -> Statement:
    """The question for `room_view`."""
    return Statement(VIEW_BY_NAME, (name,))


def room_view(name: str) -> dict[str, Any]:
    """The room with exactly this name, JSON. Raises: ClassroomNotFound."""
    rows = ask(asking_for_room_view(name))
    if not rows:
        raise ClassroomNotFound
    return _view_of(rows[0])


def asking_for_rooms(rooms: Rooms, places: tuple[int, int]) -> Statement:
    """Rooms by their order from one place (not included) to another; read by `room_views`."""
    rows = _at_places(placed(rooms), places)
    return Statement(f"{rows.sql} ORDER BY place", rows.parameters)


def room_views(rows: ResultRows) -> tuple[list[dict[str, Any]], int]:
    """The rooms of an answer, JSON, and how many there are with those at other places; 0 where none is here."""
    return [_view_of(row[1:]) for row in rows], rows[0][-1] if rows else 0


def asking_for_room_list(rooms: Statement, places: tuple[int, int], versions: Sequence[UUID]) -> Statement:
    """The question for `room_list`; the rooms as `placed`. `versions`: those that the reader has."""
    rows = _at_places(rooms, places)
    sql = VERSION_AND_ROOMS.replace("{rooms}", rows.sql)
    return Statement(sql, (*rows.parameters, [str(version) for version in versions]))


def room_list(question: Statement) -> tuple[UUID | None, list[dict[str, Any]], int]:
    """The version of the rooms, and what `room_views` says of them; nothing, where the reader has the version.

    None: no service has ever changed a room here.
    """
    rows = ask(question)
    stamp = rows[0][0]
    return stamp, *room_views([row[1:] for row in rows if row[1] is not None])


def _at_places(rows: Statement, places: tuple[int, int]) -> Statement:
    """The rows of `placed` at places. PostgreSQL plans once where it need not ask how many there are from where: the
    places stand in the text if they are the first of a usual page."""
    first, last = places
    if first or last not in USUAL_SIZES:
        sql = ROOMS_AT_PLACES.format(rooms=rows.sql, first="%s::bigint", last="%s::bigint")
        return Statement(sql, (*rows.parameters, *places))
    return Statement(ROOMS_AT_PLACES.format(rooms=rows.sql, first=first, last=last), rows.parameters)


def placed(rooms: Rooms) -> Statement:
    """The statement of the `VIEW` of rooms, after the place of each in their order and before their number."""
    order: Any = list(rooms.query.order_by)
    columns: list[Any] = [Cast(column, TextField()) if column == "equipment" else column for column in VIEW]
    place = Window(RowNumber(), order_by=order)
    rows = rooms.with_parts().order_by().annotate(place=place, number=Window(Count("*")))
    return statement_of(rows.values_list("place", *columns, "number"))


def _view_of(row: Sequence[Any]) -> dict[str, Any]:
    """A row that begins with a `VIEW`, JSON; PostgreSQL's own text of the equipment has spaces in it."""
    room = dict(zip(VIEW, row, strict=False))
    room["equipment"] = _compact(room["equipment"])
    return room


@lru_cache(maxsize=MAX_REMEMBERED)
def _compact(equipment: str) -> orjson.Fragment:
    """Many rooms have the same."""
    return orjson.Fragment(orjson.dumps(orjson.loads(equipment)))

"""Which of the file's room names are rooms: names, aliases for one room or several, rooms to be made."""

from datetime import datetime
from typing import Any

from accounts.models import User
from classrooms.services.rooms import PLACE, ClassroomNameIsTaken, create_classroom
from kernel.errors import DomainError, Invalid
from timetables.importing.records import Fault, Position
from timetables.importing.report import ImportReport
from timetables.importing.statements import drop_repeated, rows_of
from timetables.importing.tables import fill

DESCRIBED = ("capacity", "floor", *PLACE)
BY_DEFAULT = {"capacity": 1, "floor": 0}
"""What a room has that is made of nothing but its name: nobody finds it by asking for seats."""


def find_rooms(report: ImportReport, *, create: bool, by: User | None, now: datetime) -> None:
    """`known_rooms`: each name in the file's lectures with the rooms it stands for.

    With `create`, rooms that do not exist are made; otherwise each is complained of once.
    """
    drop_repeated("room_aliases", ["alias"], report)
    fill(
        "named_rooms",
        "SELECT named.name, COALESCE(target, named.name) AS target, min(named.line) AS line, sum(named.number)::int"
        " AS number, bool_or(named.is_expanded) AS is_expanded, min(named.item) AS item FROM (SELECT room AS name,"
        " min(line) AS line, count(*) AS number, bool_and(is_expanded) AS is_expanded, min(item) AS item"
        " FROM staged_lectures, unnest(rooms) AS room GROUP BY room) named"
        " LEFT JOIN staged_room_aliases a ON a.alias = named.name"
        " LEFT JOIN LATERAL unnest(a.rooms) AS target ON true GROUP BY 1, 2",
    )
    for name, line, is_expanded, item, number, *described in _missing():
        position = Position(line, "weekly" if is_expanded else "lectures", item)
        if not create:
            report.complain(Fault(position, f"room {name} is not known ({number} lectures)"))
            continue
        try:
            create_classroom(by=by, now=now, name=name, **_told(described))
        except (Invalid, ClassroomNameIsTaken) as refusal:
            report.complain(Fault(position, f"room {name} cannot be made: {_reason(refusal)}"))
        else:
            report.made_rooms.append(name)
    fill(
        "known_rooms",
        "SELECT DISTINCT named.name, room.id AS classroom_id FROM named_rooms named"
        " JOIN classrooms_classroom room ON room.name = named.target",
    )


def _missing() -> list[tuple[Any, ...]]:
    """Names that stand for no room: where first, how often, and what the file says of them."""
    return rows_of(
        "SELECT named.target, min(named.line), bool_and(named.is_expanded), min(named.item), sum(named.number)::int,"
        f" {', '.join(f'min(described.{column})' for column in DESCRIBED)} FROM named_rooms named"
        " LEFT JOIN staged_rooms described ON described.name = named.target"
        " WHERE NOT EXISTS (SELECT FROM classrooms_classroom room WHERE room.name = named.target)"
        " GROUP BY named.target ORDER BY named.target"
    )


def _told(described: list[Any]) -> dict[str, Any]:
    """What the file says of a room, by column."""
    return BY_DEFAULT | {column: value for column, value in zip(DESCRIBED, described, strict=True) if value is not None}


def _reason(refusal: DomainError) -> str:
    return "; ".join(" ".join(sentences) for sentences in refusal.details.values())

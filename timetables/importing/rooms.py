"""Which of the file's room names are rooms: names, aliases for one room or several, rooms to be made."""

from datetime import datetime
from typing import Any

from accounts.models import User
from classrooms.services.rooms import ClassroomNameIsTaken, create_classroom
from kernel.errors import DomainError, Invalid
from timetables.importing.nouns import DESCRIBED_ROOMS, LECTURES, ROOM_ALIASES, WEEKLY
from timetables.importing.records import Fault, Position
from timetables.importing.report import ImportReport
from timetables.importing.statements import drop_repeated, named_rows_of
from timetables.importing.tables import fill

DESCRIPTION = tuple(column for column in DESCRIBED_ROOMS.staged_fields if column != "name")
DEFAULTS = {"capacity": 1, "floor": 0}
"""What a room has that is made of nothing but its name: nobody finds it by asking for seats."""

NAMED_ROOMS = """
    SELECT mention.name, COALESCE(target, mention.name) AS target, min(mention.line) AS line,
    sum(mention.number)::int AS number, bool_or(mention.is_expanded) AS is_expanded, min(mention.item) AS item
    FROM (SELECT room AS name, min(line) AS line, count(*) AS number, bool_and(is_expanded) AS is_expanded,
    min(item) AS item FROM staged_lectures, unnest(rooms) AS room GROUP BY room) mention
    LEFT JOIN staged_room_aliases file ON file.alias = mention.name
    LEFT JOIN LATERAL unnest(file.rooms) AS target ON true GROUP BY 1, 2"""

MISSING_ROOMS = f"""
    SELECT mention.target AS name, min(mention.line) AS line, bool_and(mention.is_expanded) AS is_expanded,
    min(mention.item) AS item, sum(mention.number)::int AS number,
    {", ".join(f"min(description.{column}) AS {column}" for column in DESCRIPTION)}
    FROM named_rooms mention
    LEFT JOIN staged_rooms description ON description.name = mention.target
    WHERE NOT EXISTS (SELECT FROM classrooms_classroom room WHERE room.name = mention.target)
    GROUP BY mention.target ORDER BY mention.target"""
"""Names that stand for no room: where first, how often, and what the file says of them."""

KNOWN_ROOMS = """
    SELECT DISTINCT mention.name, room.id AS classroom_id FROM named_rooms mention
    JOIN classrooms_classroom room ON room.name = mention.target"""


def find_rooms(report: ImportReport, *, create: bool, by: User | None, now: datetime) -> None:
    """`known_rooms`: each name in the file's lectures with the rooms it stands for.

    With `create`, rooms that do not exist are made; otherwise each is complained of once.
    """
    drop_repeated(ROOM_ALIASES, ["alias"], report)
    fill("named_rooms", NAMED_ROOMS)
    for room in named_rows_of(MISSING_ROOMS):
        noun, name = WEEKLY if room["is_expanded"] else LECTURES, room["name"]
        position = Position(room["line"], noun.name, room["item"])
        if not create:
            report.complain(Fault(position, f"room {name} is not known ({room['number']} lectures)", name=name))
            continue
        try:
            create_classroom(by=by, now=now, name=name, **_description(room))
        except (Invalid, ClassroomNameIsTaken) as refusal:
            report.complain(Fault(position, f"room {name} cannot be made: {_reason(refusal)}", name=name))
        else:
            report.made_rooms.append(name)
    fill("known_rooms", KNOWN_ROOMS)


def _description(room: dict[str, Any]) -> dict[str, Any]:
    """What the file says of one of `MISSING_ROOMS`, by column."""
    return DEFAULTS | {column: room[column] for column in DESCRIPTION if room[column] is not None}


def _reason(refusal: DomainError) -> str:
    return "; ".join(" ".join(sentences) for sentences in refusal.details.values())

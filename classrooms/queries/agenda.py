"""What a room is used for, and when: asked here by agendas, plans and every other API; nobody joins around it.

Each app registers at start-up where the words for its kind of occupancy stand (`<app>/queries/describing.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from django.db.models import Case, F, TextField, Value, When
from django.db.models.expressions import Combinable

from classrooms.enums import OccupancyKind
from classrooms.models import Occupancy
from classrooms.queries.overlapping import IN_THE_SLOT, SATELLITES_IN_THE_SLOT, SLOT, THE_ROOM
from classrooms.queries.rooms import ClassroomNotFound
from classrooms.querysets import OccupancyQuerySet
from kernel.campus_time import Interval
from kernel.db.batch import Statement, ask
from kernel.db.querysets import statement_of


class Visibility(StrEnum):
    """Who may read what an occupancy is called and whose it is. When, and in what state, is no secret."""

    PUBLIC = "public"
    """Strangers too."""
    EVERYBODY = "everybody"
    """Whoever is logged in."""


@dataclass(frozen=True)
class Description:
    """What an occupancy is; None where there is nothing to say."""

    kind: str
    title: str | None = None
    """What it is called: the description of a booking, the name of a course, the reason of a closure."""
    code: str | None = None
    """What the title is known by for short: the code of a course."""
    label: str | None = None
    """Which sort of its kind it is, in the words of those who entered it: `cours`, `exercice`."""
    who: str | None = None
    """The display name of whoever reserved the room."""
    group: str | None = None
    """The name of the group that it is reserved for."""
    status: str | None = None
    visibility: Visibility = Visibility.EVERYBODY


@dataclass(frozen=True)
class RoomUse:
    """A stretch of room time, half-open instants, and what it is used for. `id` is the main occupancy's."""

    id: int
    classroom_id: int
    starts_at: datetime
    ends_at: datetime
    description: Description
    via: str | None = None
    """The room that is used, where it is another one that has a part in common with this."""


class UseRow(NamedTuple):
    """A use as it is read: an agenda has hundreds, and makes its answer of these. See `RoomUse` and `Description`."""

    id: int
    classroom_id: int
    starts_at: datetime
    ends_at: datetime
    kind: str
    title: str | None
    code: str | None
    label: str | None
    who: str | None
    group: str | None
    status: str | None
    audience: str | None
    """`public`, where strangers may read the words of this one whatever holds for its kind."""
    via: str | None


@dataclass(frozen=True, eq=False)  # compared by identity, so that what is read can be remembered by who describes
class Describer:
    """Where the `Description` of one kind of occupancy is read.

    `columns`: {field of the description, or `audience`: path from the occupancy, or an expression}. What it leads to is
    1–1 with the occupancy or belongs to what is, so that it is joined by primary keys.
    """

    kind: OccupancyKind
    columns: Mapping[str, str | Combinable]
    visibility: Visibility = Visibility.EVERYBODY
    closes_room: bool = False
    """Nobody has the room: plans show it as closed, not as taken."""


WORDS = UseRow._fields[5:-1]
# OFFSET 0 keeps the planner from joining whole tables: what a satellite belongs to is looked up by its id.
USES_OF_A_ROOM = """
SELECT room_use.*
  FROM classrooms_classroom AS room
 CROSS JOIN {slot}
  LEFT JOIN LATERAL (
       SELECT own.*, NULL AS via
         FROM ({uses} WHERE classrooms_occupancy.classroom_id = {the_room} AND {is_in_the_slot}
                        AND classrooms_occupancy.main_id IS NULL) AS own
        UNION ALL
       SELECT {of_satellite}
         FROM classrooms_occupancy AS held
         JOIN LATERAL ({uses} WHERE classrooms_occupancy.id = held.main_id OFFSET 0) AS main ON true
         JOIN classrooms_classroom AS via ON via.id = main.classroom_id
        WHERE held.classroom_id = {the_room} AND {satellite_is_in_the_slot}) AS room_use ON true
 WHERE room.name = %s
 ORDER BY room_use.starts_at, room_use.id
"""
DESCRIBED = """
SELECT {of_satellite}
  FROM (SELECT *, row_number() OVER () AS place FROM ({occupancies}) AS held) AS held
  JOIN LATERAL ({uses} WHERE classrooms_occupancy.id = coalesce(held.main_id, held.id) OFFSET 0) AS main ON true
  LEFT JOIN classrooms_classroom AS via ON via.id = main.classroom_id AND via.id <> held.classroom_id
 ORDER BY held.place
"""
OF_SATELLITE = ", ".join(
    ["main.id", "held.classroom_id", "held.starts_at", "held.ends_at", "main.kind"]
    + [f"main.word_of_{word}" for word in WORDS]
    + ["via.name AS via"]
)
"""A `UseRow` of a satellite, `held`, and what there is to be said of its main row."""
_describers: dict[str, Describer] = {}


def register(describer: Describer) -> None:
    """Have the occupancies of a kind described so."""
    _describers[describer.kind] = describer


def heading(code: str | None, title: str | None) -> str | None:
    """The title of a use on one line with its code."""
    return f"{code} {title}" if code else title


def closes_room(kind: str) -> bool:
    """Whether a room is closed by what is of this kind; else it is taken."""
    return kind in _describers and _describers[kind].closes_room


def asking_for_agenda(name: str, interval: Interval) -> Statement:
    """The question for `agenda`."""
    sql, parameters = _uses_of_a_room(tuple(_describers.values()))
    own, of_satellites = (*parameters, name), (*parameters, name)
    return Statement(sql, (interval.starts_at, interval.ends_at, *own, *of_satellites, name))


def agenda(name: str, interval: Interval) -> list[UseRow]:
    """The live occupancies of the room with exactly this name in an interval, by time. Raises: ClassroomNotFound."""
    rows = ask(asking_for_agenda(name, interval))
    if not rows:
        raise ClassroomNotFound
    return [] if rows[0][0] is None else list(map(UseRow._make, rows))


def described(occupancies: OccupancyQuerySet[Occupancy]) -> list[RoomUse]:
    """Occupancies with what they are, in their order; those that nobody describes too. One query for all kinds.

    Of satellites it is what their main rows are. Buffers are none of it."""
    uses, parameters = _uses(tuple(_describers.values()))
    columns = ("id", "classroom_id", "starts_at", "ends_at", "main_id")
    rows = statement_of(occupancies.exclude(kind=OccupancyKind.BUFFER).values_list(*columns))
    sql = DESCRIBED.format(of_satellite=OF_SATELLITE, occupancies=rows.sql, uses=uses)
    return [_use(UseRow._make(row)) for row in ask(Statement(sql, (*rows.parameters, *parameters)))]


def _with_words(occupancies: OccupancyQuerySet[Occupancy], describers: tuple[Describer, ...]) -> Any:
    """Occupancies as `UseRow`s, but for the last column."""
    columns = {f"word_of_{word}": _word(word, describers) for word in WORDS}
    return occupancies.annotate(**columns).values_list(*UseRow._fields[:5], *columns)


def _word(word: str, describers: tuple[Describer, ...]) -> Combinable:
    """One word of whatever the occupancy is: a join may lead somewhere from another kind, too."""
    cases = [When(kind=each.kind, then=_column(each.columns[word])) for each in describers if word in each.columns]
    return Case(*cases, default=Value(None), output_field=TextField())


def _column(place: str | Combinable) -> Combinable:
    return F(place) if isinstance(place, str) else place


@lru_cache(maxsize=8)
def _uses_of_a_room(describers: tuple[Describer, ...]) -> tuple[str, tuple[Any, ...]]:
    """The statement of an agenda, and the parameters that the describers put between the slot and the room's name."""
    uses, parameters = _uses(describers)
    sql = USES_OF_A_ROOM.format(
        slot=SLOT,
        uses=uses,
        of_satellite=OF_SATELLITE,
        the_room=THE_ROOM,
        is_in_the_slot=IN_THE_SLOT,
        satellite_is_in_the_slot=SATELLITES_IN_THE_SLOT,
    )
    return sql, parameters


def _uses(describers: tuple[Describer, ...]) -> tuple[str, tuple[Any, ...]]:
    """The statement of all occupancies with their words, to which a condition is added; its parameters."""
    uses, parameters = _with_words(Occupancy.objects.all(), describers).query.sql_with_params()
    return uses, tuple(parameters)


def _use(row: UseRow) -> RoomUse:
    words = row[5:-1]
    describer = None if all(word is None for word in words) else _describers[row.kind]
    visibility = describer.visibility if describer else Visibility.EVERYBODY
    if row.audience == Visibility.PUBLIC:
        visibility = Visibility.PUBLIC
    description = Description(row.kind, *words[:-1], visibility=visibility)
    return RoomUse(row.id, row.classroom_id, row.starts_at, row.ends_at, description, row.via)

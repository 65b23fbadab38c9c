"""What a room is used for, and when: asked here by agendas, plans and every other API; nobody joins around it.

Each app registers at start-up where the words for its kind of occupancy stand (`<app>/queries/describing.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db.models.expressions import Combinable

from classrooms.enums import OccupancyKind
from classrooms.models import Occupancy
from classrooms.querysets import OccupancyQuerySet
from kernel.campus_time import Interval


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

    @property
    def heading(self) -> str | None:
        """The title on one line with its code."""
        return f"{self.code} {self.title}" if self.code else self.title

    def without_names(self) -> "Description":
        """As little as every reader of an agenda may know."""
        return Description(self.kind, status=self.status)


@dataclass(frozen=True)
class RoomUse:
    """A stretch of room time, half-open instants, and what it is used for. `id` is the occupancy's."""

    id: int
    classroom_id: int
    starts_at: datetime
    ends_at: datetime
    description: Description


@dataclass(frozen=True)
class Describer:
    """Where the `Description` of one kind of occupancy is read.

    `columns`: {field of the description: path from the occupancy, or an expression}. What it leads to is 1–1 with the
    occupancy or belongs to what is, so that it is joined by primary keys.
    """

    kind: OccupancyKind
    columns: Mapping[str, str | Combinable]
    visibility: Visibility = Visibility.EVERYBODY
    closes_room: bool = False
    """Nobody has the room: plans show it as closed, not as taken."""


OF_THE_OCCUPANCY = ("id", "classroom_id", "starts_at", "ends_at", "kind")
NO_WORDS = slice(0, 0)
_describers: dict[str, Describer] = {}


def register(describer: Describer) -> None:
    """Have the occupancies of a kind described so."""
    _describers[describer.kind] = describer


def closes_room(kind: str) -> bool:
    """Whether a room is closed by what is of this kind; else it is taken."""
    return kind in _describers and _describers[kind].closes_room


def agenda(classroom_id: int, interval: Interval) -> list[RoomUse]:
    """The live occupancies of a room in an interval, by time."""
    return described(Occupancy.objects.live().overlapping(interval).filter(classroom_id=classroom_id).in_order())


def described(occupancies: OccupancyQuerySet[Occupancy]) -> list[RoomUse]:
    """Occupancies with what they are, in their order; those that nobody describes too. One query for all kinds."""
    columns: list[str | Combinable] = []
    places: dict[str, slice] = {}
    for kind, describer in _describers.items():
        places[kind] = slice(len(columns), len(columns) + len(describer.columns))
        columns += describer.columns.values()
    return [
        RoomUse(pk, classroom_id, starts_at, ends_at, _description(kind, words[places.get(kind, NO_WORDS)]))
        for pk, classroom_id, starts_at, ends_at, kind, *words in occupancies.values_list(*OF_THE_OCCUPANCY, *columns)
    ]


def _description(kind: str, words: Sequence[Any]) -> Description:
    """`words`: what the columns of the kind's describer hold; all None where they lead nowhere."""
    if all(word is None for word in words):
        return Description(kind)
    describer = _describers[kind]
    return Description(kind, visibility=describer.visibility, **dict(zip(describer.columns, words, strict=True)))

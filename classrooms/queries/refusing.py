"""What booking rules keep somebody from: which of some rooms, at which times, and in which words.

Rooms do not know rules: the app that has bookings says at start-up how its rules are asked.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol

from classrooms.rules import Buffers
from groups.models import Group
from kernel.campus_time import Interval
from kernel.db.batch import Statement
from kernel.db.pipeline import ResultRows


@dataclass(frozen=True)
class WantedSlot:
    """A span of a campus day in which a room is wanted; minutes of the wall."""

    day: date
    start_minute: int
    end_minute: int
    interval: Interval


class RoomSketch(NamedTuple):
    """What of a room is asked where many are."""

    id: int
    name: str
    building: str
    floor: int
    capacity: int


@dataclass(frozen=True)
class Booker:
    """Who wants a room: a person, for a group or for himself. `attendees`: how many come, where that is known;
    `is_cspace`: whether the one who asks may do what only cspace may."""

    person_id: int
    group: Group | None = None
    attendees: int | None = None
    is_cspace: bool = False


@dataclass(frozen=True)
class RuleAnswer:
    """What the rules say to one wish. `rules`: those it breaks, as refusals name them; `refusal`: why it cannot be had,
    or an empty text."""

    rules: Sequence[Mapping[str, Any]]
    refusal: str


class RoomJudge(Protocol):
    """Says what the rules in force say to somebody. Of its buffers it knows at once."""

    questions: Sequence[Statement]
    """What it has to hear the rows of, in this order, before it is asked for more; empty: nothing (any more)."""

    def hear(self, answers: Sequence[ResultRows]) -> None: ...

    def buffers(self, rooms: Iterable[RoomSketch], slots: Sequence[WantedSlot]) -> dict[int, tuple[Buffers, ...]]:
        """{id of a room: what a booking in it would have around each of the slots}, where that is anything."""

    def refusals(self, rooms: Iterable[RoomSketch], slots: Sequence[WantedSlot]) -> dict[int, str]:
        """{id of a room that cannot be had in all of the slots, one after the other: the sentence of the first rule
        that refuses it}. A judge of series says so too where the series of these slots cannot be had."""

    def answer(self, room: RoomSketch, slot: WantedSlot) -> RuleAnswer: ...


@dataclass(frozen=True)
class RuleSource:
    """How rules are asked. `question`: what a judge asks when it is made, for who asks ahead. `judge`: made for
    somebody, all slots about which it will be asked, the present moment, and whether slots are those of a weekly
    series."""

    question: Statement
    judge: Callable[[Booker, Sequence[WantedSlot], datetime, bool], RoomJudge]


_sources: list[RuleSource] = []


def register(source: RuleSource) -> None:
    """Have rules asked so. Called from `AppConfig.ready`."""
    _sources[:] = [source]


def asking_for_rules_in_force() -> Statement:
    """What `judge_for` asks."""
    return _sources[0].question


def judge_for(booker: Booker, slots: Sequence[WantedSlot], *, now: datetime, as_series: bool = False) -> RoomJudge:
    """A judge of all rooms in these slots. One round trip; one more, where rules have been written meanwhile.

    `as_series`: whether slots it is asked about are those of a weekly series.
    """
    return _sources[0].judge(booker, slots, now, as_series)

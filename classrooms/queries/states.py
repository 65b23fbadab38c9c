"""What each room of a plan is doing at a moment. One query however many rooms."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models.functions import Coalesce

from classrooms.enums import OccupancyKind
from classrooms.models import Classroom, Occupancy
from classrooms.queries.agenda import closes_room
from kernel.campus_time import Interval, campus_date, campus_minute, day_start, format_minute

SOON = timedelta(minutes=60)
"""A free room that is taken before so much time has passed is "soon" taken."""


class State(StrEnum):
    """`TAKEN`: a live occupancy covers the moment. `CLOSED`: one that closes the room does, or the room is inactive."""

    FREE = "free"
    SOON = "soon"
    TAKEN = "taken"
    CLOSED = "closed"


@dataclass(frozen=True)
class RoomState:
    """`until`: when it will be otherwise; None if it stays so for the rest of the campus day, or for good."""

    state: State
    until: datetime | None = None
    at: datetime | None = None
    """The moment it was looked at, for the words."""

    @property
    def time(self) -> str:
        """`until` on the campus clock, with its date if that is another one; empty if there is none."""
        if self.until is None or self.at is None:
            return ""
        today = campus_date(self.at)
        if self.until == day_start(today + timedelta(days=1)):
            return "24:00"
        day, clock = campus_date(self.until), format_minute(campus_minute(self.until))
        return clock if day == today else f"{day.isoformat()} {clock}"

    @property
    def words(self) -> str:
        """ "taken until 12:00", "soon taken: free until 10:30", "free until 14:00", "free", "closed"."""
        if self.state == State.SOON:
            return f"soon taken: free until {self.time}"
        return f"{self.state} until {self.time}" if self.time else str(self.state)


@dataclass(frozen=True)
class Picture:
    """What some rooms are doing at an instant: {name: (state, until when)}, in order."""

    at: datetime
    rooms: Mapping[str, tuple[State, datetime | None]]


def picture_of(at: datetime, *, floor: int | None, building: str | None) -> Picture:
    """Of all rooms, or of those of a floor, of a building, or of both. Two queries."""
    rooms = list(Classroom.objects.placed(floor=floor, building=building).in_order())
    room_states = states(rooms, at)
    return Picture(at, {room.name: (room_states[room.pk].state, room_states[room.pk].until) for room in rooms})


def states(rooms: Sequence[Classroom], at: datetime) -> dict[int, RoomState]:
    """{id of a room: its state at an instant}.

    Looked at is the time to the end of the campus day, at least `SOON`. Uses that follow one another without a break
    are one: the room is taken until the last of them ends.
    """
    ahead = Interval(at, max(day_start(campus_date(at) + timedelta(days=1)), at + SOON))
    spans: dict[int, list[tuple[datetime, datetime, bool]]] = defaultdict(list)
    rows = Occupancy.objects.live().overlapping(ahead).filter(classroom__in=[room.pk for room in rooms])
    # Nobody uses a buffer; a part is used by what stands in the other room.
    columns = ("classroom_id", "starts_at", "ends_at", Coalesce("main__kind", "kind"))
    uses = rows.exclude(kind=OccupancyKind.BUFFER).in_order().values_list(*columns)
    for room_id, starts_at, ends_at, kind in uses:
        spans[room_id].append((starts_at, ends_at, closes_room(kind)))
    return {room.pk: _state(spans[room.pk], at) if room.is_active else RoomState(State.CLOSED, at=at) for room in rooms}


def _state(spans: Sequence[tuple[datetime, datetime, bool]], at: datetime) -> RoomState:
    """From the live spans (start, end, closes the room) that end after the moment, by their start."""
    if not spans:
        return RoomState(State.FREE, at=at)
    starts_at, _, is_closed = spans[0]
    if starts_at > at:
        return RoomState(State.SOON if starts_at < at + SOON else State.FREE, starts_at, at)
    alike = ((start, end) for start, end, closes in spans if closes == is_closed)
    return RoomState(State.CLOSED if is_closed else State.TAKEN, _end(alike), at)


def _end(spans: Iterable[tuple[datetime, datetime]]) -> datetime | None:
    """When the first of the spans, and what follows it without a break, is over."""
    over: datetime | None = None
    for start, end in spans:
        if over is not None and start > over:
            break
        over = end if over is None else max(over, end)
    return over

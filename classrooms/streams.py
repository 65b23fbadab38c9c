"""What the rooms are doing, as it changes (contract live.md §1): no names, no descriptions."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any
from weakref import WeakSet

from classrooms.queries.states import SOON, Picture, State, picture_of
from kernel import clock
from kernel.campus_time import campus_date, day_start, format_instant
from kernel.live import wire
from kernel.live.feeds import IDLE_SECONDS
from kernel.live.streams import Stream

ROOM_WORD = "room"
"""What the triggers of rooms and of room time say."""
WHOLE = object()
"""The key of a whole picture among what waits."""
SECONDS_BETWEEN_LOOKS = 0.3
"""However much is booked: what is seen is never older, and it is asked for no more often."""


LAST_HOURS_LOOK = timedelta(seconds=1)


@dataclass(frozen=True)
class RoomWish:
    """Which rooms are watched: of a floor, of a building, of both, or all."""

    floor: int | None = None
    building: str | None = None


class RoomFeed:
    """`Opening.wish`: a `RoomWish`. Whoever watches the same rooms is told by one question."""

    name = "rooms"

    def __init__(self) -> None:
        self._pictures: dict[RoomWish, Picture] = {}
        """What was told last."""
        self._welcome: WeakSet[Stream] = WeakSet()
        self._is_stale = True
        self._looked_at = 0.0
        """On the monotonic clock."""
        self._changes_at: datetime | None = None
        """When something will be otherwise by the clock."""

    def attend(self, words: Sequence[str] | None, readers: Collection[Stream]) -> float:
        by_wish: defaultdict[RoomWish, list[Stream]] = defaultdict(list)
        for stream in readers:
            by_wish[stream.opening.wish].append(stream)
        self._pictures = {wish: picture for wish, picture in self._pictures.items() if wish in by_wish}
        now = clock.now()
        is_due = self._changes_at is not None and self._changes_at <= now
        self._is_stale = self._is_stale or words is None or ROOM_WORD in words or is_due
        rest = self._looked_at + SECONDS_BETWEEN_LOOKS - monotonic()
        if self._is_stale and rest <= 0:
            self._look({wish: by_wish[wish] for wish in by_wish}, now)
        else:
            self._look({wish: streams for wish, streams in by_wish.items() if self._are_new(streams)}, now)
        return self._seconds_to_wait(now) if by_wish else IDLE_SECONDS

    def _are_new(self, streams: Iterable[Stream]) -> bool:
        return any(stream not in self._welcome for stream in streams)

    def _look(self, by_wish: Mapping[RoomWish, Sequence[Stream]], now: datetime) -> None:
        for wish, streams in by_wish.items():
            present = picture_of(now, floor=wish.floor, building=wish.building)
            former = self._pictures.get(wish)
            self._pictures[wish] = present
            _tell([stream for stream in streams if stream in self._welcome], former, present)
            for stream in streams:
                if stream not in self._welcome:
                    stream.give(_whole(present), counts=False)
                    self._welcome.add(stream)
        if by_wish.keys() == self._pictures.keys():
            self._is_stale, self._looked_at = False, monotonic()
        self._changes_at = min((_next_change(picture) for picture in self._pictures.values()), default=None)

    def _seconds_to_wait(self, now: datetime) -> float:
        if self._is_stale:
            return max(0.0, self._looked_at + SECONDS_BETWEEN_LOOKS - monotonic())
        if self._changes_at is None:
            return IDLE_SECONDS
        return min(IDLE_SECONDS, max(0.0, (self._changes_at - now).total_seconds()))


def _tell(streams: Sequence[Stream], former: Picture | None, present: Picture) -> None:
    """Whatever is otherwise than in the former picture; the whole, if there are other rooms."""
    if former is None or former.rooms.keys() != present.rooms.keys():
        for stream in streams:
            stream.give(_whole(present), key=WHOLE)
        return
    for name, state in present.rooms.items():
        if state != former.rooms[name]:
            chunk = wire.event("room", _element(name, present))
            for stream in streams:
                stream.give(chunk, key=(ROOM_WORD, name))


def _whole(picture: Picture) -> bytes:
    rooms = [_element(name, picture) for name in picture.rooms]
    return wire.event("rooms", {"at": format_instant(picture.at), "rooms": rooms})


def _element(name: str, picture: Picture) -> dict[str, Any]:
    state, until = picture.rooms[name]
    return {"classroom": name, "state": state, "until": until and format_instant(until)}


def _next_change(picture: Picture) -> datetime:
    """When a state will be another by the clock alone, as far as can be known.

    `states` looks to the end of the day, in its last hour an hour ahead: then there is more to be seen at every moment.
    """
    last_hour = day_start(campus_date(picture.at) + timedelta(days=1)) - SOON
    moments = [last_hour if picture.at < last_hour else picture.at + LAST_HOURS_LOOK]
    for state, until in picture.rooms.values():
        if until is not None:
            moments.append(until - SOON if state == State.FREE and until - SOON >= picture.at else until)
    return min(moments)

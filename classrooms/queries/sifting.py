"""Which of some rooms somebody may have by the rules of the house, and why the others cannot be had.

Two round trips, however many rooms and times: what is asked of the rooms, which may be asked ahead, and what of the one
who asks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from classrooms.enums import OccupancyKind, Why
from classrooms.queries.free_rooms import asking_for_hold
from classrooms.queries.refusing import RoomJudge, RoomSketch, WantedSlot
from classrooms.queries.rooms import Rooms
from classrooms.rules import Buffers
from kernel.campus_time import Interval, cut_per_day, format_minute
from kernel.db.arrays import array_of
from kernel.db.batch import Statement, ask_each, send
from kernel.db.overlaps import OVERLAP
from kernel.db.querysets import statement_of

OVERLAPS = OVERLAP.format(
    starts_at="held.starts_at", ends_at="held.ends_at", since="stretch.since", until="stretch.until"
)
# OFFSET 0 keeps the planner from joining whole tables: each stretch is one walk along the starts of a day.
WALK = f"""
 CROSS JOIN LATERAL (
       SELECT classroom_id, starts_at, ends_at, kind, main_id FROM classrooms_occupancy AS held
        WHERE is_live AND {OVERLAPS}
       OFFSET 0) AS taken
  LEFT JOIN classrooms_occupancy AS main ON main.id = taken.main_id
"""  # noqa: S608 - made of constants
# The first use of each room that closes it, or else the first; beside it in how many of the stretches it is taken.
USES = f"""
WITH uses AS MATERIALIZED (
SELECT taken.classroom_id, taken.starts_at, taken.ends_at, place,
       CASE taken.kind WHEN 'part' THEN main.kind ELSE taken.kind END AS kind
  FROM unnest(%s::timestamptz[], %s::timestamptz[]) WITH ORDINALITY AS stretch (since, until, place) {WALK})
SELECT first.*, often.number
  FROM (SELECT DISTINCT ON (classroom_id) classroom_id, kind, starts_at, ends_at
          FROM uses ORDER BY classroom_id, kind <> 'closure', starts_at, ends_at) AS first
  JOIN (SELECT classroom_id, count(DISTINCT place) AS number FROM uses GROUP BY classroom_id) AS often
 USING (classroom_id)
"""  # noqa: S608 - made of constants
# What keeps buffers of others away, the first of each room; stretches are of several kinds.
NEIGHBOURS = f"""
SELECT DISTINCT ON (stretch.kind, taken.classroom_id) stretch.kind, taken.classroom_id, taken.starts_at, taken.ends_at
  FROM unnest(%s::int[], %s::timestamptz[], %s::timestamptz[]) AS stretch (kind, since, until) {WALK}
 WHERE taken.kind <> 'buffer' AND coalesce(main.kind, taken.kind) NOT IN ('lecture', 'closure')
 ORDER BY stretch.kind, taken.classroom_id, taken.starts_at
"""  # noqa: S608


@dataclass(frozen=True)
class FirstUse:
    """What is in the way of slots in a room: the first of it, and in how many of them something is."""

    kind: str
    interval: Interval
    number: int

    def sentence(self, slots: Sequence[WantedSlot]) -> str:
        words = {OccupancyKind.CLOSURE: "Closed", OccupancyKind.BUFFER: "Kept free around another booking"}
        word = words.get(OccupancyKind(self.kind), "Taken")
        if len(slots) == 1:
            return f"{word} {_span(self.interval)}"
        return f"{word} on {self.number} of {len(slots)} dates, first {_span(self.interval)}"


@dataclass(frozen=True)
class RoomSearch:
    """What somebody looks for. `rooms`: in order, whatever they seat; `least`: so many seats at least."""

    rooms: Rooms
    slots: Sequence[WantedSlot]
    least: int

    @property
    def questions(self) -> list[Statement]:
        """What `sift` asks of the rooms."""
        intervals = [slot.interval for slot in self.slots]
        rooms = self.rooms.active().values_list(*RoomSketch._fields)
        bounds = (array_of(each.starts_at for each in intervals), array_of(each.ends_at for each in intervals))
        return [statement_of(rooms), Statement(USES, bounds), asking_for_hold(intervals)]


@dataclass(frozen=True)
class Obstruction:
    """Why a room cannot be had, and a sentence about it."""

    room: RoomSketch
    why: Why
    sentence: str


@dataclass(frozen=True)
class Sifted:
    """`free`: ids of rooms, in order. `hold`: what a caller reads whom a hold keeps from all of them."""

    free: Sequence[int]
    away: Sequence[Obstruction]
    hold: str | None


def sift(search: RoomSearch, judge: RoomJudge | None, *, is_bound: bool) -> Sifted:
    """Each of the rooms: free, or not and why. `is_bound`: whether holds keep the caller from booking."""
    rows, uses, holds = ask_each(*search.questions)
    rooms = [RoomSketch(*row) for row in rows]
    taken = {row[0]: FirstUse(row[1], Interval(row[2], row[3]), row[4]) for row in uses}
    hold = holds[0][0] if holds and is_bound else None
    near, refused = kept_from(judge, [room for room in rooms if room.id not in taken], search.slots)

    def obstruction(room: RoomSketch) -> Obstruction | None:
        if use := taken.get(room.id):
            why = Why.CLOSED if use.kind == OccupancyKind.CLOSURE else Why.BOOKED
            return Obstruction(room, why, use.sentence(search.slots))
        if room.id in near:
            return Obstruction(room, Why.BOOKED, near[room.id])
        if hold is not None:
            return Obstruction(room, Why.HELD, hold)
        if room.id in refused:
            return Obstruction(room, Why.POLICY, refused[room.id])
        if room.capacity < search.least:
            return Obstruction(room, Why.TOO_SMALL, f"The room seats {room.capacity}")
        return None

    pairs = [(room, obstruction(room)) for room in rooms]
    return Sifted([room.id for room, why in pairs if why is None], [why for _, why in pairs if why], hold)


def kept_from(
    judge: RoomJudge | None, rooms: Sequence[RoomSketch], slots: Sequence[WantedSlot]
) -> tuple[dict[int, str], dict[int, str]]:
    """Of rooms that nobody uses: {id: what is too near for the buffers that a booking would have}, and {id: why a rule
    refuses it}. At most one round trip."""
    if judge is None or not slots:
        return {}, {}
    buffers = judge.buffers(rooms, slots)
    kinds = {of_each: kind for kind, of_each in enumerate(dict.fromkeys(buffers.values()))}
    neighbours = _asking_for_neighbours(kinds, slots)
    questions = [*judge.questions, *([] if neighbours is None else [neighbours])]
    answers = send(*questions) if questions else []
    if judge.questions:
        judge.hear(answers[: len(judge.questions)])
    spans = {(kind, room_id): Interval(*span) for kind, room_id, *span in (answers[-1] if kinds else ())}
    near = {
        room_id: f"There has to be time around a booking {_span(spans[place])}"
        for room_id, of_each in buffers.items()
        if (place := (kinds[of_each], room_id)) in spans
    }
    return near, judge.refusals(rooms, slots)


def _asking_for_neighbours(kinds: Mapping[tuple[Buffers, ...], int], slots: Sequence[WantedSlot]) -> Statement | None:
    """The question for what is too near; `kinds`: a number for each way to have buffers around the slots."""
    rows = [
        (kind, (around := buffers.around(slot.interval)).starts_at, around.ends_at)
        for of_each, kind in kinds.items()
        for buffers, slot in zip(of_each, slots, strict=True)
    ]
    return Statement(NEIGHBOURS, tuple(map(array_of, zip(*rows, strict=True)))) if rows else None


def _span(interval: Interval) -> str:
    """ "on 2026-02-01 from 09:00 to 11:00"."""
    first, *_, last = *cut_per_day(interval), *cut_per_day(interval)
    begins, ends = format_minute(first.start_minute), format_minute(last.end_minute)
    if first.date == last.date:
        return f"on {first.date} from {begins} to {ends}"
    return f"from {first.date} {begins} to {last.date} {ends}"

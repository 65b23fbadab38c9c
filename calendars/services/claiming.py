"""Dates get room time, or wait for it. The caller holds the calendar and its room.

Where something was given up, those that waited for it and those that are new get it in the order of their rank: one
after another, so that each sees those before it. A live date is displaced by nobody here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from calendars.models import Calendar
from calendars.queries.waiting import WaitingDate, waiting_for, waiting_in
from calendars.rules.dates import RankKey
from classrooms.enums import OccupancyKind
from classrooms.services.waiting import take_again, take_or_wait, wait_for
from kernel.campus_time import Interval
from kernel.db.arrays import array_of
from kernel.db.batch import Statement, send
from kernel.db.pipeline import ResultRows

AT_ONCE = 500
SET_LIVE = (
    "UPDATE calendars_calendaroccurrence SET state = 'live' WHERE id = ANY(%s::bigint[]) AND state = 'conflicting'"
)
TAKE_IN_CALENDAR = """
UPDATE calendars_calendaroccurrence AS wanted SET state = 'live'
  FROM calendars_calendarevent AS event
 WHERE wanted.id = %s::bigint AND wanted.state = 'conflicting' AND event.id = wanted.event_id
   AND NOT EXISTS (
       SELECT FROM calendars_calendarevent AS beside
         JOIN calendars_calendaroccurrence AS held ON held.event_id = beside.id
        WHERE beside.calendar_id = event.calendar_id AND held.state = 'live'
          AND held.starts_at < wanted.ends_at AND held.ends_at > wanted.starts_at)
RETURNING wanted.id
"""


@dataclass(frozen=True, slots=True)
class DateClaim:
    """A date that is to have its interval. `key`: what its caller knows it by."""

    key: int
    rank: RankKey
    interval: Interval


@dataclass(frozen=True)
class Claimed:
    """What has become of claims."""

    occupancy_ids: dict[int, int] = field(default_factory=dict)
    """By the key of each claim, the row of room time that it has or waits with."""
    live: frozenset[int] = frozenset()
    """The keys of those that have their room."""
    promoted: Sequence[WaitingDate] = ()
    """Others, which had waited."""


def claim_room(classroom_id: int, claims: Sequence[DateClaim], freed: Sequence[Interval]) -> Claimed:
    """Room time for each claim; and for whoever waits for what was freed. Their states are written."""
    ordered = sorted(claims, key=lambda each: each.rank)
    rows = [(classroom_id, each.interval) for each in ordered]
    waiting = waiting_for([(classroom_id, interval) for interval in freed])
    if not waiting:
        ids, live = take_or_wait(rows, kind=OccupancyKind.CALENDAR) if rows else ([], set())
    else:
        ids = wait_for(rows, kind=OccupancyKind.CALENDAR) if rows else []
        of_claims = [(each.rank, row_id) for each, row_id in zip(ordered, ids, strict=True)]
        of_waiting = [(each.rank, each.occupancy_id or 0) for each in waiting]
        live = take_again([row_id for _, row_id in sorted([*of_claims, *of_waiting])])
    promoted = [each for each in waiting if each.occupancy_id in live]
    note_live([each.id for each in promoted])
    by_key = {each.key: row_id for each, row_id in zip(ordered, ids, strict=True)}
    return Claimed(by_key, frozenset(key for key, row_id in by_key.items() if row_id in live), promoted)


def hand_on(freed: Sequence[tuple[int, Interval]]) -> list[WaitingDate]:
    """What has become free in rooms (room, interval) goes to whoever waits for it, by rank; those that have got it."""
    waiting = waiting_for(freed)
    live = take_again([each.occupancy_id for each in waiting if each.occupancy_id is not None])
    promoted = [each for each in waiting if each.occupancy_id in live]
    note_live([each.id for each in promoted])
    return promoted


def note_live(occurrence_ids: Sequence[int]) -> None:
    """Dates that waited have got their room."""
    if occurrence_ids:
        send(Statement(SET_LIVE, (array_of(occurrence_ids),)))


def claim_in_calendar(calendar: Calendar) -> list[WaitingDate]:
    """In a calendar without a room: whoever waits and fits becomes live, by rank. Those that have."""
    waiting = waiting_in(calendar.pk)
    answers: list[ResultRows] = []
    for first in range(0, len(waiting), AT_ONCE):
        answers += send(*[Statement(TAKE_IN_CALENDAR, (each.id,)) for each in waiting[first : first + AT_ONCE]])
    live = {row_id for rows in answers for (row_id,) in rows}
    return [each for each in waiting if each.id in live]

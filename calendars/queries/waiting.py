"""Which dates wait for room time that has become free, in the order in which they get it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from calendars.models import PriorityToken
from calendars.rules.dates import RankKey, rank
from calendars.rules.priorities import priority_of
from kernel.campus_time import Interval
from kernel.db.arrays import array_of
from kernel.db.batch import Statement, send
from kernel.db.pipeline import ResultRow

COLUMNS = """
       waiting.id, waiting.occupancy_id, event.id, event.uid, waiting.recurrence_id, waiting.is_tentative,
       coalesce(waiting.created_at, event.created_at), coalesce(waiting.description, event.description),
       calendar.id, calendar.default_priority, waiting.starts_at, waiting.ends_at
"""
# A use of a room can keep others from all that have a part in common with it.
IN_ROOMS = f"""
WITH freed AS (SELECT * FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[]) AS freed (room, since, until)),
     reached AS (SELECT room, since, until FROM freed
                  UNION
                 SELECT other_id, since, until FROM freed JOIN classrooms_roomoverlap ON classroom_id = room)
SELECT DISTINCT {COLUMNS}
  FROM reached
  JOIN classrooms_occupancy AS place
    ON place.classroom_id = reached.room AND NOT place.is_live AND place.kind = 'calendar' AND place.main_id IS NULL
   AND place.starts_at < reached.until AND place.ends_at > reached.since
  JOIN calendars_calendaroccurrence AS waiting ON waiting.occupancy_id = place.id
  JOIN calendars_calendarevent AS event ON event.id = waiting.event_id
  JOIN calendars_calendar AS calendar ON calendar.id = event.calendar_id
"""  # noqa: S608 - constants of ours
IN_CALENDAR = f"""
SELECT {COLUMNS}
  FROM calendars_calendar AS calendar
  JOIN calendars_calendarevent AS event ON event.calendar_id = calendar.id AND event.deleted_at IS NULL
  JOIN calendars_calendaroccurrence AS waiting ON waiting.event_id = event.id
 WHERE calendar.id = %s AND waiting.state = 'conflicting'
"""  # noqa: S608 - constants of ours


@dataclass(frozen=True, slots=True)
class WaitingDate:
    """A date that wants room time and has none. `occupancy_id`: None in a calendar without a room."""

    id: int
    occupancy_id: int | None
    event_id: int
    uid: str
    rank: RankKey
    interval: Interval


def waiting_for(freed: Sequence[tuple[int, Interval]]) -> list[WaitingDate]:
    """The dates that wait where rooms have become free, by rank."""
    if not freed:
        return []
    rooms = array_of(room for room, _ in freed)
    starts = array_of(interval.starts_at for _, interval in freed)
    ends = array_of(interval.ends_at for _, interval in freed)
    return _in_order(send(Statement(IN_ROOMS, (rooms, starts, ends)))[0])


def waiting_in(calendar_id: int) -> list[WaitingDate]:
    """The dates that wait in a calendar, by rank."""
    return _in_order(send(Statement(IN_CALENDAR, (calendar_id,)))[0])


def tokens_of(calendar_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """The words that give priority in each of these calendars: {calendar: {token: priority}}."""
    everywhere: dict[str, int] = {}
    of_some: dict[int, dict[str, int]] = {}
    rows = PriorityToken.objects.filter(is_active=True).values_list("token", "priority", "calendars")
    for token, priority, calendar_id in rows:
        (everywhere if calendar_id is None else of_some.setdefault(calendar_id, {}))[token] = priority
    return {each: everywhere | of_some.get(each, {}) for each in calendar_ids}


def words_to_mask() -> list[str]:
    """All words that give or have given priority anywhere: nobody is to read one and copy it."""
    return list(PriorityToken.objects.values_list("token", flat=True))


def _in_order(rows: Sequence[ResultRow]) -> list[WaitingDate]:
    if not rows:
        return []
    tokens = tokens_of({row[8] for row in rows})
    return sorted((_waiting(row, tokens) for row in rows), key=lambda each: each.rank)


def _waiting(row: ResultRow, tokens: dict[int, dict[str, int]]) -> WaitingDate:
    occurrence_id, occupancy_id, event_id, uid, recurrence, is_tentative, created_at, description, *more = row
    calendar_id, default, starts_at, ends_at = more
    order = rank(
        priority_of(description, tokens[calendar_id], default),
        is_tentative=is_tentative,
        created_at=created_at,
        uid=uid,
        recurrence=recurrence,
    )
    return WaitingDate(occurrence_id, occupancy_id, event_id, uid, order, Interval(starts_at, ends_at))

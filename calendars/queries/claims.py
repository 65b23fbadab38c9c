"""What wants the same room time, or the same time of a calendar without a room: about this clearing decides."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from calendars.enums import OccurrenceState
from calendars.models import Calendar, CalendarOccurrence
from calendars.queries.waiting import tokens_of
from calendars.querysets import CalendarQuerySet
from calendars.rules.clearing import RoomClaim
from calendars.rules.priorities import priority_of
from classrooms.enums import OccupancyKind
from classrooms.models import Occupancy, RoomOverlap
from kernel.campus_time import Interval
from kernel.db.arrays import array_of
from kernel.db.batch import Statement, send

FOREIGN_PRIORITY = 0


@dataclass(frozen=True)
class ClearingClaims:
    """Claims, and the dates that they are of by their ids."""

    claims: list[RoomClaim] = field(default_factory=list)
    dates: dict[int, CalendarOccurrence] = field(default_factory=dict)


def places_of(calendars: Iterable[Calendar]) -> list[tuple[list[int], frozenset[int]]]:
    """What is cleared together, by rooms in ascending order: (calendars, their rooms), of one room or of rooms with
    common parts. Each calendar without a room by itself, and no room."""
    housed = [each for each in calendars if each.classroom_id is not None]
    first = _first_connected({each.classroom_id or 0 for each in housed})
    together = defaultdict[int, list[Calendar]](list)
    for calendar in housed:
        together[first[calendar.classroom_id or 0]].append(calendar)
    places = [[each.pk] for each in sorted(calendars, key=lambda each: each.pk) if each.classroom_id is None]
    return [(ids, frozenset[int]()) for ids in places] + [
        ([each.pk for each in group], frozenset(each.classroom_id or 0 for each in group))
        for _, group in sorted(together.items())
    ]


def _first_connected(room_ids: Collection[int]) -> dict[int, int]:
    """{room: the first of all those that are connected with it by parts}."""
    if len(room_ids) < 2:
        return {room: room for room in room_ids}
    return dict(send(Statement(FIRST_CONNECTED, (array_of(room_ids),)))[0])


FIRST_CONNECTED = """
WITH RECURSIVE connected (room, other) AS (
    SELECT room, room FROM unnest(%s::bigint[]) AS named (room)
     UNION
    SELECT room, other_id FROM connected JOIN classrooms_roomoverlap ON classroom_id = other)
SELECT room, min(other) FROM connected GROUP BY room
"""


def claims_in_rooms(
    room_ids: Collection[int], cleared_ids: Collection[int], within: Interval, *, gone: Collection[int] = ()
) -> ClearingClaims:
    """What wants one of these rooms in a time, or one that has a part in common with it; and what keeps that from its
    room, wherever and whenever it is. `cleared_ids`: of calendars; `gone`: events that count no more."""
    near = {*room_ids, *RoomOverlap.objects.filter(classroom__in=room_ids).values_list("other", flat=True)}
    far, insides = _connected(near)
    dates = _dates(Calendar.objects.filter(classroom__in=near), within, gone)
    dates += _in_their_way(Calendar.objects.filter(classroom__in=near | far), dates, within, gone, is_wider=bool(far))
    if far:
        insides = _connected(near | far)[1]
    claims = []
    tokens = tokens_of({date.event.calendar_id for date in dates})
    selection = _Chosen(cleared_ids, within)
    for date in dates:
        room = date.event.calendar.classroom_id or 0
        claims.append(_claim(date, frozenset({room, *insides[room]}), selection, tokens))
    rooms = near.union(*(insides[room] for room in near))
    return ClearingClaims([*_foreign(rooms, _whole(dates, within)), *claims], {date.pk: date for date in dates})


def claims_in_calendar(calendar: Calendar, within: Interval, *, gone: Collection[int] = ()) -> ClearingClaims:
    """What wants the time of a calendar without a room."""
    those = Calendar.objects.filter(pk=calendar.pk)
    dates = _dates(those, within, gone)
    dates += _in_their_way(those, dates, within, gone)
    tokens = tokens_of([calendar.pk])
    selection, place = _Chosen([calendar.pk], within), frozenset({-calendar.pk})
    return ClearingClaims([_claim(date, place, selection, tokens) for date in dates], {date.pk: date for date in dates})


@dataclass(frozen=True, slots=True)
class _Chosen:
    """Of which calendars and of which time dates are cleared."""

    calendar_ids: Collection[int]
    within: Interval

    def has(self, date: CalendarOccurrence) -> bool:
        is_in_time = date.starts_at < self.within.ends_at and date.ends_at > self.within.starts_at
        return is_in_time and date.event.calendar_id in self.calendar_ids


def _connected(room_ids: Collection[int]) -> tuple[set[int], dict[int, set[int]]]:
    """The other rooms that have a part in common with some; {room: the rooms inside it}."""
    others, insides = set[int](), defaultdict[int, set[int]](set)
    rows = RoomOverlap.objects.filter(classroom__in=room_ids).values_list("classroom", "other", "is_inside")
    for room, other, is_inside in rows:
        others.add(other)
        if is_inside:
            insides[room].add(other)
    return others - set(room_ids), insides


def _dates(calendars: CalendarQuerySet[Calendar], within: Interval, gone: Collection[int]) -> list[CalendarOccurrence]:
    rows = CalendarOccurrence.objects.claiming().overlapping(within.starts_at, within.ends_at).exclude(event__in=gone)
    return list(rows.filter(event__calendar__in=calendars).select_related("event__calendar").order_by("pk"))


def _in_their_way(
    calendars: CalendarQuerySet[Calendar],
    dates: Sequence[CalendarOccurrence],
    within: Interval,
    gone: Collection[int],
    *,
    is_wider: bool = False,
) -> list[CalendarOccurrence]:
    """The live dates outside of a time, or (`is_wider`) elsewhere, that some dates may meet. They stay: without them
    somebody would go for a date that does not get its room after all."""
    whole = _whole(dates, within)
    if whole == within and not is_wider:
        return []
    there = {date.pk for date in dates}
    beside = _dates(calendars, whole, gone)
    return [date for date in beside if date.state == OccurrenceState.LIVE and date.pk not in there]


def _whole(dates: Sequence[CalendarOccurrence], within: Interval) -> Interval:
    """The time from the first of these dates to the last, at least this one."""
    starts_at = min((date.starts_at for date in dates), default=within.starts_at)
    ends_at = max((date.ends_at for date in dates), default=within.ends_at)
    return Interval(min(starts_at, within.starts_at), max(ends_at, within.ends_at))


def _claim(
    date: CalendarOccurrence, rooms: frozenset[int], selection: _Chosen, tokens: dict[int, dict[str, int]]
) -> RoomClaim:
    event = date.event
    description = event.description if date.description is None else date.description
    return RoomClaim(
        id=date.pk,
        rooms=rooms,
        starts_at=date.starts_at,
        ends_at=date.ends_at,
        event_id=event.pk,
        is_repeated=event.is_repeated,
        is_chosen=selection.has(date),
        priority=priority_of(description, tokens[event.calendar_id], event.calendar.default_priority),
        is_tentative=date.is_tentative,
        created=date.created_at or event.created_at,
        uid=event.uid,
        recurrence=date.recurrence_id,
        is_live=date.state == OccurrenceState.LIVE,
    )


def _foreign(rooms: Collection[int], within: Interval) -> list[RoomClaim]:
    """What else has these rooms: by each of its rows that keeps others away. Where a use has only a part of a room, its
    row in that part says so."""
    rows = Occupancy.objects.live().overlapping(within).filter(classroom__in=rooms)
    rows = rows.exclude(kind__in=[OccupancyKind.CALENDAR, OccupancyKind.PART])
    columns = ("pk", "main_id", "main__kind", "classroom_id", "starts_at", "ends_at")
    return [
        RoomClaim(
            id=main_id or row_id,
            rooms=frozenset({room}),
            starts_at=starts_at,
            ends_at=ends_at,
            event_id=None,
            is_repeated=False,
            is_chosen=False,
            priority=FOREIGN_PRIORITY,
            is_tentative=False,
            created=starts_at,
            uid="",
            recurrence=starts_at,
            is_live=True,
        )
        for row_id, main_id, main_kind, room, starts_at, ends_at in rows.order_by("pk").values_list(*columns)
        if main_kind != OccupancyKind.CALENDAR
    ]

"""What wants the same room time, or the same time of a calendar without a room: about this clearing decides."""

from collections import defaultdict
from collections.abc import Collection, Sequence
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

FOREIGN_PRIORITY = 0


@dataclass(frozen=True)
class ClearingClaims:
    """Claims, and the dates that they are of by their ids."""

    claims: list[RoomClaim] = field(default_factory=list)
    dates: dict[int, CalendarOccurrence] = field(default_factory=dict)


def claims_in_room(classroom_id: int, cleared_ids: Collection[int], within: Interval) -> ClearingClaims:
    """What wants a room in a time, or one that has a part in common with it. `cleared_ids`: of calendars."""
    overlaps = RoomOverlap.objects.filter(classroom=classroom_id).values_list("other", flat=True)
    rooms = {classroom_id, *overlaps}
    insides = defaultdict[int, set[int]](set)
    for room, other in RoomOverlap.objects.filter(classroom__in=rooms, is_inside=True).values_list(
        "classroom", "other"
    ):
        insides[room].add(other)
    dates = _dates(Calendar.objects.filter(classroom__in=rooms), within)
    claims = []
    tokens = tokens_of({date.event.calendar_id for date in dates})
    for date in dates:
        room = date.event.calendar.classroom_id or 0
        claims.append(_claim(date, frozenset({room, *insides[room]}), cleared_ids, tokens))
    return ClearingClaims([*_foreign(rooms, within), *claims], {date.pk: date for date in dates})


def claims_in_calendar(calendar: Calendar, within: Interval) -> ClearingClaims:
    """What wants the time of a calendar without a room."""
    dates = _dates(Calendar.objects.filter(pk=calendar.pk), within)
    tokens = tokens_of([calendar.pk])
    place = frozenset({-calendar.pk})
    return ClearingClaims(
        [_claim(date, place, {calendar.pk}, tokens) for date in dates], {date.pk: date for date in dates}
    )


def _dates(calendars: CalendarQuerySet[Calendar], within: Interval) -> Sequence[CalendarOccurrence]:
    rows = CalendarOccurrence.objects.claiming().overlapping(within.starts_at, within.ends_at)
    return list(rows.filter(event__calendar__in=calendars).select_related("event__calendar").order_by("pk"))


def _claim(
    date: CalendarOccurrence, rooms: frozenset[int], cleared_ids: Collection[int], tokens: dict[int, dict[str, int]]
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
        is_chosen=event.calendar_id in cleared_ids,
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

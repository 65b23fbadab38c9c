"""The live registrations of some weeks as booking rules judge them, for the preview of a rule. One statement."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from kernel.campus_time import Interval, cut_per_day
from kernel.db.batch import Statement, send
from policies.rules.previewing import LiveBooking, SeriesSpan
from policies.rules.scopes import Party, Place, Stay
from registrations.enums import Source

# What was drawn was decided elsewhere, and is not bound.
LIVE = f"""
SELECT held.id, held.starts_at, held.ends_at, registration.created_at, registration.attendees,
       room.id, room.building, room.floor, room.capacity, room.name,
       team.id, team.kind, team.tag_keys::text[], team.name, person.id, person.display_name,
       series.id, series.starts_on, series.ends_on, series.cancelled_from
  FROM classrooms_occupancy AS held
  JOIN registrations_registration AS registration ON registration.occupancy_id = held.id
  JOIN classrooms_classroom AS room ON room.id = held.classroom_id
  JOIN accounts_user AS person ON person.id = registration.created_by_id
  LEFT JOIN groups_group AS team ON team.id = registration.group_id
  LEFT JOIN registrations_series AS series ON series.id = registration.series_id
 WHERE held.is_live AND held.starts_at >= %s::timestamptz AND held.starts_at < %s::timestamptz
   AND coalesce(series.source, '') <> '{Source.DRAW.value}'
"""  # noqa: S608  # a constant of ours


def bookings_under_rules(first: datetime, last: datetime) -> Sequence[LiveBooking]:
    """Those that begin from one instant on and before another, and have to keep to the rules."""
    return [_booking(row) for row in send(Statement(LIVE, (first, last)))[0]]


def _booking(row: Sequence[Any]) -> LiveBooking:
    booking_id, starts_at, ends_at, booked_at, attendees = row[:5]
    classroom_id, building, floor, capacity, classroom = row[5:10]
    group_id, kind, tags, group, person_id, person = row[10:16]
    interval = Interval(starts_at, ends_at)
    piece = next(cut_per_day(interval))
    return LiveBooking(
        id=booking_id,
        party=Party(person_id) if group_id is None else Party(person_id, group_id, kind, frozenset(tags)),
        place=Place(classroom_id, building, floor, capacity),
        stay=Stay(piece.date, piece.start_minute, piece.end_minute, interval),
        booked_at=booked_at,
        attendees=attendees,
        series=_span(*row[16:]),
        group=group,
        person=person,
        classroom=classroom,
    )


def _span(series_id: int | None, first: date, last: date, cancelled_from: date | None) -> SeriesSpan | None:
    if series_id is None:
        return None
    return SeriesSpan(series_id, first, last if cancelled_from is None else min(last, cancelled_from - timedelta(1)))

"""What somebody has booked himself and not cancelled, as it is shown to him."""

from datetime import datetime
from typing import Any

from kernel.campus_time import Interval, cut_per_day, format_minute
from kernel.db.batch import Statement, ask
from kernel.db.pipeline import ResultRow
from registrations.enums import RegistrationStatus

PERIODS = {
    "upcoming": ("AND occupancy.ends_at > %s", "ASC"),
    "past": ("AND occupancy.ends_at <= %s", "DESC"),
    "all": ("", "ASC"),
}
"""Which of them, and whether the soonest or the latest comes first."""
OWN = """
SELECT count(*) OVER (), own.*
  FROM (SELECT registration.occupancy_id, team.name, room.name, occupancy.starts_at, occupancy.ends_at,
               registration.status, registration.description, registration.series_id, registration.attendees
          FROM registrations_registration AS registration
          JOIN classrooms_occupancy AS occupancy ON occupancy.id = registration.occupancy_id
          JOIN classrooms_classroom AS room ON room.id = occupancy.classroom_id
          LEFT JOIN groups_group AS team ON team.id = registration.group_id
         WHERE registration.created_by_id = %s AND registration.status <> %s {condition}
         ORDER BY occupancy.starts_at {order}, occupancy.id {order} LIMIT %s::bigint)
    AS own (id, team, room, starts_at, ends_at, status, description, series_id, attendees)
 ORDER BY starts_at {order}, id {order} OFFSET %s::bigint LIMIT %s::bigint
"""


def asking_for_own_registrations(
    user_id: int, period: str, *, now: datetime, most: int | None, places: tuple[int, int]
) -> Statement:
    """The question for `own_registrations`: those that lie ahead ("upcoming") or behind ("past"), or "all"; at most so
    many (None: all), and of those the ones from one place (not included) to another."""
    condition, order = PERIODS[period]
    instants = (now,) if condition else ()
    first, last = places
    return Statement(
        OWN.format(condition=condition, order=order),
        (user_id, RegistrationStatus.CANCELLED.value, *instants, most, first, last - first),
    )


def own_registrations(question: Statement) -> tuple[list[dict[str, Any]], int]:
    """They, JSON, and how many there are with those at other places; 0 where none is here."""
    rows = ask(question)
    return [_view_of(row) for row in rows], rows[0][0] if rows else 0


def wall_times(interval: Interval) -> dict[str, str]:
    """The documented `date`, `start_time`, `end_time`. A registration lies within one campus day."""
    piece = next(cut_per_day(interval))
    return {
        "date": piece.date.isoformat(),
        "start_time": format_minute(piece.start_minute),
        "end_time": format_minute(piece.end_minute),
    }


def _view_of(row: ResultRow) -> dict[str, Any]:
    _, pk, team, room, starts_at, ends_at, status, description, series_id, attendees = row
    return {
        "id": pk,
        "reserved_group": team,
        "classroom": room,
        **wall_times(Interval(starts_at, ends_at)),
        "status": status,
        "description": description,
        "attendees": attendees,
        "series_id": series_id,
    }

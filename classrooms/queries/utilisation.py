"""How much the rooms are used: one statement whatever the number of rooms and of their uses.

Booked is the time in which a live occupancy other than a closure keeps a room or a part of it, buffers left out; uses
that share a room at one moment (joint lectures) count once. Used is what of it lies before now. Closed is the time of
closures. Days, weekdays and hours are those of the campus wall; on a day when the clocks change an hour is as long as
it really is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from itertools import product
from typing import Any

from django.conf import settings
from django.db import connection

from kernel.campus_time import days_interval
from kernel.db.overlaps import OVERLAP

WEEKDAYS, HOURS = range(1, 8), range(24)


class Grouping(StrEnum):
    """What the hours are added up by. `WEEKDAY_HOUR`: (weekday, hour), the cells of a week."""

    ROOM = "room"
    WEEKDAY = "weekday"
    HOUR = "hour"
    WEEKDAY_HOUR = "weekday_hour"


@dataclass(frozen=True)
class Hours:
    """One room, weekday (1 = Sunday), hour (0…23) or (weekday, hour). Times in seconds, exact."""

    key: Any
    booked: Decimal = Decimal(0)
    used: Decimal = Decimal(0)
    closed: Decimal = Decimal(0)
    total: Decimal = Decimal(0)
    """All the time there is, of all rooms."""

    @property
    def booked_hours(self) -> float:
        return float(self.booked) / 3600

    @property
    def used_hours(self) -> float:
        return float(self.used) / 3600

    @property
    def closed_hours(self) -> float:
        return float(self.closed) / 3600

    @property
    def total_hours(self) -> float:
        return float(self.total) / 3600

    @property
    def share(self) -> float:
        """Booked of all the time, 0…1."""
        return float(self.booked / self.total) if self.total else 0.0

    @property
    def percent(self) -> float:
        return 100 * self.share


# Asked of parts alone: joined, a table without statistics is walked through for each of its rows.
KIND = (
    "CASE held.kind WHEN 'part'"
    " THEN (SELECT main.kind FROM classrooms_occupancy AS main WHERE main.id = held.main_id) ELSE held.kind END"
)
# Per room its spans of room time, merged and cut to the window.
MERGED_SPANS = f"""
WITH room AS (
    SELECT id, name, classrooms_classroom.floor, name_order FROM classrooms_classroom
    WHERE %(floor)s::bigint IS NULL OR classrooms_classroom.floor = %(floor)s::bigint
), merged AS (
    SELECT held.classroom_id, {KIND} = 'closure' AS is_closure,
           range_agg(tstzrange(held.starts_at, held.ends_at))
           * tstzmultirange(tstzrange(%(first)s, %(last)s)) AS spans
    FROM classrooms_occupancy AS held JOIN room ON room.id = held.classroom_id
    WHERE held.is_live AND held.kind <> 'buffer'
      AND {OVERLAP.format(starts_at="held.starts_at", ends_at="held.ends_at", since="%(first)s", until="%(last)s")}
    GROUP BY held.classroom_id, is_closure
), kept AS (
    SELECT classroom_id, is_closure, lower(span) AS starts_at, upper(span) AS ends_at
    FROM merged, unnest(spans) AS span
)"""  # noqa: S608 - made of constants

BY_ROOM = f"""{MERGED_SPANS}
SELECT room.name,
       COALESCE(SUM(EXTRACT(EPOCH FROM ends_at - starts_at)) FILTER (WHERE NOT is_closure), 0),
       COALESCE(SUM(EXTRACT(EPOCH FROM LEAST(ends_at, %(now)s) - starts_at))
                FILTER (WHERE NOT is_closure AND starts_at < %(now)s), 0),
       COALESCE(SUM(EXTRACT(EPOCH FROM ends_at - starts_at)) FILTER (WHERE is_closure), 0),
       EXTRACT(EPOCH FROM %(last)s::timestamptz - %(first)s::timestamptz)
FROM room LEFT JOIN kept ON classroom_id = room.id
GROUP BY room.id, room.name, room.floor, room.name_order
ORDER BY room.floor, room.name_order, room.id
"""  # noqa: S608 - made of constants

# Between two neighbouring instants of `change` as many rooms are in use all the time, and the wall shows one hour:
# quarters of an hour are among them, and no zone's hours begin at another minute. So nothing is ever cut per hour.
BY_WALL = f"""{MERGED_SPANS}, change AS (
    SELECT instant, SUM(booked) AS booked, SUM(closed) AS closed FROM (
        SELECT starts_at AS instant, (NOT is_closure)::int AS booked, is_closure::int AS closed FROM kept
        UNION ALL SELECT ends_at, -(NOT is_closure)::int, -is_closure::int FROM kept
        UNION ALL SELECT generate_series(%(first)s::timestamptz, %(last)s::timestamptz, interval '15 minutes'), 0, 0
        UNION ALL SELECT LEAST(GREATEST(%(now)s::timestamptz, %(first)s), %(last)s), 0, 0
    ) AS step GROUP BY instant
), stretch AS (
    SELECT instant, instant AT TIME ZONE %(zone)s AS wall,
           EXTRACT(EPOCH FROM LEAD(instant) OVER in_order - instant) AS seconds,
           SUM(booked) OVER in_order AS booked, SUM(closed) OVER in_order AS closed
    FROM change WINDOW in_order AS (ORDER BY instant)
)
SELECT EXTRACT(DOW FROM wall)::int + 1 AS weekday, EXTRACT(HOUR FROM wall)::int AS hour,
       SUM(seconds * booked), COALESCE(SUM(seconds * booked) FILTER (WHERE instant < %(now)s), 0),
       SUM(seconds * closed), SUM(seconds) * (SELECT COUNT(*) FROM room)
FROM stretch WHERE seconds IS NOT NULL
GROUP BY weekday, hour
"""  # noqa: S608 - made of constants


def utilisation(first: date, last: date, *, by: Grouping, now: datetime, floor: int | None = None) -> list[Hours]:
    """The hours of the campus days first…last, both included, of all rooms or of those of a floor.

    Every room (by floor and name), weekday or hour is there, also with 0. One query.
    """
    window = days_interval(first, last)
    parameters: dict[str, datetime | str | int | None] = {
        "first": window.starts_at,
        "last": window.ends_at,
        "now": now,
        "zone": settings.CSPACE_TIME_ZONE,
        "floor": floor,
    }
    with connection.cursor() as cursor:
        cursor.execute(BY_ROOM if by == Grouping.ROOM else BY_WALL, parameters)
        rows = cursor.fetchall()
    if by == Grouping.ROOM:
        return [Hours(*row) for row in rows]
    cells = {(weekday, hour): Hours((weekday, hour), *times) for weekday, hour, *times in rows}
    week = [cells.get(cell, Hours(cell)) for cell in product(WEEKDAYS, HOURS)]
    if by == Grouping.WEEKDAY_HOUR:
        return week
    keys, place = (WEEKDAYS, 0) if by == Grouping.WEEKDAY else (HOURS, 1)
    return [_sum(key, (cell for cell in week if cell.key[place] == key)) for key in keys]


def _sum(key: int, cells: Iterable[Hours]) -> Hours:
    parts = [(cell.booked, cell.used, cell.closed, cell.total) for cell in cells]
    return Hours(key, *(sum(column, Decimal(0)) for column in zip(*parts, strict=True)))

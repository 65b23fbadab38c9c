"""Until when a room is taken, or when it next will be."""

from datetime import datetime

from django.db import connection

from cspace.db.ranges import Interval

FIRST_RUNS = """
WITH taken AS (
    SELECT occupancy.classroom_id, range_agg(tstzrange(occupancy.starts_at, occupancy.ends_at)) AS spans
    FROM classrooms_occupancy AS occupancy
    JOIN classrooms_classroom AS room ON room.id = occupancy.classroom_id AND room.is_active
    WHERE occupancy.is_live AND occupancy.ends_at > %s
    GROUP BY occupancy.classroom_id
)
SELECT taken.classroom_id, lower(run.span), upper(run.span)
FROM taken CROSS JOIN LATERAL (SELECT unnest(taken.spans) AS span ORDER BY 1 LIMIT 1) AS run
"""


def soonest_runs(*, after: datetime) -> dict[int, Interval]:
    """The first uninterrupted use of each active room that ends after an instant, by room id; one query.

    Occupations that touch are one run. A room that is not used again is not there.
    """
    with connection.cursor() as cursor:
        cursor.execute(FIRST_RUNS, [after])
        return {room_id: Interval(starts_at, ends_at) for room_id, starts_at, ends_at in cursor.fetchall()}

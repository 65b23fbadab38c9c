"""When each room is next, or still, taken: the first unbroken run of room time after an instant."""

from datetime import datetime

from django.db import connection

from kernel.campus_time import Interval

# Room by room, and no further than its first gap: what is on at the instant comes from the constraint's index, as one
# row; what begins later is walked along the agenda index. LIMIT 1 ends the walk where the next start lies beyond
# everything before it.
FIRST_RUN_OF_EVERY_ROOM = """
SELECT room.id, run.starts_at, run.ends_at
  FROM classrooms_classroom AS room
 CROSS JOIN LATERAL (
       SELECT first_start AS starts_at, reached AS ends_at
         FROM (SELECT starts_at,
                      first_value(starts_at) OVER walk AS first_start,
                      max(ends_at) OVER walk AS reached,
                      lead(starts_at, 1, 'infinity') OVER walk AS next_start
                 FROM (SELECT min(starts_at) AS starts_at, max(ends_at) AS ends_at
                         FROM classrooms_occupancy
                        WHERE classroom_id = room.id AND is_live AND kind <> 'buffer'
                          AND tstzrange(starts_at, ends_at, '[)') @> %(after)s::timestamptz
                       HAVING count(*) > 0
                        UNION ALL
                       (SELECT starts_at, ends_at
                          FROM classrooms_occupancy
                         WHERE classroom_id = room.id AND is_live AND kind <> 'buffer' AND starts_at > %(after)s
                         ORDER BY starts_at)) AS taken
               WINDOW walk AS (ORDER BY starts_at ROWS UNBOUNDED PRECEDING)) AS walked
        WHERE next_start > reached
        ORDER BY walked.starts_at
        LIMIT 1) AS run
 WHERE room.is_active
"""


def soonest_runs(*, after: datetime) -> dict[int, Interval]:
    """{id of an active room: its first run of live uses of any kind that ends after an instant}. One query.

    Occupancies that touch or overlap are one run, which ends at its first gap. A run that has begun by `after` keeps
    its start; an occupancy that ends exactly then is over. A room without any has no key.
    """
    with connection.cursor() as cursor:
        cursor.execute(FIRST_RUN_OF_EVERY_ROOM, {"after": after})
        return {room: Interval(starts_at, ends_at) for room, starts_at, ends_at in cursor.fetchall()}
